"""What was measured: a task, the times that it took, and numbers as people read them."""

from __future__ import annotations

import contextlib
import math
import textwrap
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from adjoint.names import list_names as _list_names
from adjoint.threads import get_num_threads, set_num_threads

_MOST_FIGURES = 4
_LEAST_INTERVAL = 25e-9  # clocks are not more exact
_SPREAD, _WIDE_SPREAD = 0.1, 0.25  # of the quartiles, relative to the median, from which on a measurement warns
_UNITS = {"ns": 1e-9, "us": 1e-6, "ms": 1e-3, "s": 1}
_WORDS = {"ns": "nanosecond", "us": "microsecond", "ms": "millisecond", "s": "second"}


@dataclass(repr=False, frozen=True)
class TaskSpec:
    """A statement that is measured, and what it is called."""

    stmt: str
    setup: str
    global_setup: str = ""
    label: str | None = None
    sub_label: str | None = None
    description: str | None = None
    env: str | None = None
    num_threads: int = 1

    @property
    def title(self) -> str:
        """The label, or the statement, and what tells it from others of that label."""
        if self.label is None and "\n" in self.stmt:
            told = f" ({self.sub_label})" if self.sub_label else ""
            return f"stmt:{told}\n{textwrap.indent(self.stmt, '  ')}"
        return (self.stmt if self.label is None else self.label) + (f": {self.sub_label}" if self.sub_label else "")

    def setup_str(self) -> str:
        """The setup as it is printed; empty where there is none."""
        if not self.setup or self.setup == "pass":
            return ""
        return f"setup:\n{textwrap.indent(self.setup, '  ')}" if "\n" in self.setup else f"setup: {self.setup}"

    def summarize(self) -> str:
        """Title, description and setup, line by line."""
        parts = [part for part in (self.title, self.description, self.setup_str()) if part]
        return "\n".join(part + "\n" if "\n" in part else part for part in parts)


_OF_THE_TASK = frozenset(field.name for field in fields(TaskSpec))


@dataclass(repr=False)
class Measurement:
    """The times that a task took: ``raw_times`` of ``number_per_run`` runs each, in seconds.

    The task's own fields (``label``, ``description`` ...) are attributes.

    >>> task = TaskSpec("x + x", "pass", label="add", description="n=4")
    >>> m = Measurement(number_per_run=100, raw_times=[2e-4, 2.1e-4, 2.2e-4, 2.1e-4], task_spec=task)
    >>> print(*str(m).splitlines()[1:], sep="\\n")
    add
    n=4
      Median: 2.10 us
      IQR:    0.05 us (2.08 to 2.12)
      4 measurements, 100 runs per measurement, 1 thread
    """

    number_per_run: int
    raw_times: list[float]
    task_spec: TaskSpec
    metadata: dict[Any, Any] | None = None

    def __getattr__(self, name: str) -> Any:
        if name in _OF_THE_TASK:
            return getattr(self.task_spec, name)
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    @property
    def times(self) -> list[float]:
        """The time of one run, by each measurement."""
        return [time / self.number_per_run for time in self.raw_times]

    @property
    def median(self) -> float:
        """The median of :attr:`times`."""
        return self._quantile(0.5)

    @property
    def mean(self) -> float:
        """The mean of :attr:`times`."""
        return float(np.mean(self.times))

    @property
    def iqr(self) -> float:
        """The distance between the quartiles of :attr:`times`."""
        return self._quantile(0.75) - self._quantile(0.25)

    def _quantile(self, q: float) -> float:
        return float(np.quantile(self.times, q)) if self.raw_times else -1.0

    @property
    def significant_figures(self) -> int:
        """How many figures of the median are known, as the times between the quartiles tell: one to four."""
        ordered = sorted(self.times)
        middle = ordered[len(ordered) // 4 : math.ceil(3 * len(ordered) / 4)]
        interval = max(1.645 * float(np.std(middle)) / math.sqrt(len(middle)), _LEAST_INTERVAL)
        return min(max(math.floor(math.log10(self.median / interval)), 1), _MOST_FIGURES)

    def meets_confidence(self, threshold: float = _SPREAD) -> bool:
        """Whether the quartiles are less than ``threshold`` apart, relative to the median."""
        return self.iqr / self.median < threshold

    @property
    def has_warnings(self) -> bool:
        """Whether the times vary too much to be trusted."""
        return bool(self._warnings())

    def _warnings(self) -> list[str]:
        if not self.raw_times or self.meets_confidence(_SPREAD):
            return []
        wide = not self.meets_confidence(_WIDE_SPREAD)
        reason = "This suggests significant environmental influence." if wide else "This could indicate system fluctuation."
        return [
            f"  WARNING: Interquartile range is {self.iqr / self.median * 100:.1f}% of the median measurement.",
            f"           {reason}",
        ]

    @property
    def title(self) -> str:
        """The task's title."""
        return self.task_spec.title

    @property
    def as_row_name(self) -> str:
        """What a table calls the task."""
        return self.sub_label or self.stmt or "[Unknown]"

    def __repr__(self) -> str:
        count, (unit, scale) = len(self.raw_times), select_unit(self.median)
        several = count > 1
        lines = [object.__repr__(self), self.task_spec.summarize()]
        lines.append(f"  {'Median: ' if several else ''}{self.median / scale:.2f} {unit}")
        if count >= 4:
            low, high = self._quantile(0.25) / scale, self._quantile(0.75) / scale
            lines.append(f"  IQR:    {self.iqr / scale:.2f} {unit} ({low:.2f} to {high:.2f})")
        runs = f"{self.number_per_run} runs {'per measurement,' if several else ','}"
        threads = f"{self.num_threads} thread{'s' if self.num_threads > 1 else ''}"
        lines.append(f"  {count} measurement{'s' if several else ''}, {runs} {threads}")
        return "\n".join([*lines, *self._warnings()])

    @staticmethod
    def merge(measurements: Iterable[Measurement]) -> list[Measurement]:
        """One measurement for each task, with the times of all that are given."""
        groups: dict[TaskSpec, list[float]] = {}
        for measurement in measurements:
            groups.setdefault(measurement.task_spec, []).extend(measurement.times)
        return [Measurement(1, times, task) for task, times in groups.items()]


def select_unit(t: float) -> tuple[str, float]:
    """The unit in which a time is a small number, and how many seconds it has.

    >>> select_unit(0.0025)
    ('ms', 0.001)
    """
    exponent = math.log10(t) // 3 if t > 0 else 0
    unit = {-3: "ns", -2: "us", -1: "ms"}.get(int(exponent), "s")
    return unit, _UNITS[unit]


def unit_to_english(u: str) -> str:
    """The unit's name: ``"ms"`` is a millisecond."""
    return _WORDS[u]


def trim_sigfig(x: float, n: int) -> float:
    """``x`` with so many figures.  Raises AssertionError where their number is no integer.

    >>> trim_sigfig(3141.59, 2)
    3100.0
    """
    if n != int(n):
        raise AssertionError("Number of significant figures must be an integer")
    scale = 10.0 ** (math.ceil(math.log10(abs(x))) - int(n))
    return float(np.round(np.float32(x / scale)) * np.float32(scale))


def ordered_unique(elements: Iterable[Any]) -> list[Any]:
    """The elements, each once, in the order in which they first came."""
    return list(dict.fromkeys(elements))


@contextlib.contextmanager
def set_torch_threads(n: int) -> Iterator[None]:
    """Inside, so many threads compute."""
    before = get_num_threads()
    try:
        set_num_threads(n)
        yield
    finally:
        set_num_threads(before)


_list_names(__name__)
