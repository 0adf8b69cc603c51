"""Flat: why the derivative of a call is zero everywhere, one small diagnosis an operator."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from adjoint.why.answer import LIKELY, Finding
from adjoint.why.case import Case
from adjoint.why.flow import Flow, operator
from adjoint.why.lines import Line
from adjoint.why.numbers import percent, short
from adjoint.why.trace import Op, Run, Stats, Trace, Value


def explain(case: Case, flow: Flow, run: Run) -> list[Finding]:
    """Why this node sent zero."""
    op = flow.op(run)
    line = flow.line(run)
    norm = flow.came(run)
    evidence = [f"A gradient of norm {short(norm)} arrived at {run.node}, and zero left it towards {case.name}."]
    if op is None:
        return [
            Finding("zero-derivative", line, f"the derivative of {operator(run)} is zero everywhere here", evidence)
        ]
    came = next((g for g in flow.arrived.get(run.order, ()) if g is not None), None)
    user = next((o for o in flow.trace.users_of(op.outputs) if o.n < flow.backward.n and any(o.needed)), None)
    around = Around(
        case,
        op,
        case.trace,
        [case.trace.values[v] for v in op.inputs],
        [case.trace.values[v] for v in op.outputs],
        came,
        user.line if user is not None and user.line != op.line else None,
    )
    for names, make in _TABLE:
        if op.name.rstrip("_") in names or (op.called and op.called in names):
            told = make(around)
            if told is not None:
                found = [Finding(told.kind, told.line or line, told.text, [*evidence, *told.evidence], told.advice)]
                if told.origin is not None and told.origin != line:
                    text = f"the values that lead to it ({told.kind}) are written here"
                    found.append(Finding(told.kind, told.origin, text, [], [], LIKELY))
                return found
    return [Finding("zero-derivative", line, f"the derivative of {op.name} is zero everywhere here", evidence)]


class Around(NamedTuple):
    """A call whose derivative is zero."""

    case: Case
    op: Op
    trace: Trace
    inputs: list[Value]
    outputs: list[Value]
    came: Stats | None = None  # the gradient that arrived
    after: Line | None = None  # the line that uses the result, where that is another

    @property
    def what(self) -> str:
        """What the user calls it: the module's class, the function, the operator."""
        return self.op.module[1] if self.op.module is not None else self.op.called or self.op.name


class Told(NamedTuple):
    kind: str
    text: str
    advice: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()
    line: Line | None = None
    origin: Line | None = None  # where the values that make it so were written


def _range(value: Value) -> str:
    s = value.stats
    if s is None:
        return ""
    return (
        f"all {s.size} values are {short(s.low)}"
        if s.low == s.high
        else f"its {s.size} inputs are between {short(s.low)} and {short(s.high)}"
    )


def _relu(a: Around) -> Told:
    made = a.trace.op_of(a.inputs[0].id)
    evidence = []
    if made is not None and made.line is not None and made.line != a.op.line:
        evidence.append(f"Its input is computed at {made.line}.")
    return Told(
        "dead-relu", f"every unit of this {a.what} is dead: {_range(a.inputs[0])}, where its derivative is zero",
        ("start with smaller weights or a bias that is not so negative, lower the learning rate, or use "
            "leaky_relu",), tuple(evidence), origin=_written_before(a),
    )  # fmt: skip


def _rectified(a: Around) -> Told:
    clamps = a.op.name == "hardtanh" and len(a.op.values) == 2 and "relu" not in a.op.called.lower()
    return _clamp(a) if clamps else _relu(a)


def _written_before(a: Around) -> Line | None:
    """Where the parameters that made its input were last written by hand."""
    trace = a.trace
    above = trace.ancestors(a.inputs[0].id)
    first = min((b.n for b in a.case.backwards), default=a.op.n)
    events = [
        e
        for e in trace.events
        if e.what in ("written", "data set") and e.of in above and e.n < first and e.line != trace.values[e.of].line
    ]
    return events[-1].line if events else None


