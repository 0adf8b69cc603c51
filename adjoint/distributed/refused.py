"""Refused: names of what is not there, which programs import to ask whether something is of that kind.

Nobody is an instance of a refused class, so the question is answered truly; who makes one, or calls a refused function,
is told what is missing.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from adjoint.names import named


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


def refuse_in(
    module: str, why: str, *, classes: str = "", functions: str = "", modules: str = "", elsewhere: dict[str, str] | None = None
) -> None:
    """Give a module refused classes and functions; ``modules`` are those in it, ``elsewhere`` says of names in which of them
    they are."""
    space = vars(sys.modules[module])
    for name in classes.split():
        text = f"Raises NotImplementedError where one is made: {why}."
        space[name] = type(name, (Refused,), {"__module__": module, "__doc__": text}, why=why)
    for name in functions.split():
        space[name] = refused(name, why)
        space[name].__module__ = module
    own = __name__.partition(".")[0], "torch"  # by either name of the package
    public = [
        name
        for name, value in space.items()
        if name[0] != "_" and callable(value) and value is not refuse_in and value.__module__.partition(".")[0] in own
    ]
    space.setdefault("__all__", public)
    named(module, modules=frozenset(modules.split()), elsewhere=elsewhere, found=lambda: public)
