"""The largest elements of adaptive windows, and where they are: windows that may differ in size by one and share elements."""

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

# Words of the arguments: what is read and written, the first elements of windows and those behind their last, dimension after
# dimension, how many planes there are and a task has, and three sizes of a plane and of its windows.
OF, TO, INDEX, STARTS, ENDS, PLANES, PER_TASK, DEPTH, HEIGHT, WIDTH, OUT_DEPTH, OUT_HEIGHT, OUT_WIDTH = range(13)
_pack = struct.Struct("13q").pack
_TASKS = 32  # so many at most
_PART = 4096  # elements that are worth a task
_NUMBERS = {np.dtype(np.float32): f32, np.dtype(np.float64): f64}
_LOWEST = float("-inf")


def adaptive_max(x: Array, output_size: tuple[int, ...], sides: tuple[tuple[tuple[int, int], ...], ...]) -> Any:
    """The largest element of each window and its place in the plane: the first one, or the last NaN.

    ``sides`` has for each dimension where its windows begin and end.  NotImplemented for other dtypes.

    >>> adaptive_max(np.array([[1.0, 3.0, 2.0, 0.0]]), (2,), (((0, 2), (2, 4)),))
    (array([[3., 2.]]), array([[1, 2]]))
    """
    n = len(output_size)
    of = _NUMBERS.get(x.dtype)
    if of is None or not x.size or not prod(output_size) or not 1 <= n <= 3:
        return NotImplemented
    if not x.flags.c_contiguous:
        copied = copying.copy(x)
        x = np.ascontiguousarray(x) if copied is NotImplemented else copied
    space, one = x.shape[-n:], (1,) * (3 - n)
    starts, ends = _table(sides)
    best = empty((*x.shape[:-n], *output_size), x.dtype)
    index = empty(best.shape, np.dtype(np.int64))
    planes = x.size // prod(space)
    per_task = max(1, -(-planes // _TASKS), -(-_PART // prod(space)))
    words = _pack(
        handle(x), handle(best), handle(index), handle(starts), handle(ends), planes, per_task, *one, *space, *one, *output_size
    )
    pool.launch(_address(of), words, -(-planes // per_task))
    return best, index


@lru_cache(maxsize=256)
def _table(sides: Any) -> tuple[Array, Array]:
    """Starts and ends of three dimensions, of which the first may have one window of one element."""
    rows = [*[((0, 1),)] * (3 - len(sides)), *sides]
    starts, ends = (np.array([side[k] for row in rows for side in row], np.int64) for k in (0, 1))
    return starts, ends


@lru_cache(maxsize=None)
def _address(of: Any) -> int:
    return address(largest, of=of)


@native
def largest(args: ptr(i64), task: i64, worker: i64, of):
    """Some planes."""
    height, width = args[HEIGHT], args[WIDTH]
    deep, high, wide = args[OUT_DEPTH], args[OUT_HEIGHT], args[OUT_WIDTH]
    starts, ends = pointer(args[STARTS], 0, i64), pointer(args[ENDS], 0, i64)
    space = args[DEPTH] * height * width
    first = task * args[PER_TASK]
    for plane in range(first, minimum(first + args[PER_TASK], args[PLANES])):
        x = pointer(args[OF], 0, of) + plane * space
        to = pointer(args[TO], 0, of) + plane * deep * high * wide
        index = pointer(args[INDEX], 0, i64) + plane * deep * high * wide
        for a in range(deep):
            for b in range(high):
                for c in range(wide):
                    left, right = starts[deep + high + c], ends[deep + high + c]
                    best = of(_LOWEST)
                    at = (starts[a] * height + starts[deep + b]) * width + left
                    for d in range(starts[a], ends[a]):
                        for h in range(starts[deep + b], ends[deep + b]):
                            line = (d * height + h) * width
                            for w in range(left, right):
                                v = x[line + w]
                                better = (v > best) | (v != v)
                                best = where(better, v, best)
                                at = where(better, line + w, at)
                    to[(a * high + b) * wide + c] = best
                    index[(a * high + b) * wide + c] = at
