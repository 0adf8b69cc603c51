"""None: why there is no gradient."""

from __future__ import annotations

import re
from collections.abc import Iterator

from adjoint.why import paths, unused
from adjoint.why.answer import CERTAIN, LIKELY, Finding
from adjoint.why.case import Case
from adjoint.why.lines import Line
from adjoint.why.trace import Backward, Op


def diagnose(case: Case) -> Iterator[Finding]:
    """Findings for a tensor without a gradient."""
    if not case.target.requires_grad:
        yield from _not_wanted(case)
    elif not case.target.is_leaf:
        yield _not_a_leaf(case)
    elif case.passes:
        yield from _cleared(case)
    elif not case.backwards:
        yield from _no_backward(case)
    else:
        assert case.last is not None
        yield from _not_reached(case, case.last)


# requires_grad is off


def _not_wanted(case: Case) -> Iterator[Finding]:
    trace, value = case.trace, case.trace.values[case.value]
    switched = [e for e in case.events("requires_grad") if not e.after]
    op = trace.op_of(case.value)
    if switched:
        loop = "; the whole of it is frozen there" if _frozen_all(case) else ""
        yield Finding(
            "frozen", switched[-1].line,
            f"requires_grad is switched off here, so no gradient is computed for it{loop}",
            [_said(case)], [f"{case.name}.requires_grad_(True)   # before the forward"],
        )  # fmt: skip
    elif op is not None:
        yield from _made_without(case, op)
    elif value.dtype.startswith(("int", "uint", "bool")):
        yield Finding(
            "integer", value.line, f"it is of dtype {value.dtype}, and integers carry no gradient",
            [], ["make it floating point: torch.tensor([1., 2.], requires_grad=True)"],
        )  # fmt: skip
    else:
        was_parameter = value.made == "parameter"
        yield Finding(
            "requires-grad-off", value.line,
            ("this parameter was made with requires_grad=False" if was_parameter
             else "this tensor was made without requires_grad=True") + ", so no gradient is computed for it",
            [_said(case)],
            [f"{case.name}.requires_grad_(True)   # before the forward" if was_parameter
             else "give requires_grad=True where it is made (or make it an nn.Parameter)"],
            CERTAIN if value.line is not None else LIKELY,
        )  # fmt: skip


def _frozen_all(case: Case) -> bool:
    owner = case.owner()
    return owner is not None and not any(p.requires_grad for p in owner[1].parameters())


def _said(case: Case) -> str:
    return f"{case.name}.requires_grad is False."


def _made_without(case: Case, op: Op) -> Iterator[Finding]:
    """It is the result of a call, and has no history: find where that was lost."""
    trace = case.trace
    while not any(trace.values[v].requires_grad for v in op.inputs):
        before = [o for o in (trace.op_of(v) for v in op.inputs) if o is not None]
        if not before:
            break
        op = before[0]
    found = paths.explain(trace, op)
    rebound = rebinds(op.line, *case.names)
    if rebound:
        yield Finding(
            "rebound", op.line,
            f"the name {case.name} is bound to a new tensor here, which is no leaf and requires no grad: {found.text}",
            ["The tensor that got a gradient before is another one, which no variable holds any more."],
            in_place(op.line, case.name),
        )  # fmt: skip
    elif not any(trace.values[v].requires_grad for v in op.inputs):
        yield Finding(
            "requires-grad-off", trace.op_of(case.value).line,  # type: ignore[union-attr]
            "it was computed here from tensors none of which requires grad", [_said(case)],
            ["give requires_grad=True to the leaf that you want the gradient of"],
        )  # fmt: skip
    else:
        yield Finding(found.kind, op.line, found.text, [_said(case)], found.advice)


def rebinds(line: Line | None, *names: str) -> bool:
    """Whether a statement assigns to one of these names something computed from it."""
    if line is None:
        return False
    target, equals, rest = line.text.partition("=")
    target = target.strip()
    return bool(equals) and target in names and re.search(rf"(?<![\w.]){re.escape(target)}(?!\w)", rest) is not None


