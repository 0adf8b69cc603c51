"""Questions about sizes that may be symbols, in a library where they are numbers."""

from __future__ import annotations

from typing import Any

from adjoint.names import list_names as _list_names

__all__ = [
    "GuardOnDataDependentSymNode",
    "free_symbols",
    "free_unbacked_symbols",
    "guard_bool",
    "guard_float",
    "guard_int",
    "guard_or_false",
    "guard_or_true",
    "guard_size_oblivious",
    "has_free_symbols",
    "has_free_unbacked_symbols",
    "is_concrete_bool",
    "is_concrete_float",
    "is_concrete_int",
    "is_symbolic",
    "statically_known_false",
    "statically_known_true",
    "sym_eq",
]


class GuardOnDataDependentSymNode(RuntimeError):
    """A symbol's value was asked for that is not known; never raised here."""


def guard_bool(a: Any) -> bool:
    """``a`` as a bool."""
    return bool(a)


guard_or_false = guard_or_true = guard_size_oblivious = statically_known_true = guard_bool


def statically_known_false(x: Any) -> bool:
    """Whether ``x`` is not true."""
    return not x


def guard_int(a: Any) -> int:
    """``a`` as an int."""
    return int(a)


def guard_float(a: Any) -> float:
    """``a`` as a float."""
    return float(a)


def is_symbolic(val: Any) -> bool:
    """False: sizes are numbers."""
    return False


def has_free_symbols(val: Any) -> bool:
    """False: sizes are numbers."""
    return False


has_free_unbacked_symbols = has_free_symbols


def free_symbols(val: Any) -> set[Any]:
    """The symbols in a size: none."""
    return set()


free_unbacked_symbols = free_symbols


def is_concrete_bool(a: Any) -> bool:
    """Whether it is a plain bool."""
    return isinstance(a, bool)


def is_concrete_int(a: Any) -> bool:
    """Whether it is a plain int."""
    return isinstance(a, int)


def is_concrete_float(a: Any) -> bool:
    """Whether it is a plain float."""
    return isinstance(a, float)


def sym_eq(x: Any, y: Any) -> bool:
    """Whether two sizes, or sequences of them, are equal."""
    if isinstance(x, (tuple, list)) and isinstance(y, (tuple, list)):
        return len(x) == len(y) and all(a == b for a, b in zip(x, y))
    return bool(x == y)


_list_names(__name__)
