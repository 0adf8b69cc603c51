"""Interception: how rare features see every operator call without costing those who do not use them.

A generated operator begins with ``if intercept.active:``.  While nothing is active that is one attribute read.  A
feature (inference mode, forward-mode levels, a profiler) adds an interceptor for as long as it is on; interceptors
belong to the thread that added them, ``active`` counts those of all threads.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from adjoint.thread_state import carried

# interceptor(operator, run, args, kwargs) -> result, where run(*args, **kwargs) is what lies beneath.
Interceptor = Callable[[Any, Callable[..., Any], tuple[Any, ...], dict[str, Any]], Any]


class _Stack(threading.local):
    def __init__(self) -> None:
        self.interceptors: list[Interceptor] = []
        self.depth = 0  # how many of them, from the outermost, the current call may still see


class Intercept:
    """The interceptors of all threads."""

    __slots__ = ("_lock", "_stack", "active")

    def __init__(self) -> None:
        self.active = 0
        self._lock = threading.Lock()
        self._stack = carried(_Stack())

    def add(self, interceptor: Interceptor) -> Interceptor:
        """Have this thread's operator calls go through ``interceptor``, the innermost from now on."""
        stack = self._stack
        stack.interceptors.insert(stack.depth, interceptor)
        stack.depth += 1
        with self._lock:
            self.active += 1
        return interceptor

    def remove(self, interceptor: Interceptor) -> None:
        """Undo the latest :meth:`add` of ``interceptor`` in this thread."""
        stack = self._stack
        for i in reversed(range(len(stack.interceptors))):
            if stack.interceptors[i] is interceptor:
                del stack.interceptors[i]
                if i < stack.depth:
                    stack.depth -= 1
                break
        with self._lock:
            self.active -= 1

    def wants(self) -> bool:
        """Whether this thread has an interceptor that the current call has not been through."""
        return self._stack.depth > 0

    def call(self, operator: Any, function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Run ``function`` through this thread's innermost interceptor.

        What that one calls, the function included, is seen by the next ones and not by itself.
        """
        stack = self._stack
        depth = stack.depth
        stack.depth = depth - 1
        try:
            return stack.interceptors[depth - 1](operator, function, args, kwargs)
        finally:
            stack.depth = depth

    def anew(self, function: Callable[..., Any], *args: Any) -> Any:
        """Call ``function``, the user's own code, so that what it calls is seen by all of this thread's interceptors."""
        stack = self._stack
        depth = stack.depth
        stack.depth = len(stack.interceptors)
        try:
            return function(*args)
        finally:
            stack.depth = depth


intercept = Intercept()
