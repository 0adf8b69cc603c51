"""Moments: sums, extremes and counts of a large array in one pass over its memory, on all cores."""

from __future__ import annotations

import struct
from functools import lru_cache
from typing import Any

import numpy as np

from adjoint.kernels import pool
from adjoint.kernels.handed import elements, handle
from adjoint.kernels.machine import machine
from adjoint.kernels.machine_code import address
from adjoint.kernels.native import *
from adjoint.kernels.objects import pointer

CHUNK = 1 << 16  # elements of a task
BLOCK = 1 << 10  # elements whose sum is kept in the array's own precision
INFINITY = float("inf")

OF, LESS, TO, BOUNDS, SIZE = range(5)
TOTAL, SQUARES, LOW, HIGH, ZEROS, NANS, INFINITE, BEYOND = range(8)
"""What there is of each task: the sums of the distances to the centre and of their squares, the least and the largest of the
finite elements; how many are zero, NaN, infinite, and outside of the two bounds."""


def moments(x: Any, less: Any, bounds: tuple[float, float], centre: float = 0.0) -> Any:
    """A row of the eight numbers for each part of a C-contiguous float32 or float64 array.

    ``less``: an array of the same kind that is taken from it first, or None.  ``centre``: something near the mean, so that
    the sum of squares tells the deviation also where that is small beside the mean.
    """
    tasks = -(-x.size // CHUNK)
    found = np.empty((tasks, 8))
    limits = np.array([*bounds, centre])
    code = _code(x.itemsize, less is not None)
    words = struct.pack("5q", handle(x), handle(x if less is None else less), elements(found), elements(limits), x.size)
    pool.launch(code, words, tasks)
    return found


@lru_cache(maxsize=None)
def _code(size: int, differ: bool) -> int:
    return address(count, of=f32 if size == 4 else f64, lanes=machine().vector_bytes // size, differ=differ)


@native
def count(args: ptr(i64), task: i64, worker: i64, of, lanes, differ):
    """The eight numbers of one part of an array."""
    x, less = pointer(args[OF], 0, of), pointer(args[LESS], 0, of)
    to, bounds = cast(args[TO], ptr(f64)) + 8 * task, cast(args[BOUNDS], ptr(f64))
    first = task * CHUNK
    last = minimum(first + CHUNK, args[SIZE])
    from_below, from_above = splat(of(bounds[0]), lanes), splat(of(bounds[1]), lanes)
    centre = splat(of(bounds[2]), lanes)
    none, one = splat(i32(0), lanes), splat(i32(1), lanes)
    total, squares = f64(0.0), f64(0.0)
    low, high = splat(of(INFINITY), lanes), splat(of(-INFINITY), lanes)
    zeros, nans, infinite, beyond = none, none, none, none
    for start in range(first, last, BLOCK):
        end = minimum(start + BLOCK, last)
        sums, products = splat(of(0.0), lanes), splat(of(0.0), lanes)
        for i in range(start, end, lanes):
            inside = first_lanes(end - i, lanes)
            v = load_masked(x, i, inside)
            if differ:
                v = v - load_masked(less, i, inside)
            finite = inside & ((v - v) == 0.0)
            kept = where(finite, v - centre, splat(of(0.0), lanes))
            sums += kept
            products = fma(kept, kept, products)
            low = smaller(where(finite, v, splat(of(INFINITY), lanes)), low)
            high = larger(where(finite, v, splat(of(-INFINITY), lanes)), high)
            zeros += where(inside & (v == 0.0), one, none)
            nans += where(v != v, one, none)
            infinite += where(inside & (fabs(v) == INFINITY), one, none)
            beyond += where(inside & ((v < from_below) | (v > from_above)), one, none)
        total += f64(hsum(sums))
        squares += f64(hsum(products))
    to[TOTAL], to[SQUARES], to[LOW], to[HIGH] = total, squares, f64(hmin(low)), f64(hmax(high))
    to[ZEROS], to[NANS], to[INFINITE], to[BEYOND] = f64(hsum(zeros)), f64(hsum(nans)), f64(hsum(infinite)), f64(hsum(beyond))
