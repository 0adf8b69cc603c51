"""Forks: a process forks while no other thread holds a lock that the child will need.

A child has one thread.  A lock that another thread held when it was made is held in it for ever: Python's lock of a module that
is just being imported, or ours while something is compiled or started.  So whoever forks waits for those to be free, and
keeps them until the child is made.  With some of them in its hands it waits for moments only, so that nobody waits for it; what
its own thread holds it may fork with.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from importlib import _bootstrap  # type: ignore[attr-defined]
from typing import Any

_locks: list[Any] = []  # RLocks, the first to be taken first
_held = threading.local()

# Modules whose import waits for nobody: what we import when it is first used, and what that imports in its turn.  A program's
# own module may be a whole training, whose threads its import waits for.
_OURS = sys.stdlib_module_names | {"adjoint", "torch", "torchvision", "numpy", "llvmlite", "scipy", "PIL", "matplotlib", "mpi4py"}

_PATIENCE = 20.0  # seconds; an import that takes longer waits for something itself


def hold(lock: Any) -> Any:
    """Have nobody fork while another thread holds this RLock; returns it."""
    _locks.append(lock)
    return lock


def _before() -> None:
    end = time.monotonic() + _PATIENCE
    while not _take(time.monotonic() > end):
        time.sleep(0.0005)


def _take(anyway: bool) -> bool:
    """Take all locks, if all of them are free, and those of imports are."""
    import _imp

    taken: list[Any] = []
    for lock in (*_locks, *_of_compiler()):
        if not lock.acquire(timeout=0.05):  # one that is free for moments only is had so
            break
        taken.append(lock)
    else:
        _imp.acquire_lock()  # nobody begins an import while this is held; its holders hold it for a moment
        if anyway or not _importing():
            _held.locks = taken, *getattr(_held, "locks", ())
            return True
        _imp.release_lock()
    for lock in taken:
        lock.release()
    if anyway:
        _imp.acquire_lock()
        _held.locks = [], *getattr(_held, "locks", ())
        return True
    return False


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
    import _imp

    taken, *outer = _held.locks
    _held.locks = tuple(outer)
    _imp.release_lock()
    for lock in taken:
        lock.release()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before, after_in_parent=_after, after_in_child=_after)
