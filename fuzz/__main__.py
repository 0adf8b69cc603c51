"""Run the fuzzer: ``python -m fuzz N [--seed S] [--length L] [--jobs J] [--all]``."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor

from fuzz.compare import compare, shrink
from fuzz.generate import Program

_AT_ONCE = 100  # programs that a process is handed at a time


def try_out(seeds: range, length: int) -> list[tuple[int, str]]:
    """Run the programs of these seeds; (seed, shortest program and what differs) of those that disagree."""
    found = []
    for seed in seeds:
        lines = Program(seed, length).lines
        difference = compare(lines)
        if difference is not None:
            lines, difference = shrink(lines, difference)
            program = "\n".join(f"    {line}" for line in lines)
            found.append((seed, f"{program}\n\n{difference}\n"))
    return found


def _batches(seeds: range, length: int, jobs: int) -> Iterator[list[tuple[int, str]]]:
    parts = [seeds[i : i + _AT_ONCE] for i in range(0, len(seeds), _AT_ONCE)]
    if jobs == 1:
        yield from (try_out(part, length) for part in parts)
        return
    with ProcessPoolExecutor(jobs) as pool:
        try:
            yield from pool.map(try_out, parts, [length] * len(parts))
        finally:
            pool.shutdown(cancel_futures=True)


def main() -> int:
    """Run N programs; the exit status is 1 if any disagreed."""
    parser = argparse.ArgumentParser(prog="fuzz", description=__doc__)
    parser.add_argument("n", type=int, nargs="?", default=1000, help="how many programs")
    parser.add_argument("--seed", type=int, default=0, help="the first program's seed")
    parser.add_argument("--length", type=int, default=14, help="lines per program, about")
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    parser.add_argument("--all", action="store_true", help="go on after a disagreement")
    options = parser.parse_args()
    start = time.time()
    done = disagreements = 0
    for found in _batches(range(options.seed, options.seed + options.n), options.length, options.jobs):
        done += min(_AT_ONCE, options.n - done)
        for seed, text in found:
            disagreements += 1
            print(f"seed {seed} disagrees:\n\n{text}", flush=True)
            if not options.all:
                break
        if disagreements and not options.all:
            break
    print(f"{done} programs, {disagreements} disagreements, {time.time() - start:.0f} s")
    return 1 if disagreements else 0


if __name__ == "__main__":
    sys.exit(main())
