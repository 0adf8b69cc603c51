"""Computing float16 and bfloat16 in float32, as PyTorch's kernels do: the result is rounded once, at the end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np


class in_float32:
    """A forward or a formula whose two-byte floating-point arrays are widened, and whose result is narrowed again.

    Keeps the parameter names, so that a row may be declared with it.
    """

    __slots__ = ("__annotations__", "__code__", "__defaults__", "__kwdefaults__", "__name__", "of_wide")

    def __init__(self, f: Callable[..., Any]) -> None:
        self.of_wide = f  # generated callers go straight to it where the first array is not of two bytes
        self.__name__ = f.__name__
        self.__code__ = f.__code__
        self.__annotations__ = f.__annotations__
        self.__defaults__ = f.__defaults__
        self.__kwdefaults__ = f.__kwdefaults__

    def __call__(self, first: Any, *args: Any, **kwargs: Any) -> Any:
        dtype = first.dtype
        if not is_half(dtype):
            return self.of_wide(first, *args, **kwargs)
        widened = [widen(a) for a in (first, *args)]
        return narrow(self.of_wide(*widened, **{k: widen(a) for k, a in kwargs.items()}), dtype)


def is_half(dtype: Any) -> bool:
    """Whether a NumPy dtype is float16 or bfloat16."""
    return dtype.itemsize == 2 and dtype.kind in "fV"


def widen(a: Any) -> Any:
    """A float16 or bfloat16 array as float32, anything else as it is."""
    dtype = getattr(a, "dtype", None)
    if isinstance(dtype, np.dtype) and is_half(dtype):
        return a.astype(np.float32)
    return a


def narrow(value: Any, dtype: Any) -> Any:
    """The float32 arrays in ``value``, an array or a tuple of them, as ``dtype``."""
    if isinstance(value, tuple):
        return tuple(narrow(v, dtype) for v in value)
    return value.astype(dtype) if getattr(value, "dtype", None) == np.float32 else value
