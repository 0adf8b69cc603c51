"""Indices along an axis, one for each element: what selections and scans along an axis give back to the elements they took.

An array is (outer, n, inner) here.  A task has some of the ``outer``, and of one of them a block of columns, so that what it
adds to stays in the cache.
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
from adjoint.kernels.native import *
from adjoint.kernels.objects import pointer

Array = Any

OF, TO, INDEX, UNITS, PER_TASK, BLOCKS, N, COUNT, INNER = range(9)
COLUMNS = 32  # of a block
_TASKS = 32  # so many at most
_PART = 4096  # elements that are worth a task
_pack = struct.Struct("9q").pack
_NUMBERS = {np.dtype(np.float32): f32, np.dtype(np.float64): f64, np.dtype(np.int64): i64}


def add_along(g: Array, index: Array, axis: int, shape: tuple[int, ...]) -> Any:
    """Zeros of ``shape``, with the elements of ``g`` added at ``index`` (int64, from 0) along an axis, in their order.

    NotImplemented for other dtypes, and where ``g`` and ``index`` differ in shape.

    >>> add_along(np.array([[1.0, 2.0, 4.0]]), np.array([[1, 0, 1]]), 1, (1, 3))
    array([[2., 5., 0.]])
    """
    of = _NUMBERS.get(g.dtype)
    if of is None or index.dtype != np.int64 or g.shape != index.shape or not g.size:
        return NotImplemented
    g, index = _contiguous(g), _contiguous(index)
    result = empty(shape, g.dtype)
    axis %= len(shape)
    outer, inner = prod(shape[:axis]), prod(shape[axis + 1 :])
    if (outer, inner) != (prod(g.shape[:axis]), prod(g.shape[axis + 1 :])):
        return NotImplemented
    count, n = g.shape[axis], shape[axis]
    blocks = -(-inner // COLUMNS)
    units = outer * blocks
    per_task = max(1, -(-units // _TASKS), -(-_PART // ((n + count) * min(inner, COLUMNS))))
    words = _pack(handle(g), handle(result), handle(index), units, per_task, blocks, n, count, inner)
    pool.launch(_address(of, inner == 1), words, -(-units // per_task))
    return result


@lru_cache(maxsize=None)
def _address(of: Any, single: bool) -> int:
    return address(add_blocks, of=of, single=single)


def _contiguous(x: Array) -> Array:
    if x.flags.c_contiguous:
        return x
    copied = copying.copy(x)
    return np.ascontiguousarray(x) if copied is NotImplemented else copied


@native
def add_blocks(args: ptr(i64), task: i64, worker: i64, of, single):
    """``to[o, index[o, j, c], c] += of[o, j, c]`` onto zeros, for some blocks of columns."""
    n, count, inner, blocks = args[N], args[COUNT], args[INNER], args[BLOCKS]
    first = task * args[PER_TASK]
    for unit in range(first, minimum(first + args[PER_TASK], args[UNITS])):
        outer = unit // blocks
        start = unit % blocks * COLUMNS
        g = pointer(args[OF], 0, of) + (outer * count * inner + start)
        index = pointer(args[INDEX], 0, i64) + (outer * count * inner + start)
        to = pointer(args[TO], 0, of) + (outer * n * inner + start)
        if single:
            fill_bytes(to, 0, n * of.bytes)
            for j in range(count):
                if below_unsigned(index[j], n):
                    to[index[j]] = to[index[j]] + g[j]
        else:
            width = minimum(inner - start, i64(COLUMNS))
            for j in range(n):
                fill_bytes(to + j * inner, 0, width * of.bytes)
            for j in range(count):
                for c in range(j * inner, j * inner + width):
                    if below_unsigned(index[c], n):
                        place = index[c] * inner + (c - j * inner)
                        to[place] = to[place] + g[c]
