"""Ordering: rows sorted, and the elements at certain ranks of them, with their places.

Equal elements are in the order of their places, both zeros are equal, and NaNs, which are equal to each other, are the largest.
Each function answers NotImplemented for what it has no kernel.
"""

from __future__ import annotations

import struct
from functools import lru_cache
from typing import Any

import numpy as np

from adjoint.kernels import copying, pool
from adjoint.kernels.handed import handle
from adjoint.kernels.machine_code import address
from adjoint.kernels.memory import empty
from adjoint.kernels.ordering import radix, selecting
from adjoint.kernels.ordering.layout import PADDING, WORDS
from adjoint.kernels.threads import num_threads

Array = Any

_TASKS = 32  # so many at most
_PART = 2048  # elements that are worth a task
_LONGEST = 1 << 31  # of a row
_pack = struct.Struct(f"{WORDS}q").pack


def sort(x: Array, axis: int, descending: bool) -> Any:
    """The elements along an axis in order, and the places (int64) at which they were.

    >>> sort(np.array([[2.0, 3.0, 1.0]]), 1, True)
    (array([[3., 2., 1.]]), array([[1, 0, 2]]))
    """
    kind = _kind(x.dtype)
    if kind is None or not x.ndim or not x.size or x.shape[axis] >= _LONGEST:
        return NotImplemented
    rows = _rows(x, axis)
    values, indices = empty(rows.shape, x.dtype), empty(rows.shape, np.int64)
    _launch(radix.sort_rows, rows, values, indices, kind, descending)
    return values.swapaxes(axis, -1), indices.swapaxes(axis, -1)


def top(x: Array, k: int, axis: int, largest: bool, in_order: bool) -> Any:
    """The ``k`` largest or smallest elements along an axis and their places, as PyTorch chooses among equal ones.

    >>> top(np.array([2.0, 3.0, 1.0]), 2, 0, True, True)
    (array([3., 2.]), array([1, 0]))
    """
    kind = _kind(x.dtype)
    if kind is None or not x.ndim or not x.size or x.shape[axis] >= _LONGEST or not 0 < k <= x.shape[axis]:
        return NotImplemented
    rows = _rows(x, axis)
    shape = (*rows.shape[:-1], k)
    values, indices = empty(shape, x.dtype), empty(shape, np.int64)
    _launch(selecting.top_rows, rows, values, indices, kind, largest, 0, min(k + 1, rows.shape[-1]), int(in_order))
    return values.swapaxes(axis, -1), indices.swapaxes(axis, -1)


def kth(x: Array, rank: int, axis: int) -> Any:
    """The element at a rank, from 0, along an axis, which is kept, and its place, as PyTorch chooses among equal ones.

    >>> kth(np.array([2.0, 3.0, 1.0]), 0, 0)
    (array([1.]), array([2]))
    """
    return _picked(x, axis, rank, False, 0)


def middle(x: Array, axis: int, skip_nan: bool) -> Any:
    """The middle element along an axis, which is kept, the lower one of two, and its place: the first NaN where there is one,
    if these are not to be skipped.

    >>> middle(np.array([2.0, np.nan, 1.0]), 0, False), middle(np.array([2.0, np.nan, 1.0]), 0, True)
    ((array([nan]), array([1])), (array([1.]), array([2])))
    """
    return _picked(x, axis, (x.shape[axis] - 1) // 2, True, int(skip_nan))


def _picked(x: Array, axis: int, rank: int, middle: bool, skip_nan: int) -> Any:
    kind = _kind(x.dtype)
    if kind is None or not x.ndim or not x.size or x.shape[axis] >= _LONGEST or not 0 <= rank < x.shape[axis]:
        return NotImplemented
    rows = _rows(x, axis)
    shape = (*rows.shape[:-1], 1)
    values, indices = empty(shape, x.dtype), empty(shape, np.int64)
    kernel = _MIDDLE if middle else _KTH
    _launch(kernel, rows, values, indices, kind, False, rank, 0, skip_nan)
    return values.swapaxes(axis, -1), indices.swapaxes(axis, -1)


_KTH, _MIDDLE = (selecting.pick_rows, False), (selecting.pick_rows, True)


def _launch(kernel: Any, rows: Array, values: Array, indices: Array, kind: Any, descending: bool, *more: int) -> None:
    floating, sign, least_nan = kind
    n = rows.shape[-1]
    units = rows.size // n
    per_task = max(1, -(-units // _TASKS), -(-_PART // n))
    tasks = -(-units // per_task)
    threads = 1 if tasks == 1 else num_threads()
    span = n + PADDING
    room = empty(2 * span * threads, np.int64)
    words = _pack(
        handle(rows), handle(values), handle(indices), handle(room), span, units, per_task, n, n * rows.itemsize,
        values.shape[-1], -1 if descending else 0, sign, least_nan, *(more or (0, 0, 0)),
    )  # fmt: skip
    pool.launch(_address(kernel, 8 * rows.itemsize, floating), words, tasks, 0, threads)


@lru_cache(maxsize=None)
def _address(kernel: Any, bits: int, floating: bool) -> int:
    if kernel.__class__ is tuple:
        return address(kernel[0], bits=bits, floating=floating, middle=kernel[1])
    return address(kernel, bits=bits, floating=floating)


@lru_cache(maxsize=None)
def _kind(dtype: Any) -> tuple[bool, int, int] | None:
    """Whether elements are floats; the sign's bit, of integers without a sign; and the least bits of a NaN."""
    if dtype.kind in "iub":
        return False, -(1 << (8 * dtype.itemsize - 1)) if dtype.kind == "u" else 0, 0
    infinite = _INFINITE.get(dtype.name)
    return None if infinite is None else (True, 0, infinite + 1)


_INFINITE = {"float16": 0x7C00, "bfloat16": 0x7F80, "float32": 0x7F800000, "float64": 0x7FF0000000000000}
"""The bits of an infinity."""


def _rows(x: Array, axis: int) -> Array:
    """The array with an axis as its last one, C-contiguous."""
    x = x.swapaxes(axis, -1)
    if x.flags.c_contiguous:
        return x
    copied = copying.copy(x)
    return np.ascontiguousarray(x) if copied is NotImplemented else copied
