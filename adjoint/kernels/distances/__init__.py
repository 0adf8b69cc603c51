"""Distances between rows, for p = 1, 2 and infinity, and their gradients: nothing is kept of the differences.

The functions answer NotImplemented for other dtypes and other p.
"""

from __future__ import annotations

import struct
from functools import lru_cache
from typing import Any

import numpy as np

from adjoint.kernels import copying, pool
from adjoint.kernels.distances import rows
from adjoint.kernels.handed import handle
from adjoint.kernels.machine import machine
from adjoint.kernels.machine_code import address
from adjoint.kernels.memory import empty
from adjoint.kernels.native import f32, f64
from adjoint.kernels.threads import num_threads

Array = Any

_NUMBERS = {np.dtype(np.float32): f32, np.dtype(np.float64): f64}
_TASKS = 32  # so many at most
_PART = 8192  # differences that are worth a task
_pack = struct.Struct(f"{rows.WORDS}q").pack


def between(x1: Array, x2: Array, p: float) -> Any:
    """The distances of the rows of two arrays, (..., n, d) and (..., m, d), of the same batches: (..., n, m).

    >>> between(np.array([[0.0, 0.0]]), np.array([[3.0, 4.0], [0.0, 1.0]]), 2.0)
    array([[5., 1.]])
    """
    of = _NUMBERS.get(x1.dtype)
    if of is None or x2.dtype != x1.dtype or p not in rows.KINDS or x1.shape[:-2] != x2.shape[:-2]:
        return NotImplemented
    n, m, size = x1.shape[-2], x2.shape[-2], x1.shape[-1]
    result = empty((*x1.shape[:-1], m), x1.dtype)
    if not result.size or not size:
        return NotImplemented
    x1, others = _in_order(x1), _in_order(x2.swapaxes(-1, -2))
    units = result.size // m
    per_task, tasks = _divided(units, m * size)
    words = _pack(handle(x1), handle(others), handle(result), 0, 0, 0, 0, units, per_task, n, m, size)
    pool.launch(_distances(p, False, of), words, tasks)
    return result


def among(x: Array, p: float) -> Any:
    """The distances of each row of (n, d) from those after it, one after the other; here NaN is the largest difference.

    >>> among(np.array([[0.0], [1.0], [3.0]]), 1.0)
    array([1., 3., 2.])
    """
    of = _NUMBERS.get(x.dtype)
    if of is None or p not in rows.KINDS or x.ndim != 2 or len(x) < 2 or not x.shape[1]:
        return NotImplemented
    n, size = x.shape
    result = empty((n * (n - 1) // 2,), x.dtype)
    x, others = _in_order(x), _in_order(x.T)
    per_task, tasks = _divided(n - 1, n * size)
    words = _pack(handle(x), handle(others), handle(result), 0, 0, 0, 0, n - 1, per_task, n, n, size)
    pool.launch(_distances(p, True, of), words, tasks)
    return result


def gradient(g: Array, x1: Array, x2: Array, away: Array, p: float, half: bool = False) -> Any:
    """The gradient of the first array from that of the distances, ``away``; with ``half`` no row is one of its others."""
    of = _NUMBERS.get(x1.dtype)
    if of is None or not x1.dtype == x2.dtype == g.dtype == away.dtype or p not in rows.KINDS or x1.shape[:-2] != x2.shape[:-2]:
        return NotImplemented
    n, m, size = x1.shape[-2], x2.shape[-2], x1.shape[-1]
    if not g.size or not size or g.shape != away.shape:
        return NotImplemented
    result = empty(x1.shape, x1.dtype)
    g, x1, others, away = _in_order(g), _in_order(x1), _in_order(x2.swapaxes(-1, -2)), _in_order(away)
    units = result.size // size
    per_task, tasks = _divided(units, m * size)
    step = rows.TILE * size * machine().lanes(of.bytes)
    work = empty((max(num_threads(), 1) * step,), x1.dtype)
    words = _pack(
        handle(x1), handle(others), handle(away), handle(g), handle(result), handle(work), step * of.bytes, units, per_task, n, m,
        size,
    )
    pool.launch(_gradients(p, half, of), words, tasks)
    return result


def gradient_among(g: Array, x: Array, away: Array, p: float) -> Any:
    """The gradient of the rows from that of the distances of each from those after it."""
    of = _NUMBERS.get(x.dtype)
    if of is None or not x.dtype == g.dtype == away.dtype or p not in rows.KINDS or not x.size or not g.size:
        return NotImplemented
    return gradient(_square(g, len(x), of), x, x, _square(away, len(x), of), p, True)


def _square(pairs: Array, n: int, of: Any) -> Array:
    """What is given for every two rows as a symmetric matrix."""
    pairs, result = _in_order(pairs), empty((n, n), pairs.dtype)
    per_task = max(1, -(-n // _TASKS))
    words = _pack(handle(pairs), 0, 0, 0, handle(result), 0, 0, n, per_task, n, n, 0)
    pool.launch(_spreading(of), words, -(-n // per_task))
    return result


@lru_cache(maxsize=None)
def _spreading(of: Any) -> int:
    return address(rows.spread_pairs, of=of)


@lru_cache(maxsize=None)
def _distances(p: float, half: bool, of: Any) -> int:
    kind = rows.LargestOrNaN if half and p == float("inf") else rows.KINDS[p]
    return address(rows.distances, kind=kind, half=half, of=of)


@lru_cache(maxsize=None)
def _gradients(p: float, half: bool, of: Any) -> int:
    return address(rows.gradients, kind=rows.KINDS[p], half=half, of=of)


def _divided(units: int, elements: int) -> tuple[int, int]:
    """How many rows a task has, and how many tasks there are."""
    per_task = max(1, -(-units // _TASKS), -(-_PART // max(elements, 1)))
    return per_task, -(-units // per_task)


def _in_order(x: Array) -> Array:
    if x.flags.c_contiguous:
        return x
    copied = copying.copy(x)
    return np.ascontiguousarray(x) if copied is NotImplemented else copied
