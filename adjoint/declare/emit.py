"""Emit: the Python source of an operator's caller and of its node, written from the declaration.

As ``dataclasses`` does: what is fixed by the row (how many inputs, what is saved for whom, which values have
defaults) is fixed in the source, so that a call is one Python frame without ``*args``, loops or dictionaries.
Nothing is compiled before it is first used.  ``print(source(operator, "function"))`` shows what runs.
"""

from __future__ import annotations

import linecache
from typing import Any

import numpy as np

from adjoint.autograd.edges import edge_of
from adjoint.autograd.grad_mode import mode
from adjoint.autograd.interception import intercept
from adjoint.autograd.node import Node, Output
from adjoint.autograd.quiet import IGNORE, loud, quiet
from adjoint.autograd.saved import raise_freed, raise_modified, saved_result, taped_input, taped_result
from adjoint.autograd.taped import Taped
from adjoint.autograd.views import become_view
from adjoint.declare import operands
from adjoint.declare.operator import ARRAY, ARRAYS, MISSING, OPTIONAL, VALUE, Operator, Param, asks_for
from adjoint.tensor import NO_EDGE, Tensor, as_array, from_array, tick

_GLOBALS: dict[str, Any] = {
    "FLOATS": operands.FLOATS,
    "IGNORE": IGNORE,
    "INTS": operands.INTS,
    "NO_EDGE": NO_EDGE,
    "Output": Output,
    "Taped": Taped,
    "Tensor": Tensor,
    "as_array": as_array,
    "become_view": become_view,
    "edge_of": edge_of,
    "fit": operands.fit,
    "fits": operands.fits,
    "from_array": from_array,
    "intercept": intercept,
    "loud": loud,
    "mode": mode,
    "ndarray": np.ndarray,
    "new": object.__new__,
    "operand": operands.operand,
    "promote": operands.promote,
    "quiet": quiet,
    "raise_freed": raise_freed,
    "raise_modified": raise_modified,
    "raise_shapes": operands.raise_shapes,
    "saved_result": saved_result,
    "taped_input": taped_input,
    "taped_result": taped_result,
    "tick": tick,
    "to_float": operands.to_float,
    "zeros": np.zeros,
}


def build(operator: Operator, what: str) -> Any:
    """Compile one of ``function``, ``dunder``, ``apply``, ``apply_taped`` or ``node`` of an operator, once."""
    built = operator._built.get(what)
    if built is None:
        built = _node_class(operator) if what == "node" else _compile(operator, what)
        operator._built[what] = built
    return built


def source(operator: Operator, what: str) -> str:
    """The source of an operator's ``function``, ``dunder``, ``apply`` or ``apply_taped``."""
    if what in ("apply", "apply_taped"):
        return _Backward(operator, taped=what == "apply_taped").source(what)
    return _Caller(operator, dunder=what == "dunder").source()


def _compile(operator: Operator, what: str) -> Any:
    text = source(operator, what)
    filename = f"<adjoint {operator.name} {what}>"
    linecache.cache[filename] = (len(text), None, text.splitlines(True), filename)
    space = {**_GLOBALS, "OP": operator, "__name__": "adjoint.generated", "forward": operator.forward}
    space["plain"] = operator.plain or operator.forward
    for i, formula in enumerate(operator.gradients.values()):
        space[f"formula{i}"] = formula
    for name, formula in operator.keeps.items():
        space[f"keep_{name}"] = formula
    for p in operator.params:
        if p.default is not MISSING:
            space[f"default_{p.name}"] = p.default
    if what in ("function", "dunder") and operator.gradients:
        space["NodeClass"] = build(operator, "node")
    if operator.outputs and operator.outputs != "list":
        from adjoint.declare.return_types import return_type

        space["Returned"] = return_type(operator.name, operator.outputs)
    exec(compile(text, filename, "exec"), space)
    name = _identifier(operator.name) if what in ("function", "dunder") else what
    made = space[name]
    made.__qualname__ = operator.name
    made.__module__ = "adjoint"
    if what == "function":
        from adjoint.declare.documentation import document

        made.__doc__ = document(operator)
    space["function_itself"] = made
    return made


