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
from adjoint.autograd.grad_mode import mode, off
from adjoint.autograd.interception import intercept
from adjoint.autograd.node import Node, Output
from adjoint.autograd.quiet import calm, is_taken, quietly
from adjoint.autograd.saved import raise_freed, raise_modified, saved_result, taped_input, taped_result
from adjoint.autograd.taped import Taped
from adjoint.autograd.views import become_view
from adjoint.declare import operands
from adjoint.declare.inline import inlined
from adjoint.declare.operator import ARRAY, ARRAYS, MISSING, OPTIONAL, VALUE, Operator, Param, asks_for
from adjoint.kernels.deferred import deferred
from adjoint.kernels.reading import compiled, threshold
from adjoint.tensor import NO_EDGE, Tensor, as_array, from_array, tick

_GLOBALS: dict[str, Any] = {
    "FLOATS": operands.FLOATS,
    "NUMBERS": frozenset({bool, int, float, complex}),
    "NEEDED": MISSING,
    "raise_missing": operands.raise_missing,
    "INTS": operands.INTS,
    "LARGE": threshold(),
    "NO_EDGE": NO_EDGE,
    "Output": Output,
    "Taped": Taped,
    "Tensor": Tensor,
    "as_array": as_array,
    "calm": calm,
    "compiled": compiled,
    "deferred": deferred,
    "become_view": become_view,
    "edge_of": edge_of,
    "fit": operands.fit,
    "fits": operands.fits,
    "from_array": from_array,
    "intercept": intercept,
    "is_taken": is_taken,
    "GRAD": mode,
    "OFF": off,
    "ndarray": np.ndarray,
    "new": object.__new__,
    "operand": operands.operand,
    "promote": operands.promote,
    "quietly": quietly,
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
    """Compile one of ``function``, ``dunder``, ``writer``, ``recorded``, ``apply``, ``apply_large``, ``apply_taped``,
    ``gradients``, ``node <name>`` or ``large <name>`` of an operator, once."""
    built = operator._built.get(what)
    if built is None:
        kind, _, name = what.partition(" ")
        make = {"node": _node_class, "large": _large_node_class}.get(kind)
        built = _compile(operator, what) if make is None else make(operator, name)
        operator._built[what] = built
    return built


def source(operator: Operator, what: str, space: dict[str, Any] | None = None) -> str:
    """The source of an operator's ``function``, ``dunder``, ``apply``, ``apply_taped`` or ``gradients``; what it uses of the
    globals of the row's own module is put into ``space``."""
    if what == "gradients":
        return _Backward(operator, False, {} if space is None else space).formulas_alone()
    if what in ("apply", "apply_large", "apply_taped"):
        return _Backward(operator, what == "apply_taped", {} if space is None else space).source(what)
    caller = _Caller(operator, dunder=what == "dunder")
    return caller.source_of_record() if what == "recorded" else caller.source()


def _compile(operator: Operator, what: str) -> Any:
    space = {**_GLOBALS, "OP": operator, "__name__": "adjoint.generated", "forward": operator.forward}
    space["plain"] = operator.plain or operator.forward
    space["check"] = operator.check
    space["wide"] = getattr(operator.forward, "of_wide", None)
    for i, formula in enumerate(operator.gradients.values()):
        space[f"formula{i}"] = formula
    for name, formula in operator.keeps.items():
        space[f"keep_{name}"] = formula
    for p in operator.params:
        if p.default is not MISSING:
            space[f"default_{p.name}"] = p.default
    if what == "writer":
        space["forward"] = operator.writer
    if what == "apply_large":
        space["gradients"] = build(operator, "gradients")
    if what in _CALLERS and operator.gradients:
        for node_name in operator.backward_names:
            space["Node_" + node_name] = build(operator, "node " + node_name)
            if takes_large(operator):
                space["Large_" + node_name] = build(operator, "large " + node_name)
        if operator.scalar is not None:
            space["scalar"] = operator.scalar.function
        if isinstance(operator.scalar_first, Operator):
            space["scalar_first"] = operator.scalar_first.function
    if operator.outputs and operator.outputs != "list":
        from adjoint.declare.return_types import return_type

        space["Returned"] = return_type(operator.name, operator.outputs)
    text = source(operator, what, space)
    filename = f"<adjoint {operator.name} {what}>"
    linecache.cache[filename] = (len(text), None, text.splitlines(True), filename)
    exec(compile(text, filename, "exec"), space)
    name = _identifier(operator.name) if what in _CALLERS else what
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


_CALLERS = frozenset({"function", "dunder", "writer", "recorded"})
_NUMPY_NAMES = {"dim": "axis", "keepdim": "keepdims"}


class _Lines(list):
    def __call__(self, depth: int, text: str) -> None:
        self.append("    " * depth + text)


def saved_names(operator: Operator) -> list[str]:
    """As :func:`_saved_names`, found once: in-place operators ask at every call."""
    names = operator._built.get("saved names")
    if names is None:
        names = operator._built["saved names"] = _saved_names(operator)
    return names


def _saved_names(operator: Operator) -> list[str]:
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
        if op.elementwise and not self.dunder:
            line(1, "if out is not None:")
            line(2, f"return write_out(OP, out, {packed[0]}, {packed[1]})")
            _GLOBALS.setdefault("write_out", _write_out)
        for name, numpy_name in self._numpy_names().items():
            line(1, f"if {numpy_name} is not None: {name} = {numpy_name}")
            if name == "dim" and any(p.name == "dim" and p.default is MISSING for p in op.params):
                line(1, "if dim is NEEDED: raise_missing(OP, 'dim')")
        line(1, "if intercept.active and intercept.wants():")
        line(2, f"return intercept.call(OP, function_itself, {packed[0]}, {packed[1]})")
        if op.elementwise:
            self._elementwise_arrays()
            self._elementwise_forward()
        else:
            self._arrays()
            self._forward()
        self._finish()
        return "\n".join(line) + "\n"

    def source_of_record(self) -> str:
        """The function without its first half: of what the forward returned, ``given``, and the operands of large arrays,
        it makes what the caller would have."""
        op, line = self.op, self.lines
        if op.elementwise and len(op.arrays) > 1:
            raise TypeError(f"{op.name}: its operands are brought to one shape and dtype")
        parameters = [self.shown[p.name] + ("" if p.default is MISSING else f"=default_{p.name}") for p in op.params]
        line(0, f"def {_identifier(op.name)}(given, {', '.join(parameters)}):")
        self._arrays()
        line(1, "big = True")
        line(1, "r = given")
        self._unpack_result()
        self._finish()
        return "\n".join(line) + "\n"

    def _signature(self) -> str:
        parts = []
        starred = False
        numpy_names = self._numpy_names()
        for p in self.op.params:
            if p.name == self.op.variadic:
                parts.append(f"*{p.name}_given")
                parts.append(f"{p.name}=None")
                starred = True
                continue
            if (p.keyword_only) and not starred:
                parts.append("*")
                starred = True
            default = "" if p.default is MISSING else f"=default_{p.name}"
            parts.append(self.shown[p.name] + ("=NEEDED" if p.name in numpy_names and not default else default))
        more = [f"{name}=None" for name in numpy_names.values()]
        if self.op.elementwise and not self.dunder:
            more.append("out=None")
        if more:
            if not starred:
                parts.append("*")
            parts += more
        return ", ".join(parts)

    def _numpy_names(self) -> dict[str, str]:
        """``axis`` for ``dim`` and ``keepdims`` for ``keepdim``: PyTorch takes NumPy's names too."""
        found = {}
        for i, p in enumerate(self.op.params):
            if p.name in _NUMPY_NAMES and p.kind == VALUE and p.name != self.op.variadic and not p.keyword_only:
                if p.default is not MISSING or all(
                    q.default is not MISSING or q.keyword_only for q in self.op.params[i + 1 :]
                ):
                    found[p.name] = _NUMPY_NAMES[p.name]
        return found

    # Elementwise: numbers are operands, dtypes are promoted, shapes broadcast.

    def _elementwise_arrays(self) -> None:
        op, line = self.op, self.lines
        first, *rest = [self.shown[p.name] for p in op.arrays]
        if op.scalar is not None:
            last = rest[-1]
            line(1, f"if {last}.__class__ in NUMBERS:")
            arguments = [self.shown[p.name] for p in op.params if not p.keyword_only]
            arguments += [f"{p.name}={p.name}" for p in op.params if p.keyword_only]
            line(2, f"return scalar({', '.join(arguments)})")
        line(1, "try:")
        line(2, f"a0 = {first}._array")
        line(1, "except AttributeError:")
        if op.scalar_first and op.scalar_first is not True:
            line(2, f"if {first}.__class__ in NUMBERS and isinstance({rest[0]}, Tensor):")
            line(3, f"return scalar_first({first}, {rest[0]})")
        beside = f"{rest[0]}._array.dtype if isinstance({rest[0]}, Tensor) else None" if op.scalar_first else "None"
        line(2, f"{first} = operand(OP, 0, {first}, {beside})")
        line(2, f"a0 = {first}._array")
        if not op.numbers:
            for i, name in enumerate(rest, 1):
                line(1, f"if not isinstance({name}, Tensor): operand(OP, {i}, {name}, None)")
        if len(rest) == 1:
            other = rest[0]
            line(1, f"kind = {other}.__class__")
            line(1, "if kind is float or kind is int:")
            line(2, f"n = (FLOATS if kind is float else INTS).get(({other}, a0.dtype))")
            line(2, f"{other} = operand(OP, 1, {other}, a0.dtype) if n is None else n")
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
            if op.check is not None:
                line(2, f"check({first}, {other})")
            line(2, f"a0, a1 = promote({first}, {other})")
            line(2, "same = False")
            line(1, "else:")
            line(2, "same = kind is float or kind is int or a0.shape == a1.shape")
            line(1, "big = a0.size >= LARGE or (not same and a1.size >= LARGE)")
        elif rest:
            for i, name in enumerate(rest, 1):
                line(1, f"if not isinstance({name}, Tensor):")
                line(2, f"{name} = operand(OP, {i}, {name}, a0.dtype)")
            arrays = ", ".join(f"a{i}" for i in range(len(rest) + 1))
            line(1, f"{arrays} = promote({first}, {', '.join(rest)})")
            line(1, "big = " + " or ".join(f"a{i}.size >= LARGE" for i in range(len(rest) + 1)))
        else:
            line(1, "big = a0.size >= LARGE")

    def _elementwise_forward(self) -> None:
        op, line = self.op, self.lines
        count = len(op.arrays)
        arrays = ", ".join(f"a{i}" for i in range(count))
        values = [f"{p.name}={p.name}" for p in op.values]
        def compute(depth: int, how: str) -> None:
            if op.plain is not None and op.values:
                unchanged = " and ".join(f"{p.name} is default_{p.name}" for p in op.values)
                line(depth, f"if {unchanged}:")
                line(depth + 1, f"r = {calls(how, 'plain', arrays)}")
                line(depth, "else:")
                line(depth + 1, f"r = {calls(how, 'forward', ', '.join([arrays, *values]))}")
            else:
                line(depth, f"r = {calls(how, 'forward', ', '.join([arrays, *values]))}")

        def calls(how: str, function: str, arguments: str) -> str:
            return f"{how}({function}, {arguments}) if not big else {how}(compiled, {function}, {arguments})"

        line(1, "try:")
        compute(2, "calm")
        line(1, "except Exception as error:")
        line(2, "if not is_taken(error):")
        if op.check is not None:
            line(3, f"check({', '.join(self.shown[p.name] for p in op.arrays)})")
        line(3, f"raise_shapes({arrays})" if count > 1 else "raise")
        compute(2, "quietly")
        if op.promote == "float":
            line(1, "if r.dtype is not a0.dtype and a0.dtype.kind in 'iub':")
            call = ", ".join(["forward", *(f"to_float(a{i})" for i in range(count)), *values])
            line(2, f"r = quietly({call})")
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
        call = "wide if a0.dtype.itemsize != 2 else forward" if hasattr(op.forward, "of_wide") else "forward"
        big = " or ".join(f"a{i}.size >= LARGE" for i, p in enumerate(op.arrays) if p.kind == ARRAY and op.fused)
        if op.view:  # computes nothing
            line(1, f"r = forward({', '.join(arguments)})")
        else:
            if big:
                line(1, f"big = {big}")
            line(1, "try:")
            inner = ", ".join([call, *arguments])
            for how in ("calm", "quietly"):
                line(2, f"r = {how}({inner}) if not big else {how}(compiled, {inner})" if big else f"r = {how}({inner})")
                if how == "calm":
                    line(1, "except Exception as error:")
                    line(2, "if not is_taken(error): raise")
        self._unpack_result()

    def _unpack_result(self) -> None:
        op, line = self.op, self.lines
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
        condition = f"({none}) or (OFF and not GRAD.enabled)" if len(edges) > 1 else f"{none} or (OFF and not GRAD.enabled)"
        if op.outputs is None and any(p.name == "dtype" for p in op.values):
            condition += " or r.dtype.kind in 'iub'"
        line(1, f"if {condition}:")
        if op.outputs is None:
            line(2, "t._edge = NO_EDGE")
        self._view(2)
        line(2, f"return {made}")
        for name, e in edges.items():
            if kinds[name] == ARRAYS:
                line(1, f"{e} = [edge_of(x) if e is None else e for x, e in zip({self.shown[name]}, {e})]")
            else:
                line(1, f"if {e} is None: {e} = edge_of({self.shown[name]})")
        line(1, f"node = {self._node()}")
        parts = [f"*{e}" if kinds[name] == ARRAYS else e for name, e in edges.items()]
        line(1, f"node._edges = ({''.join(part + ', ' for part in parts)})")
        line(1, f"node._kept = {self._saved(edges)}")
        line(1, f"node._extra = {self._extra()}")
        line(1, "node._hooks = None")
        line(1, "node._order = tick()")
        if op.outputs is None:
            line(1, "t._edge = node")
        else:
            line(1, f"outs = {'ts' if made == 'ts' else self._differentiable_outputs()}")
            line(1, "node._outputs = len(outs)")
            line(1, "node._forms = [(x._array.shape, x._array.dtype) for x in outs]")
            line(1, "if len(outs) == 1:")
            line(2, "outs[0]._edge = node")
            line(1, "else:")
            line(2, "for i, x in enumerate(outs): x._edge = Output(node, i)")
        self._view()
        line(1, f"return {made}")

    def _node(self) -> str:
        """An expression that makes the node."""
        op = self.op
        if len(op.backward_names) == 1:
            text = f"Node_{op.backward_names[0]}()"
        else:
            text = op.node_name
            for name in op.backward_names:
                text = text.replace(name, f"Node_{name}()")
        if not takes_large(op):
            return text
        return f"({text}) if not big else ({text.replace('Node_', 'Large_')})"

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
                f"become_view(x, {source_name}, lambda x, i=i: function_itself(x{arguments})[i], 'multiple')",
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
            of_output = name not in kinds and name not in op.keeps  # saved in any case, as in PyTorch, which minds writes to it
            if len(edges) > 1 and not of_output and users != set(edges) and not any(kinds.get(u) == ARRAYS for u in users):
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
                parts.append(f"None if same else fits({first}, {second})")
            else:
                parts.append(f"fits({', '.join(arrays)})")
        names = extra_names(op)
        if parts and not names:
            return parts[0]  # the forms alone need no tuple around them
        for name in names:
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
                parts.append(self.shown.get(name, name))
        return f"({''.join(p + ', ' for p in parts)})"


def takes_large(operator: Operator) -> bool:
    """Whether the formulas of an operator have a compiled reading as a whole."""
    several = any(p.kind == ARRAYS for p in operator.arrays)
    return operator.fused and not several and operator.outputs is None and not operator.view


class _Backward:
    """The source of a node's ``apply``: unpack what was saved, check it, call the formulas that are needed."""

    def __init__(self, operator: Operator, taped: bool, space: dict[str, Any]) -> None:
        self.op = operator
        self.taped = taped
        self.space = space
        self.lines = _Lines()

    def source(self, what: str) -> str:
        op, line = self.op, self.lines
        line(0, f"def {what}(node, g):")
        saved = saved_names(op)
        if saved:
            line(1, "saved = node._kept")
            line(1, "if saved.__class__ is not tuple:")
            # As PyTorch, which saves no input where nothing is needed, but cannot know that of a single one.
            if len(op.differentiable_inputs) > 1 and all(self._is_conditional(name) for name in saved):
                line(2, "if all([e is NO_EDGE for e in node._edges]): return (None,) * len(node._edges)")
            line(2, "raise_freed(saved)")
        extra = extra_names(op)
        fitted = op.elementwise and len(op.arrays) > 1
        if fitted and not extra:
            line(1, "forms = node._extra")
        elif extra:
            unpack = (["forms"] if fitted else []) + [f"v_{name}" for name in extra]
            line(1, f"{', '.join(unpack)}, = node._extra")
        kinds = {p.name: p.kind for p in op.arrays}
        inputs = op.differentiable_inputs
        several = any(kinds[name] == ARRAYS for name in inputs)
        if several and len(inputs) > 1:
            raise TypeError(f"{op.name}: a gradient for a sequence of arrays beside others is not supported")
        edges = [f"e{i}" for i in range(len(inputs))]
        if several:
            line(1, "edges = node._edges")
        elif len(inputs) > 1:
            line(1, f"{', '.join(edges)}, = node._edges")
        if op.outputs is not None:
            if any("gs" in asks_for(f) for f in op.gradients.values()):
                line(1, "gs = g if g.__class__ is list else [g]")
                zero = "Taped(from_array(zeros(s, d)))" if self.taped else "zeros(s, d)"
                line(1, f"gs = [{zero} if x is None else x for x, (s, d) in zip(gs, node._forms)]")
        edge_by_name = dict(zip(inputs, edges))
        unpacked: list[str] = []
        large = what == "apply_large"
        if len(op.gradients) > 1 or large:  # all before any is used, as in PyTorch: it decides which of two errors is seen
            unpacked = [name for name in self._in_order(saved) if not (self.taped and op.keeps.get(name))]
            self._unpack(1, unpacked, saved, perhaps=len(op.gradients) > 1)
        if large:
            self._large(edges if len(inputs) > 1 else [], extra, saved, fitted)
            return "\n".join(line) + "\n"
        absent = {name: f"{edge} is NO_EDGE" for name, edge in edge_by_name.items()}
        self._formulas(absent, saved, unpacked, extra, fitted)
        return "\n".join(line) + "\n"

    def _large(self, edges: list[str], extra: list[str], saved: list[str], fitted: bool) -> None:
        """Have the formulas compiled, all in one: put off where nobody sees the gradients of an elementwise operator."""
        arguments = ["g", *(f"s_{name}" for name in saved), *(f"v_{name}" for name in extra)]
        arguments += [f"{e} is not NO_EDGE" for e in edges] + (["forms"] if fitted else [])
        call = f"gradients, {', '.join(arguments)}"
        if self.op.elementwise:
            to = "".join(e + ", " for e in edges) or "*node._edges, "
            self.lines(1, f"return deferred(({to}), {'forms' if fitted else 'None'}, {call})")
        else:
            self.lines(1, f"return compiled({call})")

    def formulas_alone(self) -> str:
        """The source of ``gradients``: the formulas of all inputs, on arrays, told which of them are needed."""
        op = self.op
        saved, extra = saved_names(op), extra_names(op)
        fitted = op.elementwise and len(op.arrays) > 1
        inputs = op.differentiable_inputs
        edges = [f"e{i}" for i in range(len(inputs))] if len(inputs) > 1 else []
        parameters = ["g", *(f"s_{name}" for name in saved), *(f"v_{name}" for name in extra), *edges]
        self.lines(0, f"def gradients({', '.join(parameters + (['forms'] if fitted else []))}):")
        absent = dict(zip(inputs, [f"not {e}" for e in edges] or ["False"]))
        self._formulas(absent, saved, saved, extra, fitted, called=True)
        return "\n".join(self.lines) + "\n"

    def _formulas(
        self, absent: dict[str, str], saved: list[str], unpacked: list[str], extra: list[str], fitted: bool, called: bool = False
    ) -> None:
        """The formulas of the inputs that need a gradient; ``absent`` says in source when one does not."""
        op, line = self.op, self.lines
        kinds = {p.name: p.kind for p in op.arrays}
        inputs = op.differentiable_inputs
        several = any(kinds[name] == ARRAYS for name in inputs)
        results: dict[str, str] = {}
        for i, (names, formula) in enumerate(op.gradients.items()):
            depth = 1
            outs = [f"g_{name}" for name in names]
            if len(inputs) > 1:
                if len(names) == len(inputs):
                    pass  # at least one of them is needed, or the node would not be
                else:
                    line(1, f"if {' and '.join(absent[n] for n in names)}:")
                    line(2, " = ".join(outs) + " = None")
                    line(1, "else:")
                    depth = 2
            self._unpack(depth, [n for n in self._order_of_unpacking(formula, saved) if n not in unpacked], saved)
            arguments = []
            for asked in asks_for(formula):
                if asked == "needed":
                    needs = [f"not ({absent[n]})" for n in names] if len(inputs) > 1 else ["True"]
                    if several:
                        needs = ["*[e is not NO_EDGE for e in edges]"]
                    arguments.append(f"({', '.join(needs)},)")
                elif asked in ("g", "gs"):
                    arguments.append(asked)
                elif asked in extra:
                    arguments.append(f"v_{asked}")
                else:
                    arguments.append(f"s_{asked}")
            text = f"formula{i}({', '.join(arguments)})"
            if not self.taped and not called and len(names) == 1 and "needed" not in asks_for(formula):
                wide = getattr(formula, "of_wide", None)  # a formula that has halves computed in float32
                short = inlined(wide or formula, dict(zip(asks_for(formula), arguments)), self.space, f"formula{i}")
                if short is not None:
                    text = f"{short} if {arguments[0]}.dtype.itemsize != 2 else {text}" if wide else short
            line(depth, f"{', '.join(outs)} = {text}")
            for name, out in zip(names, outs):
                results[name] = out
                if fitted:
                    position = [p.name for p in op.arrays].index(name)
                    line(depth, f"if forms is not None: {out} = fit({out}, *forms[{position}])")
        if several:
            line(1, f"return {results[inputs[0]]}")
        else:
            line(1, f"return ({''.join(results[name] + ', ' for name in inputs)})")

    def _unpack(self, depth: int, names: list[str], saved: list[str], perhaps: bool = False) -> None:
        """Make ``s_name`` of what was saved, checked; ``perhaps``: it was only saved if a gradient needs it."""
        op, line = self.op, self.lines
        kinds = {p.name: p.kind for p in op.arrays}
        outputs = op.outputs if isinstance(op.outputs, tuple) else ("result",)
        for name in names:
            given = f"None if saved[{saved.index(name)}] is None else " if perhaps else ""
            at = f"saved[{saved.index(name)}]"
            if self.taped:
                if op.keeps.get(name):
                    inner = [f"v_{n}" if n in extra_names(op) else f"s_{n}" for n in asks_for(op.keeps[name])]
                    line(depth, f"s_{name} = keep_{name}({', '.join(inner)})")
                elif name in op.keeps:
                    line(depth, f"s_{name} = {given}{at}._array")
                elif name in outputs:
                    several = isinstance(op.outputs, tuple) and len(op.differentiable or op.outputs) > 1
                    differentiable = op.differentiable or outputs
                    if name not in differentiable:
                        line(depth, f"s_{name} = {given}{at}._array")
                    else:
                        index = f", {differentiable.index(name)}" if several else ""
                        line(depth, f"s_{name} = {given}taped_result(node, {at}{index})")
                elif kinds[name] == ARRAYS:
                    line(depth, f"s_{name} = [taped_input(node, x) for x in {at}]")
                else:
                    line(depth, f"s_{name} = None if {at} is None else taped_input(node, {at})")
                continue
            if name in kinds and kinds[name] == ARRAYS:
                line(depth, f"for x in {at}:")
                line(depth + 1, "w = x._writes")
                line(depth + 1, "if w is not None and w.stamp < node._order: raise_modified(node, x)")
                line(depth, f"s_{name} = [x._array for x in {at}]")
                continue
            line(depth, f"s_{name} = {at}")
            inner_depth = depth
            if perhaps or (name in kinds and kinds[name] == OPTIONAL):
                line(depth, f"if s_{name} is not None:")
                inner_depth = depth + 1
            if name not in op.keeps:
                line(inner_depth, f"w = s_{name}._writes")
                which = f", {outputs.index(name)}" if name in outputs and name not in kinds else ""
                line(inner_depth, f"if w is not None and w.stamp < node._order: raise_modified(node, s_{name}{which})")
            line(inner_depth, f"s_{name} = s_{name}._array")

    def _order_of_unpacking(self, formula: Any, saved: list[str]) -> list[str]:
        """What a formula asks for, as it was saved; in the taped reading, before each kept array what its own formula
        asks for."""
        found: list[str] = []

        def visit(name: str) -> None:
            if name in found or name not in saved:
                return
            keep = self.op.keeps.get(name)
            if keep and self.taped:
                for inner in asks_for(keep):
                    visit(inner)
            found.append(name)

        for name in self._in_order(set(asks_for(formula)) & set(saved)):
            visit(name)
        return found

    def _is_conditional(self, name: str) -> bool:
        """Whether an array is only saved if certain ones of the gradients are needed."""
        asking = {n for names, formula in self.op.gradients.items() if name in asks_for(formula) for n in names}
        single = any(p.name == name and p.kind != ARRAYS for p in self.op.arrays)
        return single and asking != set(self.op.differentiable_inputs)

    def _in_order(self, names: Any) -> list[str]:
        """Saved arrays in the order in which PyTorch looks whether they were written to: inputs, then outputs, by name."""
        inputs = {p.name for p in self.op.arrays}
        return sorted(names, key=lambda name: (name in self.op.keeps, name not in inputs, name))


def _node_class(operator: Operator, name: str) -> type[Node]:
    """The class of the operator's nodes; its ``apply`` is compiled when a node is first run."""

    def apply(self: Any, g: Any) -> Any:
        cls.apply = build(operator, "apply")  # type: ignore[method-assign]
        return cls.apply(self, g)

    def apply_taped(self: Any, g: Any) -> Any:
        cls.apply_taped = build(operator, "apply_taped")  # type: ignore[method-assign]
        return cls.apply_taped(self, g)

    from adjoint.declare.inspection import saved_properties

    cls: Any = type(
        name,
        (Node,),
        {
            "__slots__": (),
            "__module__": "builtins",  # so that it prints as PyTorch's, <class 'MulBackward0'>
            "__doc__": f"The backward of {operator.name}.",
            "operator": operator,
            "apply": apply,
            "apply_taped": apply_taped,
            **saved_properties(operator),
        },
    )
    return cls


def _large_node_class(operator: Operator, name: str) -> type[Node]:
    """The class of the nodes of large arrays, under the same name: small ones' ``apply`` need not ask for sizes."""

    def apply(self: Any, g: Any) -> Any:
        cls.apply = build(operator, "apply_large")  # type: ignore[method-assign]
        return cls.apply(self, g)

    plain = build(operator, "node " + name)
    cls: Any = type(name, (plain,), {"__slots__": (), "__module__": "builtins", "defers": True, "apply": apply})
    cls.__doc__ = plain.__doc__
    return cls


def _write_out(operator: Operator, out: Tensor, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Tensor:
    from adjoint.autograd.overlap import check_overlap
    from adjoint.declare.inplace import check_out, write_out

    if isinstance(out, Tensor):
        check_out(operator.name, out, args, kwargs)
        check_overlap(operator.name, out, args, kwargs)
    return write_out(operator.function(*args, **kwargs), out, operator.name)


__all__ = ["ARRAY", "VALUE", "Param", "build", "source"]
