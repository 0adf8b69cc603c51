"""Segments: memory that several processes map, so that what one of them writes the others see.

A segment is a file without a name (``memfd``), known to a process by a descriptor that is sent to it.  It needs no name that
could be left behind, and is freed with the last process that maps it, however that process ends.
"""

from __future__ import annotations

import ctypes
import errno
import mmap
import os
import threading
import weakref
from functools import lru_cache
from typing import Any

import numpy as np

_FAILED = ctypes.c_void_p(-1).value
_POPULATE = getattr(mmap, "MAP_POPULATE", 0)  # one call in place of a page fault every 4096 bytes


class Segment:
    """A mapping of shared memory: an array's last owner, which unmaps it when it goes."""

    __slots__ = ("__array_interface__", "__weakref__", "address", "descriptor", "key", "size", "unmap")

    def __init__(self, descriptor: int, size: int) -> None:
        """Map the file; raises OSError where no address space or mapping is left."""
        libc = _libc()
        address = libc.mmap(None, size, mmap.PROT_READ | mmap.PROT_WRITE, mmap.MAP_SHARED | _POPULATE, descriptor, 0)
        if address == _FAILED:
            error = ctypes.get_errno()
            raise OSError(error, os.strerror(error))
        self.address: int = address
        self.key = (0, 0)
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
        return _over(descriptor, size)
    except BaseException:
        os.close(descriptor)
        raise


def received_bytes(descriptor: int, size: int) -> np.ndarray[Any, Any]:
    """A uint8 array over the segment of a descriptor that another process sent, which is taken over.

    A segment that this process knows already is the same array's memory, not a second mapping.
    """
    try:
        with _lock:
            known = _known.get(_key(descriptor))
            if known is None:
                return _over(descriptor, size)
        os.close(descriptor)
        return np.asarray(known)
    except BaseException:
        os.close(descriptor)
        raise


def segment_of(array: Any) -> Segment | None:
    """The segment that an array lies in, where its descriptor is open; None for any other memory."""
    base = array
    while isinstance(base, np.ndarray):
        base = base.base
    return base if isinstance(base, Segment) and base.descriptor >= 0 else None


def many_files() -> None:
    """Let this process have as many open files as it may: each tensor that it shares is one."""
    import resource

    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


_known: weakref.WeakValueDictionary[tuple[int, int], Segment] = weakref.WeakValueDictionary()
_lock = threading.RLock()


def _over(descriptor: int, size: int) -> np.ndarray[Any, Any]:
    segment = Segment(descriptor, size)
    segment.key = _key(descriptor)
    segment.descriptor = descriptor
    with _lock:
        _known[segment.key] = segment
    return np.asarray(segment)


def _key(descriptor: int) -> tuple[int, int]:
    file = os.fstat(descriptor)
    return file.st_dev, file.st_ino


def _new_file() -> int:
    if not hasattr(os, "memfd_create"):
        import tempfile

        with tempfile.TemporaryFile() as file:  # not on Linux: a file that has no name any more
            return os.dup(file.fileno())
    try:
        return os.memfd_create("adjoint")
    except OSError as error:
        if error.errno != errno.EMFILE:
            raise
        many_files()
        return os.memfd_create("adjoint")


def _unlocked() -> None:
    """In a forked process: another thread may have held the lock."""
    global _lock
    _lock = threading.RLock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_unlocked)
