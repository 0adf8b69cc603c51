"""Calls that may run beside others, in scripted code; Python makes them at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from adjoint.futures import Future
from adjoint.jit._deprecation import deprecated

T = TypeVar("T")


def fork(func: Callable[..., T], *args: Any, **kwargs: Any) -> Future[T]:
    """Call ``func``, now, and return a future that has its value.

    >>> import adjoint as torch
    >>> torch.jit.wait(torch.jit.fork(torch.add, torch.ones(2), 1))
    tensor([2., 2.])
    """
    deprecated("fork")
    return _fork(func, *args, **kwargs)


def wait(future: Future[T]) -> T:
    """The value of what :func:`fork` returned."""
    deprecated("wait")
    return _wait(future)


def _fork(func: Callable[..., T], *args: Any, **kwargs: Any) -> Future[T]:
    future: Future[T] = Future()
    future.set_result(func(*args, **kwargs))
    return future


def _wait(future: Future[T]) -> T:
    return future.wait()
