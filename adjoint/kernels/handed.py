"""Handed: how arrays are given to native code, and, in its debug build, which ones were and what it did wrong with them.

Callers pack ``handle(x)``, the address of an array object, or ``elements(x)``, that of its elements.  Otherwise these are as
cheap as what they return.  With ``ADJOINT_KERNELS_CHECK=1`` they keep where the array's elements lie, for as long as it
lives, for the guards to look up (:mod:`adjoint.kernels.guards`), and every call from Python raises :class:`OutOfBounds` for
the first thing that was read or written outside.
"""

from __future__ import annotations

import ctypes
import threading
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from adjoint.forks import hold
from adjoint.interrupts import contextmanager
from adjoint.kernels.native.bounds import CHECKED
from adjoint.kernels.object_files import defined


class OutOfBounds(RuntimeError):
    """Native code would have read or written outside of the arrays that it was handed."""


def elements(x: Any) -> int:
    """The address of an array's elements."""
    if CHECKED:
        handle(x)
    return x.ctypes.data  # type: ignore[no-any-return]


class _Table:
    """What native code was handed."""

    def __init__(self) -> None:
        from adjoint.kernels import guards

        self.lock = threading.RLock()
        self.words = np.zeros(guards.WORDS, np.int64)
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(self.words))  # threads run native code for as long as there is a process
        defined[guards.SYMBOL] = self.words.ctypes.data
        self.places: dict[int, int] = {}  # an array object -> its row
        self.said: dict[int, str] = {}  # and what to call it
        self.count = 0
        self.table = np.zeros(0, np.int64)
        self.old: list[Any] = []  # a thread may be reading these
        self.grow()

    def grow(self) -> None:
        """A larger table, without the rows of what is gone."""
        from adjoint.kernels import guards

        rows = self.table.reshape(-1, guards.ROW)[: self.count]
        rows = rows[rows[:, 0] != 0]
        made = np.zeros((max(256, 4 * len(rows)), guards.ROW), np.int64)
        made[: len(rows)] = rows
        self.old.append(self.table)
        self.table, self.count = made.reshape(-1), len(rows)
        self.places = {int(row[0]): n for n, row in enumerate(rows)}
        self.words[guards.COUNT] = 0
        self.words[guards.TABLE] = self.table.ctypes.data
        self.words[guards.COUNT] = self.count

    def add(self, key: int, low: int, high: int, said: str) -> None:
        """Put something last in the table."""
        from adjoint.kernels import guards

        with self.lock:
            self.remove(key)
            if guards.ROW * self.count == len(self.table):
                self.grow()
            at = guards.ROW * self.count
            self.table[at : at + guards.ROW] = key, low, high
            self.places[key], self.said[key] = self.count, said
            self.count += 1
            self.words[guards.COUNT] = self.count

    def remove(self, key: int) -> None:
        """Forget what is gone."""
        from adjoint.kernels import guards

        with self.lock:
            row = self.places.pop(key, None)
            if row is not None:
                self.table[guards.ROW * row : guards.ROW * (row + 1)] = 0
                self.said.pop(key, None)

    def complain(self) -> None:
        """Raise what native code did wrong since it was last asked."""
        from adjoint.kernels import guards as g

        w = self.words
        if not w[g.FAILED]:
            return
        with self.lock:
            place, how, address, size, low, high = (int(x) for x in w[g.FAILED + 1 : g.HIGH + 1])
            w[g.FAILED] = 0
            rows = self.table.reshape(-1, g.ROW)[: self.count]
            keys = [int(key) for key, a, b in rows.tolist() if (a, b) == (low, high)]
            said = self.said.get(keys[-1], "") if keys else ""
        if not said:
            said = f"memory of {high - low} bytes" if high > low else "no array that it was handed"
        where = ctypes.string_at(place).decode()
        verb = "write" if how == g.WRITE else "read"
        raise OutOfBounds(f"{where}: would {verb} {size} bytes at offset {address - low} of {said}")


_known: _Table | None = None
_starting = hold(threading.RLock())


def _table() -> _Table:
    global _known
    if _known is None:
        with _starting:
            if _known is None:
                _known = _Table()
    return _known


def start() -> None:
    """Make the state known to native code that is loaded from now on."""
    _table()


def _checked_handle(x: Any) -> int:
    low, high = np.lib.array_utils.byte_bounds(x) if x.size else (x.ctypes.data, x.ctypes.data)
    key = id(x)
    table = _table()
    if key not in table.said:
        weakref.finalize(x, table.remove, key).atexit = False
    table.add(key, low, high, f"{x.dtype}{list(x.shape)}, steps {list(x.strides)}")
    return key


handle: Callable[[Any], int] = _checked_handle if CHECKED else id
"""The address of an array object, as native code takes it."""


@contextmanager
def _words(blocks: list[bytes]) -> Iterator[None]:
    """Let native code read what it is called with."""
    table = _table()
    for block in blocks:
        first = ctypes.cast(ctypes.c_char_p(block), ctypes.c_void_p).value
        table.add(first, first, first + len(block), f"its {len(block)} bytes of arguments")  # type: ignore[arg-type, operator]
    try:
        yield
    finally:
        for block in blocks:
            table.remove(ctypes.cast(ctypes.c_char_p(block), ctypes.c_void_p).value)  # type: ignore[arg-type]


def watched(function: Any) -> Any:
    """A function of native code that raises, when it returns, what it did wrong."""

    def call(*args: Any) -> Any:
        table = _table()
        with table.lock:  # nobody changes the table while it is read, not even for an array that two threads use
            with _words([a for a in args if a.__class__ is bytes]):
                result = function(*args)
            table.complain()
        return result

    return call
