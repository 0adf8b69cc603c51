"""Remainders and quotients that are whole, as NumPy (and C) define them."""

from __future__ import annotations

from adjoint.kernels.native import any_lane, cast, copysign, f32, f64, fabs, floor, fma, inline, trunc, unroll, where

INFINITY = float("inf")


@inline
def fmod(x, y):
    """x - y trunc(x / y), exactly, with the sign of x.

    In f64 a quotient below 2^53 is off by one at most, and what is left is exact.  Where a lane's is larger, multiples
    of y 2^250, y 2^200 ... are taken away before.
    """
    a, b = cast(fabs(x), f64), cast(fabs(y), f64)
    huge = a / b >= 2.0**53
    rest = a
    if any_lane(huge) if x.type.lanes else huge:
        for places in unroll(250, 0, -50):
            rest = _less_multiples(rest, b * 2.0**places)
    rest = where((b == INFINITY) & (a < INFINITY), a, _less_multiples(rest, b))
    return copysign(cast(rest, f32), x)


@inline
def _less_multiples(a, b):
    rest = fma(-trunc(a / b), b, a)
    return where(rest < 0.0, rest + b, rest)


@inline
def remainder(x, y):
    """x - y floor(x / y), with the sign of y."""
    left, _ = _floored(x, y)
    return left


@inline
def floor_divide(x, y):
    """floor(x / y), or near it, where x / y itself would be rounded up."""
    _, quotient = _floored(x, y)
    return where(y == 0.0, x / y, quotient)


@inline
def _floored(x, y):
    """The remainder with the sign of y, and the quotient."""
    left = fmod(x, y)
    some = left != 0.0
    across = some & ((y < 0.0) ^ (left < 0.0))
    plain = (x - left) / y
    quotient = where(across, plain - 1.0, plain)
    whole = floor(quotient)
    whole = where(quotient - whole > 0.5, whole + 1.0, whole)
    whole = where(quotient != 0.0, whole, copysign(0.0, x / y))
    return where(some, where(across, left + y, left), copysign(0.0, y)), whole
