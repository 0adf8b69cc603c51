"""Tolerance: how far Adjoint's numbers may lie from PyTorch's, from what the program gives when nothing is rounded.

Two numbers that differ by a few units in the last place are the same.  Where they differ by more, the program so far is
run once more, by PyTorch with every floating dtype widened (:class:`fuzz.run.Wide`), and Adjoint's error against that may
be a small multiple of PyTorch's own, which is what the program's rounding amounts to.
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from fuzz.program import Program
from fuzz.run import Run, array

_NARROW = {
    "bfloat16": 2.0**-8,
    "float16": 2.0**-11,
    "half": 2.0**-11,
    "float32": 2.0**-24,
    "float": 2.0**-24,
    "complex64": 2.0**-24,
}

_SMALL = 4096
"""Bytes of an array whose content is kept."""

AMPLIFIED = "what PyTorch rounds is itself far from what the program gives in float64"
VANISHED = "a division by what is left of a difference of equal numbers, or by a zero of either sign"


class Tolerance:
    """Says of a program's numbers whether they are the same; keeps the run in float64 that it asks.

    Args:
        program: the program that is compared.
        ulps: units in the last place of the narrowest dtype that make no difference.
        multiple: how many times PyTorch's own error Adjoint's may be.
        relative: an error, on the scale of the program's values, that makes no difference in whatever dtype.
    """

    def __init__(self, program: Program, ulps: float, multiple: float, relative: float = 0.0) -> None:
        self.program = program
        self.ulps = ulps
        self.multiple = multiple
        self.relative = relative
        self.done: list[str] = []  # the lines that both have run
        self.unit = 2.0**-53  # of the narrowest dtype so far
        self.scale = 1.0  # of the values so far: what they are sums of may be as large
        self._last: dict[tuple[str, str], bytes] = {}
        self._wide: Run | None = None
        self._steps = 0

    def ran(self, line: str) -> None:
        """Both libraries have run this line."""
        self.done.append(line)
        if re.search(r"half\(|float16", line):
            self.unit = max(self.unit, 2.0**-11)

    def compare(self, path: str, key: str, dtype: str, theirs: np.ndarray, ours: np.ndarray) -> bool | str:
        """Whether two arrays are the same, or the reason why they count as such.

        Most have been seen before: a program's every name is looked at after its every line.
        """
        small = theirs.nbytes <= _SMALL
        content = theirs.tobytes() if small else b""
        if not small or self._last.get((path, key)) != content:
            self.saw(dtype, theirs)
            self._last[path, key] = content
        if small and theirs.dtype == ours.dtype and theirs.shape == ours.shape and content == ours.tobytes():
            return True
        return self.same(path, key, theirs, ours)

    def saw(self, dtype: str, value: np.ndarray) -> None:
        """A value that both have, before it is compared."""
        name = dtype.rpartition(".")[2]
        # Integers and bools become float32 with the next division.
        unit = _NARROW.get(name, 2.0**-53 if name in ("float64", "complex128") else 2.0**-24)
        self.unit = max(self.unit, unit)
        if value.size and value.dtype.kind in "fc":
            largest = np.max(np.abs(value), initial=0, where=np.isfinite(value))
            if largest < 1e4:  # what is larger would hide everything
                self.scale = max(self.scale, float(largest))

    def same(self, path: str, key: str, theirs: np.ndarray, ours: np.ndarray) -> bool | str:
        """Whether two arrays are the same, or the reason why they count as such."""
        with np.errstate(all="ignore"):
            return self._same(path, key, theirs, ours)

    def _same(self, path: str, key: str, theirs: np.ndarray, ours: np.ndarray) -> bool | str:
        if theirs.shape != ours.shape or theirs.dtype != ours.dtype:
            return False
        if np.array_equal(theirs, ours, equal_nan=theirs.dtype.kind in "fc"):
            return True
        if theirs.dtype.kind not in "fc":
            return False
        size = np.abs(theirs)  # of a complex number both parts count
        if theirs.dtype.kind == "c":
            size = np.repeat(size[..., None], 2, -1)
            theirs, ours = (
                x.view(x.real.dtype).reshape(*x.shape, 2) for x in map(np.ascontiguousarray, (theirs, ours))
            )
        a, b = theirs.astype(np.float64), ours.astype(np.float64)
        allowed = max(self.ulps * 2 * self.unit, self.relative)
        around = np.maximum(size, self.scale) * allowed
        if _close(a, b, around).all():
            return True
        exact = self._exact(path, key)
        if exact is not None and exact.dtype.kind == "c":
            exact = np.ascontiguousarray(exact)
            exact = exact.view(exact.real.dtype).reshape(*exact.shape, 2)
        if exact is None or exact.shape != a.shape:
            exact = a
        both = np.isfinite(a) & np.isfinite(exact)
        own = np.max(np.abs(a - exact), initial=0, where=both)  # PyTorch's own error
        near = _close(exact, b, self.multiple * own + np.maximum(np.abs(exact), self.scale) * allowed)
        if own <= 1e-2 * max(float(np.max(np.abs(exact), initial=0, where=both)), 1e-30) and near.all():
            return True
        near |= _close(a, b, around)
        wrong = ~_close(exact, a, 1e-2 * np.abs(exact) + 1e-30)  # no digit is right
        lost = wrong & _close(exact, b, 64 * self.multiple * own)  # and Adjoint's are wrong by no more
        if (near | lost).all():
            return AMPLIFIED
        with np.errstate(invalid="ignore"):
            if (near | lost | (wrong & (~np.isfinite(exact) | (np.abs(a) > 1e6) & (np.abs(b) > 1e6)))).all():
                return VANISHED
        return False

    def _exact(self, path: str, key: str) -> Any:
        """The same array in the run in float64; None if it has none."""
        if self._wide is None:
            self._wide = Run(self.program, "wide")
        try:
            while self._steps < len(self.done):
                self._wide.step(self.done[self._steps])
                self._steps += 1
            value = self._wide.value(path)
            if key == "grad":
                value = value.grad
            found = value if isinstance(value, np.ndarray) else array(value)
        except Exception:
            return None
        return found if found.dtype.kind in "fc" else None


def _close(a: np.ndarray, b: np.ndarray, allowed: Any) -> np.ndarray:
    """Where two arrays are as close as that; infinities and NaN are only close to themselves."""
    with np.errstate(invalid="ignore", over="ignore"):
        return (np.abs(a - b) <= allowed) | (a == b) | (np.isnan(a) & np.isnan(b))  # type: ignore[no-any-return]
