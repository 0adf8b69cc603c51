"""Room: where a batch is written to, so that it need not be copied on its way from a worker to the main process.

In a worker, large batches are written into segments.  The main process closes a segment's descriptor as soon as it has mapped
it, so a program may keep more batches than it may have open files.
"""

from __future__ import annotations

import math
import os
from typing import Any

import numpy as np

from adjoint.interop.segments import Segment, shared_bytes
from adjoint.ops import bulk

SMALLEST = 48 << 10
"""Bytes from which on sharing costs less than sending: below, a message carries the array itself."""


def room(shape: tuple[int, ...], dtype: np.dtype[Any]) -> np.ndarray[Any, Any]:
    """An array for a batch, in a worker in a segment of its own; an ordinary one where that is small, or there is no memory."""
    from adjoint.utils.data._utils import worker

    size = math.prod(shape) * dtype.itemsize
    if worker._worker_info is None or size < SMALLEST:
        return bulk.empty(shape, dtype)
    try:
        return shared_bytes(size).view(dtype).reshape(shape)
    except OSError:
        return bulk.empty(shape, dtype)


def mapped(descriptor: int) -> np.ndarray[Any, Any]:
    """The bytes of a segment that a worker has made; where it cannot be mapped (a process has some 65,000 mappings), a copy."""
    size = os.fstat(descriptor).st_size
    try:
        return np.asarray(Segment(descriptor, size))
    except OSError:
        copy = np.empty(size, np.uint8)
        view = copy.data
        done = 0
        while done < size:
            done += os.preadv(descriptor, [view[done:]], done)
        return copy
