"""Late: native code by its name, imported when a large array first asks for it."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from importlib import import_module
from typing import Any

import numpy as np

from adjoint.kernels.reading import NEVER, threshold, usable

LARGE = threshold()
"""How many elements an array has from which on native code is worth its call."""


class Late:
    """A function below ``adjoint.kernels``, such as "copying:copy"; NotImplemented where no kernels can be made."""

    __slots__ = ("function", "name")

    def __init__(self, name: str) -> None:
        self.name = name
        self.function: Any = None

    def __call__(self, *args: Any) -> Any:
        if self.function is None:
            if not usable():
                return NotImplemented
            module, _, name = self.name.partition(":")
            self.function = getattr(import_module(f"adjoint.kernels.{module}"), name)
        return self.function(*args)


def from_on(size: int) -> int:
    """So many elements, where native code is worth its call from there on; fewer where tests ask for it, and never without."""
    return min(size, LARGE) if LARGE < NEVER else NEVER


OFTEN = 16
"""So many calls on small arrays NumPy answers, before what it does slowly is worth loading a kernel."""


class Often(Late):
    """As :class:`Late`, of what NumPy needs many calls for: worth a kernel for small arrays, too, if there are many of these.

    Only for what is the same to the last bit in both ways, since the same call is to have the same result whenever it is made.
    """

    __slots__ = ("least", "seen")

    def __init__(self, name: str, least: int = 1024) -> None:
        super().__init__(name)
        self.least = from_on(least)
        self.seen = 0

    def wants(self, x: Any) -> bool:
        """Whether an array is worth the call."""
        if x.__class__ is not np.ndarray:
            return False
        if x.size >= self.least:
            return True
        self.seen += 1
        return self.seen > OFTEN and x.size > 0 and self.least < NEVER


def by_kernel(name: str, large: Callable[..., bool] | None = None) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Have native code compute what it can where the first array is a large one of NumPy's (a decorator).

    ``large(*args)`` says in another way whether arguments are worth a kernel.
    """
    native = Late(name)

    def decorated(f: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(f)
        def by_size(x: Any, *args: Any) -> Any:
            if x.__class__ is np.ndarray and (x.size >= LARGE if large is None else large(x, *args)):
                found = native(x, *args)
                if found is not NotImplemented:
                    return found
            return f(x, *args)

        return by_size

    return decorated
