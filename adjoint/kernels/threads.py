"""Threads: how many work in a parallel region of the kernels."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import lru_cache

_count: int | None = None
listeners: list[Callable[[int], None]] = []
"""Called with the new number when it is set; the pool puts itself here once it runs."""


def num_threads() -> int:
    """How many threads work in a region."""
    return available() if _count is None else _count


def set_num_threads(count: int) -> None:
    """Have so many threads work in a region from now on."""
    global _count
    _count = count
    for listener in listeners:
        listener(count)


@lru_cache(maxsize=None)
def available() -> int:
    """What OMP_NUM_THREADS asks for, or this process's share of the cores that it may run on; as it was when first asked."""
    asked = _number("OMP_NUM_THREADS")
    return asked if asked else max(1, cores() // _sharing())


def cores() -> int:
    """The cores that this process may run on."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on Linux
        return os.cpu_count() or 1


_SHARING = ("LOCAL_WORLD_SIZE", "MPI_LOCALNRANKS", "OMPI_COMM_WORLD_LOCAL_SIZE", "MV2_COMM_WORLD_LOCAL_SIZE")
_told: int | None = None


def share(processes: int) -> None:
    """So many processes, this one among them, share the cores, if no launcher has said so by the environment."""
    global _told
    if not any(_number(name) for name in _SHARING):
        _told = processes
        before = available()
        available.cache_clear()
        if _count is None and available() != before:
            for listener in listeners:
                listener(available())


def _sharing() -> int:
    """How many processes share the cores: those that were started together on this machine, as their launcher says."""
    processes = next((number for number in map(_number, _SHARING) if number), _told or 1)
    return 1 if processes > 1 and _is_bound() else processes


def _is_bound() -> bool:
    """Whether the launcher gave this process fewer cores than it has itself: that is its share already."""
    try:
        return os.sched_getaffinity(0) < os.sched_getaffinity(os.getppid())
    except (AttributeError, OSError):
        return False


def _number(name: str) -> int | None:
    """A positive number in the environment."""
    text = os.environ.get(name, "")
    return int(text) or None if text.isdigit() else None
