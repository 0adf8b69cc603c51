"""Run PyTorch's whole operator database: ``python -m fuzz.databases [NAME ...] [--dtype D]... [--most N]``."""

from __future__ import annotations

import argparse
import sys
from collections import Counter

from fuzz.databases.exceptions import KNOWN
from fuzz.databases.operators import DTYPES, OPERATORS, compare


def main() -> int:
    """Compare every sample; the exit status is 1 if an operator differs that is not among the exceptions."""
    parser = argparse.ArgumentParser(prog="fuzz.databases", description=__doc__)
    parser.add_argument("names", nargs="*", help="operators; all when none is named")
    parser.add_argument("--dtype", action="append", choices=DTYPES)
    parser.add_argument("--most", type=int, help="samples of an operator and dtype at most")
    parser.add_argument("--shown", type=int, default=3, help="differences shown of an operator and dtype")
    options = parser.parse_args()
    compared = differ = 0
    known: Counter[str] = Counter()
    lacking: set[str] = set()
    for name in options.names or OPERATORS:
        for dtype in options.dtype or DTYPES:
            report = compare(name, dtype, options.most)
            compared += report.compared
            differ += len(report.findings)
            lacking |= report.lacking
            known.update(finding.operator for finding in report.known)
            for finding in report.findings[: options.shown]:
                print(finding, flush=True)
    for name, count in known.items():
        print(f"known: {name}, {count} samples: {KNOWN[name][1]}")
    for name in set(KNOWN) - set(known) if not (options.names or options.most or options.dtype) else ():
        print(f"{name} is among the exceptions and does not differ")
        differ += 1
    print(f"{compared} samples, {differ} differ; lacking: {', '.join(sorted(lacking)) or 'nothing'}")
    return 1 if differ else 0


if __name__ == "__main__":
    sys.exit(main())
