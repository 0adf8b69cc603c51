"""Layouts and memory formats: the constants ``torch.strided``, ``torch.channels_last`` and so on."""

from __future__ import annotations

import math
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
    """How a tensor's elements are stored; Adjoint's tensors are all ``torch.strided``."""

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
        return np.empty_like(array, dtype)
    if format_ is not None and format_ is not preserve_format:
        return empty_as(array.shape, dtype, format_)
    if array.flags.c_contiguous or 0 in array.strides:
        return np.empty(array.shape, dtype)
    return np.empty_like(array, dtype)  # order "K": the strides' own order


def check_layout(given: Any) -> None:
    """Raise unless ``given`` is None or ``torch.strided``."""
    if given is not None and given is not strided:
        raise NotImplementedError(f"Adjoint has no sparse tensors: layout={given!r} is not supported")


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
