"""History: the numbers of the steps that were looked at, as few as are worth keeping."""

from __future__ import annotations

import math
from copy import copy
from typing import Any

from adjoint.viz.watching.statistics import BINS, QUANTILES, Statistics

FIELDS = ("norm", "mean", "std", "low", "high", "zero", "saturated", "nan", "infinite")
QUANTITIES = ("activation", "gradient", "weight", "update")


class Numbers:
    """What is kept of one quantity at one step."""

    __slots__ = ("bad", "count", "counts", "quantiles", "ratio", "values", *FIELDS)

    norm: float
    mean: float
    std: float
    low: float
    high: float
    zero: float
    saturated: float
    nan: int
    infinite: int

    def __init__(self, found: Statistics, histograms: bool, ratio: float | None = None) -> None:
        for name in FIELDS:
            setattr(self, name, getattr(found, name))
        if not found.finite:
            self.low = self.high = math.nan
        self.count = found.count
        self.ratio = ratio  # of an update: its norm by the weight's
        self.quantiles: list[float] = []
        self.counts: list[int] = []
        self.bad = bool(self.nan or self.infinite)
        self.values: Any = None  # the sample of the numbers, until the next step is looked at
        if histograms:
            self.values = ordered = found.sample()
            self.quantiles = found.quantiles(ordered)
            self.counts = found.histogram(ordered)


class Sample:
    """One step that was looked at: the numbers by (quantity, name)."""

    __slots__ = ("rate", "seconds", "step", "values")

    def __init__(self, step: int, seconds: float) -> None:
        self.step = step
        self.seconds = seconds  # since the watching began
        self.rate: float | None = None  # the optimizer's learning rate
        self.values: dict[tuple[str, str], Numbers] = {}


class History:
    """Samples, and what the user logs.

    There are never more than ``keep`` samples: where there would be, every second one is dropped and the steps between
    are twice as many from then on.  So long trainings cost less and less, and the page stays small.
    """

    def __init__(self, every: int, keep: int, histograms: bool) -> None:
        self.every = every
        self.histograms = histograms
        self.keep = keep
        self.samples: list[Sample] = []
        self.logged: dict[str, list[tuple[int, float]]] = {}
        self.series: dict[tuple[str, str], list[tuple[int, Numbers]]] = {}  # by (quantity, name), of all samples: (step, numbers)
        self.version = 0  # changes with every number
        self.thinned = 0  # how many times; a page that has read the samples before has to read them all again
        self.first_bad: dict[tuple[str, str], tuple[int, str]] = {}  # where numbers were not finite first, and which
        self.held: set[str] = set()  # the parameters that some optimizer holds
        self.kept: set[int] = set()  # steps that are never dropped
        self._strides: dict[str, int] = {}
        self._skipped: dict[str, int] = {}

    def wants(self, step: int) -> bool:
        """Whether a step is looked at: each ``every``-th, and at the beginning steps 1, 2, 4, 8 ... too."""
        return step % self.every == 0 or (step < self.every and step & (step - 1) == 0)

    def add(self, sample: Sample) -> None:
        """Take in the next sample."""
        if self.samples:
            for numbers in self.samples[-1].values.values():
                numbers.values = None
        self.samples.append(sample)
        if len(self.samples) > self.keep:
            self.every *= 2
            last = self.samples[-1]
            self.samples = [s for s in self.samples if s.step % self.every == 0 or s.step in self.kept or s is last]
            self.thinned += 1
            steps = {s.step for s in self.samples}
            self.series = {key: [v for v in values if v[0] in steps] for key, values in self.series.items()}

    def put(self, sample: Sample, quantity: str, name: str, numbers: Numbers) -> None:
        """Take in numbers of a sample."""
        sample.values[quantity, name] = numbers
        self.series.setdefault((quantity, name), []).append((sample.step, numbers))
        self.version += 1
        if numbers.bad:
            self.first_bad.setdefault((quantity, name), (sample.step, "NaN" if numbers.nan else "inf"))

    def log(self, name: str, step: int, value: float) -> None:
        """Take in a value of the user's; of very many only every second, fourth ... is kept, and the last."""
        values = self.logged.setdefault(name, [])
        stride = self._strides.setdefault(name, 1)
        skipped = self._skipped.get(name, 0)
        if skipped and len(values) > 1:
            values.pop()  # the last one is kept only while it is the last
        values.append((step, value))
        self._skipped[name] = (skipped + 1) % stride
        if len(values) > 8 * self.keep:
            self.logged[name] = values[::2]
            self._strides[name] = stride * 2


def snapshot(history: History, since: int = 0) -> History:
    """What there is now of the samples from number ``since`` on, for another thread to read while the training goes on."""
    made = copy(history)
    made.samples = history.samples[since:]
    if made.samples:
        made.samples[-1] = copy(made.samples[-1])  # other optimizers' numbers may still come
        made.samples[-1].values = dict(made.samples[-1].values)
    made.logged = {name: list(values) for name, values in history.logged.items()}
    return made


def columns(history: History, since: int = 0) -> dict[str, Any]:
    """The samples as the page reads them: of each series a list a field, in step with ``steps``; the first is number ``since``."""
    samples = history.samples
    series: dict[str, dict[str, Any]] = {}
    for at, sample in enumerate(samples):
        for (quantity, name), numbers in sample.values.items():
            one = series.setdefault(f"{quantity} {name}", {"quantity": quantity, "name": name, "at": []})
            one["at"].append(at + since)
            for field in FIELDS:
                one.setdefault(field, []).append(_short(getattr(numbers, field)))
            if quantity == "update":
                one.setdefault("ratio", []).append(_short(numbers.ratio))
            if history.histograms:
                one.setdefault("quantiles", []).append([_short(q) for q in numbers.quantiles])
                one.setdefault("heights", []).append(_heights(numbers.counts))
    for one in series.values():
        for field in ("zero", "saturated", "nan", "infinite"):
            if not any(one[field]):
                del one[field]  # a column of zeros
    return {
        "since": since,
        "thinned": history.thinned,
        "version": history.version,
        "every": history.every,
        "steps": [s.step for s in samples],
        "seconds": [round(s.seconds, 3) for s in samples],
        "rates": [_short(s.rate) for s in samples],
        "series": list(series.values()),
        "logged": {name: [[step, _short(v)] for step, v in values] for name, values in history.logged.items()},
        "bins": BINS,
        "shares": list(QUANTILES),
    }


_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def _heights(counts: list[int]) -> str:
    """A histogram's bars as one character each, the highest is the last of :data:`_DIGITS`; what there is at all is not 0."""
    most = max(counts, default=0)
    return "".join([_DIGITS[-(-c * 61 // most)] for c in counts]) if most else ""


def _short(x: Any) -> Any:
    """A number with four digits, as JSON has it: no NaN there, so it is a string."""
    if x is None or isinstance(x, int):
        return x
    if not math.isfinite(x):
        return "nan" if x != x else "inf" if x > 0 else "-inf"
    return float(f"{x:.4g}") if x else 0
