"""Still: a parameter that has a gradient and does not move, or moves for other reasons."""

from __future__ import annotations

import linecache
import re
from collections.abc import Iterator
from typing import Any

from adjoint.why.answer import CERTAIN, LIKELY, Finding
from adjoint.why.case import Case
from adjoint.why.lines import Line
from adjoint.why.names import hidden
from adjoint.why.numbers import short


def diagnose(case: Case) -> Iterator[Finding]:
    """Findings about the optimizer, the training mode, and the order of a training step."""
    made = case.trace.of("optimizer")
    if case.optimizers or made:
        yield from _held(case)
        yield from _rate(case)
        yield from _order(case)
        yield from _unmoved(case)
    yield from _evaluating(case)


def _optimizer_line(case: Case, optimizer: Any) -> Line | None:
    return next((e.line for e in case.trace.of("optimizer", id(optimizer))), None)


def _holding(case: Case) -> list[tuple[str, Any]]:
    return [(n, o) for n, o in case.optimizers if any(p is case.target for g in o.param_groups for p in g["params"])]


def _held(case: Case) -> Iterator[Finding]:
    holding = _holding(case)
    if not holding and not case.steps and case.target.is_leaf and case.target.requires_grad and case.optimizers:
        made = [e.n for _, o in case.optimizers for e in case.trace.of("optimizer", id(o))]
        if not made or any(r.n > min(made) for _, r in case.passes):
            yield _not_held(case)
    elif len(holding) > 1:
        lines = [_optimizer_line(case, o) for _, o in holding]
        stepped = {s.optimizer for s in case.steps}
        if len([o for _, o in holding if id(o) in stepped]) > 1:
            yield Finding(
                "two-optimizers", lines[-1],
                f"{len(holding)} optimizers hold it ({', '.join(n for n, _ in holding)}) and both step, so each "
                "step is taken twice",
                [f"The optimizers: {'; '.join(str(x) for x in lines)}."], ["give each parameter to one optimizer"],
            )  # fmt: skip


def _not_held(case: Case) -> Finding:
    stepped = [s.optimizer for s in case.trace.steps]
    known = {id(o): (n, o) for n, o in case.optimizers}
    name, optimizer = next((known[i] for i in reversed(stepped) if i in known), case.optimizers[0])
    line = _optimizer_line(case, optimizer)
    held = [p for g in optimizer.param_groups for p in g["params"]]
    value = case.trace.values[case.value]
    made_at = value.n
    optimizer_at = next((e.n for e in case.trace.of("optimizer", id(optimizer))), 0)
    evidence = [
        f"{name} ({type(optimizer).__name__}, {line.name if line else 'made earlier'}) holds {len(held)} "
        "parameters; it is none of them."
    ]
    owner = case.owner()
    if optimizer_at and made_at > optimizer_at:
        return Finding(
            "not-in-optimizer", value.line,
            f"it is made here, after the optimizer {name} was made at "
            f"{line.name if line else 'an earlier line'}, which therefore does not hold it and never moves it",
            evidence, [f"make {name} after it, or {name}.add_param_group({{'params': [{case.name}]}})"],
        )  # fmt: skip
    if owner is not None:
        of_model = list(owner[1].parameters())
        common = sum(any(p is q for q in held) for p in of_model)
        if not common:
            other = next((n for n, m in case.models if any(p is q for p in m.parameters() for q in held)), None)
            whose = f"the parameters of {other}" if other else "parameters of another model"
            text = f"the optimizer {name} holds {whose}, not those of {owner[0]}, so it never moves this one"
        else:
            text = f"the optimizer {name} was given {len(held)} parameters and not this one, so it never moves it"
        return Finding(
            "not-in-optimizer",
            line,
            text,
            evidence,
            [f"torch.optim.{type(optimizer).__name__}({owner[0]}.parameters(), ...)"],
        )
    unregistered = next((n for n, m in case.models if _in_plain_list(m, case.target)), None)
    if unregistered:
        return Finding(
            "unregistered", value.line,
            f"it is in a plain Python list or dict of {unregistered}, so {unregistered}.parameters() does not "
            f"give it and the optimizer {name} does not hold it",
            evidence, ["use torch.nn.ModuleList or torch.nn.ParameterList"],
        )  # fmt: skip
    return Finding(
        "not-in-optimizer", line, f"the optimizer {name} does not hold it, so no step moves it", evidence,
        [f"torch.optim.{type(optimizer).__name__}([..., {case.name}])"],
    )  # fmt: skip


