"""Backward: the source of a node's ``apply``, from what was saved to the gradients of the inputs.

The same formulas are written for small arrays (in place), for large ones (all of them one function, ``gradients``, that
is compiled) and for the taped reading, in which the backward is itself recorded.
"""

from __future__ import annotations

from typing import Any

from adjoint.declare.inline import inlined
from adjoint.declare.lines import Lines
from adjoint.declare.operator import ARRAYS, OPTIONAL, Operator, asks_for
from adjoint.declare.saved import extra_names, saved_names


class Backward:
    """The source of a node's ``apply``: unpack what was saved, check it, call the formulas that are needed."""

    def __init__(self, operator: Operator, taped: bool, space: dict[str, Any]) -> None:
        self.op = operator
        self.taped = taped
        self.space = space
        self.lines = Lines()

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
                if any("arrived" in asks_for(f) for f in op.gradients.values()):
                    line(1, "arrived = tuple([x is not None for x in gs])")
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
                elif asked in ("g", "gs", "arrived"):
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
        if self.taped:
            self._again(inputs, results)
        if several:
            line(1, f"return {results[inputs[0]]}")
        else:
            line(1, f"return ({''.join(results[name] + ', ' for name in inputs)})")

    def _again(self, inputs: tuple[str, ...], results: dict[str, str]) -> None:
        """Give the gradients the place in the graph that their formulas do not."""
        edges = {name: f"e{i}" if len(inputs) > 1 else "node._edges[0]" for i, name in enumerate(inputs)}
        for name in self.op.flat:
            if name == "result":  # of what was saved, which this very node made
                name, edges[name] = inputs[0], "node"
            self.lines(1, f"{results[name]} = flat(OP, {results[name]}, {edges[name]})")
        for name, of in self.op.joint.items():
            self.lines(1, f"{results[name]} = joint(OP, {results[name]}, ({''.join(edges[n] + ', ' for n in of)}))")

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
                    held = f", v_{name}_array" if name in op.held else ""
                    line(depth, f"s_{name} = None if {at} is None else taped_input(node, {at}{held})")
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
                which = which or (", turned=True" if name in op.held else "")
                line(inner_depth, f"if w is not None and w.stamp < node._order: raise_modified(node, s_{name}{which})")
            now = f"s_{name}._array"
            if name in op.held:
                now = f"{now} if s_{name}.__class__ is Packed else v_{name}_array"
            line(inner_depth, f"s_{name} = {now}")

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
