"""What each thread has switched (grad mode, levels, hooks), how it is put back, and how another thread goes on with it.

All of it is in one place, :data:`this_thread`, as values that are replaced and never changed.  So a shallow copy of one
dictionary is the whole state, and putting it back is one call that no signal divides::

    before = snapshot()
    try:
        ...  # switch, call, switch back
    except BaseException:
        put_back(before)
        raise

What all threads read to find out quickly that nobody has switched anything, ``grad_mode.off`` and ``intercept.active``, follows
from these states: :data:`hints` has the functions that make it agree with this thread's.
"""

from __future__ import annotations

import contextvars
import threading
from collections.abc import Callable
from threading import get_ident
from typing import Any

from adjoint.interrupts import at_once

_defaults: dict[str, Any] = {}


class _Thread(threading.local):
    def __init__(self) -> None:
        self.ident = get_ident()


this_thread: Any = _Thread()
"""What this thread has switched; the fields are those that modules have declared."""

hints: list[Callable[[], None]] = []


def declare(**fields: Any) -> Any:
    """Give every thread these fields, with the values that they have where nothing is switched; :data:`this_thread`."""
    for name, value in fields.items():
        _defaults[name] = value
        setattr(_Thread, name, value)
    return this_thread


def defaults() -> dict[str, Any]:
    """What a thread that has switched nothing has, for :func:`put_back`."""
    return _defaults.copy()


def snapshot() -> dict[str, Any]:
    """All that this thread has switched, for :func:`put_back`."""
    return this_thread.__dict__.copy()  # type: ignore[no-any-return]


@at_once
def put_back(before: dict[str, Any]) -> None:
    """Have this thread's state be again what a :func:`snapshot` says."""
    _replace(_defaults | before)


@at_once
def _replace(fields: dict[str, Any]) -> None:
    """Give this thread's fields these values, all at once."""
    try:
        this_thread.__dict__.update(fields)
    finally:
        for agree in hints:
            agree()


class Switch:
    """A context manager that switches some of this thread's fields: all of what :meth:`switch` does, or nothing."""

    fields: tuple[str, ...]

    def switch(self) -> None:
        """Switch them."""
        raise NotImplementedError

    def __enter__(self) -> Any:
        self._before = {name: getattr(this_thread, name) for name in self.fields}
        try:
            self.switch()
        except BaseException:
            _replace(self._before)
            raise

    @at_once
    def __exit__(self, *exc: object) -> None:
        _replace(self._before)


def go_on_elsewhere(function: Callable[..., Any], *args: Any) -> Any:
    """Call a function in a new thread, with this one's state, wait for it and return or raise what it did.

    A new thread has a Python stack of its own, so that nesting may go deeper than the recursion limit.  What interrupts the
    waiting ends the function, too.
    """
    context = contextvars.copy_context()
    state = snapshot()
    returned: list[Any] = []
    raised: list[BaseException] = []

    def run() -> None:
        try:
            put_back({**state, "ident": get_ident()})
            returned.append(context.run(function, *args))
        except BaseException as error:
            raised.append(error)
        finally:
            put_back({**_defaults, "ident": get_ident()})

    thread = threading.Thread(target=run, name=threading.current_thread().name)
    try:
        thread.start()
        thread.join()
    except BaseException as error:
        _end(thread, type(error))
        raise
    if raised:
        try:
            raise raised[0]
        finally:
            raised.clear()  # the error holds this frame
    return returned[0]


def _end(thread: threading.Thread, kind: type[BaseException]) -> None:
    """Raise an exception in another thread, and wait for its end."""
    import ctypes

    if thread.ident is not None:
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident), ctypes.py_object(kind))
        thread.join()
