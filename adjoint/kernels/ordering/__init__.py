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
_MOST_PLANS = 4096
_pack = struct.Struct(f"{WORDS}q").pack


def sort(x: Array, axis: int, descending: bool) -> Any:
    """The elements along an axis in order, and the places (int64) at which they were.

    >>> sort(np.array([[2.0, 3.0, 1.0]]), 1, True)
    (array([[3., 2., 1.]]), array([[1, 0, 2]]))
    """
    return _found(_SORT, x, axis, 0, descending, 0, 0, 0)


def top(x: Array, k: int, axis: int, largest: bool, in_order: bool) -> Any:
    """The ``k`` largest or smallest elements along an axis and their places, as PyTorch chooses among equal ones.

    >>> top(np.array([2.0, 3.0, 1.0]), 2, 0, True, True)
    (array([3., 2.]), array([1, 0]))
    """
    if not k:
        return NotImplemented
    return _found(_TOP, x, axis, k, largest, 0, k + 1, in_order)


def kth(x: Array, rank: int, axis: int) -> Any:
    """The element at a rank, from 0, along an axis, which is kept, and its place, as PyTorch chooses among equal ones.

    >>> kth(np.array([2.0, 3.0, 1.0]), 0, 0)
    (array([1.]), array([2]))
    """
    return _found(_KTH, x, axis, 1, False, rank, 0, 0)


def middle(x: Array, axis: int, skip_nan: bool) -> Any:
    """The middle element along an axis, which is kept, the lower one of two, and its place: the first NaN where there is one,
    if these are not to be skipped.

    >>> middle(np.array([2.0, np.nan, 1.0]), 0, False), middle(np.array([2.0, np.nan, 1.0]), 0, True)
    ((array([nan]), array([1])), (array([1.]), array([2])))
    """
    return _found(_MIDDLE, x, axis, 1, False, 0, 0, skip_nan)


_SORT, _TOP, _KTH, _MIDDLE = range(4)
_KERNELS: Any = (
    (radix.sort_rows, {}),
    (selecting.top_rows, {}),
    (selecting.pick_rows, {"middle": False}),
    (selecting.pick_rows, {"middle": True}),
)
_plans: dict[Any, Any] = {}


def _found(which: int, x: Array, axis: int, count: int, flipped: bool, low: int, high: int, ahead: int) -> Any:
    """What a kernel finds along an axis: ``count`` elements, or all for 0, and their places."""
    last = axis == x.ndim - 1
    rows = x if last and x.flags.c_contiguous else _rows(x, axis)
    key = (which, rows.shape, rows.dtype, count, flipped, low, high, ahead, num_threads())
    plan = _plans.get(key)
    if plan is None:
        if len(_plans) >= _MOST_PLANS:
            _plans.clear()
        plan = _plans[key] = _planned(which, rows, count, flipped, low, high, ahead)
    code, make, shape, span, words, tasks, threads = plan
    if not code:
        return NotImplemented
    values, indices, room = make(shape, rows.dtype), make(shape, np.int64), make(2 * span * threads, np.int64)
    pool.launch(code, _pack(handle(rows), handle(values), handle(indices), handle(room), *words), tasks, 0, threads)
    return (values, indices) if last else (values.swapaxes(axis, -1), indices.swapaxes(axis, -1))


def _planned(which: int, rows: Array, count: int, flipped: bool, low: int, high: int, ahead: int) -> Any:
    """What depends on the shape and the dtype only."""
    kind = _kind(rows.dtype)
    n = rows.shape[-1] if rows.ndim else 0
    if kind is None or not rows.size or n >= _LONGEST or count > n or low >= n:
        return (0,) * 7
    floating, sign, least_nan = kind
    if which == _MIDDLE:
        low = (n - 1) // 2
    units = rows.size // n
    per_task = max(1, -(-units // _TASKS), -(-_PART // n))
    tasks = -(-units // per_task)
    shape = (*rows.shape[:-1], count or n)
    span = n + PADDING
    words = (
        span, units, per_task, n, n * rows.itemsize, shape[-1], -1 if flipped else 0, sign, least_nan, low, min(high, n), int(ahead)
    )  # fmt: skip
    kernel, constants = _KERNELS[which]
    code = address(kernel, bits=8 * rows.itemsize, floating=floating, **constants)
    return code, np.empty if rows.size < _PART else empty, shape, span, words, tasks, 1 if tasks == 1 else num_threads()


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
