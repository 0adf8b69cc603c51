"""Layouts and memory formats: the constants ``torch.strided``, ``torch.channels_last`` and so on."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np


class _Constant:
    __slots__ = ("_name",)

    def __init__(self, name: str) -> None:
        self._name = name

    def __repr__(self) -> str:
        return f"torch.{self._name}"

    def __reduce__(self) -> str | tuple[Any, ...]:
        return self._name if type(self).__module__ == "torch" else (_named, (self._name,))  # PyTorch's, where it is that


class layout(_Constant):
    """How a tensor's elements are stored: ``torch.strided``, all of them, or ``torch.sparse_coo``, those that are not zero."""

    __slots__ = ()


class memory_format(_Constant):
    """The order in memory of the dimensions of a new tensor."""

    __slots__ = ()


strided = layout("strided")
sparse_coo = layout("sparse_coo")
sparse_csr = layout("sparse_csr")
sparse_csc = layout("sparse_csc")
sparse_bsr = layout("sparse_bsr")
sparse_bsc = layout("sparse_bsc")
jagged = layout("jagged")

contiguous_format = memory_format("contiguous_format")
preserve_format = memory_format("preserve_format")
channels_last = memory_format("channels_last")
channels_last_3d = memory_format("channels_last_3d")

CHANNELS_LAST_NDIM = {channels_last: 4, channels_last_3d: 5}


def _named(name: str) -> Any:
    return globals()[name]


def empty_as(shape: tuple[int, ...], dtype: Any, format_: memory_format | None) -> Any:
    """A new array of this shape, its dimensions in memory in the order that ``format_`` names.

    Raises RuntimeError, in PyTorch's words, for a shape that the format does not fit.
    """
    if format_ is None or format_ is contiguous_format:
        return np.empty(shape, dtype)
    if format_ is preserve_format:
        raise RuntimeError("unsupported memory format Preserve")
    ndim = CHANNELS_LAST_NDIM[format_]
    if len(shape) != ndim:
        raise RuntimeError(f"required rank {ndim} tensor to use {format_._name} format")
    return np.moveaxis(np.empty((shape[0], *shape[2:], shape[1]), dtype), -1, 1)


def empty_like(array: Any, dtype: Any, format_: memory_format | None) -> Any:
    """A new array of another one's shape; its memory in the same order of dimensions unless ``format_`` names one."""
    if array.__class__ is not np.ndarray:  # another reading's
        return np.empty_like(array, dtype, order="C" if format_ is contiguous_format else "K")
    if format_ is not None and format_ is not preserve_format:
        return empty_as(array.shape, dtype, format_)
    in_order = array.flags.c_contiguous
    if array.ndim > 3 and 1 in array.shape and array.size:  # images, whose format that may decide
        order = range(array.ndim) if in_order else nesting(array.shape, [array])
        if in_order or array.transpose(order).flags.c_contiguous:  # then the strides of dimensions of size 1 are kept as well
            return _stepping(np.empty(array.size, dtype), array.shape, strides_of(array))
        return nested(array.shape, dtype, order)
    if in_order:
        return np.empty(array.shape, dtype)
    return nested(array.shape, dtype, nesting(array.shape, [array]))


def _stepping(run: Any, shape: tuple[int, ...], strides: Sequence[int]) -> Any:
    """A run of memory as an array with these strides, in elements, which say how dimensions larger than 1 fill it."""
    return np.ndarray(shape, run.dtype, run, 0, tuple([step * run.itemsize for step in strides]))


def check_layout(given: Any) -> None:
    """Raise unless ``given`` is None or ``torch.strided``."""
    if given is not None and given is not strided:
        raise NotImplementedError(f"no tensor is made here with layout={given!r}")


