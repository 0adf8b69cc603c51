"""Segments: memory that a worker and the main process both map, so that a batch is not copied between them.

A segment is a file without a name (``memfd``), known to a process by a descriptor that is sent along with a message.  It
takes nothing of ``/dev/shm``'s space, needs no name that could be left behind, and is freed with the last process that maps it.
The descriptor is closed as soon as the memory is mapped, so a program may keep more batches than it may have open files.
"""

from __future__ import annotations

import ctypes
import math
import mmap
import os
import tempfile
from functools import lru_cache
from typing import Any

import numpy as np

SMALLEST = 48 << 10
"""Bytes from which on sharing costs less than sending: below, a message carries the array itself."""

_FAILED = ctypes.c_void_p(-1).value
_POPULATE = getattr(mmap, "MAP_POPULATE", 0)  # one call in place of a page fault every 4096 bytes


class Segment:
    """A mapping of shared memory: an array's last owner, which unmaps it when it goes."""

    __slots__ = ("__array_interface__", "__weakref__", "address", "descriptor", "size", "unmap")

    def __init__(self, descriptor: int, size: int) -> None:
        """Map the file; raises OSError where no address space or mapping is left."""
        libc = _libc()
        address = libc.mmap(None, size, mmap.PROT_READ | mmap.PROT_WRITE, mmap.MAP_SHARED | _POPULATE, descriptor, 0)
        if address == _FAILED:
            error = ctypes.get_errno()
            raise OSError(error, os.strerror(error))
        self.address: int = address
        self.size = size
        self.unmap = libc.munmap
        self.descriptor = -1
        self.__array_interface__ = {"data": (address, False), "shape": (size,), "typestr": "|u1", "version": 3}

    def __del__(self) -> None:
        if getattr(self, "descriptor", -1) >= 0:
            os.close(self.descriptor)
        if hasattr(self, "unmap"):
            self.unmap(self.address, self.size)


@lru_cache(maxsize=None)
def _libc() -> Any:
    libc = ctypes.CDLL(None, use_errno=True)
    libc.mmap.restype = ctypes.c_void_p
    libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, *[ctypes.c_int] * 3, ctypes.c_long]
    libc.munmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
    return libc


def shared_bytes(size: int) -> np.ndarray[Any, Any]:
    """A uint8 array over a new segment, whose descriptor stays open while the array lives.

    Raises OSError where there is not that much memory.
    """
    descriptor = _new_file()
    try:
        os.ftruncate(descriptor, size)
        segment = Segment(descriptor, size)
    except BaseException:
        os.close(descriptor)
        raise
    segment.descriptor = descriptor
    return np.asarray(segment)


def _new_file() -> int:
    if hasattr(os, "memfd_create"):
        return os.memfd_create("adjoint-batch")
    with tempfile.TemporaryFile() as file:  # not on Linux: a file that has no name any more
        return os.dup(file.fileno())


def shared_empty(shape: tuple[int, ...], dtype: np.dtype[Any]) -> np.ndarray[Any, Any]:
    """An array in a segment of its own; where memory for one cannot be had, or it is small, an ordinary one."""
    size = math.prod(shape) * dtype.itemsize
    if size < SMALLEST:
        return np.empty(shape, dtype)
    try:
        return shared_bytes(size).view(dtype).reshape(shape)
    except OSError:
        return np.empty(shape, dtype)


def segment_of(array: Any) -> tuple[int, int, int] | None:
    """Descriptor, size, and the array's offset in its segment, for an array that lies in one whose descriptor is open."""
    base = array
    while isinstance(base, np.ndarray):
        base = base.base
    if not isinstance(base, Segment) or base.descriptor < 0:
        return None
    return base.descriptor, base.size, array.__array_interface__["data"][0] - base.address


def mapped(descriptor: int, size: int) -> np.ndarray[Any, Any]:
    """The bytes of a segment made by another process; where it cannot be mapped (a process has some 65,000 mappings), a copy."""
    try:
        return np.asarray(Segment(descriptor, size))
    except OSError:
        copy = np.empty(size, np.uint8)
        view = copy.data
        done = 0
        while done < size:
            done += os.preadv(descriptor, [view[done:]], done)
        return copy
