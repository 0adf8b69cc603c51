"""Combining: what the reductions are in native code."""

from __future__ import annotations

from typing import Any

from adjoint.kernels.elementwise import TYPES
from adjoint.kernels.halves import is_floating
from adjoint.kernels.traced import Untraceable

_COMBINE = {
    "sum": "{0} + {1}",
    "prod": "{0} * {1}",
    "amax": "where({0} != {0}, {0}, larger({0}, {1}))",
    "amin": "where({0} != {0}, {0}, smaller({0}, {1}))",
}
_COMBINE_INTEGERS = {"sum": "{0} + {1}", "prod": "{0} * {1}", "amax": "maximum({0}, {1})", "amin": "minimum({0}, {1})"}
_HORIZONTAL = {"sum": "hsum", "prod": "hprod", "amax": "hmax", "amin": "hmin"}
_NEUTRAL = {"sum": "0", "prod": "1", "amax": "-INFINITY", "amin": "INFINITY"}


def combined(e: Any, a: str, b: str) -> str:
    """The text for two values of a reduction's, combined."""
    if e.dtype.kind != "i" and not is_floating(e.dtype):
        raise Untraceable(f"{e.name} of {e.dtype}")
    return (_COMBINE if is_floating(e.dtype) else _COMBINE_INTEGERS)[e.name].format(a, b)


def neutral(e: Any) -> str:
    """What a reduction begins with."""
    if is_floating(e.dtype) or e.name in ("sum", "prod"):
        return _NEUTRAL[e.name]
    bits = e.dtype.itemsize * 8
    return str(-(2 ** (bits - 1)) if e.name == "amax" else 2 ** (bits - 1) - 1)


def wide(e: Any) -> str:
    """The type in which what sections come to is combined: sums and products in double."""
    return "f64" if e.name in ("sum", "prod") and is_floating(e.dtype) else TYPES[str(e.dtype)]


def horizontal(e: Any) -> str:
    """The function that combines the lanes of a vector."""
    return _HORIZONTAL[e.name]
