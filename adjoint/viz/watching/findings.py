"""Findings: which layer is unusual, in words.

Each rule is a function of a :class:`View` of what was seen, and yields findings; :data:`RULES` is the table of them.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

from adjoint.viz.watching.history import History, Numbers
from adjoint.viz.watching.layers import RECTIFIES, SATURATES, Layer, Parameter

SERIOUS, NOTABLE = 2, 1

DEAD, SATURATED = 0.9, 0.5  # shares of a layer's outputs
FAST, SLOW = 0.1, 1e-6  # an update's norm by the weight's: usually about 0.001
APART = 1e3  # how many times one layer's number is above or below the median of the others
GROWTH = 1e3  # how many times a gradient is above the median of its own past


@dataclass(frozen=True)
class Finding:
    """Something unusual: ``text`` says it whole, ``what`` without the names of the series of ``quantity`` that it is about."""

    severity: int
    quantity: str
    names: tuple[str, ...]
    step: int
    text: str
    what: str

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


MANY = 3
"""From so many findings of one kind on they are told in one sentence."""

_OF_MANY = {
    "dead": "nearly all of the outputs are zero; no gradient passes there",
    "saturated": "most of the outputs are saturated; gradients hardly pass there",
    "constant": "all outputs of each are one number",
    "not held": "no optimizer holds them, so they do not learn",
    "no gradient": "no gradient has arrived in any step that was looked at",
    "zero gradient": "the gradient is zero",
    "fast": "each step changes them by more than a tenth of their norm; the learning rate is too large",
    "slow": "a step changes them by less than a millionth of their norm; they hardly learn",
    "small": "the gradient vanishes, more than 1,000 times smaller than the median of the layers",
    "large": "the gradient is more than 1,000 times larger than the median of the layers",
    "exploding": "the gradient explodes, by more than 1,000 times",
}


class View:
    """What the rules look at: of each series the samples that it is in, and the latest numbers."""

    def __init__(self, history: History, layers: list[Layer], parameters: list[Parameter], inputs: dict[str, str]) -> None:
        self.history = history
        self.parameters = {p.name: p for p in parameters}
        self.kinds = {layer.path: layer.kind for layer in layers} | inputs
        self.series = history.series
        self.step = history.samples[-1].step if history.samples else 0

    def latest(self, quantity: str) -> dict[str, Numbers]:
        """The latest numbers of a quantity, by name."""
        return {name: found[-1][1] for (q, name), found in self.series.items() if q == quantity and found}

    def since(self, quantity: str, name: str, holds: Any) -> int:
        """The first step of those, up to the latest, in which something holds."""
        first = self.step
        for step, numbers in reversed(self.series[quantity, name]):
            if not holds(numbers):
                break
            first = step
        return first


# What a rule finds: its kind, severity, quantity, name, step, and what there is to say of the name.
Found = tuple[str, int, str, str, int, str]


def findings(view: View) -> list[Finding]:
    """All that is unusual, the most serious first."""
    kinds: dict[str, list[Found]] = {}
    for rule in RULES:
        for one in rule(view):
            kinds.setdefault(one[0], []).append(one)
    made = []
    for kind, found in kinds.items():
        if kind in _OF_MANY and len(found) >= MANY:
            made.append(_together(kind, found))
        else:
            made += [
                Finding(severity, quantity, (name,), step, f"{name}: {what}" if kind in _OF_MANY else what, what)
                for _, severity, quantity, name, step, what in found
            ]
    return sorted(made, key=lambda f: -f.severity)


def _together(kind: str, found: list[Found]) -> Finding:
    names = tuple(f[3] for f in found)
    step = min(f[4] for f in found)
    text = f"{names[0]}, {names[1]} and {len(names) - 2} more: {_OF_MANY[kind]}"
    return Finding(max(f[1] for f in found), found[0][2], names, step, text, _OF_MANY[kind])


def _not_finite(view: View) -> Iterator[Found]:
    """The first numbers that were not finite: in forward order, then in backward order, then of the update."""
    bad = view.history.first_bad
    if not bad:
        return
    order = {"activation": 0, "gradient": 1, "update": 2, "weight": 3}
    places = {key: n for n, key in enumerate(view.series)}

    def age(key: tuple[str, str]) -> tuple[int, int, int]:
        place = places.get(key, 0)
        return bad[key][0], order[key[0]], -place if key[0] == "gradient" else place

    first = min(bad, key=age)
    step, what = bad[first]
    others = [key for key in bad if bad[key][0] > step]
    text = f"{what} in the {_of(first)}, first seen at step {step}"
    same = sum(key[0] == first[0] and bad[key][0] == step for key in bad)
    if same > 1:
        text += f", and in {same - 1} other {_PLURALS[first[0]]} at that step"
    if others:
        text += "; later in more"
    before = [s.step for s in view.history.samples if s.step < step]
    if before and before[-1] < step - 1:
        text += f" (the step looked at before it is {before[-1]})"
    yield "first not finite", SERIOUS, *first, step, text


_PLURALS = {"activation": "layers' outputs", "gradient": "gradients", "update": "updates", "weight": "weights"}


def _loss_not_finite(view: View) -> Iterator[Found]:
    for name, values in view.history.logged.items():
        for step, value in values:
            if not math.isfinite(value):
                yield "logged", SERIOUS, "logged", name, step, f"{name} is {value} at step {step}"
                break


def _dead(view: View) -> Iterator[Found]:
    for name, n in view.latest("activation").items():
        if view.kinds.get(name) in RECTIFIES and n.zero >= DEAD:
            since = view.since("activation", name, lambda m: m.zero >= DEAD)
            share = "all" if n.zero == 1 else f"{n.zero:.0%}"
            text = f"{share} of the outputs are zero since step {since}; no gradient passes there"
            yield "dead", SERIOUS if n.zero > 0.99 else NOTABLE, "activation", name, since, text


def _saturated(view: View) -> Iterator[Found]:
    for name, n in view.latest("activation").items():
        if view.kinds.get(name) in SATURATES and n.saturated >= SATURATED:
            since = view.since("activation", name, lambda m: m.saturated >= SATURATED)
            text = f"{n.saturated:.0%} of the outputs are saturated since step {since}; gradients hardly pass there"
            yield "saturated", NOTABLE, "activation", name, since, text


def _constant(view: View) -> Iterator[Found]:
    for name, n in view.latest("activation").items():
        if n.count > 1 and n.low == n.high and n.zero < 1 and n.saturated < SATURATED and not n.bad:
            yield "constant", NOTABLE, "activation", name, view.step, f"all outputs are the same number, {n.mean:.3g}"


def _not_learning(view: View) -> Iterator[Found]:
    gradients = view.latest("gradient")
    for name in view.latest("weight"):
        parameter = view.parameters.get(name)
        tensor = parameter.tensor() if parameter else None
        if tensor is None or not tensor.requires_grad:
            continue
        if view.history.held and name not in view.history.held:
            yield "not held", NOTABLE, "weight", name, view.step, "no optimizer holds it, so it does not learn"
        elif name not in gradients:
            yield "no gradient", NOTABLE, "weight", name, view.step, _OF_MANY["no gradient"]
        elif gradients[name].zero == 1:  # that is, all of it
            since = view.since("gradient", name, lambda m: m.zero == 1)
            yield "zero gradient", NOTABLE, "gradient", name, since, f"the gradient is zero since step {since}"


def _update_size(view: View) -> Iterator[Found]:
    rates = [s.rate for s in view.history.samples if s.rate is not None]
    if not rates or not rates[-1]:
        return
    gradients = view.latest("gradient")
    for name, n in view.latest("update").items():
        if not view.parameters[name].matrix or n.ratio is None or n.bad or gradients.get(name, n).zero == 1:
            continue
        if n.ratio > FAST:
            since = view.since("update", name, lambda m: m.ratio is not None and m.ratio > FAST)
            text = f"each step changes it by {n.ratio:.0%} of its norm since step {since}; the learning rate is too large"
            yield "fast", NOTABLE, "update", name, since, text
        elif median([m.ratio or 0.0 for _, m in view.series["update", name]]) < SLOW:  # not only since the rate has decayed
            text = f"a step changes it by {n.ratio:.0e} of its norm; it hardly learns"
            yield "slow", NOTABLE, "update", name, view.step, text


def _apart(view: View) -> Iterator[Found]:
    """Gradients far from those of the other layers, an element's compared with an element's."""
    sizes = {
        name: n.norm / math.sqrt(n.count)
        for name, n in view.latest("gradient").items()
        if view.parameters[name].matrix and n.norm > 0 and not n.bad
    }
    if len(sizes) < 3:
        return
    middle = median(sizes.values())
    for name, size in sizes.items():
        if size < middle / APART:
            text = f"the gradient vanishes, {_times(middle / size)} times smaller than the median of the layers"
            yield "small", NOTABLE, "gradient", name, view.step, text
        elif size > middle * APART:
            text = f"the gradient is {_times(size / middle)} times larger than the median of the layers"
            yield "large", NOTABLE, "gradient", name, view.step, text


def _exploding(view: View) -> Iterator[Found]:
    for (quantity, name), values in view.series.items():
        if quantity != "gradient" or len(values) < 5:
            continue
        past = median(n.norm for _, n in values[:-1])
        norm = values[-1][1].norm
        if past and norm > GROWTH * past:
            text = f"the gradient explodes, its norm is {norm:.2g} at step {view.step}; before it was about {past:.2g}"
            yield "exploding", SERIOUS, "gradient", name, view.step, text


def _times(factor: float) -> str:
    """A factor as people say it: one digit and zeros."""
    return f"{float(f'{factor:.1g}'):,.0f}" if factor < 1e9 else f"{factor:.0e}"


def _of(key: tuple[str, str]) -> str:
    quantity, name = key
    return f"output of {name}" if quantity == "activation" else f"{quantity} of {name}"


RULES = (
    _not_finite, _loss_not_finite, _exploding, _dead, _saturated, _constant, _not_learning, _update_size, _apart,
)  # fmt: skip
