"""Alike: many small arrays of one shape and dtype, looked through and put side by side by one call.

Asking each array for its shape, its dtype and how it lies costs more than copying it.  Native code reads that from the
objects of CPython's list and of its arrays; where they keep it is checked once, on objects of ours.
"""

from __future__ import annotations

import ctypes
from functools import lru_cache
from typing import Any

import numpy as np

from adjoint.kernels.machine_code import entry
from adjoint.kernels.moving import copy_short
from adjoint.kernels.native import *
from adjoint.kernels.native.bounds import CHECKED
from adjoint.kernels.objects import data_word

_KIND, _ITEMS = 1, 3  # words of a list object: its type (as in any object), and where its elements are
_NDIM, _SIZES, _DTYPE, _FLAGS = 1, 2, 5, 6  # words of an array object, after that of its data
_CONTIGUOUS = 1  # in the flags
FAR = 8192  # bytes of a row from which on the C library's copy is faster, which begins slowly


def alike(arrays: list[Any]) -> Any:
    """Whether all are C-contiguous ndarrays of the first one's shape and dtype; NotImplemented where native code cannot tell.

    >>> alike([np.zeros(2), np.ones(2)]), alike([np.zeros(2), np.ones(3)])
    (True, False)
    """
    functions = _functions()
    if functions is None:
        return NotImplemented
    return bool(functions[0](id(arrays), len(arrays), id(np.ndarray)))


def put_side_by_side(target: Any, arrays: list[Any], rows: int, size: int) -> bool:
    """Write ``arrays``, each ``rows`` rows of ``size`` bytes, into contiguous memory: all first rows, then all second ones.

    False, and nothing is written, where they are not all alike.
    """
    functions = _functions()
    if functions is None:
        return False
    return bool(functions[1](id(arrays), len(arrays), id(np.ndarray), id(target), rows, size))


@lru_cache(maxsize=None)
def _functions() -> Any:
    """The two native functions; None in a debug build, which knows no bounds of an interpreter's objects, and elsewhere than
    in the CPython and the NumPy whose objects these are."""
    return None if CHECKED or not _as_expected() else (entry(check, ctypes.c_int64), entry(put, ctypes.c_int64))


def _as_expected() -> bool:
    probe = np.zeros((3, 5), np.float32)
    for array, contiguous in ((probe, 1), (probe.T, 0)):
        words = (ctypes.c_int64 * 12).from_address(id(array))
        at = data_word()
        if (
            words[_KIND] != id(np.ndarray)
            or words[at + _NDIM] & 0xFFFFFFFF != 2
            or tuple((ctypes.c_int64 * 2).from_address(words[at + _SIZES])) != array.shape
            or words[at + _DTYPE] != id(array.dtype)
            or words[at + _FLAGS] & 0xFFFFFFFF != array.flags.num
            or words[at + _FLAGS] & _CONTIGUOUS != contiguous
        ):
            return False
    listed = [probe, probe.dtype]
    items = (ctypes.c_int64 * 4).from_address(id(listed))[_ITEMS]
    return list((ctypes.c_int64 * 2).from_address(items)) == [id(one) for one in listed]


@native
def check(arrays: i64, count: i64, kind: i64) -> i64:
    """Whether all elements of a list are contiguous arrays of the type ``kind``, of the first one's shape and dtype."""
    return are_alike(arrays, count, kind)


@native
def put(arrays: i64, count: i64, kind: i64, target: i64, rows: i64, size: i64) -> i64:
    """As ``put_side_by_side``."""
    good = are_alike(arrays, count, kind)
    if good != 0:
        items = cast(elements_of(arrays, _ITEMS), ptr(i64))
        to = elements_of(target, data_word())
        for i in range(count):
            of = elements_of(items[i], data_word())
            for r in range(rows):
                a = to + (r * count + i) * size
                b = of + r * size
                if size >= FAR:
                    copy_bytes(a, b, size)
                else:
                    copy_short(a, b, size)
    return good


@inline
def are_alike(arrays, count, kind):
    items = cast(elements_of(arrays, _ITEMS), ptr(i64))
    first = items[0]
    good = i64(1)
    for i in range(count):
        if good != 0:
            good = is_like(items[i], first, kind)
    return good


@inline
def is_like(one, first, kind):
    good = i64(0)
    if word(one, _KIND) == kind:
        ndim = word(first, data_word() + _NDIM) & 0xFFFFFFFF
        if (word(one, data_word() + _NDIM) & 0xFFFFFFFF) == ndim:
            if word(one, data_word() + _DTYPE) == word(first, data_word() + _DTYPE):
                good = word(one, data_word() + _FLAGS) & _CONTIGUOUS
                sizes = cast(elements_of(one, data_word() + _SIZES), ptr(i64))
                wanted = cast(elements_of(first, data_word() + _SIZES), ptr(i64))
                for d in range(ndim):
                    if sizes[d] != wanted[d]:
                        good = i64(0)
    return good


@inline
def word(one, at):
    return cast(elements_of(one, at), i64)
