"""Bulk: arrays made, filled, copied, joined and overwritten, by native code where they are large."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from adjoint.kernels import memory
from adjoint.kernels.late import LARGE, Late, by_kernel
from adjoint.ops.arrays import Array, Arrays
from adjoint.readings import meta
from adjoint.readings.meta import makes_nothing, shapes_alone
from adjoint.stored import element as stored_element
from adjoint.stored import store

_zeros = Late("copying:zeros")
_full = Late("copying:full")
_fill = Late("copying:fill")
_copy_into = Late("copying:copy_into")
_concatenate = Late("copying:concatenate")
_stack = Late("copying:stack")
_alike = Late("alike:alike")
_put_side_by_side = Late("alike:put_side_by_side")

FEW = 8
"""How many arrays are worth being looked at together."""

NARROW = 64
"""Bytes of a row below which moving one at a time is slow."""


def empty(shape: tuple[int, ...], dtype: Any) -> Array:
    """``numpy.empty``."""
    if shapes_alone and makes_nothing():
        return meta.new(shape, dtype)
    return memory.empty(shape, dtype) if prod(shape) >= LARGE else np.empty(shape, dtype)


def zeros(shape: tuple[int, ...], dtype: Any) -> Array:
    """``numpy.zeros``."""
    if shapes_alone and makes_nothing():
        return meta.new(shape, dtype)
    found = _zeros(shape, dtype) if prod(shape) >= LARGE else NotImplemented
    return np.zeros(shape, dtype) if found is NotImplemented else found


def full(shape: tuple[int, ...], dtype: Any, element: Any) -> Array:
    """``numpy.full``."""
    if shapes_alone and makes_nothing():
        return meta.new(shape, dtype)
    if dtype.names is not None and not isinstance(element, np.void):
        element = stored_element(element, dtype)[()]
    found = _full(shape, dtype, element) if prod(shape) >= LARGE else NotImplemented
    if found is NotImplemented:
        found = np.empty(shape, dtype)
        found.fill(element)
    return found


def fill(array: Array, element: Any) -> None:
    """``array.fill(element)``."""
    if array.dtype.names is not None and not isinstance(element, np.void):
        element = stored_element(element, array.dtype)[()]
    if array.size < LARGE or array.__class__ is not np.ndarray or _fill(array, element) is NotImplemented:
        array.fill(element)


@by_kernel("copying:copy")
def copy(x: Array) -> Array:
    """``x.copy()``."""
    return x.copy()


def write(target: Array, source: Any) -> None:
    """Write an array, broadcast and converted, into another."""
    if (
        target.size < LARGE
        or target.shape != source.shape
        or not target.__class__ is source.__class__ is np.ndarray
        or _copy_into(target, source) is NotImplemented
    ):
        if target.dtype.names is None is source.dtype.names or not isinstance(target, np.ndarray):
            np.copyto(target, source, casting="unsafe")
        else:
            store(target, source)


def concatenate(parts: Arrays, axis: int) -> Array:
    """``numpy.concatenate``."""
    found = NotImplemented
    if len(parts) >= FEW and _are_small(parts):
        first = parts[0]
        shape = list(first.shape)
        shape[axis] *= len(parts)
        found = _side_by_side(parts, axis, shape)
    elif _are_large(parts):
        found = _concatenate(parts, axis)
    return np.concatenate(parts, axis) if found is NotImplemented else found


def stack(parts: Arrays, axis: int) -> Array:
    """``numpy.stack``."""
    found = NotImplemented
    if len(parts) >= FEW and _are_small(parts):
        shape = parts[0].shape
        found = _side_by_side(parts, axis, (*shape[:axis], len(parts), *shape[axis:]))
    elif _are_large(parts):
        found = _stack(parts, axis)
    return np.stack(parts, axis) if found is NotImplemented else found


def are_alike(parts: Arrays) -> bool:
    """Whether all parts are known to be NumPy's arrays, contiguous, of one shape and dtype; False may mean that nobody looked."""
    return len(parts) >= FEW and _are_small(parts) and _alike(parts) is True


def stack_into(out: Array, parts: Arrays) -> bool:
    """Write arrays that are alike one behind the other into contiguous memory; False, and nothing is written, for others."""
    return _put_side_by_side(out, parts, 1, parts[0].nbytes) is True


def _are_small(parts: Arrays) -> bool:
    """Whether these arrays, which are not few, are of so few elements that a call for each costs more than copying it."""
    first, count = parts[0], len(parts)
    if parts.__class__ is not list or first.__class__ is not np.ndarray or first.size >= LARGE:
        return False
    return _alike.function is not None or first.size * count >= LARGE


def _side_by_side(parts: Arrays, axis: int, shape: Any) -> Any:
    """Arrays that are alike in contiguous memory of ``shape``, which has them along an axis; NotImplemented for others."""
    first = parts[0]
    rows = prod(first.shape[:axis])
    size = first.nbytes // rows if rows else 0
    if (size < NARROW and rows > 1) or first.dtype.hasobject:
        return NotImplemented
    out = empty(shape, first.dtype)
    return out if _put_side_by_side(out, parts, rows, size) is True else NotImplemented


def _are_large(parts: Arrays) -> bool:
    return sum([p.size for p in parts]) >= LARGE and all([p.__class__ is np.ndarray for p in parts])
