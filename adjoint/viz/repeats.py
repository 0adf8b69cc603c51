"""Repeats: where a sequence says the same thing several times in a row, as loops and stacks of equal layers do."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from typing import NamedTuple

# So many places where a repeat may begin again are tried: periods beyond are rare, and a sequence of 10,000 stays quick.
_TRIED = 48


class Run(NamedTuple):
    """``times`` times the same ``period`` elements, beginning at ``start``; once is no repeat."""

    start: int
    period: int
    times: int


def runs(words: Sequence[Hashable], least: Sequence[int] | None = None) -> Iterator[Run]:
    """Cut a sequence into runs, from left to right, each the one that covers most of what follows.

    ``least[i]`` is how often a run with element ``i`` must repeat to count as one (2 where it isn't given).

    >>> [tuple(run) for run in runs("xababab")]
    [(0, 1, 1), (1, 2, 3)]
    """
    later = _next_same(words)
    at, end = 0, len(words)
    while at < end:
        best = Run(at, 1, 1)
        again = later[at]
        for _ in range(_TRIED):
            if again is None or 2 * (again - at) > end - at:
                break
            run = Run(at, again - at, _times(words, at, again - at))
            if run.period * run.times > best.period * best.times and run.times > 1 and run.times >= _needed(least, run):
                best = run
            again = later[again]
        yield best
        at += best.period * best.times


def _needed(least: Sequence[int] | None, run: Run) -> int:
    return 2 if least is None else min(least[run.start : run.start + run.period])


def _next_same(words: Sequence[Hashable]) -> list[int | None]:
    """Per element, where the next equal one is."""
    later: list[int | None] = [None] * len(words)
    seen: dict[Hashable, int] = {}
    for i in range(len(words) - 1, -1, -1):
        later[i] = seen.get(words[i])
        seen[words[i]] = i
    return later


def _times(words: Sequence[Hashable], start: int, period: int) -> int:
    """How many times in a row the ``period`` elements from ``start`` on are said."""
    i, end = start, len(words) - period
    while i < end and words[i] == words[i + period]:
        i += 1
    return (i - start) // period + 1
