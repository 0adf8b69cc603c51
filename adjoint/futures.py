"""``torch.futures``: values that are not there yet, and what is to be done once they are."""

from __future__ import annotations

import sys
import threading
import traceback
from collections.abc import Callable, Iterable
from typing import Any, Generic, TypeVar, cast

from adjoint.names import list_names as _list_names

__all__ = ["Future", "collect_all", "wait_all"]

T = TypeVar("T")
S = TypeVar("S")


class Future(Generic[T]):
    """A value, or an exception, that some thread sets once and others wait for.

    Raises ValueError if ``devices`` are given: what is computed on a CPU is there when the value is.

    >>> import adjoint as torch
    >>> future = torch.futures.Future()
    >>> doubled = future.then(lambda f: f.value() * 2)
    >>> future.set_result(3)
    >>> doubled.wait()
    6
    """

    def __init__(self, *, devices: Any = None) -> None:
        if devices:
            raise ValueError(f"Expected devices to have indices, got {devices[0]}")
        self._changed = threading.Condition()
        self._done = False
        self._value: Any = None
        self._error: BaseException | None = None
        self._callbacks: list[Callable[[Future[T]], Any]] = []

    def done(self) -> bool:
        """Whether there is a value or an exception."""
        return self._done

    def wait(self) -> T:
        """The value, once it is there.  Raises the exception that was set instead."""
        if not self._done:
            with self._changed:
                self._changed.wait_for(lambda: self._done)
        return self.value()

    def value(self) -> T:
        """The value that is there.  Raises the exception that was set instead, and RuntimeError before there is any."""
        if not self._done:
            raise RuntimeError("value() of a Future that is not completed: wait() for it, or ask in a callback of then()")
        if self._error is not None:
            raise self._error
        return cast(T, self._value)

    def then(self, callback: Callable[[Future[T]], S]) -> Future[S]:
        """A future of what ``callback(self)`` returns, which is called when this one is completed (now, if it is).

        What the callback raises is what waiting for the new future raises.
        """
        following: Future[S] = Future()

        def go_on(done: Future[T]) -> None:
            try:
                value = callback(done)
            except BaseException as error:
                following._complete(None, error)
                if not isinstance(error, Exception):
                    raise
            else:
                following._complete(value, None)

        self._when_done(go_on)
        return following

    def add_done_callback(self, callback: Callable[[Future[T]], None]) -> None:
        """Have ``callback(self)`` called when this future is completed (now, if it is); what it raises is printed."""

        def call(done: Future[T]) -> None:
            try:
                callback(done)
            except Exception:
                sys.stderr.write(f"A callback of a Future raised:\n{traceback.format_exc()}")

        self._when_done(call)

    def set_result(self, result: T) -> None:
        """Complete the future with a value.  Raises RuntimeError if it is completed."""
        self._complete(result, None)

    def set_exception(self, result: BaseException) -> None:
        """Complete the future with an exception, for whoever waits.  Raises RuntimeError if it is completed."""
        if not isinstance(result, Exception):
            raise AssertionError(f"{result} is of type {type(result)}, not an Exception.")
        self._complete(None, result)

    def _complete(self, value: Any, error: BaseException | None) -> None:
        with self._changed:
            if self._done:
                raise RuntimeError(
                    "Attempting to mark a completed Future as complete again. Note that a Future can only be marked "
                    "completed once."
                )
            self._value, self._error, self._done = value, error, True
            callbacks, self._callbacks = self._callbacks, []
            self._changed.notify_all()
        for callback in callbacks:
            callback(self)

    def _when_done(self, callback: Callable[[Future[T]], Any]) -> None:
        with self._changed:
            if not self._done:
                self._callbacks.append(callback)
                return
        callback(self)


def collect_all(futures: Iterable[Future[Any]]) -> Future[list[Future[Any]]]:
    """A future of the list of these futures, completed when all of them are; with the first exception, if one has one.

    >>> import adjoint as torch
    >>> one, two = torch.futures.Future(), torch.futures.Future()
    >>> both = torch.futures.collect_all([one, two])
    >>> one.set_result(1)
    >>> two.set_result(2)
    >>> [future.value() for future in both.wait()]
    [1, 2]
    """
    all_of_them = list(futures)
    collected: Future[list[Future[Any]]] = Future()
    lock = threading.Lock()
    left = len(all_of_them)

    def count_down(done: Future[Any]) -> None:
        nonlocal left
        with lock:
            left -= 1
            if left:
                return
        errors = [future._error for future in all_of_them if future._error is not None]
        collected._complete(all_of_them, errors[0] if errors else None)

    for future in all_of_them:
        future._when_done(count_down)
    if not all_of_them:
        collected.set_result([])
    return collected


def wait_all(futures: Iterable[Future[Any]]) -> list[Any]:
    """The values of all these futures, once they are there.  Raises what the first that failed raises."""
    return [future.wait() for future in collect_all(futures).wait()]


_list_names(__name__)
