"""Not finite: where a NaN or an infinity was born."""

from __future__ import annotations

from collections.abc import Iterator

from adjoint.why import births
from adjoint.why.answer import CERTAIN, LIKELY, Finding
from adjoint.why.case import Case
from adjoint.why.flow import Flow, operator
from adjoint.why.lines import Line
from adjoint.why.numbers import short, stats_of
from adjoint.why.trace import Backward, Op, Run, Stats, Trace, Value


def diagnose(case: Case) -> Iterator[Finding]:
    """Findings for a gradient with NaN or infinite elements: what was not finite first, in the whole of the program."""
    first = _first_backward(case)
    flow = Flow(case.trace, first, case.value) if first is not None else None
    limit = first.n if first is not None else None
    forward = _first_in_forward(case, limit)
    if forward is not None:
        yield from forward
        return
    if flow is not None:
        yield from _in_backward(case, flow)
        return
    for what in ("grad set", "grad written"):
        for event in reversed(case.events(what)):
            yield Finding(
                "gradient-changed", event.line, "the gradient is overwritten with values that are not finite here"
            )
            return


def loss(case: Case) -> Iterator[Finding]:
    """Findings for a loss that is not finite although its gradient is."""
    if case.root is not None and _bad(case.trace.values[case.root].stats) and case.passes:
        found = _birth(case, case.trace.ancestors(case.root))
        for finding in found or ():
            finding.evidence = [*finding.evidence, "The gradient is finite all the same; the loss is not."]
            yield finding


def _bad(stats: Stats | None) -> bool:
    return stats is not None and not stats.finite


def _first_backward(case: Case) -> Backward | None:
    """The first backward that brought something not finite to the target (or anywhere, where none is known to)."""
    for b, run in case.passes:
        if _bad(run.after) and not _bad(run.before):
            return b
    for b in case.backwards:
        if any(_bad(g) for run in b.runs for _, g in run.left):
            return b
    return case.last


def _first_in_forward(case: Case, limit: int | None) -> list[Finding] | None:
    """What was not finite in the forward, if the loss was not."""
    trace = case.trace
    root = next((trace.root_of(b) for b in case.trace.backwards if limit is not None and b.n == limit), None)
    root = case.root if root is None else root
    if root is None or not _bad(trace.values[root].stats):
        return None
    above = trace.ancestors(root)
    return _birth(case, above, limit or 1 << 60)


def _birth(case: Case, above: set[int], before: int = 1 << 60) -> list[Finding] | None:
    """The first value that was not finite, among these; a NaN before an infinity that was put in on purpose."""
    trace = case.trace
    sources = [v for v in sorted(above) if trace.values[v].op is None and _bad(trace.stats_at(v, before))]
    for v in sources:
        value = trace.values[v]
        if not _is_filler(trace, value):
            return [_from_data(case, value, trace.stats_at(v, before))]
    ops = [op for op in trace.ops if above & set(op.outputs) and any(_bad(trace.values[o].stats) for o in op.outputs)]
    ops = [op for op in ops if not _only_fills(trace, op)] or ops
    nan = next((op for op in ops if any(trace.values[o].stats.nan for o in op.outputs if trace.values[o].stats)), None)  # type: ignore[union-attr]
    inf = next(
        (op for op in ops if not any(_bad(trace.values[v].stats) for v in op.inputs) and not _deliberate(op)), None
    )
    first = inf if inf is not None and (nan is None or inf.index <= nan.index) else nan
    if first is None:
        first = ops[0] if ops else None
    if first is None:
        return None
    stepped = _stepped_to(case, first)
    if stepped is not None:
        return stepped
    finding = births.explain(case, first)
    if nan is not None and nan is not first:
        finding.evidence = [*finding.evidence, f"It becomes NaN at {nan.line} ({births.how(trace, nan)})."]
    return [finding]


def _is_filler(trace: Trace, value: Value) -> bool:
    """Whether a value holds infinities on purpose, as masks do."""
    stats = value.stats
    if stats is None or stats.nan:
        return False
    return value.made in ("full", "full_like", "new_full") or (value.made == "tensor" and stats.size == 1)


_MOVES = frozenset(
    "triu tril view reshape transpose permute expand unsqueeze squeeze select slice index cat stack t clone masked_fill fill "
    "copy where full _reshape_alias _to_copy add".split()
)


def _only_fills(trace: Trace, op: Op) -> bool:
    """Whether a call only moves infinities that were put in on purpose, or adds them to what is finite."""
    if any(s.nan for s in (trace.values[o].stats for o in op.outputs) if s is not None):
        return False
    return op.name.rstrip("_") in _MOVES


def _deliberate(op: Op) -> bool:
    return op.name.rstrip("_") in ("masked_fill", "fill", "copy", "where", "full", "triu", "tril")


