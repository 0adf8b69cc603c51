"""Run the fuzzer: ``python -m fuzz [FAMILY ...] [-n N] [--seed S] [--jobs J] [--first] [--coverage FILE]``."""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

from fuzz import workers
from fuzz.families import families, shared_out


def main() -> int:
    """Run N programs of each family; the exit status is 1 if any disagreed."""
    parser = argparse.ArgumentParser(prog="fuzz", description=__doc__)
    parser.add_argument("family", nargs="*", help="which families; all, if none is named")
    parser.add_argument("-n", type=int, default=1000, help="how many programs of each")
    parser.add_argument("--seed", type=int, default=0, help="the first program's seed")
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    parser.add_argument("--first", action="store_true", help="stop at the first disagreement")
    parser.add_argument("--coverage", metavar="FILE", help="measure what is exercised, and write what is not to FILE")
    options = parser.parse_args()
    unknown = set(options.family) - set(families())
    if unknown:
        parser.error(f"no family is called {', '.join(sorted(unknown))}; there are {', '.join(families())}")
    bad = False
    seen: dict[str, set[Any]] = {}
    for family in options.family or list(families()):
        points = seen.setdefault(family, set()) if options.coverage else None
        bad |= _run(family, range(options.seed, options.seed + options.n), options.jobs, options.first, points)
        if bad and options.first:
            break
    if options.coverage:
        from fuzz.coverage import summary

        text, missing = summary(seen)
        Path(options.coverage).write_text(missing + "\n")
        print(text)
    return 1 if bad else 0


def _run(family: str, seeds: range, jobs: int, first: bool, points: set[Any] | None) -> bool:
    """Run a family's programs, and collect in ``points`` what they exercised; whether any disagreed."""
    start = time.monotonic()
    accepted: Counter[str] = Counter()
    kinds: Counter[str] = Counter()
    done = 0
    for environment, some in shared_out(family, seeds):
        tasks = ((family, seed) for seed in some)
        for trial in workers.run(tasks, jobs, environment, workers.watch if points is not None else None):
            if isinstance(trial, set):
                points |= trial  # type: ignore[operator]
                continue
            done += 1
            _progress(family, done, len(seeds), sum(kinds.values()), start)
            accepted.update(trial.accepted)
            if trial.finding is None:
                continue
            kinds[trial.finding.kind] += 1
            if kinds[trial.finding.kind] == 1:
                _progress()
                print(f"{family}, seed {trial.seed}:\n\n{trial.finding.text}", flush=True)
            if first:
                break
        if first and kinds:
            break
    _progress()
    print(f"{family}: {done} programs, {sum(kinds.values())} disagreements of {len(kinds)} kinds, "
          f"{time.monotonic() - start:.0f} s")  # fmt: skip
    for reason, count in accepted.most_common():
        print(f"  {count} let pass: {reason}")
    sys.stdout.flush()
    return bool(kinds)


def _progress(family: str = "", done: int = 0, of: int = 0, disagreements: int = 0, start: float = 0.0) -> None:
    """Where somebody watches, a line that tells how far a family has come, in place of the last one; or none."""
    if not sys.stderr.isatty() or done % 20:
        return
    line = ""
    if family:
        rate = done / (time.monotonic() - start)
        line = f"{family}: {done} of {of} programs, {disagreements} disagreements, {rate:.0f} a second"
        line += f", {(of - done) / rate / 60:.0f} min left"
    print(f"\r\x1b[K{line}", end="", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
