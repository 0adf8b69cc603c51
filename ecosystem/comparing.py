"""Comparing what two runs of a program printed: line by line, words as they are, numbers up to a tolerance."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

_NUMBER = re.compile(r"(?<![\w.])[-+]?(?:\d+\.?\d*(?:[eE][-+]?\d+)?|\.\d+(?:[eE][-+]?\d+)?|nan\b|inf\b)")
_WHOLE = re.compile(r"[-+]?\d+")

NOTHING = 1e-6
"""A difference that is nothing, whatever its numbers: sums that cancel are printed as such."""


@dataclass(frozen=True)
class Comparison:
    """How far two outputs are apart: the largest relative difference of two numbers, and the first line that differs."""

    largest: float
    differs: str = ""

    @property
    def agrees(self) -> bool:
        """Whether no line differs by more than the tolerance."""
        return not self.differs


def compare(theirs: str, ours: str, tolerance: float) -> Comparison:
    """Compare PyTorch's output with Adjoint's.

    Numbers that are written as whole ones (tokens, counts, shapes) have to be equal, others up to ``tolerance``, relatively;
    what is between numbers has to be equal.

    >>> compare("loss: 0.500000\\nshape: 2 3", "loss: 0.500001\\nshape: 2 3", 1e-4).agrees
    True
    >>> compare("shape: 2 3", "shape: 2 4", 1e-4).differs
    "PyTorch 'shape: 2 3', Adjoint 'shape: 2 4'"
    """
    lines = theirs.splitlines(), ours.splitlines()
    largest = 0.0
    for expected, found in zip(*lines):
        distance = _distance(expected, found)
        if distance > tolerance:
            return Comparison(max(largest, distance), f"PyTorch {expected!r}, Adjoint {found!r}")
        largest = max(largest, distance)
    if len(lines[0]) != len(lines[1]):
        longer = max(lines, key=len)[min(map(len, lines))]
        return Comparison(math.inf, f"only {'PyTorch' if len(lines[0]) > len(lines[1]) else 'Adjoint'} prints {longer!r}")
    return Comparison(largest)


def _distance(expected: str, found: str) -> float:
    """The largest relative difference of the numbers of two lines; infinite where anything else differs."""
    if expected == found:
        return 0.0
    if _NUMBER.sub("#", expected) != _NUMBER.sub("#", found):
        return math.inf
    return max(_apart(a, b) for a, b in zip(_NUMBER.findall(expected), _NUMBER.findall(found)))


def _apart(expected: str, found: str) -> float:
    """The relative difference of two numbers as they are written."""
    if expected == found:
        return 0.0
    if _WHOLE.fullmatch(expected) and _WHOLE.fullmatch(found):
        return math.inf
    a, b = float(expected), float(found)
    if a == b or (math.isnan(a) and math.isnan(b)):
        return 0.0
    if not (math.isfinite(a) and math.isfinite(b)):
        return math.inf
    return 0.0 if abs(a - b) <= NOTHING else abs(a - b) / max(abs(a), abs(b))
