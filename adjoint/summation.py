"""Summation: the one way in which arrays of NumPy's are added up.

NumPy adds in pairs along the axis that lies closest in memory, and along any other one row after the other, each sum rounded
to the array's own dtype: 10,000 rows of 0.1 come to 999.9 in single precision, and to nothing like 1,000 in half.  Here every
axis is added up in pairs, so that the error grows with the logarithm of how many there are; float16 and bfloat16 are added in
float32.  Kernels have sections to the same end (:mod:`adjoint.kernels.fusing`).
"""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

_reduce: Any = np.add.reduce
_multiply: Any = np.multiply.reduce
_ndarray = np.ndarray

ROWS = 32
"""So many may be added one after the other."""

_WIDE = {np.dtype(np.float32): np.dtype(np.float64), np.dtype(np.complex64): np.dtype(np.complex128)}
_MANY = 512  # rows from which on halves are added rather than sections
_FEW = 1 << 14  # numbers that are quickly added up in a wider dtype
_QUICK = 1 << 13  # numbers of single precision that are added up in double in less time than in pairs
_SINGLE = np.dtype(np.float32)


def total(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """``x.sum(axis, keepdims=keepdims)`` of floating-point or complex numbers; another reading's array adds as it does.

    >>> total(np.full((10_000, 2), 0.1, np.float32), 0).round(2)
    array([1000., 1000.], dtype=float32)
    """
    dtype = x.dtype
    if dtype.itemsize == 2 and dtype.kind in "fV":
        return total(x.astype(np.float32), axis, keepdims).astype(dtype)
    if x.__class__ is _ndarray:
        if axis is None:
            if not x.flags.forc and x.ndim > 1 and x.size > ROWS:  # of one dimension NumPy adds whatever steps in pairs
                return _in_pairs(x, range(x.ndim), keepdims)
        elif axis.__class__ is int:
            if x.shape[axis] > ROWS and x.strides[axis] != x.itemsize:
                return _in_pairs(x, (axis,), keepdims)
        elif len(axis) != 1:
            if x.size > ROWS and (len(axis) < x.ndim or not x.flags.forc):
                return _in_pairs(x, axis, keepdims)
        elif x.shape[axis[0]] > ROWS:
            return _in_pairs(x, axis, keepdims)
    return _reduce(x, axis, None, None, keepdims)


def product(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """``x.prod(axis, keepdims=keepdims)``; many numbers of single precision are multiplied in double.

    In pairs, equal factors would all be rounded alike, and the errors of a product's factors add up.  A few may.
    """
    wide = _WIDE.get(x.dtype) if x.size > _MANY and x.__class__ is np.ndarray else None
    found = _multiply(x, axis, wide, None, keepdims)
    return found if wide is None else found.astype(x.dtype)


def total_of_products(a: Any, b: Any, axis: int) -> Any:
    """``(a * b).sum(axis)`` of matrices; of few elements without what is between."""
    if a.__class__ is not np.ndarray or a.shape[axis] <= 8 * ROWS:
        if axis == 1 and a.__class__ is b.__class__ is np.ndarray and a.dtype.kind == "f":
            return np.vecdot(a, b)
        return np.einsum("ij,ij->j" if axis == 0 else "ij,ij->i", a, b)
    return total(a * b, axis)


def centred(x: Any, axis: int | tuple[int, ...] = 1) -> tuple[Any, Any]:
    """Numbers less their means along axes, and these, the axes kept.

    The mean is found from the first number, so that equal ones are exactly 0 away from it: a rounding of a large mean would
    be a deviation like any other where there are no larger ones.

    >>> centred(np.full((1, 66), 10000.1, np.float32))[0].any()
    np.False_
    """
    mean = wide_mean(x, axis)
    if mean is not None:
        return x - mean, mean
    first = first_along(x, (axis,) if axis.__class__ is int else axis)
    result = x - first
    mean = total(result, axis, True) / count_along(x, axis)
    result -= mean
    return result, first + mean


def less_mean(x: Any) -> Any:
    """As :func:`centred` without the means, of numbers that were computed: another reading has no first one of these."""
    return centred(x)[0] if x.__class__ is np.ndarray else x - total(x, 1, True) / x.shape[1]


def wide_mean(x: Any, axis: Any) -> Any:
    """The mean along axes, which are kept, of few numbers of single precision, and None for any others.

    In double precision the sum of equal ones is exact, and so is their mean.
    """
    if x.__class__ is not np.ndarray or x.dtype is not _SINGLE or x.size > _FEW:
        return None
    return (_reduce(x, axis, np.float64, None, True) / count_along(x, axis)).astype(_SINGLE)


def count_along(x: Any, axis: Any) -> int:
    """How many numbers there are along axes (all of them for None)."""
    if axis.__class__ is int:
        return x.shape[axis]  # type: ignore[no-any-return]
    return prod(x.shape) if axis is None else prod([x.shape[a] for a in axis])


def first_along(x: Any, axes: Any) -> Any:
    """What stands first along axes (all of them for None), which are kept."""
    over = range(x.ndim) if axes is None else [a % x.ndim for a in axes]
    return x[tuple([slice(0, 1) if a in over else slice(None) for a in range(x.ndim)])]


def _in_pairs(x: Any, axis: Any, keepdims: bool) -> Any:
    if x.dtype is _SINGLE and x.size <= _QUICK:
        return _reduce(x, tuple(axis), np.float64, None, keepdims).astype(_SINGLE)
    if x.dtype.kind in "fc" and x.size:
        over = [a % x.ndim for a in axis]
        nearest = _nearest(x, over)
        apart = [a for a in over if a not in nearest and x.shape[a] != 1]
        if prod([x.shape[a] for a in apart]) > ROWS:
            if prod([x.shape[a] for a in nearest]) >= ROWS:
                x = _reduce(x, tuple(nearest), None, None, True)
            for a in apart:
                x = _fewer(x, a)
    return _reduce(x, tuple(axis), None, None, keepdims)


def _nearest(x: Any, over: list[int]) -> list[int]:
    """Of the axes to add along, those that NumPy's innermost loop goes along, and adds in pairs of its own accord."""
    if len(over) == 1 and x.strides[over[0]] == x.itemsize:
        return over
    found: list[int] = []
    end = 0
    for step, n, a in sorted([(abs(s), n, a) for a, (s, n) in enumerate(zip(x.strides, x.shape)) if n != 1]):
        if a not in over or (found and step != end):
            break
        found.append(a)
        end = step * n
    return found


def _fewer(x: Any, axis: int) -> Any:
    """An array with few rows along an axis, and the same sum: halves are added, and sections of what is left."""
    lead = (slice(None),) * axis
    while (n := x.shape[axis]) > ROWS:
        part = n // 2 if n > _MANY else n // ROWS * ROWS
        if n > _MANY:
            found = x[(*lead, slice(part))] + x[(*lead, slice(part, 2 * part))]
            rest = x[(*lead, slice(2 * part, n))]
        else:
            sections = x[(*lead, slice(part))].reshape(*x.shape[:axis], part // ROWS, ROWS, *x.shape[axis + 1 :])
            found = _reduce(sections, axis + 1)
            rest = x[(*lead, slice(part, n))]
        if rest.shape[axis]:
            found[(*lead, slice(1))] += _reduce(rest, axis, None, None, True)
        x = found
    return x
