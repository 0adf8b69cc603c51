"""Late: native code by its name, imported when a large array first asks for it."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from importlib import import_module
from typing import Any

import numpy as np

from adjoint.kernels.reading import threshold, usable

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
