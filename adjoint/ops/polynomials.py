"""Orthogonal polynomials of a given degree, element by element; they have no gradient, as in PyTorch.

Of a number that is one, a degree may be any: what is behind its point is left out.  A negative degree gives 0, and so do
degrees that are no number or beyond what an int64 holds.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from adjoint.declare import elementwise
from adjoint.declare.operands import to_float
from adjoint.ops.arrays import all_values
from adjoint.ops.unsupported import unsupported
from adjoint.ops.widening import is_half

Step = Callable[[int, Any, Any, Any], Any]  # of k, x and the polynomials of degrees k - 1 and k: that of degree k + 1


def _recurrence(x: Any, n: Any, first: Any, step: Step, ends: Any = None) -> Any:
    """The polynomials of degree ``n`` whose first is 1 and whose second is ``first``; ``ends`` says where none is needed."""
    before, last = np.ones_like(x), first
    found = np.where(n == 0, before, np.where(n < 0, np.zeros_like(x), last))
    left = n > 1 if ends is None else (n > 1) & ~ends
    k = 1
    while all_values(left & ~np.isnan(last)).any():
        before, last = last, step(k, x, before, last)
        k += 1
        found = np.where(left, last, found)  # what is NaN stays so
        left = left & (n > k)
    return found


def _degrees(n: Any) -> Any:
    """Degrees as the integers that C++ has of them."""
    return np.trunc(np.where(np.absolute(n) < 2.0**63, n, np.array(-1, n.dtype)))


def _chebyshev(x: Any, n: Any, kind: str) -> Any:
    """Of a high degree between -1 and 1, by the angle whose cosine x is; at -1 and 1, by what that is in the limit."""
    inside, edge = (n > 8) & (np.absolute(x) < 1), (np.absolute(x) == 1) & (n >= 0)
    first = {"t": x, "u": x + x, "v": x + x - 1, "w": x + x + 1}[kind]
    found = _recurrence(x, n, first, lambda k, x, p, q: (x + x) * q - p, inside | edge)
    sign = np.where((x > 0) | (n % 2 == 0), 1, -1).astype(x.dtype)
    right = x > 0
    at_edge = {
        "t": sign, "u": sign * (n + 1), "v": np.where(right, sign, sign * (n + n + 1)), "w": np.where(right, n + n + 1, sign),
    }[kind]  # fmt: skip
    angle = np.arccos(np.where(inside, x, np.zeros_like(x)))
    if kind == "t":
        by_angle = np.cos(n * angle)
    elif kind == "u":
        by_angle = np.sin((n + 1) * angle) / np.sin(angle)
    elif kind == "v":
        by_angle = np.cos((n + 0.5) * angle) / np.cos(angle / 2)
    else:
        by_angle = np.sin((n + 0.5) * angle) / np.sin(angle / 2)
    return np.where(edge, at_edge, np.where(inside, by_angle, found))


_MOST = {np.dtype(np.float32): 128, np.dtype(np.float64): 512}  # beyond these degrees PyTorch's Hermite polynomials are NaN


def _hermite(x: Any, n: Any, scale: int) -> Any:
    found = _recurrence(x, np.minimum(n, _MOST[x.dtype]), x * scale, lambda k, x, p, q: scale * (x * q - k * p))
    return np.where(n > _MOST[x.dtype], np.array(np.nan, x.dtype), found)


def _laguerre(x: Any, n: Any) -> Any:
    found = _recurrence(x, n, 1 - x, lambda k, x, p, q: ((k + k + (1 - x)) * q - k * p) / (k + 1), x == 0)
    return np.where((x == 0) & (n >= 0), np.ones_like(x), found)


def _legendre(x: Any, n: Any) -> Any:
    edge = np.absolute(x) == 1
    found = _recurrence(x, n, x, lambda k, x, p, q: ((k + k + 1) * x * q - k * p) / (k + 1), edge)
    sign = np.where((x > 0) | (n % 2 == 0), 1, -1).astype(x.dtype)
    return np.where(edge & (n >= 0), sign, found)


def _polynomial(name: str, of: Callable[[Any, Any], Any], words: str) -> Any:
    def forward(x, n):
        x, degree = to_float(x), to_float(n)
        if x.dtype.kind == "c" or is_half(x.dtype):
            unsupported(f"{name}_cpu", x)
        return of(x, _degrees(degree)).astype(x.dtype)

    return elementwise(
        name, forward, promote="float", where="special", inplace=False, scalar_first=True,
        doc=f"{words} of degree ``n``, element by element.  It has no gradient: the result does not require grad.",
    )  # fmt: skip


for _kind, _words in zip("tuvw", ("first", "second", "third", "fourth")):
    _polynomial(
        f"chebyshev_polynomial_{_kind}", lambda x, n, kind=_kind: _chebyshev(x, n, kind),
        f"The Chebyshev polynomial of the {_words} kind",
    )  # fmt: skip
    _polynomial(
        f"shifted_chebyshev_polynomial_{_kind}", lambda x, n, kind=_kind: _chebyshev(x + x - 1, n, kind),
        f"The Chebyshev polynomial of the {_words} kind at ``2 x - 1``",
    )  # fmt: skip
_polynomial("hermite_polynomial_h", lambda x, n: _hermite(x, n, 2), "The Hermite polynomial, as physicists define it,")
_polynomial("hermite_polynomial_he", lambda x, n: _hermite(x, n, 1), "The Hermite polynomial, as probabilists define it,")
_polynomial("laguerre_polynomial_l", _laguerre, "The Laguerre polynomial")
_polynomial("legendre_polynomial_p", _legendre, "The Legendre polynomial")