def _saturated(a: Around) -> Told:
    out = a.outputs[0].stats
    at = f" (outputs between {short(out.low)} and {short(out.high)})" if out else ""
    made = a.trace.op_of(a.inputs[0].id)
    evidence = (
        [f"Its input is computed at {made.line}."] if made is not None and made.line not in (None, a.op.line) else []
    )
    return Told(
        "saturated", f"this {a.what} is saturated: {_range(a.inputs[0])}{at}, where its derivative rounds to zero",
        ("scale the inputs or the initial weights down, or normalise before it",), tuple(evidence), origin=_written_before(a),
    )  # fmt: skip


def _clamp(a: Around) -> Told:
    limits = ", ".join(short(v) for v in a.op.values)
    return Told(
        "clamped", f"every value lies outside of the range of this {a.what}({limits}): "
        f"{_range(a.inputs[0])}; beyond the limits its derivative is zero",
        ("widen the range, or use a smooth bound such as tanh or sigmoid",),
    )  # fmt: skip


def _steps(a: Around) -> Told:
    return Told(
        "step-function", f"{a.op.name} is constant between its jumps, so its derivative is zero everywhere",
        (f"leave {a.op.name} out of the loss, or pass the gradient straight through: x + ({a.op.name}(x) - x).detach()",),
    )  # fmt: skip


def _dropped(a: Around) -> bool:
    return "ropout" in a.op.called or (a.op.module is not None and "ropout" in a.op.module[1])


def _mul(a: Around) -> Told | None:
    if _dropped(a):
        module = a.op.module
        text = f" ({module[3]})" if module is not None else ""
        made = next((e.line for e in a.trace.of("module made", module[0])), None) if module is not None else None
        return Told(
            "dropout-all",
            f"this dropout drops everything{text}: with p=1 every element, and every gradient, is zero",
            ("use a probability below 1, such as p=0.5",),
            (f"It runs at {a.op.line}.",) if made not in (None, a.op.line) else (),
            line=made,
        )
    zeros = [v for v in a.inputs if v.stats is not None and v.stats.all_zero]
    numbers = [v for v in a.op.values if v == 0]
    if numbers:
        return Told(
            "times-zero",
            f"this {a.op.name} is by the number 0, so the gradient is multiplied by 0",
            ("take the factor 0 out",),
        )
    if zeros:
        other = zeros[0]
        made = _origin(a.trace, other)
        where = f", made at {made}" if made is not None and made != a.op.line else ""
        kind = (
            "zero-mask"
            if a.op.name == "mul"
            else "zero-weights"
            if other.leaf and other.requires_grad
            else "zero-input"
        )
        what = "the other operand" if not (other.leaf and other.requires_grad) else "the other operand, a parameter,"
        return Told(
            kind,
            f"the gradient is multiplied by the other operand of this {a.what}, and that is zero everywhere",
            (
                "initialise it with small random numbers"
                if kind == "zero-weights"
                else "let some of it be different from zero",
            ),
            (f"T{what[1:]} ({'×'.join(map(str, other.shape)) or 'a number'}) is all zeros{where}.",),
            origin=made,
        )
    return None


def _origin(trace: Trace, value: Value) -> Line | None:
    """Where the zeros of a value come from: the last write to it, or where it was made, past transpositions."""
    op = trace.op_of(value.id)
    while (
        op is not None
        and op.name in ("t", "transpose", "permute", "view", "expand", "unsqueeze", "_reshape_alias")
        and op.inputs
    ):
        value = trace.values[op.inputs[0]]
        op = trace.op_of(value.id)
    events = [e for e in trace.events if e.what in ("written", "data set") and e.of == value.id]
    if events:
        return events[-1].line
    return value.line or (op.line if op else None)


def _where(a: Around) -> Told:
    condition = a.inputs[0].stats
    share = f": the condition is true for {percent(1 - condition.zero)} of the elements" if condition else ""
    return Told(
        "not-chosen",
        f"this where takes the other branch everywhere{share}, so the gradient goes to that one alone",
        ("check the condition",),
    )


def _masked(a: Around) -> Told:
    mask = a.inputs[1].stats if len(a.inputs) > 1 else None
    share = f" ({percent(1 - mask.zero)} of the mask is True)" if mask else ""
    return Told(
        "masked-out",
        f"{a.op.name} replaces every element{share}, so nothing of the gradient passes",
        ("check the mask",),
    )


