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
    """The cores that this process may run on, or what OMP_NUM_THREADS asks for; as it was when first asked."""
    asked = os.environ.get("OMP_NUM_THREADS", "")
    if asked.isdigit() and int(asked) > 0:
        return int(asked)
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on Linux
        return os.cpu_count() or 1
