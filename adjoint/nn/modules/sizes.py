"""Sizes: one number for all dimensions, or one for each."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


def ntuple(value: Any, n: int) -> tuple[Any, ...]:
    """``value`` n times, or as it is if it is already a sequence."""
    return tuple(value) if isinstance(value, Iterable) else (value,) * n
