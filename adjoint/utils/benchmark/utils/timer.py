"""Timer: a statement run often enough to know how long it takes."""

from __future__ import annotations

import enum
import statistics
import textwrap
import timeit
from collections.abc import Callable
from typing import Any

import adjoint as torch
from adjoint.names import list_names as _list_names
from adjoint.utils.benchmark.utils.common import Measurement, TaskSpec, set_torch_threads

timer = timeit.default_timer

_MOST_RUNS = 2**31 - 1


class Language(enum.Enum):
    """What a statement is written in."""

    PYTHON = 0
    CPP = 1


class Timer:
    """Measures a statement, text that is run with ``globals`` and ``torch``, on ``num_threads`` threads.

    ``setup`` is run before; ``label``, ``sub_label``, ``description`` and ``env`` say where the measurement stands in a
    table (:class:`Compare`).  Raises ValueError for a statement that is no text, NotImplementedError for one in C++.

    >>> import adjoint as torch
    >>> t = torch.utils.benchmark.Timer("x + x", globals={"x": torch.ones(4)}, label="add")
    >>> m = t.timeit(100)
    >>> m.number_per_run, len(m.times), m.median > 0
    (100, 1, True)
    """

    def __init__(
        self,
        stmt: str = "pass",
        setup: str = "pass",
        global_setup: str = "",
        timer: Callable[[], float] = timer,
        globals: dict[str, Any] | None = None,
        label: str | None = None,
        sub_label: str | None = None,
        description: str | None = None,
        env: str | None = None,
        num_threads: int = 1,
        language: Language | str = Language.PYTHON,
    ) -> None:
        if not isinstance(stmt, str):
            raise ValueError("Currently only a `str` stmt is supported.")
        if language in (Language.CPP, "cpp", "c++"):
            raise NotImplementedError("Timer: C++ is compiled against PyTorch's headers and libraries, which Adjoint does not have")
        if language not in (Language.PYTHON, "py", "python"):
            raise ValueError(f"Invalid language `{language}`.")
        if global_setup:
            raise ValueError(
                f"global_setup is C++ only, got `{global_setup}`. Most likely this code can simply be moved to `setup`."
            )
        stmt, setup = (_plain(text) for text in (stmt, setup))
        self._globals = {"torch": torch, **(globals or {})}
        self._timer = timeit.Timer(stmt, setup, timer, self._globals)
        self._task_spec = TaskSpec(stmt, setup, "", label, sub_label, description, env, num_threads)

    def timeit(self, number: int = 1000000) -> Measurement:
        """One measurement of so many runs, after a hundredth of them."""
        with set_torch_threads(self._task_spec.num_threads):
            self._time(max(number // 100, 2))
            return Measurement(number, [self._time(number)], self._task_spec)

    def blocked_autorange(
        self, callback: Callable[[int, float], Any] | None = None, min_run_time: float = 0.2
    ) -> Measurement:
        """Measurements for ``min_run_time`` seconds, each of so many runs that looking at the clock does not count.

        ``callback`` is told the runs and the seconds of each.
        """
        return self._measured(self._runs_of_a_block(min_run_time), min_run_time, None, callback, lambda found: True)

    def adaptive_autorange(
        self,
        threshold: float = 0.1,
        *,
        min_run_time: float = 0.01,
        max_run_time: float = 10.0,
        callback: Callable[[int, float], Any] | None = None,
    ) -> Measurement:
        """Measurements until their quartiles are less than ``threshold`` apart, relative to the median, or for
        ``max_run_time`` seconds."""

        def certain(found: Measurement) -> bool:
            return len(found.raw_times) > 3 and found.meets_confidence(threshold)

        return self._measured(self._runs_of_a_block(0.05), min_run_time, max_run_time, callback, certain)

    def repeat(self, repeat: int = -1, number: int = -1) -> None:
        """Raises NotImplementedError."""
        raise NotImplementedError("See `Timer.blocked_autorange.`")

    def autorange(self, callback: Any = None) -> None:
        """Raises NotImplementedError."""
        raise NotImplementedError("See `Timer.blocked_autorange.`")

    def collect_callgrind(self, number: int = 100, **options: Any) -> Any:
        """Raises NotImplementedError: instructions are counted by Valgrind, which cannot run what is compiled as it goes."""
        raise NotImplementedError("collect_callgrind: instructions are not counted; measure times with blocked_autorange")

    def _measured(
        self,
        number: int,
        least: float,
        most: float | None,
        callback: Callable[[int, float], Any] | None,
        certain: Callable[[Measurement], bool],
    ) -> Measurement:
        found = Measurement(number, [], self._task_spec)
        with set_torch_threads(self._task_spec.num_threads):
            while sum(found.raw_times) < least or not certain(found):
                found.raw_times.append(self._time(number))
                if callback is not None:
                    callback(number, found.raw_times[-1])
                if most is not None and sum(found.raw_times) > most:
                    break
        return found

    def _runs_of_a_block(self, time: float) -> int:
        """How many runs take a thousandth of the time, and so long that an empty loop is nothing to it."""
        with set_torch_threads(self._task_spec.num_threads):
            overhead = statistics.median(self._time(0) for _ in range(5))
            number = 1
            while True:
                taken = self._time(number)
                if (overhead <= taken * 1e-4 and taken >= time / 1000) or taken > time or number * 10 > _MOST_RUNS:
                    return number
                number *= 10

    def _time(self, number: int) -> float:
        return max(self._timer.timeit(number), 1e-9)


def _plain(text: str) -> str:
    """A statement without the indentation of the program in which it is written."""
    return textwrap.dedent(text).removeprefix("\n").rstrip()


_list_names(__name__)
