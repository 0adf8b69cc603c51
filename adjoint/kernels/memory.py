"""Memory: arrays in warm buffers.

A new array of 16 MB costs more than the arithmetic on it, for the system clears its pages one by one as they are
written to.  :func:`empty` makes arrays in memory that was freed before, which is in the cache if it was freed lately.

NumPy asks the handler in a context variable of its own for memory (NEP 49), and an array keeps the handler it was made
with.  Ours is set in one context, which only :func:`empty` enters: everybody else's arrays are as they were.  Where
NumPy does not have handlers, or nothing can be compiled, :func:`empty` is NumPy's.
"""

from __future__ import annotations

import contextvars
import ctypes
import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from adjoint.forks import hold

# The words of the pool's state (see buffers.py) that are read or set here; sizes are in bytes.
LOCK = 0
IN_USE, IN_USE_PEAK = 1, 2  # buffers that arrays have
KEPT, HELD_PEAK = 3, 4  # free buffers; at most, both together
BUFFERS, HITS, MISSES, RETRIES, FAILURES = 5, 6, 7, 8, 9  # how many arrays have one; and how often which happened
LIMIT, MOST, SLACK = 10, 11, 12  # of KEPT: set (or -1), or at most; and above IN_USE_PEAK when the pool grows
VOLUME, PEAK_NOW, PEAK_BEFORE = 13, 14, 15  # bytes allocated in this window, and the most in use in it and the last one
LISTS = 16  # and from there on: of the free buffers

_plain = np.empty


def empty(shape: Any, dtype: Any) -> Any:
    """An array whose elements are not set, as ``numpy.empty``; from the pool, its data is aligned to 64 bytes."""
    try:
        return _run(_plain, shape, dtype)
    except RuntimeError as error:
        if not str(error).startswith("cannot enter context"):
            raise
        return _plain(shape, dtype)  # another thread is in the context, or this one, which then has the pool anyway


def memory_stats() -> dict[str, int]:
    """Bytes that arrays have of the pool (allocated), that it keeps (cached) and both (reserved), and how often it did what.

    Arrays below 64 KB are not pooled and not counted.
    """
    state = _state or [0] * 16
    return {
        "allocated_bytes.current": state[IN_USE],
        "allocated_bytes.peak": state[IN_USE_PEAK],
        "cached_bytes.current": state[KEPT],
        "reserved_bytes.current": state[IN_USE] + state[KEPT],
        "reserved_bytes.peak": state[HELD_PEAK],
        "allocation.current": state[BUFFERS],
        "allocation.allocated": state[HITS] + state[MISSES] - state[FAILURES],
        "num_hits": state[HITS],
        "num_misses": state[MISSES],
        "num_alloc_retries": state[RETRIES],
        "num_ooms": state[FAILURES],
    }


def set_cache_limit(limit: int | None) -> None:
    """Keep at most so many bytes of free buffers, whatever the process's size; None for the default.

    The default is as much as arrays needed at once of late, or 256 MB if that is more, and at most a quarter of the
    machine's memory; but the pool grows no more than 32 MB beyond what arrays ever needed at once.
    """
    global _limit
    _limit = limit
    if _state is not None:
        _bound(_state, limit)


def empty_cache() -> None:
    """Give all free buffers back to the system."""
    if _state is not None:
        _shrink(ctypes.addressof(_state), 0)


def _first(function: Callable[..., Any], *args: Any) -> Any:
    """What ``_run`` is before the first array: start the pool.  Arrays that are made meanwhile are NumPy's."""
    global _run
    with _starting:
        first, _run = _run is _first, _call if _run is _first else _run
    if first:
        try:
            _run = _start() or _call
        except BaseException:  # an interrupt: the next array tries again
            _run = _first
            raise
    return _run(function, *args)


def _call(function: Callable[..., Any], *args: Any) -> Any:
    return function(*args)


_run: Callable[..., Any] = _first
_starting = hold(threading.RLock())
_state: Any = None  # the words of buffers.py
_shrink: Any = None
_limit: int | None = None

_SLACK = 32 << 20
_SHARE_OF_MACHINE = 4