def in_place(line: Line | None, name: str) -> list[str]:
    text = line.text if line is not None else ""
    m = re.match(rf"{re.escape(name)}\s*=\s*{re.escape(name)}\s*([-+*/])\s*(.+)$", text)
    change = f"{name} {m.group(1)}= {m.group(2)}" if m else f"{name}.copy_(...)"
    return ["with torch.no_grad():", f"    {change}   # in place: it stays the same leaf"]


# Not a leaf


def _not_a_leaf(case: Case) -> Finding:
    trace = case.trace
    op = trace.op_of(case.value)
    line = op.line if op is not None else None
    what = op.name if op is not None else "an operator"
    if rebinds(line, *case.names):
        return Finding(
            "rebound", line,
            f"the name {case.name} is bound to the result of {what} here; the new tensor is no leaf, "
            "and only leaves keep their .grad", [f"is_leaf is False, grad_fn is {_grad_fn(case)}."],
            in_place(line, case.name),
        )  # fmt: skip
    leaves = [v for v in trace.above(case.value) if trace.values[v].leaf and trace.values[v].requires_grad]
    advice = [f"{case.name}.retain_grad()   # before the backward, to have its gradient kept"]
    if op is not None and op.line is not None and leaves:
        advice.append("or make it the leaf itself: compute first, then .detach().requires_grad_(True)")
    return Finding(
        "non-leaf", line,
        f"it is the result of {what}, not a leaf, and backward() keeps .grad for leaves only",
        [f"is_leaf is False, grad_fn is {_grad_fn(case)}."], advice,
    )  # fmt: skip


def _grad_fn(case: Case) -> str:
    node = case.target.grad_fn
    return type(node).__name__ if node is not None else "None"


# There was a gradient


def _cleared(case: Case) -> Iterator[Finding]:
    """It had a gradient; a later statement took it away."""
    arrived = case.passes[-1][1].n
    cleared = [e for e in case.clearings if e.n > arrived]
    if not cleared:
        return
    event = cleared[0]
    backward = case.passes[-1][0]
    steps = [s for s in case.trace.steps if s.n > arrived and s.n < event.n and case.value in s.grads]
    later = [s for s in case.trace.steps if s.n > event.n]
    how = "zero_grad() clears the gradient" if event.what == "zero_grad" else "the gradient is set to None"
    at = f"the backward of {backward.line.name}" if backward.line else "the backward"
    if later and not steps:
        yield Finding(
            "cleared-before-step", event.line,
            f"{how} here, after {at} computed it and before the step at {_name(later[0].line)} could use it",
            ["Order of a training step: zero_grad(), backward(), step()."],
            ["optimizer.zero_grad()", "loss.backward()", "optimizer.step()"],
        )  # fmt: skip
    else:
        used = f", after the step at {_name(steps[-1].line)} had used it" if steps else ""
        yield Finding(
            "cleared", event.line, f"{how} here, after {at} had computed it{used}",
            ["It is None now because it is asked for after it was cleared; the gradient itself was computed."],
            ["ask between backward() and zero_grad()"], CERTAIN,
        )  # fmt: skip


def _name(line: Line | None) -> str:
    return line.name if line is not None else "a later line"


# No backward


def _no_backward(case: Case) -> Iterator[Finding]:
    grads = [b for b in case.trace.backwards if b.captures]
    if grads:
        yield Finding(
            "autograd-grad", grads[-1].line,
            "torch.autograd.grad() returns gradients and leaves .grad as it is; backward() was never called",
            [], [f"{case.name}.grad = torch.autograd.grad(loss, {case.name})[0]   # or loss.backward()"],
        )  # fmt: skip
        return
    root = case.loss if case.loss is not None else _scalar(case)
    if root is None:
        yield Finding("no-backward", case.line_made(), "no backward was called, and nothing was computed from it yet")
        return
    op = case.trace.op_of(root)
    cuts = paths.breaks(case.trace, case.value, root)
    if cuts:
        yield from _cut(case, cuts, None)
    yield Finding(
        "no-backward", op.line if op else None,
        "the loss is computed here, but backward() was never called on it", [], ["loss.backward()"],
        LIKELY if cuts else CERTAIN,
    )  # fmt: skip


