"""Compare: measurements in a table, a row for each task, a column for each description."""

from __future__ import annotations

import enum
import math
from collections.abc import Iterable
from typing import Any

from adjoint.names import list_names as _list_names
from adjoint.utils.benchmark.utils.common import Measurement, ordered_unique, select_unit, trim_sigfig, unit_to_english

_BOLD, _END = "\033[1m", "\033[0m"  # the end is written twice
# From so many times the best on: how a time is shown.
_SLOWER = ((5, "\033[31m" + _BOLD), (2, "\033[2m\033[91m"))
_GOOD, _BEST = "\033[34m" + _BOLD, "\033[92m" + _BOLD


class Colorize(enum.Enum):
    """Beside which others a time is judged."""

    NONE = "none"
    COLUMNWISE = "columnwise"
    ROWWISE = "rowwise"


class Compare:
    """Measurements in a table, one table for each label.

    Raises ValueError for what is no measurement.

    >>> from adjoint.utils.benchmark import TaskSpec
    >>> task = lambda name, size: TaskSpec("pass", "pass", label="sum", sub_label=name, description=size)
    >>> times = {("loop", "n=4"): 2e-6, ("loop", "n=8"): 4e-6, ("sum()", "n=4"): 1e-6, ("sum()", "n=8"): 1.5e-6}
    >>> print(Compare([Measurement(1, [t], task(*of)) for of, t in times.items()]))
    [---------- sum ----------]
                 |  n=4  |  n=8
    1 threads: ----------------
          loop   |  2.0  |  4.0
          sum()  |  1.0  |  1.5
    <BLANKLINE>
    Times are in microseconds (us).
    <BLANKLINE>
    """

    def __init__(self, results: Iterable[Measurement]) -> None:
        self._results: list[Measurement] = []
        self.extend_results(results)
        self._trim = self._highlight = False
        self._colorize = Colorize.NONE

    def extend_results(self, results: Iterable[Measurement]) -> None:
        """Put more measurements into the table."""
        for result in results:
            if not isinstance(result, Measurement):
                raise ValueError(f"Expected an instance of `Measurement`, got {type(result)} instead.")
            self._results.append(result)

    def trim_significant_figures(self) -> None:
        """Show only the figures that are known."""
        self._trim = True

    def colorize(self, rowwise: bool = False) -> None:
        """Show times in colours: how they stand beside the best of their column, or of their row."""
        self._colorize = Colorize.ROWWISE if rowwise else Colorize.COLUMNWISE

    def highlight_warnings(self) -> None:
        """Say of which times the measurements vary."""
        self._highlight = True

    def print(self) -> None:
        """Print the tables."""
        print(str(self))

    def __str__(self) -> str:
        groups: dict[Any, list[Measurement]] = {}
        for result in Measurement.merge(self._results):
            groups.setdefault(result.label, []).append(result)
        return "\n".join(
            _Table(group, self._colorize, self._trim, self._highlight).text() for group in groups.values()
        )


class _Table:
    def __init__(self, results: list[Measurement], colorize: Colorize, trim: bool, highlight: bool) -> None:
        self.results, self.colorize, self.trim, self.highlight = results, colorize, trim, highlight
        self.unit, self.scale = select_unit(min(r.median for r in results))
        self.columns = ordered_unique(r.description for r in results)
        rows = ordered_unique(_row(r) for r in results)
        self.rows = sorted(rows, key=lambda row: row[:2])  # by threads and environment, otherwise as they came
        self.cells: list[list[Measurement | None]] = [[None for _ in self.columns] for _ in self.rows]
        for r in results:
            self.cells[self.rows.index(_row(r))][self.columns.index(r.description)] = r
        self.forms = [self._form([row[j] for row in self.cells]) for j in range(len(self.columns))]

    def text(self) -> str:
        head = ["", *self.columns]
        rows = [[name, *map(self._time, range(len(self.columns)), row)] for name, row in zip(self._names(), self.cells)]
        widths = [max(map(len, column)) for column in zip(head, *rows)]
        lines = ["  |  ".join(text.center(width) for text, width in zip(head, widths))]
        whole = len(lines[0])
        for i, row in enumerate(rows):
            if i == 0 or self.rows[i][0] != self.rows[i - 1][0]:
                lines.append(f"{self.rows[i][0]} threads: ".ljust(whole, "-"))
            times = [
                self._coloured(i, j, text.center(width)) for j, (text, width) in enumerate(zip(row[1:], widths[1:]))
            ]
            lines.append("  |  ".join([row[0].ljust(widths[0]), *times]))
        title = f" {self.results[0].label or ''} ".center(whole - 2, "-")
        told = f"Times are in {unit_to_english(self.unit)}s ({self.unit})."
        varied = self.highlight and any(r.has_warnings for r in self.results)
        note = "(! XX%) Measurement has high variance, where XX is the IQR / median * 100.\n" if varied else ""
        return "\n".join([f"[{title}]", *lines, "", told, note])

    def _names(self) -> list[str]:
        """What the rows are called: their environment where there are several, said once, and the task."""
        environments = {r.env for r in self.results}
        several = len(environments) > 1
        width = 4 + (max(len(str(e)) for e in environments) if several else 0)
        names = []
        for i, (threads, env, task) in enumerate(self.rows):
            said = i > 0 and self.rows[i - 1][:2] == (threads, env)
            names.append("  " + (f"({env})" if several and not said else "").ljust(width) + task)
        return names

    def _form(self, column: list[Measurement | None]) -> tuple[str, bool]:
        """How the times of a column are written, and whether it says of which they vary."""
        there = [m for m in column if m is not None]
        varies = self.highlight and any(m.has_warnings for m in there)
        before = [math.ceil(math.log10(m.median / self.scale)) for m in there]
        after = min(max(m.significant_figures - n, 0) for n, m in zip(before, there)) if self.trim else 1
        return f"{{:>{max(before) + after + bool(after)}.{after}f}}{{:>{7 if varies else 0}}}", varies

    def _time(self, column: int, m: Measurement | None) -> str:
        form, varies = self.forms[column]
        if m is None:
            return " " * len(form.format(1.0, ""))
        value = m.median / self.scale
        spread = f" (! {m.iqr / m.median * 100:.0f}%)" if varies and m.has_warnings else ""
        return form.format(trim_sigfig(value, m.significant_figures) if self.trim else value, spread)

    def _coloured(self, i: int, j: int, text: str) -> str:
        m = self.cells[i][j]
        if self.colorize is Colorize.NONE or m is None:
            return text
        row = self.cells[i]
        group = [other[j] for key, other in zip(self.rows, self.cells) if key[0] == self.rows[i][0]]
        best = min(x.median for x in (row if self.colorize is Colorize.ROWWISE else group) if x is not None)
        if m.median <= best * 1.01 or m.median <= best + 100e-9:
            return _BEST + text + _END * 2
        if m.median <= best * 1.1:
            return _GOOD + text + _END * 2
        return next((begin + text + _END * 2 for times, begin in _SLOWER if m.median >= best * times), text)


def _row(m: Measurement) -> tuple[int, str | None, str]:
    return m.num_threads, m.env, m.as_row_name


_list_names(__name__)