def strides_of(array: Any) -> tuple[int, ...]:
    """The strides in elements.  A new dimension of size 1 has none in NumPy; PyTorch gives it that of a row of the next."""
    itemsize = array.itemsize
    found = [s // itemsize for s in array.strides]
    if array.size == 0 and not any(found):
        return tuple([math.prod([max(n, 1) for n in array.shape[d + 1 :]]) for d in range(array.ndim)])
    if 0 in found and 1 in array.shape:
        below = 1
        for d in reversed(range(len(found))):
            if found[d] == 0 and array.shape[d] == 1:
                found[d] = below
            below = found[d] * max(array.shape[d], 1)
    return tuple(found)


def nesting(shape: Sequence[int], operands: Sequence[Any]) -> list[int]:
    """The dimensions of a new array of this shape, outermost first, as PyTorch's element-wise operators nest them."""
    return nesting_of([_broadcast_strides(a, shape) for a in operands], shape)


def nesting_of(strides: Sequence[Sequence[int]], shape: Sequence[int]) -> list[int]:
    """The dimensions as they are nested, outermost first: the first operand that steps along two of them says which is the inner
    one, and where none does (its ``strides`` are 0 where it is broadcast), they stay as they are.

    How PyTorch sorts is part of it, for the comparisons of several operands need not fit together.
    """
    order = list(reversed(range(len(shape))))  # innermost first
    for place in range(1, len(order)):
        for p in reversed(range(place)):
            outside = _lies_outside(order[p], order[place], strides, shape)
            if outside:
                order[p], order[place] = order[place], order[p]
                place = p
            elif outside is False:
                break
    return order[::-1]


def _broadcast_strides(array: Any, shape: Sequence[int]) -> list[int]:
    lead = len(shape) - array.ndim
    own = zip(strides_of(array), array.shape, shape[lead:])
    return [0] * lead + [0 if n == 1 != wide else step for step, n, wide in own]


def _lies_outside(d: int, other: int, strides: Sequence[Sequence[int]], shape: Sequence[int]) -> bool | None:
    """Whether a dimension belongs outside of another one; None where no operand says."""
    for s in strides:
        if s[d] and s[other]:
            if s[d] != s[other]:
                return s[d] > s[other]
            if shape[d] > shape[other]:
                return True
    return None


def nested(shape: tuple[int, ...], dtype: Any, order: Sequence[int]) -> Any:
    """A new array whose dimensions lie in memory in this order, outermost first."""
    back = sorted(range(len(order)), key=order.__getitem__)
    return np.empty([shape[d] for d in order], dtype).transpose(back)


def put_in(array: Any, order: Sequence[int]) -> Any:
    """The array, copied if it is not one run of memory whose dimensions are nested in this order; another reading's as it is."""
    if array.__class__ is not np.ndarray:
        return array
    across = array.transpose(order)
    if not across.flags.c_contiguous:
        copy = nested(array.shape, array.dtype, order)
        copy[...] = array
        return copy
    if array.ndim > 3 and 1 in array.shape:  # images of one channel or one point: their strides say which order they are of
        strides, step = [0] * array.ndim, 1
        for d in reversed(order):
            strides[d] = step
            step *= array.shape[d]
        if array.size and strides != [s // array.itemsize for s in array.strides]:
            return _stepping(across.reshape(-1), array.shape, strides)
    return array


def images_order(*arrays: Any) -> list[int]:
    """How the dimensions of what is computed of images are nested: channels innermost if they are so in all of these arrays."""
    order = list(range(arrays[0].ndim))
    if len(order) > 3 and all([has_channels_last(a) for a in arrays]):
        order.append(order.pop(1))
    return order


def suggested_format(array: Any) -> memory_format:
    """Which format PyTorch takes an array's to be: contiguous, unless it is that of images with their channels innermost."""
    if array.ndim not in (4, 5) or not has_channels_last(array):
        return contiguous_format
    return channels_last if array.ndim == 4 else channels_last_3d


def has_channels_last(array: Any) -> bool:
    """Whether PyTorch takes a batch of images, or of what has one or three dimensions in place of two, for one whose channels are
    innermost in memory.  Dimensions of size 1 have strides, too, which decide where nothing else does."""
    sizes, strides = list(array.shape), list(strides_of(array))
    if array.ndim == 3:  # as PyTorch makes an image of a line
        sizes.insert(2, 1)
        strides.insert(2, strides[2] * sizes[3])
    if len(sizes) not in (4, 5) or not strides[1]:
        return False
    least = 0
    for d in (1, *reversed(range(2, len(sizes))), 0):
        if not sizes[d] or strides[d] < least or (d == 0 and least == strides[1]):
            return False
        least = strides[d] * max(sizes[d], 1)
    return True