def _chosen(a: Around) -> Told:
    return Told(
        "not-chosen",
        f"this {a.what} takes the other operand for every element, so the gradient goes there",
        ("check the operands",),
    )


def _overwritten(a: Around) -> Told:
    return Told(
        "overwritten",
        f"{a.op.name} writes over the values in place, so what was computed before has no part in the loss",
        ("write into a new tensor, or leave the assignment out",),
    )


def _padding(a: Around) -> Told | None:
    ids = next((v.stats for v in a.inputs if v.dtype.startswith("int") and v.stats is not None), None)
    if ids is not None and ids.low == ids.high and ids.low in a.op.values:
        text = f"every index is {short(ids.low)}, the padding_idx, whose row gets no gradient"
        return Told("padding", text, ("check the indices, or leave padding_idx out",))
    return None


def _labels(a: Around) -> Told | None:
    if a.op.name in ("nll_loss", "nll_loss2d"):
        ignored = [v for v in a.op.values if v < 0] or [-100]
        label = a.inputs[1].stats if len(a.inputs) > 1 else None
        if (label is not None and label.low == label.high and label.low in ignored) or (
            label is not None and label.high < 0
        ):
            return Told(
                "all-ignored",
                f"every label is {short(label.low)}, the ignore_index, so no sample counts",
                ("check the labels and ignore_index",),
            )
    return None


def _softmax(a: Around) -> Told:
    shape = a.inputs[0].shape
    dims = [int(v) for v in a.op.values if isinstance(v, int) and -len(shape) <= v < len(shape)]
    if dims and shape and shape[dims[0]] == 1:
        return Told(
            "softmax-of-one",
            f"this {a.what} is over a dimension of size 1 (shape {list(shape)}), so its result "
            "is constant and its derivative zero",
            ("take the dimension of the classes; for one logit use sigmoid and binary_cross_entropy_with_logits",),
        )
    came = a.came
    if came is not None and came.high - came.low <= 1e-5 * max(abs(came.high), abs(came.low)):
        return Told(
            "constant-loss",
            f"the loss depends on the sum of this {a.what} alone, and that is 1 whatever the inputs are",
            ("let the loss depend on single probabilities: cross_entropy(logits, labels)",),
            ("The gradient that arrived is the same for every element.",),
            a.after,
        )
    return Told(
        "saturated",
        f"this {a.what} is saturated: {_range(a.inputs[0])}, so its result is 0 or 1 and its derivative rounds to zero",
        ("scale the logits down, or use cross_entropy on the logits themselves",),
    )


def _same(a: Around) -> Told | None:
    if len(a.inputs) > 1:
        return Told(
            "loss-at-minimum",
            "prediction and target are equal, so this loss is at its minimum and its derivative zero",
            ("check that the target is not made from the prediction itself",),
            _same_source(a),
        )
    return None


def _same_source(a: Around) -> tuple[str, ...]:
    first, second = a.inputs[0], a.inputs[1]
    if first.id in a.trace.ancestors(second.id) or second.id in a.trace.ancestors(first.id):
        return ("The target is made from the prediction itself.",)
    return ()


_STEPS = ("round", "floor", "ceil", "trunc", "sign", "sgn", "heaviside", "floor_divide", "fix", "bernoulli")
_Make = Callable[[Around], Told | None]
_TABLE: list[tuple[tuple[str, ...], _Make]] = [
    (("dropout", "Dropout"), _mul),
    (("relu", "threshold", "hardtanh", "relu6", "clamp_min", "ReLU"), _rectified),
    (("clamp", "clip", "clamp_max"), _clamp),
    (("sigmoid", "tanh", "hardsigmoid", "silu", "gelu", "erf", "hardswish"), _saturated),
    (("softmax", "log_softmax"), _softmax),
    (_STEPS, _steps),
    (("mul", "mm", "matmul", "addmm", "bmm", "linear", "convolution", "dot", "mv", "div"), _mul),
    (("where",), _where),
    (("masked_fill",), _masked),
    (("maximum", "minimum", "max", "min", "amax"), _chosen),
    (("copy", "fill", "zero", "index_put"), _overwritten),
    (("embedding", "embedding_bag"), _padding),
    (("nll_loss", "nll_loss2d"), _labels),
    (("mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss"), _same),
]  # fmt: skip
