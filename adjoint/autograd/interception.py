"""Interception: how rare features see every operator call without costing those who do not use them.

A generated operator begins with ``if intercept.active:``.  While nothing is active that is one attribute read.  A
feature (inference mode, forward-mode levels, a profiler) adds an interceptor for as long as it is on; interceptors
belong to the thread that added them, ``active`` has the threads that have any.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from adjoint.interrupts import at_once
from adjoint.thread_state import declare, hints

# interceptor(operator, run, args, kwargs) -> result, where run(*args, **kwargs) is what lies beneath.
Interceptor = Callable[[Any, Callable[..., Any], tuple[Any, ...], dict[str, Any]], Any]

# The thread's interceptors, the innermost last, and how many of them, from the outermost, the current call may still see.
_thread = declare(interceptors=((), 0))


class Intercept:
    """The interceptors of all threads."""

    __slots__ = ("active", "known")

    def __init__(self) -> None:
        self.active: dict[int, bool] = {}
        self.known: Interceptor | None = None
        hints.append(self.agree)

    def add(self, interceptor: Interceptor) -> Interceptor:
        """Have this thread's operator calls go through ``interceptor``, the innermost from now on."""
        before, depth = _thread.interceptors
        added = (*before[:depth], interceptor, *before[depth:]), depth + 1
        self.active[_thread.ident] = True
        _thread.interceptors = added
        return interceptor

    @at_once
    def remove(self, interceptor: Interceptor) -> None:
        """Undo the latest :meth:`add` of ``interceptor`` in this thread."""
        before, depth = _thread.interceptors
        at = depth - 1
        if not depth or before[at] is not interceptor:
            at = _place(before, interceptor)
            if at < 0:
                return
        _thread.interceptors = before[:at] + before[at + 1 :], depth - 1 if at < depth else depth
        self.agree()

    @at_once
    def agree(self) -> None:
        """Have ``active`` say whether this thread has interceptors."""
        if _thread.interceptors[0]:
            self.active[_thread.ident] = True
        else:
            try:
                del self.active[_thread.ident]
            except KeyError:
                pass

    def wants(self) -> bool:
        """Whether this thread has an interceptor that the current call has not been through."""
        return _thread.interceptors[1] > 0  # type: ignore[no-any-return]

    def wants_more(self) -> bool:
        """As :meth:`wants`, but for the interceptor that is ``known``: what that would do generated callers do themselves."""
        interceptors, depth = _thread.interceptors
        return depth > 1 or (depth == 1 and interceptors[0] is not self.known)

    def call(self, operator: Any, function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Run ``function`` through this thread's innermost interceptor.

        What that one calls, the function included, is seen by the next ones and not by itself.
        """
        before = _thread.interceptors
        interceptors, depth = before
        beneath = interceptors, depth - 1
        try:
            _thread.interceptors = beneath
            result = interceptors[depth - 1](operator, function, args, kwargs)
            _thread.interceptors = before if _thread.interceptors is beneath else (_thread.interceptors[0], depth)
            return result
        except BaseException:
            _thread.interceptors = before if _thread.interceptors is beneath else (_thread.interceptors[0], depth)
            raise

    def anew(self, function: Callable[..., Any], *args: Any) -> Any:
        """Call ``function``, the user's own code, so that what it calls is seen by all of this thread's interceptors."""
        return self._seen_by(len(_thread.interceptors[0]), function, *args)

    def in_parts(self, function: Callable[..., Any], *args: Any) -> Any:
        """Call ``function``, of an interceptor's, so that what it calls is seen by that one too, and the next ones."""
        return self._seen_by(_thread.interceptors[1] + 1, function, *args)

    def _seen_by(self, outermost: int, function: Callable[..., Any], *args: Any) -> Any:
        before = _thread.interceptors
        interceptors, depth = before
        every = interceptors, outermost
        try:
            _thread.interceptors = every
            result = function(*args)
            _thread.interceptors = before if _thread.interceptors is every else (_thread.interceptors[0], depth)
            return result
        except BaseException:
            _thread.interceptors = before if _thread.interceptors is every else (_thread.interceptors[0], depth)
            raise


def _place(interceptors: tuple[Interceptor, ...], interceptor: Interceptor) -> int:
    """Where the latest of them that is this one stands; -1 if none is."""
    for i in reversed(range(len(interceptors))):
        if interceptors[i] is interceptor:
            return i
    return -1


intercept = Intercept()
