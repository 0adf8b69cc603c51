"""Every function of torchvision's transforms, with each kind of input and each option, beside torchvision's on PyTorch.

Values of integers and their strides are the same; floats are within a few units of their last place.
"""

from __future__ import annotations

import sys
import warnings
from collections import Counter

from tests.vision_functional_cases import OURS, THEIRS, called, cases, difference


def sweep(version: str, names: list[str]) -> int:
    """Compare all cases of a version; the number of those that differ."""
    wrong: Counter[str] = Counter()
    total = 0
    for name, what, make, options in cases(version):
        if names and name not in names:
            continue
        total += 1
        theirs, ours = (called(side, getattr(side, version), name, make, options) for side in (THEIRS, OURS))
        found = difference(theirs, ours, exact=False, where=(version, name))
        if found:
            wrong[name] += 1
            if wrong[name] <= 6:
                shown = {key: value(OURS) if callable(value) else value for key, value in options.items()}
                shown.pop("displacement", None)
                print(f"{version} {name} {what} {shown}: {found}")
    print(f"{version}: {total} cases, {sum(wrong.values())} differ {dict(wrong)}")
    return sum(wrong.values())


def main() -> int:
    """Compare all functions, or those of the versions and names on the command line; how many cases differ."""
    warnings.simplefilter("ignore")
    versions = [v for v in sys.argv[1:] if v in ("v1", "v2")] or ["v1", "v2"]
    chosen = [n for n in sys.argv[1:] if n not in ("v1", "v2", "functional")]
    return sum(sweep(version, chosen) for version in versions)


if __name__ == "__main__":
    sys.exit(min(main(), 1))
