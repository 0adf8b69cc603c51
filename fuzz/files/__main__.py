"""Load mutants: ``python -m fuzz.files [-n N] [--seed S] [--jobs J]``; the exit status is 1 if anything was wrong."""

from __future__ import annotations

import argparse
import sys
import time

from fuzz.files.batches import run


def main() -> int:
    """Load N mutants in processes of their own, and tell by outcome how many there were, and what was wrong."""
    parser = argparse.ArgumentParser(prog="fuzz.files", description=__doc__)
    parser.add_argument("-n", type=int, default=10_000, help="how many")
    parser.add_argument("--seed", type=int, default=0, help="the first one's seed")
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    options = parser.parse_args()
    start = time.monotonic()
    outcomes, wrong = run(options.seed, options.n, options.jobs)
    print(f"{options.n} files, {len(wrong)} findings, {time.monotonic() - start:.0f} s")
    for (way, outcome), count in sorted(outcomes.items()):
        print(f"{count:8}  {way:16} {outcome}")
    for seed, text in wrong[:20]:
        print(f"seed {seed}: {text}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