def _identifier(name: str) -> str:
    return name if name.isidentifier() else "operator_" + name


class _Lines(list):
    def __call__(self, depth: int, text: str) -> None:
        self.append("    " * depth + text)


def saved_names(operator: Operator) -> list[str]:
    """The arrays that the formulas ask for, in the order in which a node saves them: inputs, outputs, kept ones."""
    asked = {name for formula in operator.gradients.values() for name in asks_for(formula)}
    # A kept array with a formula of its own is made again in the taped reading, from what that formula asks for.
    grew = True
    while grew:
        more = {
            n for name in asked & set(operator.keeps) if operator.keeps[name] for n in asks_for(operator.keeps[name])
        }
        grew = not more <= asked
        asked |= more
    outputs = operator.outputs if isinstance(operator.outputs, tuple) else ("result",)
    names = [p.name for p in operator.arrays] + list(outputs) + list(operator.keeps)
    return [name for name in names if name in asked]


def extra_names(operator: Operator) -> list[str]:
    """What else the formulas ask for: values, and shapes and dtypes of inputs."""
    asked = {name for formula in operator.gradients.values() for name in asks_for(formula)}
    for name in list(asked):
        if operator.keeps.get(name):
            asked |= set(asks_for(operator.keeps[name]))
    names = [p.name for p in operator.values]
    for p in operator.arrays:
        names += [f"{p.name}_shape", f"{p.name}_dtype"]
    return [name for name in names if name in asked]


