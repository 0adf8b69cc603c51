"""Suppressing: of boxes in the order of their scores, which are kept: those that no better one that is kept overlaps.

Boxes lie side by side, their four coordinates and their areas in rows of their own.  Each box that is kept is compared with all
behind it, as many at once as a vector has lanes; the order is that of the scores, so one thread does it.
"""

from __future__ import annotations

import struct
from functools import lru_cache
from typing import Any

import numpy as np

from adjoint.kernels import pool
from adjoint.kernels.handed import handle
from adjoint.kernels.machine import machine
from adjoint.kernels.machine_code import address
from adjoint.kernels.native import *
from adjoint.kernels.objects import pointer

Array = Any

BOXES, GONE, COUNT, LIMIT = range(4)
_KINDS = {np.dtype(np.float32): f32, np.dtype(np.float64): f64}
_pack = struct.Struct("3qd").pack


def kept(boxes: Array, limit: float) -> Any:
    """Which of boxes (5, N), x1, y1, x2, y2 and the area of each, the best first, no better one overlaps by more than ``limit``.

    Overlap is what two have in common as a share of what they cover.  NotImplemented for other dtypes.

    >>> kept(np.array([[0, 0, 5], [0, 0, 5], [2, 2, 7], [2, 1, 7], [4, 2, 4]], np.float32), 0.4)
    array([ True, False,  True])
    """
    kind = _KINDS.get(boxes.dtype)
    if kind is None or not boxes.flags.c_contiguous:
        return NotImplemented
    gone = np.zeros(boxes.shape[1], np.int32)
    pool.launch(_address(kind), _pack(handle(boxes), handle(gone), boxes.shape[1], limit), 1)
    return gone == 0


@lru_cache(maxsize=None)
def _address(of: Any) -> int:
    return address(suppress, of=of)


@native
def suppress(args: ptr(i64), task: i64, worker: i64, of):
    """Mark the boxes that are gone."""
    lanes = machine().lanes(of.bytes)
    count = args[COUNT]
    boxes = pointer(args[BOXES], 0, of)
    gone = pointer(args[GONE], 0, i32)
    limit = splat(of(cast(args, ptr(f64))[LIMIT]), lanes)
    zero = splat(constant(of, 0.0), lanes)
    for i in range(count):
        if gone[i] == 0:
            best = [splat(boxes[k * count + i], lanes) for k in unroll(5)]
            for j in range(i + 1, count, lanes):
                there = first_lanes(count - j, lanes)
                x1, y1, x2, y2, area = [load_masked(boxes, k * count + j, there) for k in unroll(5)]
                wide = larger(smaller(best[2], x2) - larger(best[0], x1), zero)
                high = larger(smaller(best[3], y2) - larger(best[1], y1), zero)
                both = wide * high
                over = both / (best[4] + area - both) > limit
                store_masked(gone, j, splat(i32(1), lanes), over & there)
