"""Sweep: many entries, in processes of their own; one that hangs or ends the process is a finding, and the others go on."""

from __future__ import annotations

import gc
from collections.abc import Collection, Iterable, Iterator
from functools import partial
from multiprocessing.connection import Connection

from fuzz import workers
from fuzz.parity.aspects import ASPECTS, DIFFERS, ERRORS, Finding, Outcome, examine

_SECONDS = 120.0  # of an entry in one dtype


def sweep(entries: Iterable[tuple[str, str]], most: int | None, aspects: Collection[str], jobs: int) -> Iterator[Outcome]:
    """What came of entries and dtypes, in any order, run in ``jobs`` processes."""
    work = partial(_work, most=most, aspects=tuple(aspects))
    yield from workers.run(entries, jobs, {}, work, partial(_lost, aspects=tuple(aspects)))


def _lost(name: str, dtype: str, how: str, aspects: Collection[str]) -> Outcome:
    asked = [ERRORS] if dtype == "any" else [a for a in ASPECTS if a in aspects]
    return Outcome(name, dtype, 1, dict.fromkeys(asked, DIFFERS), [Finding(name, dtype, a, 0, how) for a in asked[:1]])


def _work(pipe: Connection, most: int | None, aspects: Collection[str]) -> None:
    """What a process does."""
    import torch

    torch.set_num_threads(1)
    gc.freeze()  # or every collection looks through both libraries
    while (tasks := pipe.recv()) is not None:
        for name, dtype in tasks:
            pipe.send(_SECONDS)
            pipe.send(examine(name, dtype, most, aspects))
