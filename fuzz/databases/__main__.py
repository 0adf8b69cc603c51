"""Run PyTorch's databases in whole: ``python -m fuzz.databases [NAME ...] [--dtype D]... [--most N]``.

A name is a module's (``nn.Linear``), an optimizer's (``Adam``), or an operator's calls that are to fail (``"add refuses"``);
operators in all of their aspects are run by ``python -m fuzz.parity``.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from types import ModuleType

from fuzz.databases import modules, optimizers, refusals

DATABASES: list[tuple[ModuleType, dict[str, object]]] = [
    (refusals, refusals.REFUSALS), (modules, modules.MODULES), (optimizers, optimizers.OPTIMIZERS),
]  # fmt: skip
"""Each with its entries; such a module has ``DTYPES``, ``KNOWN``, and ``compare(name, dtype, most)``."""


def main() -> int:
    """Compare every sample; the exit status is 1 if an entry differs that is not among the exceptions."""
    parser = argparse.ArgumentParser(prog="fuzz.databases", description=__doc__)
    parser.add_argument("names", nargs="*", help="modules, optimizers, refusals; all when none is named")
    parser.add_argument("--dtype", action="append")
    parser.add_argument("--most", type=int, help="samples of an entry and dtype at most")
    parser.add_argument("--shown", type=int, default=3, help="differences shown of an entry and dtype")
    options = parser.parse_args()
    differ = sum(_run(database, list(entries), options) for database, entries in DATABASES)
    return 1 if differ else 0


def _run(database: ModuleType, entries: list[str], options: argparse.Namespace) -> int:
    """How many samples of a database differ."""
    names = [n for n in options.names if n in entries] if options.names else entries
    dtypes = [d for d in database.DTYPES if d in options.dtype] if options.dtype else database.DTYPES
    compared = differ = 0
    known: Counter[str] = Counter()
    lacking: set[str] = set()
    for name in names:
        for dtype in dtypes:
            report = database.compare(name, dtype, options.most)
            compared += report.compared
            differ += len(report.findings)
            lacking |= report.lacking
            known.update(finding.entry for finding in report.known)
            for finding in report.findings[: options.shown]:
                print(finding, flush=True)
    for name, count in known.items():
        print(f"known: {name}, {count} samples: {database.KNOWN[name][1]}")
    for name in set(database.KNOWN) - set(known) if not (options.names or options.most or options.dtype) else ():
        print(f"{name} is among the exceptions and does not differ")
        differ += 1
    if names:
        print(f"{compared} samples, {differ} differ; lacking: {', '.join(sorted(lacking)) or 'nothing'}")
    return differ


if __name__ == "__main__":
    sys.exit(main())
