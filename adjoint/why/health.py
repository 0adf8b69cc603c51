"""Health: what is so of a gradient in which nothing is wrong."""

from __future__ import annotations

from collections.abc import Iterator

from adjoint.why.case import Case
from adjoint.why.factor import since_cleared
from adjoint.why.numbers import percent, short, times
from adjoint.why.trace import Stats


def facts(case: Case, stats: Stats | None, healthy: bool) -> Iterator[str]:
    """Sentences with numbers, the verdict first where nothing is wrong."""
    weight = case.weight
    if stats is not None and stats.finite and not stats.all_zero:
        relative = (
            f", {short(stats.norm / weight.norm)} of the weight's {short(weight.norm)}"
            if weight is not None and weight.finite and weight.norm
            else ""
        )
        text = (
            f"its gradient has norm {short(stats.norm)}{relative}; {stats.size} elements from "
            f"{short(stats.low)} to "
            f"{short(stats.high)}"
        )
        if healthy:
            yield f"nothing is wrong with its gradient that can be seen. {text[:1].upper()}{text[1:]}."
        else:
            yield f"{text[:1].upper()}{text[1:]}."
        if stats.zero > 0.3:
            yield f"{percent(stats.zero)} of its elements are zero."
    elif healthy and stats is None:
        yield "it has no gradient yet, and nothing was computed from it that a backward could have gone through."
    if not healthy:
        return
    if case.passes:
        backward = case.passes[-1][0]
        summed = since_cleared(case)
        yield (
            f"It came from the backward at {backward.line}."
            if len(summed) == 1
            else f"It is the sum of {len(summed)} backwards, the last at {backward.line}."
        )
        uses = [op for op in case.uses() if op.n < backward.n]
        previous = case.passes[-2][1].n if len(case.passes) > 1 else 0
        recent = [op for op in uses if op.n > previous and any(op.needed)]
        if len(recent) > 1:
            yield f"The forward uses it {times(len(recent))}; their gradients are added, as they should be."
    if case.steps:
        step = case.steps[-1]
        _, norm, change = step.grads[case.value]
        rate, _ = step.rates[case.value]
        if change >= 0:
            part = f", {short(change / norm)} of its norm" if norm else ""
            yield f"The last step, at {step.line}, moved it by {short(change)}{part} (learning rate {short(rate)})."
