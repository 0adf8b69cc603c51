"""Memory: where an array's elements lie in the memory that it looks at, and arrays anywhere in it."""

from __future__ import annotations

from typing import Any

import numpy as np

from adjoint.layouts import nesting, put_in
from adjoint.readings.batched import BatchedArray, MissingRule
from adjoint.readings.meta import MetaArray, form_of


def root(array: Any) -> Any:
    """The array that owns the memory (or is the first to look at memory that is not NumPy's)."""
    if array.__class__ is MetaArray:
        return MetaArray(root(array.form))
    found = array
    base = array.base
    while base is not None:
        if isinstance(base, np.ndarray):
            found = base
        base = getattr(base, "base", None)
    return found


def flat_bytes(owner: Any) -> Any:
    """The bytes of an array that owns its memory, in the order in which they lie there; they are shared."""
    if owner.dtype == np.uint8 and owner.ndim == 1:
        return owner
    if not owner.flags.c_contiguous:
        owner = owner.transpose(sorted(range(owner.ndim), key=lambda d: -owner.strides[d]))
    return owner.reshape(-1).view(np.uint8)


def _start(array: Any) -> int:
    return array.__array_interface__["data"][0]


def _low(array: Any) -> int:
    """The lowest address that the array reaches."""
    return _start(array) + sum(min(0, s * (n - 1)) for n, s in zip(array.shape, array.strides))


def _size_of_storage(owner: Any) -> int:
    """How many bytes the owner of the memory reaches."""
    if owner.flags.forc:
        return owner.nbytes
    if owner.size == 0:
        return 0
    return owner.itemsize + sum(abs(s) * (n - 1) for n, s in zip(owner.shape, owner.strides))


def geometry(array: Any) -> tuple[tuple[int, ...], int, int]:
    """The strides and the offset in the memory, in elements, and the bytes of the memory: PyTorch's storage."""
    array = form_of(array)
    itemsize = array.itemsize
    owner = root(array)
    offset = 0 if owner is array else (_start(array) - _low(owner)) // itemsize
    return tuple(s // itemsize for s in array.strides), offset, _size_of_storage(owner)


def check_in_storage(shape: tuple[int, ...], stride: tuple[int, ...], offset: int, itemsize: int, storage: int) -> None:
    """Raise PyTorch's error where a strided array would reach outside of a memory of so many bytes."""
    if 0 in shape:
        return
    needed = (offset + 1 + sum((n - 1) * s for n, s in zip(shape, stride))) * itemsize
    if needed > storage:
        raise RuntimeError(
            f"setStorage: sizes {list(shape)}, strides {list(stride)}, storage offset {offset}, and itemsize {itemsize} "
            f"requiring a storage size of {needed} are out of bounds for storage of size {storage}"
        )


def extent(index: Any) -> tuple[int, int]:
    """The least and the greatest number in an array of indices, of all samples where it is a batch; (0, -1) of none."""
    while not isinstance(index, np.ndarray):
        index = index.array
    return (int(index.min()), int(index.max())) if index.size else (0, -1)


def strided(array: Any, shape: tuple[int, ...], strides: tuple[int, ...], shift: int = 0) -> Any:
    """A view of the array's memory, ``shift`` bytes after the array's start; writable where the array is."""
    if array.__class__ is BatchedArray:  # every sample in the same way
        samples = array.array
        way = strided(samples, (samples.shape[0], *shape), (samples.strides[0], *strides), shift)
        return BatchedArray(way, array.level)
    if array.__class__ is MetaArray:
        return MetaArray(strided(array.form, shape, strides, shift))
    if not isinstance(array, np.ndarray):
        raise MissingRule("strided memory")
    if shift >= 0 and array.flags.c_contiguous and 0 not in shape and _fits(shape, strides, shift, array):
        return np.ndarray(shape, array.dtype, array, shift, strides)
    placed = _Placed(array, shape, strides, shift if 0 not in shape else 0)
    found = np.asarray(placed)
    return found if found.dtype == array.dtype else found.view(array.dtype)


def with_strides(array: Any) -> Any:
    """A copy of the memory that the array looks at, seen with the same strides from the same place; where an array has several
    elements in one place, or is another reading's, a copy of the array alone."""
    if array.__class__ is not np.ndarray or (array.flags.c_contiguous and array.base is None):
        return array.copy()
    if not array.size or any(s <= 0 < n - 1 for n, s in zip(array.shape, array.strides)):
        return put_in(array.copy(), nesting(array.shape, [array]))
    _, offset, _ = geometry(array)
    last = sum(s * (n - 1) for n, s in zip(array.shape, array.strides)) // array.itemsize
    whole = strided(array, (offset + last + 1,), (array.itemsize,), -offset * array.itemsize).copy()
    return strided(whole, array.shape, array.strides, offset * array.itemsize)


def _fits(shape: tuple[int, ...], strides: tuple[int, ...], shift: int, array: Any) -> bool:
    last = shift + array.itemsize
    for n, s in zip(shape, strides):
        if s < 0:
            return False
        last += s * (n - 1)
    return last <= array.nbytes


class _Placed:
    """An array's memory seen from another place with other strides, by NumPy's array interface."""

    __slots__ = ("__array_interface__", "base")

    def __init__(self, array: Any, shape: tuple[int, ...], strides: tuple[int, ...], shift: int) -> None:
        interface = dict(array.__array_interface__)
        address, read_only = interface["data"]
        interface.update(shape=shape, strides=strides, data=(address + shift, read_only))
        self.__array_interface__ = interface
        self.base = array