def _from_data(case: Case, value: Value, stats: Stats | None) -> Finding:
    assert stats is not None
    what = f"{stats.nan} NaN" if stats.nan else f"{stats.inf} infinite"
    if value.leaf and value.requires_grad:
        return _from_parameter(case, value, what)
    use = next((op for op in case.trace.ops if value.id in op.inputs), None)
    if value.line is None or value.made == "seen":
        for event in case.trace.of("data written"):
            origin = case.trace.values[event.of].tensor()
            if origin is not None and _bad(stats_of(origin._array)) and _bad(stats):
                return Finding(
                    "nan-in-data",
                    event.line,
                    f"{what} is written into the data here; everything computed from them is not finite",
                    [f"It is first used at {use.line}."] if use is not None and use.line is not None else [],
                    ["torch.nan_to_num(data), or leave such samples out"],
                )
        for other in case.trace.values:
            if (
                other.id < value.id
                and other.op is None
                and not other.requires_grad
                and other.line is not None
                and _bad(other.stats)
            ):
                return _from_data(case, other, other.stats)
    used = [f"It is first used at {use.line}."] if use is not None and use.line is not None else []
    line = value.line or (use.line if use is not None else None)
    return Finding(
        "nan-in-data", line,
        f"the data made here already hold {what} value{'s' if (stats.nan or stats.inf) > 1 else ''} (of "
        f"{stats.size}); everything computed from them is not finite",
        used, ["torch.nan_to_num(data), or drop the samples: data[torch.isfinite(data).all(1)]"],
    )  # fmt: skip


def _from_parameter(case: Case, value: Value, what: str) -> Finding:
    """A parameter that is not finite: by a step, a write by hand, or from the beginning."""
    trace = case.trace
    since = next((n for n, s in value.history or () if _bad(s)), value.n)
    steps = [s for s in trace.steps if s.n < since and value.id in s.grads]
    writes = [e for e in trace.events if e.what in ("written", "data set") and e.of == value.id and e.n < since]
    if writes and (not steps or writes[-1].n > steps[-1].n):
        return _diverged(case, since, "") or Finding(
            "nan-parameter", writes[-1].line, f"the parameter is overwritten here, and holds {what} values since"
        )
    if steps:
        return _diverged(case, since, f"The parameter is not finite after the step at {steps[-1].line}.") or Finding(
            "nan-parameter", steps[-1].line, f"the step here leaves {what} values in the parameter"
        )
    return Finding("nan-parameter", value.line, f"the parameter made here holds {what} values from the beginning")


def _stepped_to(case: Case, op: Op) -> list[Finding] | None:
    """The values grew from step to step until they overflowed: the fault is in the training, not in this call."""
    born = f"The first value that is not finite is made at {op.line} ({births.how(case.trace, op)})."
    found = _diverged(case, op.n, born)
    return None if found is None else [found]


def _diverged(case: Case, before: int, born: str) -> Finding | None:
    """The finding that training diverged before a time, if the losses say so."""
    trace = case.trace
    steps = [s for s in trace.steps if s.n < before]
    writes = [e for e in trace.events if e.what == "written" and e.n < before and case.backwards[0].n < e.n]
    sizes = _growth(case, before)
    growth = sizes[-1] / max(sizes[0], 1e-30) if sizes else 0.0
    steadily = len(steps) + len(writes) >= 2 and len(sizes) >= 3 and growth > 1e3
    if not steadily and not (steps and growth > 1e6):  # two losses say it where the second is a million times the first
        return None
    line = steps[-1].line if steps else writes[-1].line
    rate = ""
    if steps:
        rates = [r for r, _ in steps[-1].rates.values()]
        rate = f" with a learning rate of {short(max(rates))}" if rates else ""
        line = next((e.line for e in trace.of("optimizer", steps[-1].optimizer)), None) or line
    shown = ", ".join(short(x) for x in (sizes if len(sizes) <= 6 else [*sizes[:3], *sizes[-3:]]))
    return Finding(
        "diverged",
        line,
        f"training diverges{rate}: the loss grows from step to step until it overflows",
        [f"The losses: {shown}.", *([born] if born else [])],
        ["lower the learning rate, clip the gradients, or normalise the inputs"],
    )


def _growth(case: Case, before: int) -> list[float]:
    """The sizes of the losses, backward after backward."""
    found = []
    for b in case.backwards:
        root = case.trace.root_of(b)
        if root is not None and b.n < before:
            stats = case.trace.values[root].stats
            if stats is not None and stats.finite:
                found.append(abs(stats.high))
    return found


# In the backward


def _in_backward(case: Case, flow: Flow) -> Iterator[Finding]:
    """The loss is finite: some derivative is not."""
    for run in flow.on_the_way or flow.backward.runs:
        came = [g for g in flow.arrived.get(run.order, ()) if g is not None]
        if any(_bad(g) for g in came):
            continue
        sent = [g for _, g in (flow.towards(run) or run.left)]
        if not any(_bad(g) for g in sent):
            continue
        yield _of_derivative(case, flow, run, came)
        return
    end = flow.end
    sums = flow.all_arrived()
    if end is not None and sums and not any(_bad(g) for g in sums):
        hooks = case.events("hook")
        if hooks:
            yield Finding("hook", hooks[-1].line, "a hook registered here returns a gradient that is not finite")
            return
    for event in [*case.events("grad written"), *case.events("grad set")]:
        yield Finding(
            "gradient-changed",
            event.line,
            "the gradient is made not finite here, after it was computed",
            [],
            [],
            LIKELY,
        )
        return


