"""What each thread has of its own (grad mode, levels, hooks), and how another thread goes on in its place."""

from __future__ import annotations

import contextvars
import threading
from collections.abc import Callable
from typing import Any, TypeVar

L = TypeVar("L", bound=threading.local)

_locals: list[threading.local] = []


def carried(local: L) -> L:
    """Have a thread's values of ``local`` taken along by :func:`go_on_elsewhere`."""
    _locals.append(local)
    return local


def go_on_elsewhere(function: Callable[..., Any], *args: Any) -> Any:
    """Call a function in a new thread, with this one's state, wait for it and return or raise what it did.

    A new thread has a Python stack of its own, so that nesting may go deeper than the recursion limit.
    """
    context = contextvars.copy_context()
    states = [(local, dict(local.__dict__)) for local in _locals]
    returned: list[Any] = []
    raised: list[BaseException] = []

    def run() -> None:
        for local, state in states:
            local.__dict__.update(state)
        try:
            returned.append(context.run(function, *args))
        except BaseException as error:
            raised.append(error)

    thread = threading.Thread(target=run, name=threading.current_thread().name)
    thread.start()
    thread.join()
    if raised:
        try:
            raise raised[0]
        finally:
            raised.clear()  # the error holds this frame
    return returned[0]
