"""Size: gradients that vanish or explode, and where on their way they do."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from math import log10

from adjoint.why.answer import CERTAIN, LIKELY, Finding
from adjoint.why.case import Case
from adjoint.why.flow import Flow, operator
from adjoint.why.lines import Line
from adjoint.why.numbers import short, times
from adjoint.why.trace import Backward, Stats

TINY = 1e-6  # of the typical element: below it float32 steps of ordinary learning rates change nothing
HUGE = 1e4
_NORMALISING = ("native_batch_norm", "native_layer_norm", "native_group_norm")
_STEEP = 1e3  # how many times smaller (larger) than at the loss a gradient has to be


def diagnose(case: Case, stats: Stats) -> Iterator[Finding]:
    """Findings for a gradient that is finite and not zero, but of no use by its size."""
    if not case.passes:
        return
    backward = case.passes[-1][0]
    flow = Flow(case.trace, backward, case.value)
    if stats.rms < TINY:
        yield from _vanishing(case, flow, stats)
    elif stats.rms > HUGE:
        yield from _exploding(case, flow, stats)


def _by_line(flow: Flow) -> dict[tuple[Line | None, str], list[float]]:
    """Per line and operator, by how much the gradient's typical element changed there, each time."""
    found: dict[tuple[Line | None, str], list[float]] = defaultdict(list)
    for run in flow.on_the_way:
        came = [g for g in flow.arrived.get(run.order, ()) if g is not None]
        sent = [g for _, g in flow.towards(run) if g is not None]
        if not came or not sent:
            continue
        before = sum(g.rms for g in came)
        after = max(g.rms for g in sent)
        if before > 0 and after > 0:
            op = flow.op(run)
            name = op.name if op is not None else operator(run)
            if name in ("mean", "sum", "expand", "t", "view", "cat", "stack", "select", "index", "slice", "unsqueeze"):
                continue
            found[flow.line(run), name].append(after / before)
    return found


def _vanishing(case: Case, flow: Flow, stats: Stats) -> Iterator[Finding]:
    others = _others(case, flow.backward)
    root = flow.backward.gradients[0] if flow.backward.gradients else None
    ranked = sorted(((sum(map(log10, f)), key, f) for key, f in _by_line(flow).items()), key=lambda x: x[0])
    evidence = [f"The gradient's typical element is {short(stats.rms)} (norm {short(stats.norm)})."]
    if others:
        evidence.append(
            f"The largest at this backward: {short(max(others))}, {short(max(others) / stats.rms)} times as much."
        )
    value = case.trace.values[case.root].stats if case.root is not None else None
    if root is not None and root.finite and 0 < root.norm < 1e-4 and ranked and ranked[0][0] > -2:
        yield Finding(
            "scaled-down",
            flow.backward.line,
            f"the backward begins with a gradient of {short(root.norm)}",
            evidence,
            ["loss.backward()"],
        )
        return
    if not ranked or ranked[0][0] > -1:
        if value is not None and value.finite and abs(value.high) < 1e-4:
            return
        yield Finding(
            "vanishing",
            flow.backward.line,
            f"it is very small (typical element {short(stats.rms)})",
            evidence[1:],
            [],
            LIKELY,
        )
        return
    removed = _removed(case, flow)
    if removed is not None:
        removed.evidence = evidence
        yield removed
        return
    total, (line, name), factors = ranked[0]
    lines = [r for r in ranked if r[0] < -1]
    for t, (where, what), f in lines[:4]:
        at = where.name if where is not None else "?"
        each = f"by {short(10 ** (t / len(f)))} each of {times(len(f))}" if len(f) > 1 else f"by {short(10**t)}"
        evidence.append(f"{at}, {what}: {each}.")
    if name in ("mul", "div") and len(factors) == 1 and total < -3:
        yield Finding(
            "scaled-down",
            line,
            f"the gradient is multiplied by {short(factors[0])} here ({name})",
            evidence,
            ["take the factor out, or scale the gradient up again"],
        )
        return
    if name in ("sigmoid", "tanh", "softmax", "log_softmax", "silu", "gelu", "hardsigmoid"):
        text = (
            f"the gradient vanishes: {name} here lets through {short(10 ** (total / len(factors)))} of it, "
            f"{times(len(factors))} in a row"
        )
        kind = "saturated" if len(factors) == 1 else "vanishing"
        if kind == "saturated":
            text = f"this {name} is saturated and lets through {short(factors[0])} of the gradient"
        advice = [
            "relu or gelu in place of " + name,
            "normalisation (LayerNorm, BatchNorm), residual connections, or larger initial weights",
        ]
    else:
        text = (
            f"the gradient vanishes on its way: {name} here lets through "
            f"{short(10 ** (total / len(factors)))} of it, "
            f"{times(len(factors))}"
        )
        kind, advice = (
            "vanishing",
            [
                "initialise the weights larger (kaiming_normal_, orthogonal_), or add residual connections or normalisation"
            ],
        )
    yield Finding(kind, line, text, evidence, advice)


