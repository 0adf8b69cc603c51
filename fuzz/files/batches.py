"""Batches: processes that load mutants.  One that ends in the middle is a finding, and another takes its place."""

from __future__ import annotations

import multiprocessing
import warnings
from collections import Counter
from multiprocessing.connection import Connection, wait
from typing import Any

_BATCH = 500


def run(seed: int, n: int, jobs: int) -> tuple[Counter[tuple[str, str]], list[tuple[int, str]]]:
    """How many files came to what, by the way in which they were made; and the seeds with which something was wrong."""
    batches = [range(at, min(at + _BATCH, seed + n)) for at in range(seed, seed + n, _BATCH)]
    outcomes: Counter[tuple[str, str]] = Counter()
    wrong: list[tuple[int, str]] = []
    context = multiprocessing.get_context("spawn")
    working: dict[Connection, tuple[Any, range, list[int]]] = {}
    while batches or working:
        while batches and len(working) < jobs:
            seeds = batches.pop(0)
            pipe, theirs = context.Pipe(duplex=False)
            process = context.Process(target=_work, args=(theirs, seeds), daemon=True)
            process.start()
            theirs.close()
            working[pipe] = process, seeds, []
        ready = wait(list(working), timeout=120)
        for pipe in ready or list(working):
            process, seeds, done = working[pipe]  # type: ignore[index]
            try:
                if not ready:
                    process.kill()
                    raise EOFError
                at, way, outcome, told = pipe.recv()  # type: ignore[union-attr]
            except EOFError:
                process.join()
                del working[pipe]  # type: ignore[arg-type]
                if process.exitcode == 1:
                    raise RuntimeError("a process that loads files could not start") from None
                if len(done) < len(seeds):
                    lost = seeds[len(done)]
                    outcomes["?", "ended the process"] += 1
                    wrong.append((lost, f"ended the process with status {process.exitcode}"))
                    batches.insert(0, range(lost + 1, seeds.stop))
                continue
            done.append(at)
            outcomes[way, outcome] += 1
            if told is not None:
                wrong.append((at, told))
    return outcomes, sorted(wrong)


def _work(pipe: Connection, seeds: range) -> None:
    """What a process does: load a batch, and tell of each."""
    from fuzz.files import guard
    from fuzz.files.mutants import mutant

    warnings.simplefilter("ignore")
    guard.settle()
    guard.prepare()
    for seed in seeds:
        data, way = mutant(seed)
        pipe.send((seed, way, *guard.load(data)))
