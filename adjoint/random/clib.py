"""Clib: functions of float64 that the C library computes, as PyTorch's draws take them from there.

NumPy's own, which are vectorised, differ from the C library's in the last bit, and that from one processor to another.
Python's ``math`` calls the C library, a number at a time; for many numbers native code does.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from adjoint.kernels.late import LARGE, Late

Array = Any

_native = Late("drawing:c_function")


def _function(name: str, limit: float = math.nan) -> Callable[[Array], Array]:
    """A function of ``math``, element by element; ``limit`` is what C gives where Python raises."""
    single = getattr(math, name)

    def guarded(x: float) -> float:
        try:
            return single(x)  # type: ignore[no-any-return]
        except (OverflowError, ValueError):
            return limit

    def function(x: Array) -> Array:
        if x.size >= LARGE:
            found = _native(x, name)
            if found is not NotImplemented:
                return found
        return np.fromiter(map(guarded, x.reshape(-1).tolist()), np.float64, x.size).reshape(x.shape)

    function.__name__ = name
    function.__doc__ = f"``{name}`` of float64 numbers."
    return function


log = _function("log", -math.inf)
log1p = _function("log1p", -math.inf)
exp = _function("exp", math.inf)
sin = _function("sin")
cos = _function("cos")
tan = _function("tan")