def _in_plain_list(model: Any, target: Any) -> bool:
    """Whether one of a model's lists or dictionaries holds a parameter that it does not know of."""
    return any(p is target for _, p in hidden(model))


def _rate(case: Case) -> Iterator[Finding]:
    for name, optimizer in _holding(case):
        group = next(g for g in optimizer.param_groups if any(p is case.target for p in g["params"]))
        rate = float(group.get("lr", 1.0))
        stepped = [s.rates[case.value][0] for s in case.steps if s.optimizer == id(optimizer)]
        if (stepped and stepped[-1] == 0) or (not stepped and rate == 0):
            scheduled = list(case.trace.of("scheduled", id(optimizer)))
            if scheduled and stepped and any(r != 0 for r in stepped):
                zeroed = next((e for e in scheduled if 0 in e.after), scheduled[-1])
                made = next((e.line for e in case.trace.of("scheduler")), None)
                yield Finding(
                    "lr-zero",
                    zeroed.line,
                    f"the scheduler ({zeroed.text}{', made at ' + made.name if made else ''}) has driven the "
                    "learning rate to 0 here, so steps change nothing",
                    [f"Learning rates of the steps: {_rates(stepped)}."],
                    ["check the scheduler's number of steps, and that it is stepped once an epoch"],
                )
            elif scheduled and not any(e.before and 0 in e.before for e in scheduled[:1]):
                made = next((e.line for e in case.trace.of("scheduler")), scheduled[0].line)
                yield Finding(
                    "lr-zero",
                    made or scheduled[0].line,
                    f"the scheduler ({scheduled[0].text}) sets the learning rate to 0, so steps change nothing",
                    [],
                    ["check the scheduler's factors"],
                )
            else:
                by_hand = _rate_set(case) if len(set(stepped)) > 1 else None
                yield Finding(
                    "lr-zero",
                    by_hand or _optimizer_line(case, optimizer),
                    f"the learning rate of {name} is 0, so steps change nothing",
                    [f"Learning rates of the steps: {_rates(stepped)}."] if stepped else [],
                    [f"{type(optimizer).__name__}(..., lr=1e-3)"],
                )
        elif len(stepped) > 1 and stepped[-1] < 1e-6 * max(stepped):
            scheduled = list(case.trace.of("scheduled", id(optimizer)))
            made = next((e.line for e in case.trace.of("scheduler")), None)
            yield Finding(
                "lr-vanished",
                scheduled[-1].line if scheduled else made,
                f"the learning rate has fallen from {short(max(stepped))} to {short(stepped[-1])}, so steps change nothing",
                [f"The scheduler is made at {made}."] if made else [],
                ["step the scheduler once an epoch, not once a batch, or let it fall less"],
            )


def _rate_set(case: Case) -> Line | None:
    """Where the program sets a learning rate by hand, as its text says."""
    for file in dict.fromkeys(s.line.file for s in case.steps if s.line is not None):
        for number, text in enumerate(linecache.getlines(file), 1):
            if re.search(r"""\[["']lr["']\]\s*[-+*/]*=[^=]""", text):
                return Line(file, number)
    return None


def _rates(rates: list[float]) -> str:
    shown = rates if len(rates) <= 6 else [*rates[:3], *rates[-3:]]
    return ", ".join(short(r) for r in shown)


def _order(case: Case) -> Iterator[Finding]:
    """The order of backward, step and zero_grad."""
    holding = {id(o): n for n, o in _holding(case)}
    if not holding or not case.passes:
        return
    steps = [s for s in case.steps if s.optimizer in holding]
    arrivals = [r.n for _, r in case.passes]
    if not steps:
        name = next(iter(holding.values()))
        last = case.passes[-1][0]
        if len(case.passes) > 1:
            yield Finding(
                "no-step",
                last.line,
                f"gradients are computed here, but {name}.step() is never called, so it does not move",
                [],
                [f"{name}.step()   # after the backward"],
                CERTAIN,
            )
        return
    by_optimizer: dict[int, list[Any]] = {}
    for s in steps:
        by_optimizer.setdefault(s.optimizer, []).append(s)
    for own in by_optimizer.values():
        doubled = [
            (a, b)
            for a, b in zip(own, own[1:])
            if not any(a.n < n < b.n for n in arrivals)
            and a.grads[case.value][0] is not None
            and b.grads[case.value][0] is not None
        ]
        if doubled and len(doubled) * 2 >= len(own) - 1:
            a, b = doubled[-1]
            lines = f"{a.line} and {b.line}" if a.line != b.line else str(a.line)
            yield Finding(
                "stepped-twice",
                b.line,
                "the optimizer steps a second time here with the same gradient, so it moves twice for each backward",
                [f"The steps: {lines}."],
                ["one step() for each backward()"],
            )
            return
    empty = [s for s in steps if s.grads[case.value][0] is None]
    zero = [s for s in steps if (g := s.grads[case.value][0]) is not None and g.all_zero]
    if empty or zero:
        clearing = _cleared_between(case, (empty or zero)[-1].n)
        if clearing is not None and len(empty) + len(zero) == len(steps):
            yield Finding(
                "cleared-before-step",
                clearing,
                "the gradients are cleared here, between the backward and the step at "
                f"{_name((empty or zero)[-1].line)}, so the step changes nothing",
                ["Order of a training step: zero_grad(), backward(), step()."],
                ["optimizer.zero_grad()", "loss.backward()", "optimizer.step()"],
            )
            return
    first = steps[0]
    if first.n < arrivals[0]:
        yield Finding(
            "step-before-backward",
            first.line,
            f"the step comes before the backward of {_name(case.passes[0][0].line)}: the first has no gradient, "
            "and every later one uses that of the batch before",
            [],
            ["loss.backward()", "optimizer.step()"],
            CERTAIN,
        )


