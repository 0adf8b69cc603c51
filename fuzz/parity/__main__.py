"""Compare entries of PyTorch's operator database: ``python -m fuzz.parity [NAME ...] [--dtype D]... [--aspect A]...``.

Without names, dtypes and aspects all of it is run, and ``--write`` writes ``docs/parity.json`` and ``docs/parity.md``.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter

import torch

from fuzz.databases.exceptions import KNOWN, UNCOUNTED
from fuzz.databases.operators import OPERATORS
from fuzz.parity import marks, page
from fuzz.parity.aspects import ASPECTS, DTYPES, ERRORS, Outcome, examine
from fuzz.parity.sweep import sweep


def main() -> int:
    """Print what differs and how many entries agree; the exit status is 1 if a mark was lost that the file has."""
    options = _options()
    wrong = [n for n in options.names if n not in OPERATORS]
    if wrong:
        sys.exit(f"no entries of the database: {', '.join(wrong)}")
    aspects = options.aspect or [*ASPECTS, ERRORS]
    dtypes = options.dtype or [*DTYPES, "any"]
    names = options.names or list(OPERATORS)
    entries = [(name, dtype) for name in names for dtype in dtypes]
    if len(names) < 4 and options.jobs is None:
        outcomes = (examine(name, dtype, options.most, aspects) for name, dtype in entries)
    else:
        outcomes = sweep(entries, options.most, aspects, options.jobs or 2)
    started, all_of_them = time.monotonic(), []
    for outcome in outcomes:
        all_of_them.append(outcome)
        for finding in outcome.findings[: options.shown]:
            print(finding, flush=True)
    found = marks.gathered(all_of_them)
    _tell(all_of_them, found, time.monotonic() - started)
    lost = [
        (name, dtype, aspect)
        for (name, dtype) in entries
        for aspect in ((ERRORS,) if dtype == "any" else ASPECTS)
        if marks.mark(found, name, dtype, aspect) == "-" and marks.mark(marks.read(), name, dtype, aspect) in "+~"
    ] if not options.write else []  # fmt: skip
    for name, dtype, aspect in lost:
        print(f"lost: {name} {dtype} {aspect}")
    if options.write:
        kept = marks.read() if options.names or options.dtype else {}
        for name, by_dtype in found.items():
            kept[name] = {**kept.get(name, {}), **by_dtype}
        version = torch.__version__.partition("+")[0]
        marks.write(kept, options.most, version)
        page.write(kept, options.most, version)
    return 1 if lost else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="fuzz.parity", description=__doc__)
    parser.add_argument("names", nargs="*", help="entries of the database; all when none is named")
    parser.add_argument("--dtype", action="append", choices=[*DTYPES, "any"], help="`any`: the calls that are to fail")
    parser.add_argument("--aspect", action="append", choices=[*ASPECTS, ERRORS])
    parser.add_argument("--most", type=int, help="samples of an entry and dtype at most")
    parser.add_argument("--shown", type=int, default=1000, help="differences shown of an entry and dtype")
    parser.add_argument("--jobs", type=int, help="processes (2); a few entries are run in this one")
    parser.add_argument("--write", action="store_true", help="write docs/parity.json and docs/parity.md")
    return parser.parse_args()


def _tell(outcomes: list[Outcome], found: marks.Marks, seconds: float) -> None:
    known = Counter(finding.name for outcome in outcomes for finding in outcome.known)
    for name, count in sorted(known.items()):
        print(f"right here: {name}, {count} samples: {KNOWN.get(name, ('', 'see fuzz/databases/exceptions.py'))[1]}")
    for (aspect, dtype), count in sorted(marks.counts(found).items()):
        good, of = marks.share(count)
        if of:
            print(f"{aspect:12} {dtype:10} {good:4} of {of:4} entries: {100 * good / of:.1f} %")
    uncounted = sum(name in UNCOUNTED for name in {o.name for o in outcomes})
    print(f"{sum(o.compared for o in outcomes)} comparisons in {seconds:.0f} s; {uncounted} entries are not counted")


if __name__ == "__main__":
    sys.exit(main())