class _Caller:
    """The source of the function that users call."""

    def __init__(self, operator: Operator, dunder: bool) -> None:
        self.op = operator
        self.dunder = dunder
        self.lines = _Lines()
        self.shown = {p.name: "input" if p.name == "self" else p.name for p in operator.params}

    def source(self) -> str:
        op, line = self.op, self.lines
        line(0, f"def {_identifier(op.name)}({self._signature()}):")
        arguments = [self.shown[p.name] for p in op.params if not p.keyword_only]
        keywords = [p.name for p in op.params if p.keyword_only]
        packed = f"({''.join(a + ', ' for a in arguments)})", "{" + ", ".join(f"{k!r}: {k}" for k in keywords) + "}"
        if op.variadic:
            v = op.variadic
            line(1, f"if {v} is None:")
            line(2, f"{v} = {v}_given[0] if len({v}_given) == 1 and not isinstance({v}_given[0], int) else {v}_given")
            spread = f"({''.join(a + ', ' for a in arguments if a != v)})"
            packed = spread, f"{{{v!r}: {v}" + "".join(f", {k!r}: {k}" for k in keywords) + "}"
        line(1, "if intercept.active and intercept.wants():")
        line(2, f"return intercept.call(OP, function_itself, {packed[0]}, {packed[1]})")
        if op.elementwise and not self.dunder:
            line(1, "if out is not None:")
            line(2, f"return write_out(OP, out, {packed[0]}, {packed[1]})")
            _GLOBALS.setdefault("write_out", _write_out)
        if op.elementwise:
            self._elementwise_arrays()
            self._elementwise_forward()
        else:
            self._arrays()
            self._forward()
        self._finish()
        return "\n".join(line) + "\n"

    def _signature(self) -> str:
        parts = []
        starred = False
        for p in self.op.params:
            if p.name == self.op.variadic:
                parts.append(f"*{p.name}_given")
                parts.append(f"{p.name}=None")
                starred = True
                continue
            if (p.keyword_only) and not starred:
                parts.append("*")
                starred = True
            parts.append(self.shown[p.name] + ("" if p.default is MISSING else f"=default_{p.name}"))
        if self.op.elementwise and not self.dunder:
            if not starred:
                parts.append("*")
            parts.append("out=None")
        return ", ".join(parts)

    # Elementwise: numbers are operands, dtypes are promoted, shapes broadcast.

    def _elementwise_arrays(self) -> None:
        op, line = self.op, self.lines
        first, *rest = [self.shown[p.name] for p in op.arrays]
        if op.scalar_first:
            second = rest[0]
            line(1, f"if not isinstance({first}, Tensor) and isinstance({second}, Tensor):")
            line(2, f"{first} = operand(OP, 0, {first}, {second}._array.dtype)")
        line(1, "try:")
        line(2, f"a0 = {first}._array")
        line(1, "except AttributeError:")
        line(2, f"a0 = operand(OP, 0, {first}, None)._array")
        if len(rest) == 1:
            other = rest[0]
            line(1, f"kind = {other}.__class__")
            line(1, "if kind is float or kind is int:")
            line(2, f"n = (FLOATS if kind is float else INTS).get(({other}, a0.dtype))")
            line(2, f"{other} = operand(OP, 1, {other}, a0.dtype) if n is None else n")
            line(2, "same = True")
            line(1, "else:")
            line(2, "same = None")
            line(1, "try:")
            line(2, f"a1 = {other}._array")
            line(1, "except AttributeError:")
            if self.dunder:
                line(2, "try:")
                line(3, f"{other} = operand(OP, 1, {other}, a0.dtype)")
                line(2, "except TypeError:")
                line(3, "return NotImplemented")
            else:
                line(2, f"{other} = operand(OP, 1, {other}, a0.dtype)")
            line(2, f"a1 = {other}._array")
            line(1, "if a0.dtype is not a1.dtype:")
            line(2, f"a0, a1 = promote({first}, {other})")
            line(2, "same = False")
        elif rest:
            for i, name in enumerate(rest, 1):
                line(1, f"if not isinstance({name}, Tensor):")
                line(2, f"{name} = operand(OP, {i}, {name}, a0.dtype)")
            arrays = ", ".join(f"a{i}" for i in range(len(rest) + 1))
            line(1, f"{arrays} = promote({first}, {', '.join(rest)})")
            line(1, "same = False")

    def _elementwise_forward(self) -> None:
        op, line = self.op, self.lines
        count = len(op.arrays)
        arrays = ", ".join(f"a{i}" for i in range(count))
        values = [f"{p.name}={p.name}" for p in op.values]
        line(1, "token = quiet(IGNORE)")
        line(1, "try:")
        if op.plain is not None and op.values:
            unchanged = " and ".join(f"{p.name} is default_{p.name}" for p in op.values)
            line(2, f"if {unchanged}:")
            line(3, f"r = plain({arrays})")
            line(2, "else:")
            line(3, f"r = forward({', '.join([arrays, *values])})")
        else:
            line(2, f"r = forward({', '.join([arrays, *values])})")
        line(1, "except Exception:")
        line(2, "loud(token)")
        if count > 1:
            line(2, f"raise_shapes({arrays})")
        else:
            line(2, "raise")
        line(1, "loud(token)")
        if op.promote == "float":
            line(1, "if r.dtype is not a0.dtype and a0.dtype.kind in 'iub':")
            call = ", ".join([*(f"to_float(a{i})" for i in range(count)), *values])
            line(2, "token = quiet(IGNORE)")
            line(2, "try:")
            line(3, f"r = forward({call})")
            line(2, "finally:")
            line(3, "loud(token)")
        line(1, "if r.__class__ is not ndarray:")
        line(2, "r = as_array(r)")

    # Other operators: arrays are tensors, everything else goes to the forward as it is.

    def _arrays(self) -> None:
        line = self.lines
        for i, p in enumerate(self.op.arrays):
            name = self.shown[p.name]
            if p.kind == ARRAYS:
                line(1, "try:")
                line(2, f"a{i} = [t._array for t in {name}]")
                line(1, "except (AttributeError, TypeError):")
                line(2, f"operand(OP, {i}, {name}, None)")
            elif p.kind == OPTIONAL:
                line(1, f"a{i} = None if {name} is None else operand(OP, {i}, {name}, None)._array")
            else:
                line(1, "try:")
                line(2, f"a{i} = {name}._array")
                line(1, "except AttributeError:")
                line(2, f"a{i} = operand(OP, {i}, {name}, None)._array")

    def _forward(self) -> None:
        op, line = self.op, self.lines
        position = {p.name: f"a{i}" for i, p in enumerate(op.arrays)}
        arguments = [
            (f"{p.name}=" if p.keyword_only else "") + position.get(p.name, self.shown[p.name]) for p in op.params
        ]
        line(1, "token = quiet(IGNORE)")
        line(1, "try:")
        line(2, f"r = forward({', '.join(arguments)})")
        line(1, "except Exception:")
        line(2, "loud(token)")
        line(2, "raise")
        line(1, "loud(token)")
        if isinstance(op.outputs, tuple):
            names = [f"r_{name}" for name in op.outputs] + [f"kept_{name}" for name in op.keeps]
            line(1, f"{', '.join(names)} = r")
        elif op.keeps:
            line(1, f"{', '.join(['r', *(f'kept_{name}' for name in op.keeps)])} = r")
        if op.outputs is None:
            line(1, "if r.__class__ is not ndarray:")
            line(2, "r = as_array(r)")

    # The result, and its record.

    def _finish(self) -> None:
        op, line = self.op, self.lines
        if op.outputs is None:
            line(1, "t = new(Tensor)")
            line(1, "t._array = r")
            line(1, "t._writes = None")
            made = "t"
        elif op.outputs == "list":
            line(1, "ts = tuple([from_array(as_array(x)) for x in r])")
            made = "ts"
        else:
            for name in op.outputs:
                line(1, f"t_{name} = from_array(as_array(r_{name}))")
            made = f"Returned(({', '.join(f't_{name}' for name in op.outputs)}))"
        if not op.gradients:
            if op.outputs is None:
                line(1, "t._edge = NO_EDGE")
            self._view()
            line(1, f"return {made}")
            return
        wanted = op.differentiable_inputs
        edges = {}
        for i, p in enumerate(q for q in op.arrays if q.name in wanted):
            name = self.shown[p.name]
            edges[p.name] = f"e{i}"
            if p.kind == ARRAYS:
                line(1, f"e{i} = [x._edge for x in {name}]")
            elif p.kind == OPTIONAL:
                line(1, f"e{i} = NO_EDGE if {name} is None else {name}._edge")
            else:
                line(1, f"e{i} = {name}._edge")
        kinds = {p.name: p.kind for p in op.arrays}
        none = " and ".join(
            f"all([e is NO_EDGE for e in {e}])" if kinds[name] == ARRAYS else f"{e} is NO_EDGE"
            for name, e in edges.items()
        )
        condition = f"({none}) or not mode.enabled" if len(edges) > 1 else f"{none} or not mode.enabled"
        shown_result = "r" if op.outputs is None else None
        if shown_result and any(p.name == "dtype" for p in op.values):
            condition += " or r.dtype.kind in 'iub'"
        line(1, f"if {condition}:")
        if op.outputs is None:
            line(2, "t._edge = NO_EDGE")
        depth_before_return = len(line)
        self._view(2)
        if len(line) == depth_before_return and op.outputs == "list" and op.view:
            pass
        line(2, f"return {made}")
        for name, e in edges.items():
            if kinds[name] == ARRAYS:
                line(1, f"{e} = [edge_of(x) if e is None else e for x, e in zip({self.shown[name]}, {e})]")
            else:
                line(1, f"if {e} is None: {e} = edge_of({self.shown[name]})")
        line(1, "node = new(NodeClass)")
        line(1, "t_node = node")
        parts = [f"*{e}" if kinds[name] == ARRAYS else e for name, e in edges.items()]
        line(1, f"node.edges = ({''.join(part + ', ' for part in parts)})")
        line(1, f"node.saved = {self._saved(edges)}")
        line(1, f"node.extra = {self._extra()}")
        line(1, "node.hooks = None")
        line(1, "node.order = tick()")
        if op.outputs is None:
            line(1, "t._edge = node")
        else:
            line(1, f"outs = {'ts' if made == 'ts' else self._differentiable_outputs()}")
            line(1, "node.outputs = len(outs)")
            line(1, "node.forms = [(x._array.shape, x._array.dtype) for x in outs]")
            line(1, "if len(outs) == 1:")
            line(2, "outs[0]._edge = node")
            line(1, "else:")
            line(2, "for i, x in enumerate(outs): x._edge = Output(node, i)")
        self._view()
        line(1, f"return {made}")
        line.remove("    t_node = node")

    def _differentiable_outputs(self) -> str:
        assert isinstance(self.op.outputs, tuple)
        names = self.op.differentiable if self.op.differentiable is not None else self.op.outputs
        return f"({''.join(f't_{name}, ' for name in names)})"

    def _view(self, depth: int = 1) -> None:
        op, line = self.op, self.lines
        if not op.view:
            return
        rest = []
        for p in op.params[1:]:
            if p.name == op.variadic or p.keyword_only:
                rest.append(f"{p.name}={p.name}")
            else:
                rest.append(self.shown[p.name])
        arguments = "".join(", " + r for r in rest)
        source_name = self.shown[op.params[0].name]
        if op.outputs is None:
            line(depth, f"become_view(t, {source_name}, lambda x: function_itself(x{arguments}))")
        else:
            line(depth, "for i, x in enumerate(ts):")
            line(
                depth + 1,
                f"become_view(x, {source_name}, lambda x, i=i: function_itself(x{arguments})[i], "
                f"f'Output {{i}} of {op.backward_name} is a view and is being modified inplace. This view is the output "
                "of a function that returns multiple views. Such functions do not allow the output views to be modified "
                "inplace. You should replace the inplace operation by an out-of-place one.')",
            )

    def _saved(self, edges: dict[str, str]) -> str:
        """A tuple of what the formulas need; conditional where only some of the inputs' gradients need it."""
        op = self.op
        kinds = {p.name: p.kind for p in op.arrays}
        wanted_by: dict[str, set[str]] = {}
        for names, formula in op.gradients.items():
            for asked in asks_for(formula):
                wanted_by.setdefault(asked, set()).update(names)
        parts = []
        for name in saved_names(op):
            users = wanted_by.get(name, set(edges))
            if name in kinds:
                value = self.shown[name]
                if kinds[name] == ARRAYS:
                    value = f"tuple({value})"
            elif name in op.keeps:
                value = f"from_array(kept_{name})"
            else:
                value = f"saved_result({'t' if name == 'result' else 't_' + name})"
            if len(edges) > 1 and users != set(edges) and not any(kinds.get(u) == ARRAYS for u in users):
                condition = " or ".join(f"{edges[u]} is not NO_EDGE" for u in edges if u in users)
                value = f"{value} if {condition} else None"
            parts.append(value)
        return f"({''.join(p + ', ' for p in parts)})"

    def _extra(self) -> str:
        op = self.op
        parts = []
        if op.elementwise and len(op.arrays) > 1:
            arrays = [self.shown[p.name] + "._array" for p in op.arrays]
            if len(arrays) == 2:
                first, second = arrays
                parts.append(
                    f"None if same or (same is None and a0.shape == a1.shape) else fits({first}, {second})"
                )
            else:
                parts.append(f"fits({', '.join(arrays)})")
        for name in extra_names(op):
            base, _, attribute = name.rpartition("_")
            kinds = {p.name: (i, p.kind) for i, p in enumerate(op.arrays)}
            if base in kinds and attribute in ("shape", "dtype"):
                i, kind = kinds[base]
                if kind == ARRAYS:
                    parts.append(f"[a.{attribute} for a in a{i}]")
                elif kind == OPTIONAL:
                    parts.append(f"None if a{i} is None else a{i}.{attribute}")
                elif op.elementwise:
                    parts.append(f"{self.shown[base]}._array.{attribute}")
                else:
                    parts.append(f"a{i}.{attribute}")
            else:
                parts.append(name)
        return f"({''.join(p + ', ' for p in parts)})"