def _of_derivative(case: Case, flow: Flow, run: Run, came: list[Stats]) -> Finding:
    trace = case.trace
    op = flow.op(run)
    line = flow.line(run)
    sent = [g for _, g in run.left if g is not None]
    what = "NaN" if any(g.nan for g in sent) else "infinite"
    evidence = [
        f"The loss itself is finite. A gradient of norm {short(came[0].norm if came else 1.0)} arrived at "
        f"{run.node}, and what left it is {what}."
    ]
    if op is None:
        return Finding("derivative", line, f"the derivative of {operator(run)} is {what} here", evidence)
    values = [trace.values[v] for v in op.inputs]
    stats = values[0].stats if values else None
    zeros = stats is not None and stats.zero > 0
    untaken = _untaken(trace, flow, run)
    name = op.name
    if untaken is not None:
        evidence.append(
            f"Zero arrives for the elements that where does not take, and zero times infinity is NaN ({untaken})."
        )
        inner = f"{name} of " + (
            f"values from {short(stats.low)} to {short(stats.high)}" if stats is not None else "its input"
        )
        return Finding(
            "where-untaken", line, "its derivative is not finite in the branch that torch.where does not take "
            f"({inner}); where hides the value and not the gradient",
            evidence, ["make the input safe first: " + f"torch.{name}(torch.where(ok, x, 1.0))"],
        )  # fmt: skip
    if name in (
        "sqrt",
        "pow",
        "linalg_vector_norm",
        "std",
        "var",
        "acos",
        "asin",
        "div",
        "atan2",
        "log",
        "rsqrt",
        "reciprocal",
    ) and (zeros or name in ("std", "acos", "asin", "linalg_vector_norm", "pow")):
        kinds = {
            "sqrt": ("sqrt-at-zero", "the derivative of sqrt at zero is infinite", ["torch.sqrt(x + 1e-12)"]),
            "pow": (
                "sqrt-at-zero",
                f"the derivative of x ** {short(op.values[0]) if op.values else 'p'} at zero is infinite",
                ["(x + 1e-12) ** p"],
            ),
            "linalg_vector_norm": (
                "norm-at-zero",
                "the derivative of a norm at zero is 0/0",
                ["torch.sqrt((x * x).sum() + 1e-12)"],
            ),
            "std": (
                "std-of-constants",
                "the derivative of std of values that are all equal is 0/0",
                ["torch.sqrt(x.var() + 1e-8)"],
            ),
            "log": ("log-of-zero", "the derivative of log at zero is infinite", ["torch.log(x.clamp_min(1e-8))"]),
        }
        kind, text, advice = kinds.get(
            name,
            (
                "derivative",
                f"the derivative of {name} is infinite at this input",
                [f"keep the input of {name} away from it"],
            ),
        )
        again = ", times a gradient of 0 it is NaN" if what == "NaN" and "0/0" not in text else ""
        if stats is not None:
            evidence.append(
                f"Its input: {stats.size} values from {short(stats.low)} to {short(stats.high)}, "
                f"{round(stats.zero * stats.size)} of them zero."
            )
        return Finding(kind, line, text + again, evidence, advice)
    if what == "infinite" and stats is not None:
        return Finding(
            "overflow",
            line,
            f"the gradient of {name} overflows {values[0].dtype}",
            evidence,
            ["scale the loss down, or compute in a wider dtype"],
            CERTAIN,
        )
    if stats is not None:
        evidence.append(f"Its input: {stats.size} values from {short(stats.low)} to {short(stats.high)}.")
    return Finding("derivative", line, f"the derivative of {op.called or name} is {what} at these values", evidence)


def _untaken(trace: Trace, flow: Flow, run: Run) -> str | None:
    """The line of the ``where`` whose untaken branch a node belongs to, if the elements it masks are those that fail."""
    op = flow.op(run)
    if op is None:
        return None
    made = set(op.outputs)
    for other in trace.ops[op.index + 1 :]:
        if other.n > flow.backward.n:
            break
        if made.isdisjoint(other.inputs):
            continue
        if other.name in ("where", "masked_fill"):
            bad_inside = any(_bad(trace.values[v].stats) for v in made)
            zero_at_node = any(g is not None and g.zero > 0 for g in flow.arrived.get(run.order, ()))
            if zero_at_node and (bad_inside or other.name == "where"):
                return _line_name(other.line)
            return None
        made.update(other.outputs)
    return None


def _line_name(line: Line | None) -> str:
    return line.name if line is not None else "where"
