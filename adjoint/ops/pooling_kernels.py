"""Pooling on arrays: a window is a handful of taps, and each tap is one strided slice of the whole (padded) input.

So the loops run over the few positions in the kernel, and NumPy runs over everything else.  Every gradient is a linear
array function that has its transpose beside it: :func:`tap_scatter` and :func:`tap_gather` for max pooling,
:func:`tap_spread` and :func:`tap_sum` for average pooling, :func:`flat_scatter` and :func:`flat_gather` for indices.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from math import prod
from typing import Any

import numpy as np

from adjoint.kernels.late import by_kernel, from_on
from adjoint.ops.arrays import Array, array_function

Ints = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Windows:
    """Where the windows are: everything but the data."""

    space: Ints
    kernel: Ints
    stride: Ints
    padding: Ints
    dilation: Ints
    out: Ints

    @property
    def padded(self) -> Ints:
        """The size of the input with its padding, on the far side as much as the last window needs."""
        return tuple(
            max(n + 2 * p, (o - 1) * s + d * (k - 1) + 1)
            for n, k, s, p, d, o in zip(self.space, self.kernel, self.stride, self.padding, self.dilation, self.out)
        )

    @property
    def is_padded(self) -> bool:
        """Whether any window reaches over the input's edge."""
        return self.padded != self.space

    @property
    def inside(self) -> tuple[slice, ...]:
        """The input's part of the padded input."""
        return tuple(slice(p, p + n) for p, n in zip(self.padding, self.space))

    @property
    def overlap(self) -> bool:
        """Whether an element may be in several windows."""
        return any(s < d * (k - 1) + 1 for s, k, d in zip(self.stride, self.kernel, self.dilation))

    def taps(self) -> list[tuple[slice, ...]]:
        """Per position in the kernel, the slice of the padded input that holds it for every window."""
        return [
            tuple(
                slice(i * d, i * d + s * (o - 1) + 1, s)
                for i, s, d, o in zip(tap, self.stride, self.dilation, self.out)
            )
            for tap in product(*map(range, self.kernel))
        ]