class _Backward:
    """The source of a node's ``apply``: unpack what was saved, check it, call the formulas that are needed."""

    def __init__(self, operator: Operator, taped: bool) -> None:
        self.op = operator
        self.taped = taped
        self.lines = _Lines()

    def source(self, what: str) -> str:
        op, line = self.op, self.lines
        line(0, f"def {what}(node, g):")
        saved = saved_names(op)
        if saved:
            line(1, "saved = node.saved")
            line(1, "if saved is None: raise_freed()")
        extra = extra_names(op)
        fitted = op.elementwise and len(op.arrays) > 1
        unpack = (["forms"] if fitted else []) + [f"v_{name}" for name in extra]
        if unpack:
            line(1, f"{', '.join(unpack)}, = node.extra")
        kinds = {p.name: p.kind for p in op.arrays}
        inputs = op.differentiable_inputs
        several = any(kinds[name] == ARRAYS for name in inputs)
        if several and len(inputs) > 1:
            raise TypeError(f"{op.name}: a gradient for a sequence of arrays beside others is not supported")
        edges = [f"e{i}" for i in range(len(inputs))]
        if several:
            line(1, "edges = node.edges")
        elif len(inputs) > 1:
            line(1, f"{', '.join(edges)}, = node.edges")
        if op.outputs is not None:
            if any("gs" in asks_for(f) for f in op.gradients.values()):
                line(1, "gs = g if g.__class__ is list else [g]")
                zero = "Taped(from_array(zeros(s, d)))" if self.taped else "zeros(s, d)"
                line(1, f"gs = [{zero} if x is None else x for x, (s, d) in zip(gs, node.forms)]")
        edge_by_name = dict(zip(inputs, edges))
        results: dict[str, str] = {}
        for i, (names, formula) in enumerate(op.gradients.items()):
            depth = 1
            outs = [f"g_{name}" for name in names]
            if len(inputs) > 1:
                if len(names) == len(inputs):
                    pass  # at least one of them is needed, or the node would not be
                else:
                    line(1, f"if {' and '.join(f'{edge_by_name[n]} is NO_EDGE' for n in names)}:")
                    line(2, " = ".join(outs) + " = None")
                    line(1, "else:")
                    depth = 2
            self._unpack(depth, formula, saved)
            arguments = []
            for asked in asks_for(formula):
                if asked == "needed":
                    needs = [f"{edge_by_name[n]} is not NO_EDGE" for n in names] if len(inputs) > 1 else ["True"]
                    if several:
                        needs = ["*[e is not NO_EDGE for e in edges]"]
                    arguments.append(f"({', '.join(needs)},)")
                elif asked in ("g", "gs"):
                    arguments.append(asked)
                elif asked in extra:
                    arguments.append(f"v_{asked}")
                else:
                    arguments.append(f"s_{asked}")
            line(depth, f"{', '.join(outs)} = formula{i}({', '.join(arguments)})")
            for name, out in zip(names, outs):
                results[name] = out
                if fitted:
                    position = [p.name for p in op.arrays].index(name)
                    line(depth, f"if forms is not None: {out} = fit({out}, *forms[{position}])")
        if several:
            line(1, f"return {results[inputs[0]]}")
        else:
            line(1, f"return ({''.join(results[name] + ', ' for name in inputs)})")
        return "\n".join(line) + "\n"

    def _unpack(self, depth: int, formula: Any, saved: list[str]) -> None:
        op, line = self.op, self.lines
        kinds = {p.name: p.kind for p in op.arrays}
        outputs = op.outputs if isinstance(op.outputs, tuple) else ("result",)
        for name in self._order_of_unpacking(formula, saved):
            at = f"saved[{saved.index(name)}]"
            if self.taped:
                if op.keeps.get(name):
                    inner = [f"v_{n}" if n in extra_names(op) else f"s_{n}" for n in asks_for(op.keeps[name])]
                    line(depth, f"s_{name} = keep_{name}({', '.join(inner)})")
                elif name in op.keeps:
                    line(depth, f"s_{name} = {at}._array")
                elif name in outputs:
                    several = isinstance(op.outputs, tuple) and len(op.differentiable or op.outputs) > 1
                    differentiable = op.differentiable or outputs
                    if name not in differentiable:
                        line(depth, f"s_{name} = {at}._array")
                    else:
                        index = f", {differentiable.index(name)}" if several else ""
                        line(depth, f"s_{name} = taped_result(node, {at}{index})")
                elif kinds[name] == ARRAYS:
                    line(depth, f"s_{name} = [taped_input(node, x) for x in {at}]")
                else:
                    line(depth, f"s_{name} = None if {at} is None else taped_input(node, {at})")
                continue
            if name in kinds and kinds[name] == ARRAYS:
                line(depth, f"for x in {at}:")
                line(depth + 1, "w = x._writes")
                line(depth + 1, "if w is not None and w.stamp < node.order: raise_modified(node, x)")
                line(depth, f"s_{name} = [x._array for x in {at}]")
                continue
            line(depth, f"s_{name} = {at}")
            inner_depth = depth
            if name in kinds and kinds[name] == OPTIONAL:
                line(depth, f"if s_{name} is not None:")
                inner_depth = depth + 1
            if name not in op.keeps:
                line(inner_depth, f"w = s_{name}._writes")
                line(inner_depth, f"if w is not None and w.stamp < node.order: raise_modified(node, s_{name})")
            line(inner_depth, f"s_{name} = s_{name}._array")

    def _order_of_unpacking(self, formula: Any, saved: list[str]) -> list[str]:
        """What a formula asks for; in the taped reading, before each kept array what its own formula asks for."""
        found: list[str] = []

        def visit(name: str) -> None:
            if name in found or name not in saved:
                return
            keep = self.op.keeps.get(name)
            if keep and self.taped:
                for inner in asks_for(keep):
                    visit(inner)
            found.append(name)

        for name in asks_for(formula):
            visit(name)
        return found


def _node_class(operator: Operator) -> type[Node]:
    """The class of the operator's nodes; its ``apply`` is compiled when a node is first run."""

    def apply(self: Any, g: Any) -> Any:
        cls.apply = build(operator, "apply")  # type: ignore[method-assign]
        return cls.apply(self, g)

    def apply_taped(self: Any, g: Any) -> Any:
        cls.apply_taped = build(operator, "apply_taped")  # type: ignore[method-assign]
        return cls.apply_taped(self, g)

    from adjoint.declare.inspection import saved_properties

    cls: Any = type(
        operator.backward_name,
        (Node,),
        {
            "__slots__": (),
            "__module__": "adjoint",
            "__doc__": f"The backward of {operator.name}.",
            "operator": operator,
            "apply": apply,
            "apply_taped": apply_taped,
            **saved_properties(operator),
        },
    )
    return cls


def _write_out(operator: Operator, out: Tensor, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Tensor:
    from adjoint.declare.inplace import write_out

    return write_out(operator.function(*args, **kwargs), out, operator.name)


__all__ = ["ARRAY", "VALUE", "Param", "build", "source"]
