"""Forks: a process forks while no other thread holds a lock that the child will need.

A child has one thread.  A lock that another thread held when it was made is held in it for ever: Python's lock of a module that
is just being imported, or ours while something is compiled or started.  So whoever forks waits for those to be free, and
keeps them until the child is made.  It never waits with some of them in its hands, so that nobody waits for it meanwhile; what
its own thread holds it may fork with.
"""

from __future__ import annotations

import os
import sys
import threading
import time
import weakref
from importlib import _bootstrap  # type: ignore[attr-defined]
from typing import Any

_locks: weakref.WeakSet[Any] = weakref.WeakSet()  # RLocks
_held = threading.local()

# Modules whose import waits for nobody: what we import when it is first used, and what that imports in its turn.  A program's
# own module may be a whole training, whose threads its import waits for.
_OURS = sys.stdlib_module_names | {"adjoint", "torch", "torchvision", "numpy", "llvmlite", "scipy", "PIL", "matplotlib", "mpi4py"}

_PATIENCE = 60.0  # seconds; an import that takes longer waits for something itself


def hold(lock: Any) -> Any:
    """Have nobody fork while another thread holds this RLock; returns it."""
    _locks.add(lock)
    return lock


def _before() -> None:
    end = time.monotonic() + _PATIENCE
    while not _take(time.monotonic() > end):
        time.sleep(0.0005)


def _take(anyway: bool) -> bool:
    """Take all locks, if all of them are free, and those of imports are."""
    import _imp

    taken: list[Any] = []
    try:
        for lock in (*list(_locks), *_of_compiler()):
            if not lock.acquire(blocking=False):
                break
            taken.append(lock)
        else:
            _imp.acquire_lock()  # nobody begins an import while this is held; its holders hold it for a moment
            taken.append(_ImportLock)
            if anyway or not _importing():
                _held.locks = taken, *getattr(_held, "locks", ())
                return True
    except BaseException:  # an interrupt
        _release(taken)
        raise
    _release(taken)
    if anyway:
        _held.locks = [], *getattr(_held, "locks", ())
    return anyway


class _ImportLock:
    """Python's lock of all imports, released as any other."""

    @staticmethod
    def release() -> None:
        import _imp

        _imp.release_lock()


def _release(taken: list[Any]) -> None:
    while taken:
        taken.pop().release()


def _of_compiler() -> list[Any]:
    """The lock that llvmlite has around every call into LLVM."""
    lock = getattr(getattr(sys.modules.get("llvmlite.binding.ffi"), "lib", None), "_lock", None)
    lock = getattr(lock, "_lock", lock)
    return [lock] if hasattr(lock, "acquire") else []


def _importing() -> bool:
    """Whether another thread imports a module of ours, or one that we import."""
    own = threading.get_ident()
    for name, reference in list(getattr(_bootstrap, "_module_locks", {}).items()):
        if name.partition(".")[0] in _OURS:
            lock = reference()
            if getattr(lock, "owner", None) not in (None, own):
                return True
    return False


def _after() -> None:
    taken, *outer = _held.locks
    _held.locks = tuple(outer)
    _release(taken)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before, after_in_parent=_after, after_in_child=_after)
