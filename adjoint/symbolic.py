"""Symbolic numbers: the names of those that stand for sizes while PyTorch traces, and functions that also take plain numbers.

Sizes are plain integers here, so nothing is a :class:`SymInt`, and the functions are Python's.
"""

from __future__ import annotations

import builtins
import math
from collections.abc import Iterable
from typing import Any

import numpy as np

_NUMBERS = (np.integer, np.floating, builtins.int, builtins.float)


class _Symbol:
    """Raises NotImplementedError: sizes are plain numbers here."""

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        raise NotImplementedError(f"Adjoint has no {cls.__name__}: sizes are plain numbers")


class SymInt(_Symbol):
    """An integer that stands for a size, which nothing is an instance of."""


class SymFloat(_Symbol):
    """A number made of sizes, which nothing is an instance of."""


class SymBool(_Symbol):
    """A comparison of sizes, which nothing is an instance of."""


def sym_not(a: Any) -> bool:
    """Whether ``a`` is false."""
    return not a


def sym_float(a: Any) -> float:
    """``a`` as a float.

    >>> import adjoint as torch
    >>> torch.sym_float(3), torch.sym_int(-3.7), torch.sym_max(1, 2.5), torch.sym_sum([1, 2, 3])
    (3.0, -3, 2.5, 6)
    """
    return builtins.float(a)


def sym_int(a: Any) -> int:
    """``a`` as an integer, rounded towards zero."""
    return math.trunc(a) if isinstance(a, builtins.float) else builtins.int(a)


def _checked(*numbers: Any) -> None:
    for n in numbers:
        if not isinstance(n, _NUMBERS):
            raise AssertionError(f"expected {_NUMBERS}, got {type(n)}")


def sym_max(a: Any, b: Any) -> Any:
    """The larger number; a float if either is one."""
    _checked(a, b)
    largest = max(a, b)
    return builtins.float(largest) if any(isinstance(n, builtins.float) for n in (a, b)) else largest


def sym_min(a: Any, b: Any) -> Any:
    """The smaller number; a float if either is one."""
    _checked(a, b)
    smallest = min(a, b)
    return builtins.float(smallest) if any(isinstance(n, builtins.float) for n in (a, b)) else smallest


def sym_ite(b: Any, t: Any, f: Any) -> Any:
    """``t`` if ``b`` holds, else ``f``: of one type.  Raises AssertionError if ``b`` is no bool or they are not."""
    if not isinstance(b, builtins.bool):
        raise AssertionError(f"expected SymBool or bool, got {type(b)}")
    if type(t) is not type(f):
        raise AssertionError(f"type mismatch: {type(t)} vs {type(f)}")
    return t if b else f


def sym_sum(args: Iterable[Any]) -> Any:
    """The sum of numbers."""
    return sum(args)


def sym_sqrt(a: Any) -> float:
    """The square root of a number."""
    return math.sqrt(a)


_sym_sqrt = sym_sqrt  # as PyTorch's pickles name it


def sym_fresh_size(expr: Any) -> Any:
    """The size itself."""
    return builtins.int(expr)


def sym_constrain_range(size: Any, *, min: Any = None, max: Any = None) -> None:
    """Raise RuntimeError unless a number lies between bounds."""
    low, high = (-math.inf if min is None else min), (math.inf if max is None else max)
    if not low <= size <= high:
        raise RuntimeError(f"Invalid value range for {size} between [{min}, {max}].")
