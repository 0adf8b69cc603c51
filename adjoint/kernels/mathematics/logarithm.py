"""Logarithms.

x = m 2^k with m from sqrt(1/2) to sqrt(2); a polynomial in f = m - 1 gives log m.
"""

from __future__ import annotations

import math

from adjoint.kernels.mathematics import double
from adjoint.kernels.mathematics.polynomial import polynomial
from adjoint.kernels.native import bits_as, cast, constant, f32, f64, fabs, fma, i32, inline, larger, where

ROOT_HALF = 0x3F3504F3  # the bits of sqrt(1/2)
LARGE = (127 + 63) << 23  # the bits of 2^63
LN2_HIGH = 0.693145751953125
LN2_LOW = 1.4286068203094173e-06

# log(1 + f) = f + f^2 P(f)
LOG = (-0.49999988, 0.33333325, -0.25001583, 0.20001975, -0.16609083, 0.14181818, -0.1324298, 0.12904474,
       -0.07621845)  # fmt: skip
LOG2_E_HIGH, LOG2_E_LOW = 1.4426950216293335, 1.9259629911266175e-08
LOG10_E_HIGH, LOG10_E_LOW = 0.4342944920063019, -1.0103050052231683e-08
LOG10_2_HIGH, LOG10_2_LOW = 0.301025390625, 4.605038981195214e-06
LOG2 = tuple(c / math.log(2.0) for c in LOG)
LOG10 = tuple(c / math.log(10.0) for c in LOG)

INFINITY = float("inf")
NAN = float("nan")


@inline
def log(x):
    """The natural logarithm."""
    k, f = exponent_and_rest(x)
    return with_limits(x, _natural(k, f))


@inline
def log2(x):
    """The logarithm to base 2."""
    k, f = exponent_and_rest(x)
    return with_limits(x, k + _rescaled(f, LOG2, LOG2_E_HIGH, LOG2_E_LOW * f))


@inline
def log10(x):
    """The logarithm to base 10."""
    k, f = exponent_and_rest(x)
    small = fma(f, LOG10_E_LOW, k * LOG10_2_LOW)
    return with_limits(x, fma(k, LOG10_2_HIGH, _rescaled(f, LOG10, LOG10_E_HIGH, small)))


@inline
def _rescaled(f, coefficients, high, small):
    """log(1 + f) to another base, of whose factor ``high`` is the larger part."""
    return fma(f, high, fma(f * f, polynomial(f, coefficients), small))


@inline
def logaddexp(x, y):
    """log(e^x + e^y), in f64: the sum of a logarithm and an x of about its size may cancel."""
    a, b = cast(x, f64), cast(y, f64)
    apart = where(a == b, 0.0, -fabs(a - b))
    return cast(larger(a, b) + double.log1p(double.exp_below(apart)), f32)


@inline
def log1p(x):
    """log(1 + x), without the cancellation where x is small."""
    u = x + 1.0
    bits = bits_as(u, i32)
    places = (bits - ROOT_HALF) & -0x800000  # k, where the exponent is
    scale = bits_as(LARGE - places, f32) * 2.0**-63  # 2^-k, in two steps, since 2^-128 is a denormal
    k = cast(places >> 23, f32)
    f = fma(x, scale, scale - 1.0)
    return where(x == 0.0, x, with_limits(u, _natural(k, f)))


@inline
def exponent_and_rest(x):
    """k and f."""
    tiny = x < 2.0**-126
    bits = bits_as(where(tiny, x * 2.0**23, x), i32)
    k = (bits - ROOT_HALF) >> 23
    f = bits_as(bits - (k << 23), f32) - 1.0
    return cast(k, f32) - where(tiny, 23.0, constant(x.type, 0.0)), f


@inline
def _natural(k, f):
    return fma(k, LN2_HIGH, f + fma(k, LN2_LOW, f * f * polynomial(f, LOG)))


@inline
def with_limits(x, result):
    """A logarithm, where x is neither positive nor finite too."""
    limit = where(x == 0.0, -INFINITY, where(x < 0.0, NAN, x))
    return where(constant(x.type, 0.0) < x, where(x < INFINITY, result, limit), limit)
