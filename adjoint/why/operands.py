"""Operands: what a witness asks of the values that calls are given and return."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import Any

import numpy as np

from adjoint.declare.namespaces import FUNCTIONS
from adjoint.tensor import Tensor
from adjoint.why.numbers import stats_of
from adjoint.why.trace import Stats


@functools.lru_cache(maxsize=None)
def is_public(name: str) -> bool:
    """Whether users know a function, or a module's class, by this name."""
    return any(name in names for names in FUNCTIONS.values()) or name in vars(Tensor) or name[:1].isupper()


def stats_that_came(g: Any) -> tuple[Stats | None, ...]:
    """The numbers of the gradient that arrived at a node, one per output."""
    return tuple(None if x is None else stats_of(x) for x in (g if isinstance(g, list) else [g]))


def held_argument(argument: Any) -> Any:
    """An argument of a Function as it was."""
    return argument.detach().clone() if isinstance(argument, Tensor) else argument


def array_of(g: Any) -> Any:
    """A gradient's array, a copy; None of what is none."""
    array = getattr(getattr(g, "tensor", g), "_array", g)
    return array.copy() if isinstance(array, np.ndarray) else None


def tensors_in(values: Any, depth: int = 0) -> Iterator[Tensor]:
    for value in values:
        if isinstance(value, Tensor):
            yield value
        elif depth < 3 and isinstance(value, (tuple, list)):
            yield from tensors_in(value, depth + 1)


def numbers_in(values: Any, depth: int = 0) -> Iterator[Any]:
    for value in values:
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            yield value
        elif depth < 2 and isinstance(value, (tuple, list)) and len(value) < 20:
            yield from numbers_in(value, depth + 1)


def text_of(module: Any) -> str:
    try:
        return f"{type(module).__name__}({module.extra_repr()})"
    except Exception:
        return type(module).__name__


def number_of(value: Any) -> float:
    return float(value._array.item()) if isinstance(value, Tensor) else float(value)