def pooled_size(space: Ints, kernel: Ints, stride: Ints, padding: Ints, dilation: Ints, ceil_mode: bool) -> Ints:
    """How many windows there are along each dimension; with ``ceil_mode`` the last may reach over the edge."""
    found = []
    for n, k, s, p, d in zip(space, kernel, stride, padding, dilation):
        room = n + 2 * p - d * (k - 1) - 1
        o = room // s + 1
        if ceil_mode:
            o = -(-room // s) + 1
            if (o - 1) * s >= n + p:  # would begin beyond the input
                o -= 1
        found.append(o)
    return tuple(found)


def _around(x: Array, windows: Windows, fill: float | int) -> Array:
    if not windows.is_padded:
        return x
    padded = np.full((*x.shape[: -len(windows.space)], *windows.padded), fill, x.dtype)
    padded[(..., *windows.inside)] = x
    return padded


def _within(padded: Array, windows: Windows) -> Array:
    return np.ascontiguousarray(padded[(..., *windows.inside)]) if windows.is_padded else padded


_MANY = from_on(1024)
"""Elements, counted once for every window that they are in, from which on native code takes less time than NumPy, which goes over
the array once for every tap."""


def _are_many(x: Array, *args: Any) -> bool:
    """Whether there is much to do; the windows are the last argument."""
    return x.size * prod(args[-1].kernel) >= _MANY


def lowest(dtype: np.dtype) -> float | int:
    """What no number of a dtype is smaller than."""
    return -np.inf if dtype.kind in "fV" else np.iinfo(dtype).min


@array_function
@by_kernel("pooling:max_taps", _are_many)
def max_taps(x: Array, windows: Windows) -> tuple[Array, Array]:
    """The largest element of each window, and at which tap of those inside the input it is: the first, but the last NaN."""
    padded = _around(x, windows, lowest(x.dtype))
    slices = windows.taps()
    kind = np.uint8 if len(slices) <= 256 else np.uint16 if len(slices) <= 65536 else np.int64
    best = padded[(..., *slices[0])].copy()
    taps = np.zeros(best.shape, kind)
    for i, at in enumerate(slices[1:], 1):
        v = padded[(..., *at)]
        better = v > best
        # Taps come in ascending order, so the latest improvement is the maximum of those so far.
        np.maximum(taps, np.multiply(better, i, dtype=kind), out=taps)
        np.maximum(best, v, out=best)
    if windows.is_padded and (best == lowest(x.dtype)).any():
        taps = _taps_inside(best == lowest(x.dtype), windows, taps)
    if x.dtype.kind in "fV" and np.isnan(np.add.reduce(best, None)):
        taps = _taps_with_nan(padded, slices, taps)
    return best, taps


def _taps_inside(doubtful: Array, windows: Windows, taps: Array) -> Array:
    """What is no larger than the padding is found in the input where any of the window is there."""
    inside = _around(np.ones(windows.space, bool), windows, False)
    for i, at in reversed(list(enumerate(windows.taps()))):
        np.copyto(taps, i, where=doubtful & inside[at], casting="unsafe")
    return taps


def _taps_with_nan(padded: Array, slices: list[tuple[slice, ...]], taps: Array) -> Array:
    """A NaN is the largest of its window; the last one counts."""
    for i, at in enumerate(slices):
        np.copyto(taps, i, where=np.isnan(padded[(..., *at)]), casting="unsafe")
    return taps


@array_function
@by_kernel("pooling:flat_indices", _are_many)
def flat_indices(taps: Array, windows: Windows) -> Array:
    """Taps as positions in the flattened space of the input."""
    steps = [prod(windows.space[i + 1 :]) for i in range(len(windows.space))]
    offsets = np.array(
        [
            sum(t * d * step for t, d, step in zip(tap, windows.dilation, steps))
            for tap in product(*map(range, windows.kernel))
        ],
        np.int64,
    )
    found = offsets[taps]
    for i, (o, s, p, step) in enumerate(zip(windows.out, windows.stride, windows.padding, steps)):
        shape = [1] * len(windows.out)
        shape[i] = o
        found += ((np.arange(o) * s - p) * step).reshape(shape)
    return found


@array_function
@by_kernel("pooling:tap_scatter", _are_many)
def tap_scatter(g: Array, taps: Array, windows: Windows) -> Array:
    """Each window's element of ``g`` at its tap of the input, zero elsewhere."""
    result = np.zeros((*g.shape[: -len(windows.space)], *windows.padded), g.dtype)
    overlap, zero = windows.overlap, g.dtype.type(0)
    for i, at in enumerate(windows.taps()):
        share = np.where(taps == i, g, zero)
        if overlap:
            result[(..., *at)] += share
        else:
            result[(..., *at)] = share
    return _within(result, windows)


@array_function
def tap_gather(x: Array, taps: Array, windows: Windows) -> Array:
    """The element of each window of ``x`` at its tap."""
    padded = _around(x, windows, 0)
    result = np.zeros(taps.shape, x.dtype)
    for i, at in enumerate(windows.taps()):
        np.copyto(result, padded[(..., *at)], where=taps == i)
    return result


@array_function
@by_kernel("pooling:tap_sum", _are_many)
def tap_sum(x: Array, windows: Windows) -> Array:
    """The sum of each window."""
    padded = _around(x, windows, 0)
    slices = windows.taps()
    result = padded[(..., *slices[0])].copy()
    for at in slices[1:]:
        result += padded[(..., *at)]
    return result


@array_function
@by_kernel("pooling:tap_spread", _are_many)
def tap_spread(g: Array, windows: Windows) -> Array:
    """Each window's element of ``g`` at all taps of the input, summed."""
    result = np.zeros((*g.shape[: -len(windows.space)], *windows.padded), g.dtype)
    for at in windows.taps():
        result[(..., *at)] += g
    return _within(result, windows)


@lru_cache(maxsize=64)
def window_counts(windows: Windows, count_include_pad: bool) -> Array | int:
    """How many elements each window averages: one number if it is the same for all."""
    sides = []
    for n, k, s, p, o in zip(windows.space, windows.kernel, windows.stride, windows.padding, windows.out):
        start = np.arange(o) * s - p
        if count_include_pad:
            sides.append(np.minimum(start + k, n + p) - start)
        else:
            sides.append(np.minimum(start + k, n) - np.maximum(start, 0))
    counts = sides[0]
    for side in sides[1:]:
        counts = counts[..., None] * side
    if (counts == counts.flat[0]).all():
        return int(counts.flat[0])
    counts.flags.writeable = False  # everyone who asks gets this one
    return counts


@array_function
@by_kernel("pooling:flat_scatter", lambda g, *_: g.size >= _MANY)
def flat_scatter(g: Array, indices: Array, space: Ints) -> Array:
    """``g``'s elements added up at their positions in the flattened space."""
    batch = g.shape[: -len(space)]
    rows = prod(batch)
    result = np.zeros(rows * prod(space), g.dtype)
    at = indices.reshape(rows, prod(indices.shape[len(batch) :])) + (np.arange(rows) * prod(space))[:, None]
    np.add.at(result, at.ravel(), g.ravel())
    return result.reshape(*batch, *space)


@array_function
def flat_gather(x: Array, indices: Array, space: Ints) -> Array:
    """The elements of ``x``, whose last dimensions are ``space``, at positions in its flattened space."""
    batch = x.shape[: -len(space)]
    found = np.take_along_axis(x.reshape(*batch, prod(space)), indices.reshape(*batch, prod(indices.shape[len(batch) :])), -1)
    return found.reshape(indices.shape)