def _scalar(case: Case) -> int | None:
    """The last number that was computed from the target: what looks like its loss; else the last result at all."""
    made = paths.reached(case.trace, case.value) - {case.value}
    scalars = [v for v in made if not case.trace.values[v].shape]
    return max(scalars or made, default=None)


# The backward did not reach it


def _not_reached(case: Case, last: Backward) -> Iterator[Finding]:
    trace = case.trace
    root = case.root
    uses = [op for op in case.uses() if op.n < (last.end or last.n) or last.failed]
    switched = [e for e in case.events("requires_grad") if e.after]
    used_before = [
        op for op in uses if op.recording and not all(n for v, n in zip(op.inputs, op.needed) if v == case.value)
    ]
    if switched and used_before and used_before[-1].n < switched[-1].n:
        yield Finding(
            "requires-grad-late", switched[-1].line,
            f"requires_grad is switched on here, after the forward had used it at {_name(used_before[-1].line)}: "
            "what was recorded before does not lead to it",
            [], [f"{case.name}.requires_grad_(True)   # before the forward"],
        )  # fmt: skip
        return
    if root is not None:
        cuts = paths.breaks(trace, case.value, root)
        if cuts:
            yield from _cut(case, cuts, last)
            return
        if case.value in trace.above(root):
            yield from _stopped(case, last)
            return
    if last.error and not last.failed:
        yield Finding("backward-raised", last.line, f"the backward raised before it reached it: {last.error}")
        return
    yield from unused.diagnose(case, last, uses)


def _cut(case: Case, cuts: list[Op], last: Backward | None) -> Iterator[Finding]:
    """The path to the loss passes a call that gradients do not."""
    trace = case.trace
    cuts = list({op.line: op for op in cuts}.values())  # the last of each line
    for i, op in enumerate(cuts[:3]):
        found = paths.explain(trace, op)
        evidence = []
        if i == 0:
            first = next((o for o in case.uses()), None)
            if first is not None and first.line != op.line:
                evidence.append(f"It is used at {first.line}; what comes of that goes through here to the loss.")
            if last is not None and last.failed:
                evidence.append(
                    f"So nothing of the loss requires grad, and backward() at {_name(last.line)} raises."
                    if not _any_other(case, last) else f"backward() at {_name(last.line)} found no graph."
                )  # fmt: skip
            elif last is not None:
                reached = len({r.leaf for r in last.runs if r.leaf is not None})
                evidence.append(f"The backward at {_name(last.line)} reached {reached} other leaves.")
        yield Finding(found.kind, op.line, found.text, evidence, found.advice, CERTAIN if i == 0 else LIKELY)


def _any_other(case: Case, last: Backward) -> bool:
    return bool(last.runs)


def _stopped(case: Case, last: Backward) -> Iterator[Finding]:
    """The graph leads to it, and yet nothing arrived."""
    trace = case.trace
    if last.error:
        yield Finding("backward-raised", last.line, f"the backward raised before it reached it: {last.error}")
        return
    for run in last.runs:
        for order, g in run.left:
            if order and g is None and run.node not in ("AccumulateGrad",):
                op = trace.ops[trace.by_order[run.order]] if run.order in trace.by_order else None
                if op is not None:
                    yield Finding(
                        "function-returns-none", op.line,
                        f"the backward of {run.node.removesuffix('Backward')} gives None for this input", [],
                        ["return the input's gradient from the Function's backward"],
                    )  # fmt: skip
                    return
    yield Finding(
        "inputs-given", last.line,
        "the graph leads to it, but this backward was told to go elsewhere (inputs=...)", [],
        ["loss.backward()   # without inputs="], LIKELY,
    )  # fmt: skip
