"""Factor: gradients that are a multiple of what they should be."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from adjoint.why import scaling
from adjoint.why.answer import CERTAIN, LIKELY, POSSIBLE, Finding
from adjoint.why.case import Case
from adjoint.why.flow import Flow
from adjoint.why.functions import wrong
from adjoint.why.lines import Line
from adjoint.why.numbers import short, times
from adjoint.why.trace import Backward, Op, Run


def diagnose(case: Case) -> Iterator[Finding]:
    """Findings for a gradient that is finite and not zero."""
    if not case.passes:
        return
    yield from _wrong_function(case)
    yield from _accumulated(case)
    yield from _same_graph(case)
    yield from scaling.diagnose(case)
    yield from _counted_twice(case)
    yield from _hooked(case)
    yield from _changed_after(case)


def _wrong_function(case: Case) -> Iterator[Finding]:
    """A backward that the user wrote is not the derivative of its forward."""
    flow = Flow(case.trace, case.passes[-1][0], case.value)
    for run in flow.on_the_way:
        custom = case.customs.get(run.order)
        for found in wrong(custom) if custom is not None else ():
            name = custom.function.__name__  # type: ignore[union-attr]
            ratio = short(found.given / found.expected)
            yield Finding(
                "function-wrong",
                flow.line(run),
                f"the backward of {name} is not the derivative of its forward: along a random direction it gives "
                f"{short(found.given)} where differences of the forward give {short(found.expected)} ({ratio} times as much)",
                [f"{name}.backward is at {_written(custom.function.backward)}."],  # type: ignore[union-attr]
                ["torch.autograd.gradcheck(" + name + ".apply, inputs)   # inputs in float64"],
            )
            return


def _written(function: Any) -> str:
    code = getattr(function, "__code__", None)
    return Line(code.co_filename, code.co_firstlineno).name if code is not None else "its class"


def since_cleared(case: Case) -> list[tuple[Backward, Run]]:
    """The backwards whose gradients are in the sum that ``.grad`` is (or was, when it was cleared last)."""
    found: list[tuple[Backward, Run]] = []
    for b, run in case.passes:
        if run.before is None or run.before.all_zero:
            found = []
        found.append((b, run))
    return found


def _accumulated(case: Case) -> Iterator[Finding]:
    """Several backwards added up."""
    summed = since_cleared(case)
    if len(summed) < 2:
        return
    first, last = summed[0][1].n, summed[-1][1].n
    steps = [s.n for s in case.steps if first < s.n < last]
    manual = [e.n for what in ("written", "data set") for e in case.events(what) if first < e.n < last]
    updates = [s.n for s in case.steps] or [e.n for what in ("written", "data set") for e in case.events(what)]
    if updates and not _stale(case, updates):
        summed = [(b, run) for b, run in summed if run.n < updates[-1]]
        steps = manual = []
        if len(summed) < 2:
            return
    line = summed[-1][0].line
    lines = list(dict.fromkeys(b.line for b, _ in summed))
    norms = ", ".join(short(r.after.norm) for _, r in summed[:5] if r.after is not None)
    grows = f"Its norm after each: {norms}{' …' if len(summed) > 5 else ''}."
    if steps or manual:
        clearing = _other_clearing(case)
        evidence = [grows, *clearing]
        what = "a step" if steps else "an update by hand"
        yield Finding(
            "accumulated", line,
            f"gradients are never cleared: .grad is the sum of {len(summed)} backwards, {len(steps or manual)} "
            f"of them already used by {what}",
            evidence, ["optimizer.zero_grad()   # before each backward" if steps else f"{case.name}.grad = None  "
                " # before each backward"],
        )  # fmt: skip
    elif _shares_graph(case, summed) is None:
        later = [s for s in case.steps if s.n > summed[-1][1].n]
        held_out = [b.line for b, _ in summed if _is_held_out(case, b)]
        if later and held_out:
            yield Finding(
                "accumulated",
                held_out[-1],
                "this backward adds its gradients to those of the training loss, and the step uses their sum",
                [grows],
                ["with torch.no_grad():   # around the validation, without backward()"],
                LIKELY,
            )
            return
        divided = any(scaling.divides(case, b) for b, _ in summed)
        if later and divided:
            return
        if len(lines) == 1 or not later:
            where = "" if len(lines) == 1 else " (" + ", ".join(x.name for x in lines if x is not None) + ")"
            yield Finding(
                "accumulated", line, f".grad is the sum of {len(summed)} backwards{where}: nothing cleared it in between",
                [grows], [f"{case.name}.grad = None   # or optimizer.zero_grad(), before "
                    "each backward", f"loss = loss / {len(summed)}   # if the sum is meant to be a mean"],
                CERTAIN if not later else LIKELY,
            )  # fmt: skip


def _stale(case: Case, updates: list[int]) -> bool:
    """Whether an update used gradients that one before it had used: every backward in between added to them."""
    for before, after in zip(updates, updates[1:]):
        between = [run for _, run in case.passes if before < run.n < after]
        if between and all(run.before is not None and not run.before.all_zero for run in between):
            return True
    return False


def _is_held_out(case: Case, backward: Backward) -> bool:
    """Whether the names in its lines say that a backward is of validation or test data."""
    root = case.trace.root_of(backward)
    op = case.trace.op_of(root) if root is not None else None
    lines = [backward.line, op.line if op is not None else None]
    return any(re.search(r"\b_?(val|test|eval)", x.text) for x in lines if x is not None)


def _other_clearing(case: Case) -> list[str]:
    """A clearing of other parameters than this one."""
    events = [
        e
        for e in case.trace.of("zero_grad")
        if case.value not in (e.before or {}) and case.value not in (e.after or ())
    ]
    if events:
        return [f"zero_grad() is called at {events[-1].line}, but what it clears does not hold this parameter."]
    if case.clearings:
        return [f"It was cleared last at {case.clearings[-1].line}."]
    return ["No zero_grad() was called."]


def _shares_graph(case: Case, summed: list[tuple[Backward, Run]]) -> tuple[Backward, Backward] | None:
    """Two backwards that went through the same nodes."""
    for i, (a, _) in enumerate(summed):
        orders = {r.order for r in a.runs if r.leaf is None}
        for b, _ in summed[i + 1 :]:
            if a is not b and any(r.order in orders for r in Flow(case.trace, b, case.value).on_the_way):
                return a, b
    return None


def _same_graph(case: Case) -> Iterator[Finding]:
    """One graph, two backwards."""
    summed = since_cleared(case)
    pair = _shares_graph(case, summed)
    if pair is None:
        return
    a, b = pair
    both = f"{a.line} and {b.line}" if a.line != b.line else f"{a.line}, {times(len(summed))}"
    if a.roots == b.roots:
        yield Finding(
            "backward-twice", b.line, f"backward() ran {times(len(summed))} through the same graph, so every "
            "gradient counts that often",
            [f"The backwards: {both}."], ["call backward() once for each forward"],
        )  # fmt: skip
        return
    inner, outer = (a, b) if any(r.order in a.roots for r in b.runs) else (b, a)
    contained = any(r.order in inner.roots for r in outer.runs)
    text = (
        f"this backward begins at a loss that contains the one whose backward ran at {_name(inner.line)}, so that one counts twice"
        if contained else f"this backward runs through a graph that the one at {_name(a.line)} already went "
            "through; their gradients add up"
    )  # fmt: skip
    yield Finding(
        "loss-counted-twice", (outer if contained else b).line, text, [f"The backwards: {both}."],
        ["call backward() on the sum alone"], CERTAIN if contained else LIKELY,
    )  # fmt: skip


def _name(line: Line | None) -> str:
    return line.name if line is not None else "another line"


# Counted twice in one backward


def _counted_twice(case: Case) -> Iterator[Finding]:
    """The same term enters the loss twice."""
    trace = case.trace
    value = trace.root_of(case.passes[-1][0])
    if value is None:
        return
    terms: list[tuple[int, Op]] = []
    stack: list[tuple[int, Op | None]] = [(value, None)]
    count = 0
    while stack and count < 200:
        v, by = stack.pop()
        count += 1
        op = trace.op_of(v)
        if op is not None and op.name.rstrip("_") == "add" and not trace.values[v].shape:
            stack += [(i, op) for i, needed in zip(op.inputs, op.needed) if needed]
        elif by is not None:
            terms.append((v, by))
    seen: dict[int, Op] = {}
    for v, by in terms:
        if v in seen:
            made = trace.op_of(v)
            later = max((seen[v], by), key=lambda o: o.index)
            yield Finding(
                "counted-twice",
                later.line,
                f"the loss term made at {_name(made.line if made else None)} is added twice, so its gradient counts twice",
                [f"The term: {made.line if made else ''}."],
                ["add it once"],
            )
            return
        seen[v] = by
    alike: dict[Any, int] = {}
    for v, by in terms:
        op, stats = trace.op_of(v), trace.values[v].stats
        if op is None or stats is None or not stats.norm:
            continue
        sources = frozenset(a for a in trace.ancestors(v) if trace.values[a].op is None)
        key = (op.name, op.line, stats.norm, sources)
        if key in alike:
            text = "the same loss of the same values is added twice, so its gradient counts twice"
            yield Finding("counted-twice", by.line, text, [f"The term: {op.line}."], ["add it once"], LIKELY)
            return
        alike[key] = v
    yield from _batch_twice(case, value)


def _batch_twice(case: Case, root: int) -> Iterator[Finding]:
    trace = case.trace
    for v in sorted(trace.ancestors(root)):
        op = trace.op_of(v)
        if (
            op is not None
            and op.name in ("cat", "stack")
            and len(op.inputs) > 1
            and len(set(op.inputs)) < len(op.inputs)
        ):
            yield Finding(
                "counted-twice",
                op.line,
                f"{op.name} puts the same tensor in {times(len(op.inputs) - len(set(op.inputs)) + 1)}",
                [],
                ["put it in once"],
                LIKELY,
            )
            return


# Changed on the way into .grad, or after


def _hooked(case: Case) -> Iterator[Finding]:
    hooks = case.events("hook")
    backward, end = case.passes[-1]
    flow = Flow(case.trace, backward, case.value)
    sent = flow.all_arrived()
    trace = case.trace
    if hooks and sent and end.after is not None and (end.before is None or end.before.all_zero) and len(sent) == 1:
        if sent[0].norm and abs(end.after.norm / sent[0].norm - 1) > 1e-4:
            yield Finding(
                "hook",
                hooks[-1].line,
                f"a hook registered here changes the gradient: of norm {short(sent[0].norm)} it makes "
                f"{short(end.after.norm)} ({short(end.after.norm / sent[0].norm)} times as much)",
                [],
                ["take the hook off: handle.remove()"],
            )
            return
    others = [*trace.of("module hook"), *(e for e in trace.of("hook") if e.of != case.value)]
    for run, before, after in flow.changed():
        if others:
            yield Finding(
                "hook",
                others[-1].line,
                f"a hook registered here changes the gradient on its way, before {run.node}: from norm {short(before)} "
                f"to {short(after)}",
                [],
                ["take the hook off: handle.remove()"],
            )
            return


def _changed_after(case: Case) -> Iterator[Finding]:
    arrived = case.passes[-1][1]
    cleared = [e.n for e in case.clearings if e.n > arrived.n]
    until = min(cleared) if cleared else 1 << 60
    for event in case.trace.of("clipped"):
        if arrived.n < event.n < until and case.value in (event.before or {}):
            a, b = event.before[case.value], event.after.get(case.value)
            if a is not None and b is not None and a.norm and b.norm < 0.999 * a.norm:
                share = b.norm / a.norm
                yield Finding(
                    "clipped",
                    event.line,
                    f"{event.text} scales the gradient to {short(share)} of what it was: norm {short(a.norm)} "
                    f"became {short(b.norm)}",
                    [],
                    ["raise max_norm if the gradients are sound"],
                    CERTAIN if share < 0.05 else POSSIBLE,
                )
                return
    for what in ("grad written", "grad set"):
        for event in case.events(what):
            if arrived.n < event.n < until:
                after = case.grad
                how = ""
                if what == "grad set" and event.before is not None and event.after is not None and event.before.norm:
                    ratio = event.after.norm / event.before.norm
                    if abs(ratio - 1) < 1e-6:
                        continue
                    how = f": its norm went from {short(event.before.norm)} to {short(event.after.norm)}"
                elif after is not None and arrived.after is not None and arrived.after.norm:
                    ratio = after.norm / arrived.after.norm
                    if abs(ratio - 1) < 1e-6:
                        continue
                    how = f": its norm went from {short(arrived.after.norm)} to {short(after.norm)}"
                yield Finding(
                    "gradient-changed",
                    event.line,
                    f"the gradient is changed by hand here, after the backward{how}",
                    [],
                    ["leave .grad to backward()"],
                    LIKELY,
                )
                return
