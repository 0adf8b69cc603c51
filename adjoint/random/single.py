"""Single: groups of sixteen normal numbers in float32, to the bit as PyTorch's vectorised x86 code makes them.

That code takes its logarithm, sine and cosine from Cephes (Moshier): a polynomial each, of single precision, on the
remainder of a reduction.  What decides on the last bit is where its compiler fuses a product and a sum into one
instruction, with one rounding.  NumPy has none that does; here the product is taken in float64, where it is exact.
:mod:`adjoint.kernels.drawing` is the same in native code, for many numbers.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from adjoint.kernels.cephes import COS, FOUR_OVER_PI, LN2_HIGH, LN2_LOW, LOG, QUARTERS, ROOT_HALF, SIN, TWO_PI
from adjoint.kernels.late import LARGE, by_kernel

Array = Any

_f = np.float32


_spent = 0  # what NumPy has cost so far, in numbers; see `_often`


def _often(drawn: Array, *parameters: float) -> bool:
    """Whether native code is worth being loaded: for many numbers, or where they are drawn again and again."""
    global _spent
    if _spent < LARGE:
        _spent += drawn.size + 256
    return _spent >= LARGE


@by_kernel("drawing:normals", large=_often)
def sixteens(drawn: Array, mean: float, std: float) -> Array:
    """Of every sixteen uniform float32 in [0, 1), contiguous, as many normal ones, by Box and Muller's method: the first
    eight give the distances from the origin, the others the angles.  May be done in place."""
    drawn = drawn.reshape(-1, 2, 8)
    radius = np.sqrt(_f(-2) * log(_f(1) - drawn[:, 0]))
    sine, cosine = sine_and_cosine(drawn[:, 1] * _f(TWO_PI))
    normal = np.stack([radius * cosine, radius * sine], 1).reshape(-1)
    if std == 1 and mean == 0:
        return normal + _f(0)  # no -0.0
    return fused(normal, _f(std), _f(mean), any_size=True)


def log(x: Array) -> Array:
    """The logarithm of float32 in (0, 1]."""
    bits = x.view(np.int32)
    exponent = ((bits >> 23) - 126).astype(_f)
    x = (bits & 0x7FFFFF | 0x3F000000).view(_f)  # from a half to one
    small = x < _f(ROOT_HALF)
    exponent -= small
    x = x - _f(1) + np.where(small, x, _f(0))
    square = x * x
    y = _polynomial(x, LOG) * x
    y = fused(y, square, exponent * _f(LN2_LOW))
    y = fused(square, _f(-0.5), y)
    return fused(exponent, _f(LN2_HIGH), x + y)


def sine_and_cosine(x: Array) -> tuple[Array, Array]:
    """Of float32 in [0, 2 pi]."""
    quarter = ((x * _f(FOUR_OVER_PI)).astype(np.int32) + 1) & -2
    turns = quarter.astype(_f)
    for part in QUARTERS:
        x = fused(turns, _f(part), x)
    square = x * x
    cosine = _polynomial(square, COS) * square
    cosine = fused(cosine, square, square * _f(-0.5)) + _f(1)
    sine = fused(_polynomial(square, SIN) * square, x, x)
    straight = (quarter & 2) == 0
    return (
        np.where(straight, sine, cosine) * np.where(quarter & 4, _f(-1), _f(1)),
        np.where(straight, cosine, sine) * np.where((quarter - 2) & 4, _f(1), _f(-1)),
    )


def _polynomial(x: Array, coefficients: tuple[float, ...]) -> Array:
    y = np.full_like(x, coefficients[0])
    for c in coefficients[1:]:
        y = fused(y, x, _f(c))
    return y


def fused(a: Array, b: Array, c: Array, any_size: bool = False) -> Array:
    """``a * b + c`` of float32, rounded once; ``any_size``: the result may be so small that it has fewer digits.

    The product is exact in float64, and the sum is rounded twice.  That is once too much only where the first rounding
    leads to the middle between two float32, which is seldom: there it is done again.
    """
    product = np.multiply(a, b, dtype=np.float64)
    total = product + c
    if any_size or ((total.view(np.int64) & 0x1FFFFFFF) == 0x10000000).any():
        total = _to_odd(product, c, total)
    return total.astype(_f)


def _to_odd(product: Array, c: Array, total: Array) -> Array:
    """The sum rounded to odd (Boldo and Melquiond 2008): where it is not exact and its last bit is even, its neighbour on
    the other side of the true sum is taken.  A second rounding then cannot be misled into a tie that there is not."""
    back = total - product
    error = (product - (total - back)) + (c - back)
    bits = total.view(np.int64)
    even = (error != 0) & (bits & 1 == 0)
    return (bits + np.where(even, np.where((error > 0) == (total > 0), 1, -1), 0)).view(np.float64)