def _name(line: Line | None) -> str:
    return line.name if line is not None else "another line"


def _cleared_between(case: Case, step: int) -> Line | None:
    arrived = max((r.n for _, r in case.passes if r.n < step), default=None)
    if arrived is None:
        return None
    return next((e.line for e in case.clearings if arrived < e.n < step), None)


def _unmoved(case: Case) -> Iterator[Finding]:
    steps = [s for s in case.steps if s.grads[case.value][0] is not None]
    if not steps:
        return
    last = steps[-1]
    g, weight, change = last.grads[case.value]
    rate, decay = last.rates[case.value]
    if change == 0 and rate > 0 and g is not None and g.norm > 0:
        clipped = any(e.n < last.n and case.value in (e.before or {}) for e in case.trace.of("clipped"))
        yield Finding(
            "lost-to-rounding",
            last.line,
            f"the step is too small to change anything: learning rate {short(rate)} times a gradient of norm "
            f"{short(g.norm)}, beside a weight of norm {short(weight)}, is rounded away",
            [],
            ["a larger learning rate, or the parameters in a wider dtype"],
            LIKELY if clipped else CERTAIN,  # what made the gradient so small comes first
        )
    if g is not None and g.all_zero and change > 0 and decay:
        yield Finding(
            "weight-decay-only",
            last.line,
            f"the gradient is zero, and weight decay ({short(decay)}) alone moves it",
            [],
            [],
            CERTAIN,
        )
    undone = [e for e in (*case.events("written"), *case.events("data set")) if e.n > last.n]
    loads = [e for e in case.trace.of("loaded") if e.n > last.n and case.value in (e.after or ())]
    if len(steps) > 1:
        first = steps[0].n
        undone = [e for e in (*case.events("written"), *case.events("data set")) if e.n > first]
        loads = [e for e in case.trace.of("loaded") if e.n > first and case.value in (e.after or ())]
        if len(loads) >= len(steps) - 1 or (len(undone) >= len(steps) - 1 and undone):
            event = (loads or undone)[-1]
            yield Finding(
                "written-back",
                event.line,
                "its values are overwritten here after each step, so what the step did is lost",
                [],
                ["leave the parameter to the optimizer"],
                LIKELY,
            )


def _evaluating(case: Case) -> Iterator[Finding]:
    """The model was in eval mode in the forward that was trained on."""
    if not case.passes:
        return
    owner = case.owner()
    if owner is None:
        return
    name, model, _ = owner
    own = {id(m): m for m in model.modules()}
    affected = [m for m in own.values() if "ropout" in type(m).__name__ or "BatchNorm" in type(m).__name__]
    if not affected:
        return
    backward = case.passes[-1][0]
    for module in affected:
        before = [(n, training) for n, training, _ in case.calls.get(id(module), []) if n < backward.n]
        if not before or before[-1][1]:
            continue
        events = [e for e in case.trace.of("eval", id(module)) if e.n < before[-1][0]]
        line = events[-1].line if events else None
        several = len(case.passes) > 1
        yield Finding(
            "eval-mode", line, f"{name} is in eval mode from here on, and is trained so: {type(module).__name__} "
            "does not do what it does in training",
            [f"The backward at {_name(backward.line)} went through it in "
                "eval mode."], [f"{name}.train()   # before the training loop"],
            CERTAIN if several or case.optimizers else LIKELY,
        )  # fmt: skip
        return
