"""Zero: where a gradient became zero, and why."""

from __future__ import annotations

from collections.abc import Iterator

from adjoint.why import flat
from adjoint.why.answer import LIKELY, POSSIBLE, Finding
from adjoint.why.case import Case
from adjoint.why.flow import Flow
from adjoint.why.lines import Line
from adjoint.why.numbers import short


def diagnose(case: Case) -> Iterator[Finding]:
    """Findings for a gradient that is zero everywhere."""
    if not case.passes:
        yield from _set_to_zero(case)
        return
    backward, end = case.passes[-1]
    if end.after is not None and not end.after.all_zero:
        yield from _set_to_zero(case)
        return
    flow = Flow(case.trace, backward, case.value)
    sent = flow.all_arrived()
    if sent and not all(g.all_zero for g in sent):
        hooks = case.events("hook")
        if hooks:
            yield Finding(
                "hook",
                hooks[-1].line,
                f"a hook registered here returns zero for it; a gradient of norm {short(max(g.norm for g in sent))} had arrived",
                [],
                ["take the hook off, or have it return the gradient"],
            )
            return
        yield from _cancelled(case, flow, sent[0].norm)
        return
    yield from killers(case, flow)


def killers(case: Case, flow: Flow) -> Iterator[Finding]:
    """Findings at the nodes that got a gradient that is not zero and sent zero on."""
    roots = [g for g in flow.backward.gradients if g is not None]
    if roots and all(g.all_zero for g in roots):
        yield Finding(
            "zero-from-the-start",
            flow.backward.line,
            "the backward begins with a gradient of zero",
            [],
            ["loss.backward()   # or a gradient= that is not zero"],
        )
        return
    found: list[Finding] = []
    seen: set[tuple[str, Line | None]] = set()
    for run in reversed(flow.on_the_way):
        came = [g for g in flow.arrived.get(run.order, ()) if g is not None]
        if not came or all(g.all_zero for g in came):
            continue
        sent = [g for _, g in flow.towards(run) if g is not None]
        if not sent or not all(g.all_zero for g in sent):
            continue
        for finding in flat.explain(case, flow, run):
            if (finding.kind, finding.line) not in seen:
                seen.add((finding.kind, finding.line))
                found.append(finding)
    yield from found[:3]
    if found:
        return
    hooks = [*case.trace.of("module hook"), *case.trace.of("hook")]
    for run, before, after in flow.changed():
        if hooks and before and not after:
            text = f"a hook registered here makes the gradient zero: of norm {short(before)} it was before {run.node}"
            yield Finding("hook", hooks[-1].line, text, [], ["take the hook off: handle.remove()"])
            return
    yield Finding(
        "zero",
        flow.backward.line,
        "contributions from several paths cancel to exactly zero on the way",
        [],
        [],
        LIKELY,
    )


def _cancelled(case: Case, flow: Flow, norm: float) -> Iterator[Finding]:
    lines = [flow.line(r) for r in flow.on_the_way if any(o == flow.end.order for o, _ in r.left)]  # type: ignore[union-attr]
    line = next((x for x in reversed(lines) if x is not None), flow.backward.line)
    where = ", ".join(dict.fromkeys(x.name for x in lines if x is not None))
    yield Finding(
        "cancelled",
        line,
        f"the gradients of several paths cancel: each of norm {short(norm)}, their sum zero",
        [f"The paths end at {where}."] if where else [],
        ["check the signs: the loss does not change with it"],
        LIKELY,
    )


def _set_to_zero(case: Case) -> Iterator[Finding]:
    """The gradient was not zero when it arrived."""
    arrived = case.passes[-1][1].n if case.passes else 0
    norm = case.passes[-1][1].after.norm if case.passes and case.passes[-1][1].after else 0.0
    had = f"; a gradient of norm {short(norm)} had arrived" if case.passes else ""
    for event in case.clearings:
        if event.n > arrived:
            steps = [s for s in case.trace.steps if s.n > event.n]
            used = [s for s in case.steps if arrived < s.n < event.n]
            if steps and not used:
                yield Finding(
                    "cleared-before-step",
                    event.line,
                    "the gradient is set to zero here, before the step at "
                    f"{steps[0].line.name if steps[0].line else 'a later line'}{had}",
                    ["Order of a training step: zero_grad(), backward(), step()."],
                    ["optimizer.zero_grad()", "loss.backward()", "optimizer.step()"],
                )
            else:
                yield Finding(
                    "cleared",
                    event.line,
                    f"the gradient is set to zero here{had}",
                    [],
                    ["ask between backward() and this line"],
                )
            return
    for what in ("grad set", "grad written"):
        for event in reversed(case.events(what)):
            if event.n > arrived:
                yield Finding(
                    "gradient-changed",
                    event.line,
                    f"the gradient is overwritten with zeros here{had}",
                    [],
                    ["leave .grad to backward()"],
                )
                return
    for event in reversed(case.trace.of("clipped")):
        if event.n > arrived and case.value in (event.before or {}):
            yield Finding(
                "clipped",
                event.line,
                f"{event.text} scales the gradient to zero here{had}",
                [],
                ["give a max_norm that is not zero"],
            )
            return
    if not case.passes:
        yield Finding(
            "cleared",
            None,
            "the gradient is zero, and no backward was seen that added to it",
            [],
            ["loss.backward()"],
            POSSIBLE,
        )
