"""Statistics of an array: what one wants to know of a layer's numbers at one step, in one pass over them.

Norm, mean, deviation, extremes and counts are of all numbers; those that are not finite are counted and otherwise left out.
Quantiles and the histogram are those of a sample that is spread evenly over the array.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import numpy as np

from adjoint.kernels.reading import threshold, usable

_add: Any = np.add.reduce
SAMPLE = 1024
"""How many numbers quantiles and histograms are taken from, at most."""
BINS = 24
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
LARGE = 4096
"""How many numbers an array has from which on native code is faster than NumPy's passes."""
WHOLE = 1 << 18  # so many elements are looked at whole where a copy would be needed
BLOCK = 1024
UNBOUNDED = (-math.inf, math.inf)


class Statistics:
    """Statistics of one array, or of several together: :meth:`add` takes in another one.

    >>> s = Statistics(np.array([0., 3., 4., np.nan]))
    >>> s.norm, s.zero, s.nan
    (5.0, 0.25, 1)
    """

    __slots__ = ("beyond", "count", "high", "infinite", "low", "nan", "samples", "spread", "squares", "total", "zeros")

    def __init__(self, array: Any, less: Any = None, bounds: tuple[float, float] = UNBOUNDED, *, sample: bool = True) -> None:
        """``less``: an array of the same shape that is taken from ``array`` first.  ``bounds``: what lies outside of
        them is counted as ``saturated``."""
        x = _dense(array)
        y = None if less is None else _dense(less)
        if y is not None and (y.shape != x.shape or y.dtype != x.dtype):
            x, y = np.subtract(array, less).ravel(), None
        self.count = x.size
        some = _sample(x, y)
        found = _in_one_pass(x, y, bounds, some)
        # Of the finite numbers: their sum, that of their squares, and that of the squares of their distances to their mean.
        self.total, self.squares, self.spread, self.low, self.high = found[:5]
        self.zeros, self.nan, self.infinite, self.beyond = map(int, found[5:])
        self.samples = [some] if sample else []

    def add(self, other: Statistics) -> Statistics:
        """Take in the numbers of another array."""
        n, m = self.finite, other.finite
        if n and m:
            apart = other.total / m - self.total / n
            self.spread += apart * apart * n * m / (n + m)
        self.spread += other.spread
        self.low, self.high = min(self.low, other.low), max(self.high, other.high)
        for name in ("count", "total", "squares", "zeros", "nan", "infinite", "beyond"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.samples += other.samples
        return self

    @property
    def finite(self) -> int:
        """How many of the numbers are finite."""
        return self.count - self.nan - self.infinite

    @property
    def norm(self) -> float:
        """The square root of the sum of squares."""
        return math.sqrt(self.squares)

    @property
    def mean(self) -> float:
        return self.total / self.finite if self.finite else math.nan

    @property
    def std(self) -> float:
        """The standard deviation of the population."""
        return math.sqrt(self.spread / self.finite) if self.finite else math.nan

    @property
    def zero(self) -> float:
        """The share of exact zeros."""
        return self.zeros / self.count if self.count else 0.0

    @property
    def saturated(self) -> float:
        """The share outside of the bounds."""
        return self.beyond / self.count if self.count else 0.0

    def sample(self) -> Any:
        """The finite numbers of the sample, sorted."""
        parts = self.samples
        x = np.concatenate(parts) if len(parts) != 1 else parts[0]
        if self.nan or self.infinite:
            x = x[np.isfinite(x)]
        return np.sort(x)

    def quantiles(self, ordered: Any) -> list[float]:
        """:data:`QUANTILES` of a sorted sample; none of an empty one."""
        return ordered[_at(ordered.size)].tolist() if ordered.size else []  # type: ignore[no-any-return]

    def histogram(self, ordered: Any) -> list[int]:
        """How many of a sorted sample are in each of :data:`BINS` equal parts between the least and the largest number."""
        size = ordered.size
        if not size:
            return []
        if not self.low < self.high:
            return [0] * (BINS // 2) + [size] + [0] * (BINS - BINS // 2 - 1)
        edges = (_INNER * (self.high - self.low) + self.low).astype(ordered.dtype)
        below = ordered.searchsorted(edges, "right").tolist()
        return [end - start for start, end in zip([0, *below], [*below, size])]

    def as_of(self, count: int) -> Statistics:
        """Statistics of so many numbers, of which these were a part."""
        factor = count / max(1, self.count)
        self.total, self.squares, self.spread = self.total * factor, self.squares * factor, self.spread * factor
        self.zeros, self.beyond = round(self.zeros * factor), round(self.beyond * factor)
        self.count = count
        return self


_INNER = np.arange(1, BINS) / BINS


@lru_cache(maxsize=256)
def _at(size: int) -> Any:
    """Where a sorted sample's quantiles are."""
    return np.array([round(q * (size - 1)) for q in QUANTILES])


def part_of(array: Any) -> Any:
    """A view of an eighth of a large array, in blocks that are spread evenly over it; small ones are whole."""
    if array.__class__ is not np.ndarray or array.size < WHOLE or not array.flags.forc:
        return array
    flat = array.reshape(-1, order="A")
    rows = flat.size // (8 * BLOCK)
    return flat[: rows * 8 * BLOCK].reshape(rows, 8 * BLOCK)[:, :BLOCK]


def _dense(array: Any) -> Any:
    """The elements of an array in one dimension, in whatever order they lie; of complex numbers their absolute values."""
    while array.__class__ is not np.ndarray and hasattr(array, "array"):  # a batch: all its samples
        array = array.array
    x = np.asarray(array)
    if x.dtype.kind == "c":
        x = np.absolute(x)
    elif x.dtype.kind != "f" or x.itemsize < 4 or x.itemsize > 8 or not x.dtype.isnative:
        x = x.astype(np.float64 if x.itemsize >= 4 else np.float32)
    return x.ravel(order="K")


def _in_one_pass(x: Any, less: Any, bounds: tuple[float, float], some: Any) -> Any:
    """Sum, sum of squares, spread, extremes, and how many are zero, NaN, infinite and out of bounds."""
    if x.size >= LARGE:
        found = _native(x, less, bounds, some)
        if found is not NotImplemented:
            return found
    if less is not None:
        x = x - less
    if not x.size:
        return [0.0, 0.0, 0.0, math.inf, -math.inf, 0, 0, 0, 0]
    low, high = float(x.min()), float(x.max())
    nan = infinite = 0
    kept = x
    if not (math.isfinite(low) and math.isfinite(high)):
        finite = np.isfinite(x)
        nan = int(np.count_nonzero(np.isnan(x)))
        infinite = x.size - int(np.count_nonzero(finite)) - nan
        kept = x[finite]
        low, high = (float(kept.min()), float(kept.max())) if kept.size else (math.inf, -math.inf)
    wide = kept.astype(np.float64)
    total, squares = float(wide.sum()), float(np.dot(wide, wide))
    if wide.size:
        wide -= total / wide.size
    beyond = 0
    if bounds is not UNBOUNDED:
        beyond = int(np.count_nonzero((x < bounds[0]) | (x > bounds[1])))
    zeros = x.size - int(np.count_nonzero(x))
    spread = float(np.dot(wide, wide)) if low < high else 0.0
    return [total, squares, spread, low, high, zeros, nan, infinite, beyond]


def _native(x: Any, less: Any, bounds: tuple[float, float], some: Any) -> Any:
    moments = _kernel()
    if moments is None:
        return NotImplemented
    centre = float(_add(some, None, np.float64)) / some.size
    if not math.isfinite(centre):
        good = some[np.isfinite(some)]
        centre = float(np.median(good)) if good.size else 0.0
    rows = moments(x, less, bounds, centre)
    total, squares, _, _, zeros, nan, infinite, beyond = rows.sum(0).tolist()
    n = x.size - nan - infinite
    low, high = float(rows[:, 2].min()), float(rows[:, 3].max())
    spread = max(0.0, squares - total * total / n) if n and low < high else 0.0
    whole = squares + centre * (2 * total + n * centre)  # about zero in place of the centre
    return [total + n * centre, max(0.0, whole), spread, low, high, zeros, nan, infinite, beyond]


@lru_cache(maxsize=1)
def _kernel() -> Any:
    """What passes over an array once, if there is any."""
    if threshold() > LARGE * 16 or not usable():
        return None
    from adjoint.kernels.moments import moments

    return moments


def _sample(x: Any, less: Any) -> Any:
    """At most :data:`SAMPLE` elements, evenly spread: the step shares no factor with the size, so that it meets every column."""
    if x.size > SAMPLE:
        step = -(-x.size // SAMPLE)
        while math.gcd(step, x.size) > 1:
            step += 1
        x = x[::step]
        less = None if less is None else less[::step]
    return x.copy() if less is None else x - less
