"""Every class of torchvision's transforms with each of its options and each kind of sample, from several seeds, beside
torchvision on PyTorch: ``make vision ONLY=transforms``, or with the text that an option has in it, to run those alone.

Floats are within a few units of their last place; of bytes that come from rounded floats, one in two hundred may differ by one,
or by two after a change of contrast.
"""

from __future__ import annotations

import sys
import warnings
from collections import Counter

from tests import vision_transform_cases as tables
from tests.vision_transform_comparison import NEWER_SAMPLES, OURS, SAMPLES, THEIRS, called, difference

SEEDS = range(4)
BOTH = (
    tables.GEOMETRY, tables.COLORS, tables.TENSORS, tables.FLOATS, tables.CONVERSIONS, tables.LISTS
)  # fmt: skip


def sweep(version: str, chosen: str) -> int:
    """Compare all cases of a version; the number of those that differ."""
    wrong: Counter[str] = Counter()
    total = 0
    texts = BOTH if version == "v1" else (*BOTH, tables.NEWER)
    for case in tables.cases(*texts):
        if chosen not in case:
            continue
        for sample in SAMPLES if version == "v1" else NEWER_SAMPLES:
            for seed in SEEDS:
                total += 1
                theirs, ours = (called(side, version, case, sample, seed) for side in (THEIRS, OURS))
                found = difference(theirs, ours)
                if found:
                    wrong[case] += 1
                    if wrong[case] <= 4:
                        print(f"{version} {case} of {sample}, seed {seed}: {found[:300]}")
    print(f"{version}: {total} cases, {sum(wrong.values())} differ {dict(wrong)}")
    return sum(wrong.values())


def main() -> int:
    """The exit status: whether any case differs."""
    warnings.simplefilter("ignore")
    chosen = sys.argv[2] if len(sys.argv) > 2 else ""
    return min(sum(sweep(version, chosen) for version in ("v1", "v2")), 1)


if __name__ == "__main__":
    sys.exit(main())
