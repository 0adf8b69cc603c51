"""Refused: names of what is not there, which programs import to ask whether something is of that kind.

Nobody is an instance of a refused class, so the question is answered truly; who makes one, or calls a refused function,
is told what is missing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


class Refused:
    """A class that nobody is an instance of: making one raises NotImplementedError, with the reason that it was declared with."""

    _why = ""

    def __init_subclass__(cls, why: str = "", **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if why:
            cls._why = why

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        raise not_there(cls.__name__, cls._why)


def refused(name: str, why: str) -> Callable[..., Any]:
    """A function of that name that raises NotImplementedError when it is called."""

    def function(*args: Any, **kwargs: Any) -> Any:
        raise not_there(name, why)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"Raises NotImplementedError: {why}."
    return function


def not_there(name: str, why: str) -> NotImplementedError:
    """The error of using what is not there."""
    return NotImplementedError(f"Adjoint has no {name}: {why}")
