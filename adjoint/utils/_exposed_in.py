"""A decorator by which a function or class says in which module users find it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from adjoint.names import list_names as _list_names

F = TypeVar("F", bound=Callable[..., Any])


def exposed_in(module: str) -> Callable[[F], F]:
    """A decorator that sets ``__module__``."""

    def put(fn: F) -> F:
        fn.__module__ = module
        return fn

    return put


_list_names(__name__)