def _start() -> Callable[..., Any] | None:
    """Make the pool, and return what calls a function in the context in which it is NumPy's; None where that cannot be."""
    global _state, _shrink
    api = _numpy_api()
    if api is None:
        return None
    try:
        from adjoint.kernels.machine import machine

        machine()  # ImportError where nothing can be compiled
        from adjoint.kernels import buffers
        from adjoint.kernels.machine_code import entry

        write_handlers = entry(buffers.write_handlers)
    except ImportError:  # no compiler
        return None
    table = (ctypes.c_int64 * 5)()
    write_handlers(ctypes.addressof(table))
    # Arrays may outlive every Python object of ours, so what frees them is never freed itself: code (which nobody frees), state,
    # handler.
    state = (ctypes.c_int64 * buffers.WORDS).from_address(_immortal(8 * buffers.WORDS))
    handler = _Handler.from_address(_immortal(ctypes.sizeof(_Handler)))
    handler.name, handler.version, handler.context = b"adjoint", 1, ctypes.addressof(state)
    handler.functions[:] = table[:4]
    # With the interpreter's lock held, as NumPy calls the others: no thread is in the middle of one when another forks.
    _shrink = ctypes.PYFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int64)(table[4])
    state[MOST] = _memory_of_machine() // _SHARE_OF_MACHINE
    _bound(state, _limit)
    capsule = _new_capsule(ctypes.addressof(handler), b"mem_handler", None)
    set_handler = ctypes.PYFUNCTYPE(ctypes.py_object, ctypes.py_object)(api[304])
    context = contextvars.Context()
    context.run(set_handler, capsule)
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=_repair)
    _state = state
    return context.run


class _Handler(ctypes.Structure):
    """NumPy's PyDataMem_Handler."""

    _fields_ = (
        ("name", ctypes.c_char * 127),
        ("version", ctypes.c_uint8),
        ("context", ctypes.c_void_p),
        ("functions", ctypes.c_void_p * 4),  # malloc, calloc, realloc, free
    )


_new_capsule = ctypes.PYFUNCTYPE(ctypes.py_object, ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p)(
    ("PyCapsule_New", ctypes.pythonapi)
)
_capsule_pointer = ctypes.PYFUNCTYPE(ctypes.c_void_p, ctypes.py_object, ctypes.c_char_p)(
    ("PyCapsule_GetPointer", ctypes.pythonapi)
)


def _numpy_api() -> Any:
    """NumPy's table of C functions; None where it is not the one whose places 304 to 306 are known."""
    if sys.maxsize < 2**32:
        return None
    try:
        from numpy._core._multiarray_umath import _ARRAY_API
    except ImportError:
        return None
    table = ctypes.cast(_capsule_pointer(_ARRAY_API, None), ctypes.POINTER(ctypes.c_void_p))
    binary_interface = ctypes.PYFUNCTYPE(ctypes.c_uint)(table[0])()
    return table if binary_interface == 0x2000000 else None  # NumPy 2's: entries are added to it, never moved


def _immortal(size: int) -> int:
    """The address of zeroed memory that is never freed, aligned to 64 bytes."""
    allocate = ctypes.PYFUNCTYPE(ctypes.c_void_p, ctypes.c_size_t, ctypes.c_size_t)(
        ("PyMem_RawCalloc", ctypes.pythonapi)
    )
    found = allocate(1, size + 64)
    if found is None:
        raise MemoryError
    return -(-found // 64) * 64


def _bound(state: Any, limit: int | None) -> None:
    state[LIMIT] = -1 if limit is None else limit
    state[SLACK] = _SLACK if limit is None else limit
    if limit is not None:
        _shrink(ctypes.addressof(state), limit)


def _memory_of_machine() -> int:
    """How many bytes this process may count on: the machine's, or its control group's."""
    found = [2**47]
    try:
        found.append(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    except (AttributeError, OSError, ValueError):  # not on this system
        pass
    try:
        found.append(int(Path("/sys/fs/cgroup/memory.max").read_text()))
    except (OSError, ValueError):  # no group, or "max"
        pass
    return min(found)


def _repair() -> None:
    """In a forked process: another thread may have been at the lists, where interpreters have no lock."""
    if _state[LOCK]:
        for word in (KEPT, *range(LISTS, len(_state))):
            _state[word] = 0
        _state[LOCK] = 0
