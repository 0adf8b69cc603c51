"""Scans: what is found of the elements up to each one, along any axis of a large array.

Each function answers NotImplemented for what it has no kernel.
"""

from __future__ import annotations

import struct
from functools import lru_cache
from math import prod
from typing import Any

import numpy as np

from adjoint.kernels import copying, pool
from adjoint.kernels.handed import handle
from adjoint.kernels.machine_code import address
from adjoint.kernels.memory import empty
from adjoint.kernels.native import f32, f64, i64
from adjoint.kernels.scans import extremes, products, running, shares
from adjoint.kernels.threads import num_threads

Array = Any

_TASKS = 32  # so many at most
_PART = 4096  # elements that are worth a task
_NUMBERS = {np.dtype(np.float32): f32, np.dtype(np.float64): f64, np.dtype(np.int64): i64}
_pack_running = struct.Struct(f"{running.WORDS}q").pack
_pack_extremes = struct.Struct(f"{extremes.WORDS}q").pack
_pack_shares = struct.Struct(f"{shares.WORDS}q").pack
_pack_products = struct.Struct(f"{products.WORDS}q").pack


def scan(x: Array, how: str, axis: int, back: bool) -> Any:
    """What ``how`` ("add", "multiply" or "logaddexp") makes of the elements up to each one along an axis, or, ``back``, from it on.

    It is computed in double precision (in int64 of that) and rounded at the end.

    >>> scan(np.array([1.0, 2.0, 4.0]), "add", 0, False), scan(np.array([1.0, 2.0, 4.0]), "add", 0, True)
    (array([1., 3., 7.]), array([7., 6., 4.]))
    """
    of = _NUMBERS.get(x.dtype)
    if of is None or not x.ndim or not x.size or (of is i64 and how == "logaddexp"):
        return NotImplemented
    x = _contiguous(x)
    result = empty(x.shape, x.dtype)
    n, inner, blocks, units, per_task = _divided(x.shape, axis, running.COLUMNS)
    words = _pack_running(handle(x), handle(result), units, per_task, blocks, n, inner)
    pool.launch(_running(inner == 1, of, how, back), words, -(-units // per_task))
    return result


def extremes_so_far(x: Array, axis: int, largest: bool) -> Any:
    """The extremes of the elements up to each one along an axis, and their places (int64), the last of equal ones.

    >>> extremes_so_far(np.array([1.0, 3.0, 2.0]), 0, True)
    (array([1., 3., 3.]), array([0, 1, 1]))
    """
    return _extremes(x, axis, largest, x.shape, True)


def extremes_along(x: Array, axis: int, largest: bool) -> Any:
    """The extremes along an axis, which is kept, and their places (int64), the first of equal ones; a NaN is beyond all.

    >>> extremes_along(np.array([[1.0, 3.0], [2.0, 0.0]]), 0, True)
    (array([[2., 3.]]), array([[1, 0]]))
    """
    axis %= max(x.ndim, 1)
    if axis == x.ndim - 1:
        return NotImplemented
    return _extremes(x, axis, largest, (*x.shape[:axis], 1, *x.shape[axis + 1 :]), False)


def _extremes(x: Array, axis: int, largest: bool, shape: tuple[int, ...], running: bool) -> Any:
    of = _NUMBERS.get(x.dtype)
    if of is None or not x.ndim or not x.size:
        return NotImplemented
    x = _contiguous(x)
    values, indices = empty(shape, x.dtype), empty(shape, np.int64)
    n, inner, blocks, units, per_task = _divided(x.shape, axis, extremes.COLUMNS)
    kernel = "of_columns" if not running else "running_rows" if inner == 1 else "running_columns"
    words = _pack_extremes(handle(x), handle(values), handle(indices), units, per_task, blocks, n, inner)
    pool.launch(_extreme(kernel, of, largest), words, -(-units // per_task))
    return values, indices


def products_back(g: Array, x: Array, axis: int) -> Any:
    """The gradient of the products of the elements of ``x`` up to each one along an axis.

    >>> products_back(np.array([1.0, 1.0]), np.array([2.0, 3.0]), 0)
    array([4., 2.])
    """
    of = _NUMBERS.get(x.dtype)
    if of is None or of is i64 or g.dtype is not x.dtype or g.shape != x.shape or not x.size or not x.ndim:
        return NotImplemented
    x, g = _contiguous(x.swapaxes(axis, -1)), _contiguous(g.swapaxes(axis, -1))
    result = empty(x.shape, x.dtype)
    n, _, _, units, per_task = _divided(x.shape, -1, 1)
    tasks = -(-units // per_task)
    threads = 1 if tasks == 1 else num_threads()
    room = empty(n * threads, np.float64)
    words = _pack_products(handle(x), handle(g), handle(result), handle(room), n, units, per_task, n)
    pool.launch(_products(of), words, tasks, 0, threads)
    return _contiguous(result.swapaxes(axis, -1))


def shared(values: Array, x: Array, total: Array, axis: int, back: bool) -> Any:
    """``sum over j >= k of values_j exp(x_k - total_j)`` along an axis, where ``total`` are the logarithms of the sums of
    exponentials of ``x`` up to each element; not ``back``, ``sum over k <= j of values_k exp(x_k - total_j)``.

    >>> shared(np.ones(2), np.zeros(2), np.log([1.0, 2.0]), 0, True)
    array([1.5, 0.5])
    """
    of = _NUMBERS.get(x.dtype)
    if of is None or of is i64 or not (values.dtype is x.dtype is total.dtype) or not (values.shape == x.shape == total.shape):
        return NotImplemented
    if not x.size or not x.ndim:
        return NotImplemented
    values, x, total = [_contiguous(a.swapaxes(axis, -1)) for a in (values, x, total)]
    result = empty(x.shape, x.dtype)
    n, _, _, units, per_task = _divided(x.shape, -1, 1)
    words = _pack_shares(handle(values), handle(x), handle(total), handle(result), units, per_task, n)
    pool.launch(_shares(of, back), words, -(-units // per_task))
    return _contiguous(result.swapaxes(axis, -1))


def _divided(shape: tuple[int, ...], axis: int, columns: int) -> tuple[int, int, int, int, int]:
    """The axis's size, how many elements follow each other within it, in how many blocks; how many units there are, and how
    many of them a task has."""
    axis %= len(shape)
    n, inner = shape[axis], prod(shape[axis + 1 :])
    blocks = -(-inner // columns)
    units = prod(shape[:axis]) * blocks
    return n, inner, blocks, units, max(1, -(-units // _TASKS), -(-_PART // (n * min(inner, columns))))


@lru_cache(maxsize=None)
def _running(rows: bool, of: Any, how: str, back: bool) -> int:
    of_rows = running.logarithms_along_rows if how == "logaddexp" else running.along_rows
    kernel = of_rows if rows else running.along_columns
    return address(kernel, of=of, wide=i64 if of is i64 else f64, how=how, back=back)


@lru_cache(maxsize=None)
def _extreme(kernel: str, of: Any, largest: bool) -> int:
    return address(getattr(extremes, kernel), of=of, largest=largest)


@lru_cache(maxsize=None)
def _products(of: Any) -> int:
    return address(products.products_back, of=of)


@lru_cache(maxsize=None)
def _shares(of: Any, back: bool) -> int:
    return address(shares.shared, of=of, back=back)


def _contiguous(x: Array) -> Array:
    if x.flags.c_contiguous:
        return x
    copied = copying.copy(x)
    return np.ascontiguousarray(x) if copied is NotImplemented else copied
