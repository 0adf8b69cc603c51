"""Reading and writing along a dimension by native code: what the operators that take an index for every element share."""

from __future__ import annotations

from typing import Any

import numpy as np

from adjoint.kernels.late import Often, from_on
from adjoint.ops.bulk import zeros
from adjoint.ops.widening import is_half, widen

_take_along = Often("indexing.along:take_along", 512)
_put_along = Often("indexing.along:put_along", 512)

MANY = from_on(512)
"""How many numbers there are from which on native code reads and writes sooner than NumPy: fewer than LARGE, for NumPy makes an
array of indices for every dimension."""


def take_along(x: Any, dim: int, index: Any, end: bool = False) -> Any:
    """``x`` at the index along a dimension (``numpy.take_along_axis``, where the index may be smaller, and numbers below 0 count
    from the end only with ``end``); NotImplemented where NumPy is as fast, or a number is out of bounds."""
    if not (x.__class__ is np.ndarray and _take_along.wants(index)) or x.ndim != index.ndim or not x.ndim:
        return NotImplemented
    return _take_along(x, dim, index, end)


def put_along(target: Any, dim: int, index: Any, values: Any, how: str, end: bool = False) -> bool:
    """Combine the values with what is in ``target`` at the index along a dimension; False where NumPy is to do it.

    ``how`` is "put", "add", "multiply", "greatest" or "least"; with ``end`` numbers below 0 count from the end.  Halves are combined
    in float32 and rounded once.  Where a number is out of bounds some of the target may have been written to.
    """
    if not target.__class__ is values.__class__ is np.ndarray or target.dtype != values.dtype or not target.ndim:
        return False
    if not _put_along.wants(values if values.size > index.size else index) or index.__class__ is not np.ndarray:
        return False
    if max(values.ndim, index.ndim) != target.ndim or not index.ndim:
        return False
    if how != "put" and is_half(target.dtype):
        wide = widen(target)
        if _put_along(wide, dim, index, widen(values), how, end) is NotImplemented:
            return False
        target[...] = wide
        return True
    return _put_along(target, dim, index, values, how, end) is not NotImplemented


def sum_along(g: Any, shape: tuple[int, ...], dim: int, index: Any, end: bool = False) -> Any:
    """Zeros of ``shape`` with the elements of ``g`` added at the index; NotImplemented where NumPy is to do it."""
    if not g.__class__ is index.__class__ is np.ndarray or not (g.dtype.kind in "fi" or is_half(g.dtype)) or not shape:
        return NotImplemented
    if not _put_along.wants(g if g.size > index.size else index):
        return NotImplemented
    wide = np.dtype(np.float32) if is_half(g.dtype) else g.dtype
    found = zeros(shape, wide)
    if not put_along(found, dim, index, widen(g), "add", end):
        return NotImplemented
    return found if wide is g.dtype else found.astype(g.dtype)
