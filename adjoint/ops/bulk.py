"""Bulk: arrays made, filled, copied, joined and overwritten, by native code where they are large."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from adjoint.kernels import memory
from adjoint.kernels.late import LARGE, Late, by_kernel
from adjoint.ops.arrays import Array, Arrays

_zeros = Late("copying:zeros")
_full = Late("copying:full")
_fill = Late("copying:fill")
_copy_into = Late("copying:copy_into")
_concatenate = Late("copying:concatenate")
_stack = Late("copying:stack")


def empty(shape: tuple[int, ...], dtype: Any) -> Array:
    """``numpy.empty``."""
    return memory.empty(shape, dtype) if prod(shape) >= LARGE else np.empty(shape, dtype)


def zeros(shape: tuple[int, ...], dtype: Any) -> Array:
    """``numpy.zeros``."""
    found = _zeros(shape, dtype) if prod(shape) >= LARGE else NotImplemented
    return np.zeros(shape, dtype) if found is NotImplemented else found


def full(shape: tuple[int, ...], dtype: Any, element: Any) -> Array:
    """``numpy.full``."""
    found = _full(shape, dtype, element) if prod(shape) >= LARGE else NotImplemented
    if found is NotImplemented:
        found = np.empty(shape, dtype)
        found.fill(element)
    return found


def fill(array: Array, element: Any) -> None:
    """``array.fill(element)``."""
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
        np.copyto(target, source, casting="unsafe")


def concatenate(parts: Arrays, axis: int) -> Array:
    """``numpy.concatenate``."""
    found = _concatenate(parts, axis) if _are_large(parts) else NotImplemented
    return np.concatenate(parts, axis) if found is NotImplemented else found


def stack(parts: Arrays, axis: int) -> Array:
    """``numpy.stack``."""
    found = _stack(parts, axis) if _are_large(parts) else NotImplemented
    return np.stack(parts, axis) if found is NotImplemented else found


def _are_large(parts: Arrays) -> bool:
    return sum([p.size for p in parts]) >= LARGE and all([p.__class__ is np.ndarray for p in parts])