def _removed(case: Case, flow: Flow) -> Finding | None:
    """A bias right before a normalisation, which subtracts it again."""
    if case.target.ndim != 1:
        return None
    for run in flow.on_the_way[-3:]:
        op = flow.op(run)
        if op is not None and op.name in _NORMALISING and case.value not in op.inputs:
            return Finding(
                "shift-removed",
                op.line,
                f"the normalisation here subtracts the mean, so a constant that is added before it changes nothing, "
                f"and the gradient of {case.name} is zero up to rounding",
                [],
                ["bias=False in the layer before a normalisation"],
            )
    return None


def _exploding(case: Case, flow: Flow, stats: Stats) -> Iterator[Finding]:
    ranked = sorted(((sum(map(log10, f)), key, f) for key, f in _by_line(flow).items()), key=lambda x: -x[0])
    evidence = [
        f"The gradient's typical element is {short(stats.rms)} (norm {short(stats.norm)}), that of the weight "
        f"{short(case.weight.rms if case.weight else 0)}."
    ]
    losses = []
    for b in case.backwards:
        root = case.trace.root_of(b)
        s = case.trace.values[root].stats if root is not None else None
        if s is not None and s.finite:
            losses.append(abs(s.high))
    if len(losses) >= 3 and losses[-1] > 100 * max(losses[0], 1e-12) and case.trace.steps:
        step = case.trace.steps[-1]
        rates = [r for r, _ in step.rates.values()]
        made = next((e.line for e in case.trace.of("optimizer", step.optimizer)), step.line)
        shown = ", ".join(short(x) for x in (losses if len(losses) <= 6 else [*losses[:3], *losses[-3:]]))
        yield Finding(
            "diverged",
            made,
            f"training diverges with a learning rate of {short(max(rates, default=0))}: the loss grows from step to step",
            [*evidence, f"The losses: {shown}."],
            ["lower the learning rate, or clip the gradients"],
        )
        return
    given = flow.backward.gradients[0] if flow.backward.gradients else None
    if given is not None and given.rms > HUGE:
        yield Finding(
            "scaled-up", flow.backward.line, f"the backward begins with a gradient of {short(given.rms)}", evidence
        )
        return
    if not ranked:
        return
    total, (line, name), factors = ranked[0]
    for t, (where, what), f in ranked[:4]:
        if t > 0.5:
            at = where.name if where is not None else "?"
            each = f"by {short(10 ** (t / len(f)))} each of {times(len(f))}" if len(f) > 1 else f"by {short(10**t)}"
            evidence.append(f"{at}, {what}: {each}.")
    if (
        name in ("mul", "div")
        and len(factors) == 1
        and any(isinstance(v, (int, float)) and abs(v) > 100 for v in _numbers(flow, line, name))
    ):
        yield Finding(
            "scaled-up",
            line,
            f"the gradient is multiplied by {short(factors[0])} here ({name})",
            evidence,
            ["take the factor out, or divide the gradients by it before the step"],
        )
        return
    if total < 1:
        inputs = max((s.rms for s in _operands(flow) if s is not None and s.finite), default=0.0)
        if inputs > 100:
            evidence.append(
                f"Operands on the way have values as large as {short(inputs)}: the data may need to be normalised."
            )
        yield Finding(
            "exploding",
            line,
            f"the gradient is very large (typical element {short(stats.rms)})",
            evidence[1:],
            ["normalise the inputs, or clip the gradients"],
            LIKELY,
        )
        return
    again = f", {times(len(factors))} in a row" if len(factors) > 1 else ""
    yield Finding(
        "exploding", line, f"the gradient explodes: {name} here multiplies it by {short(10 ** (total / len(factors)))}{again}",
        evidence, ["smaller initial weights, torch.nn.utils.clip_grad_norm_, or normalisation"], CERTAIN if total > 2 else LIKELY,
    )  # fmt: skip


def _numbers(flow: Flow, line: Line | None, name: str) -> list[float]:
    return [
        v
        for run in flow.on_the_way
        for op in [flow.op(run)]
        if op is not None and op.line == line and op.name == name
        for v in op.values
    ]


def _operands(flow: Flow) -> list[Stats | None]:
    return [
        flow.trace.values[v].stats
        for run in flow.on_the_way
        for op in [flow.op(run)]
        if op is not None
        for v in op.inputs
    ]


def _others(case: Case, backward: Backward) -> list[float]:
    """The typical elements of the other leaves' gradients at the same backward."""
    return [
        r.after.rms
        for r in backward.runs
        if r.leaf is not None and r.leaf != case.value and r.after is not None and r.after.finite and r.after.rms > 0
    ]
