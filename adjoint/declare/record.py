"""Record: the source of a caller's second half: the result as tensors, and the node that remembers the call.

Where an input requires grad and recording is on, the node's slots are filled: its edges, what it saves, its time.
"""

from __future__ import annotations

from adjoint.declare.lines import Lines
from adjoint.declare.operator import ARRAYS, OPTIONAL, Operator, asks_for
from adjoint.declare.saved import extra_names, saved_names


class Record:
    """The source from what the forward returned to ``return``.

    The first half has made ``r`` (``r_<name>`` of several outputs, ``kept_<name>`` of what is kept), ``a0``, ``a1`` and so on,
    the operands' arrays, and for nodes that take large ones ``big``; element-wise, ``same``: whether two shapes are one; where
    it is ``laid``, ``r_writes``: the result's record of writes, if it does not lie in order; where the caller ``marks`` what it
    makes in inference mode, ``seen``: whether it may be that.
    ``shown`` says what each parameter is called.
    """

    def __init__(self, operator: Operator, shown: dict[str, str], lines: Lines, laid: bool, marks: bool = False) -> None:
        self.op = operator
        self.marks = marks and not operator.view  # whose result has the record of the memory that it looks at
        self.laid = laid
        self.shown = shown
        self.lines = lines

    def write(self) -> None:
        op, line = self.op, self.lines
        made_of = "made_of" if self.laid else "from_array"
        if op.outputs is None:
            line(1, "t = new(Tensor)")
            line(1, "t._array = r")
            writes = "r_writes" if self.laid else "None"
            marked = "r_writes or record_in_inference()" if self.laid else "record_in_inference()"
            line(1, f"t._writes = {writes} if not seen else {marked}" if self.marks else f"t._writes = {writes}")
            made = "t"
        elif op.outputs == "list":
            line(1, f"ts = tuple([{made_of}(as_array(x)) for x in r])")
            made = "ts"
        else:
            for name in op.outputs:
                line(1, f"t_{name} = {made_of}(as_array(r_{name}))")
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
            f"{e}.count(NO_EDGE) == len({e})" if kinds[name] == ARRAYS else f"{e} is NO_EDGE"
            for name, e in edges.items()
        )
        kept = self._saved(edges, inputs_only=True)
        off = "not GRAD.enabled" if kept == "()" else f"(not GRAD.enabled or refuse_inference({kept}))"
        condition = f"({none}) or (OFF and {off})" if len(edges) > 1 else f"{none} or (OFF and {off})"
        dtype = next((p for p in op.values if p.name == "dtype"), None) if op.outputs is None else None
        if dtype is not None and not dtype.keyword_only:  # a conversion: gradients end at integers
            condition += " or r.dtype.kind in 'iub'"
        line(1, f"if {condition}:")
        if op.outputs is None:
            line(2, "t._edge = NO_EDGE")
        self._view(2)
        line(2, f"return {made}")
        if dtype is not None and dtype.keyword_only:
            line(1, "if r.dtype.kind in 'iub': raise_integers(r)")
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
        if not op.takes_large:
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
            if op.turns is not None:
                line(depth, f"turn(t, {source_name}, *{op.turns})")
        else:
            line(depth, "for i, x in enumerate(ts):")
            line(
                depth + 1,
                f"become_view(x, {source_name}, lambda x, i=i: function_itself(x{arguments})[i], 'multiple')",
            )

    def _saved(self, edges: dict[str, str], inputs_only: bool = False) -> str:
        """A tuple of what the formulas need; conditional where only some of the inputs' gradients need it."""
        op = self.op
        kinds = {p.name: p.kind for p in op.arrays}
        wanted_by: dict[str, set[str]] = {}
        for names, formula in op.gradients.items():
            for asked in asks_for(formula):
                wanted_by.setdefault(asked, set()).update(names)
        parts = []
        for name in saved_names(op):
            if inputs_only and name not in kinds:
                continue
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
            if base in kinds and attribute in ("shape", "dtype", "array"):
                i, kind = kinds[base]
                if kind == ARRAYS:
                    parts.append(f"[a.{attribute} for a in a{i}]")
                elif kind == OPTIONAL:
                    parts.append(f"None if a{i} is None else a{i}.{attribute}")
                elif attribute == "array":
                    parts.append(f"a{i}")
                elif op.elementwise:
                    parts.append(f"{self.shown[base]}._array.{attribute}")
                else:
                    parts.append(f"a{i}.{attribute}")
            else:
                parts.append(self.shown.get(name, name))
        return f"({''.join(p + ', ' for p in parts)})"
