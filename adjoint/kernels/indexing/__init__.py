"""Indexing by one array of integers: rows read by number, and gradients added to rows by number.

Each function answers NotImplemented where it has no kernel, and where an index is out of bounds, so that the caller's
other way raises its own error.
"""

from __future__ import annotations

import struct
from functools import lru_cache
from math import prod
from typing import Any

import numpy as np

from adjoint.kernels import copying, pool
from adjoint.kernels.handed import handle
from adjoint.kernels.indexing import rows as kernels
from adjoint.kernels.machine_code import address
from adjoint.kernels.memory import empty
from adjoint.kernels.native import f32, f64, i8, i16, i32, i64
from adjoint.kernels.steps import step_of
from adjoint.kernels.threads import num_threads

Array = Any

_WORDS = {1: i8, 2: i16, 4: i32, 8: i64}
_NUMBERS = {np.dtype(np.float32): f32, np.dtype(np.float64): f64}
_INTEGERS = {np.dtype(np.int32): i32, np.dtype(np.int64): i64}
_TASKS = 32  # so many at most
_PART = 4096  # elements that are worth a task
_pack = struct.Struct(f"{kernels.WORDS}q").pack


def take(x: Array, index: Array, axis: int) -> Any:
    """``x.take(index, axis)``: int32 or int64 indices, which may count from the end.

    >>> take(np.arange(6.0).reshape(3, 2), np.array([2, -3]), 0)
    array([[4., 5.],
           [0., 1.]])
    """
    integer = _INTEGERS.get(index.dtype)
    if integer is None or x.dtype.hasobject or not x.ndim or not index.size or not x.size:
        return NotImplemented
    axis %= x.ndim
    x, index = _rows_in_order(x, axis), _contiguous(index)
    lead, inner = x.shape[:axis], x.shape[axis + 1 :]
    result = empty((*lead, *index.shape, *inner), x.dtype)
    # Rows are copied in the largest words that they, their strides and their places are made of.
    width = prod(inner) * x.itemsize
    of_row = x.strides[axis] if x.shape[axis] != 1 else 0
    of_outer = step_of(lead, x.strides[:axis], 0)
    size = next(n for n in (4, 8, 2, 1) if not (width % n or x.itemsize % n))
    units, elements, name = prod(lead) * index.size, width // size, "take_rows"
    if elements == 1 and axis and of_row % size == 0:
        units, elements, name = prod(lead), index.size, "take_elements"
    per_task, tasks = _divided(units, elements, _TASKS)
    failed = np.zeros(1, np.int64)
    words = _pack(
        handle(x), handle(result), handle(index), handle(failed),
        units, per_task, index.size, x.shape[axis], width // size, of_row, of_outer,
    )  # fmt: skip
    pool.launch(_address(name, _WORDS[size], integer), words, tasks)
    return NotImplemented if failed[0] else result


def add_at(g: Array, index: Array, count: int) -> Any:
    """Zeros of ``count`` rows, with row ``i`` of ``g`` added to row ``index[i]``, in the order of ``i``.

    Indices are from 0 on and below ``count``; what belongs to others is left out.

    >>> add_at(np.array([[1.0], [2.0], [4.0]]), np.array([1, 0, 1]), 2)
    array([[2.],
           [5.]])
    """
    if g.dtype not in _NUMBERS or not g.ndim:
        return NotImplemented
    result = empty((count, *g.shape[1:]), g.dtype)
    return _add(result, index, g, True)


def add_onto(target: Array, index: Array, g: Array) -> Any:
    """As :func:`add_at`, onto what is in ``target``, which is C-contiguous and returned.

    >>> add_onto(np.ones(2), np.array([1, 1]), np.array([2.0, 4.0]))
    array([1., 7.])
    """
    if not (target.flags.c_contiguous and target.flags.writeable and target.ndim) or np.may_share_memory(target, g):
        return NotImplemented
    if target.dtype != g.dtype or (index.size, *target.shape[1:]) != g.shape:
        return NotImplemented
    return _add(target, index, g, False)


def _add(target: Array, index: Array, g: Array, clear: bool) -> Any:
    number, integer = _NUMBERS.get(g.dtype), _INTEGERS.get(index.dtype)
    if number is None or integer is None:
        return NotImplemented
    if not target.size:
        return target
    g, index = _rows_in_order(g, 0), _contiguous(index)
    count, width = len(target), prod(target.shape[1:])
    # Every task looks through all indices, which is to take little of the time that adding and clearing take.
    most = min(_TASKS, (index.size + count) * width // (64 * index.size)) if index.size else _TASKS
    per_task, tasks = _divided(count, width + g.size // count, max(most, num_threads()))
    words = _pack(
        handle(g), handle(target), handle(index), 0, count, per_task, index.size, count, width, g.strides[0], 0
    )  # fmt: skip
    pool.launch(_adding(clear, number, integer), words, tasks)
    return target


def scatter(g: Array, index: Array, count: int) -> Any:
    """Every row of ``g`` added up in a row of ``count`` zeros, element ``i`` at ``index[i]``; both are (rows, n).

    >>> scatter(np.array([[1.0, 2.0, 4.0]]), np.array([[1, 0, 1]]), 3)
    array([[2., 5., 0.]])
    """
    number, integer = _NUMBERS.get(g.dtype), _INTEGERS.get(index.dtype)
    if number is None or integer is None or g.shape != index.shape:
        return NotImplemented
    g, index = _contiguous(g), _contiguous(index)
    rows, n = g.shape
    result = empty((rows, count), g.dtype)
    if not result.size:
        return result
    per_task, tasks = _divided(rows, count + n, _TASKS)
    words = _pack(handle(g), handle(result), handle(index), 0, rows, per_task, n, count, 1, 0, 0)
    pool.launch(_address("scatter_rows", number, integer), words, tasks)
    return result


@lru_cache(maxsize=None)
def _address(name: str, of: Any, integer: Any) -> int:
    return address(getattr(kernels, name), of=of, integer=integer)


@lru_cache(maxsize=None)
def _adding(clear: bool, of: Any, integer: Any) -> int:
    return address(kernels.add_rows, clear=clear, of=of, integer=integer)


def _divided(units: int, elements: int, most: int) -> tuple[int, int]:
    """How many units of so many elements a task has, and how many tasks there are."""
    per_task = max(1, -(-units // most), -(-_PART // max(elements, 1)))
    return per_task, -(-units // per_task)


def _rows_in_order(x: Array, axis: int) -> Array:
    """The array, if the dimensions after ``axis``, and those before it, lie in memory in order; else a copy."""
    if x.flags.c_contiguous:
        return x
    rows = step_of(x.shape[axis + 1 :], x.strides[axis + 1 :], x.itemsize) == x.itemsize
    return x if rows and step_of(x.shape[:axis], x.strides[:axis], 0) is not None else _contiguous(x)


def _contiguous(x: Array) -> Array:
    if x.flags.c_contiguous:
        return x
    copied = copying.copy(x)
    return np.ascontiguousarray(x) if copied is NotImplemented else copied
