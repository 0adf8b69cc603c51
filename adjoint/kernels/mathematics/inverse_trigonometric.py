"""Inverses of sine, cosine and tangent."""

from __future__ import annotations

from adjoint.kernels.mathematics.polynomial import horner, polynomial
from adjoint.kernels.native import bits_as, constant, copysign, fabs, fma, i32, inline, sqrt, where

# asin x = x + x^3 P(x^2), up to 0.55
ASIN = (0.1666664, 0.075016156, 0.0443128, 0.033430707, 0.008617462, 0.04524822)
# atan x = x + x^3 P(x^2), up to 1
ATAN = (-0.333333, 0.19998549, -0.14264242, 0.109521866, -0.084034525, 0.057957616, -0.031177862, 0.010914611,
        -0.0017936222)  # fmt: skip
PI_HALF, PI_HALF_LOW = 1.5707963705062866, -4.371138828673793e-08
PI, PI_LOW = 3.1415927410125732, -8.742278000372485e-08


@inline
def asin(x):
    """The inverse of sin; NaN beyond 1."""
    a = fabs(x)
    large, p = _asin_parts(a)
    return copysign(where(large, PI_HALF - fma(p, 2.0, -PI_HALF_LOW), p), x)


@inline
def acos(x):
    """The inverse of cos; NaN beyond 1."""
    large, p = _asin_parts(fabs(x))
    twice = p + p
    turned = where(x < 0.0, PI - (twice - PI_LOW), twice)
    return where(large, turned, PI_HALF - (copysign(p, x) - PI_HALF_LOW))


@inline
def _asin_parts(a):
    """Whether a > 0.55; asin a, or, if so, the half of acos a, which is asin sqrt((1 - a) / 2)."""
    large = a > 0.55
    s = where(large, fma(a, -0.5, 0.5), a * a)
    root = where(large, sqrt(s), a)
    return large, fma(root * s, polynomial(s, ASIN), root)


@inline
def atan(x):
    """The inverse of tan."""
    a = fabs(x)
    large = a > 1.0
    r = _atan_to_one(where(large, 1.0 / a, a))
    return copysign(where(large, PI_HALF - (r - PI_HALF_LOW), r), x)


@inline
def atan2(y, x):
    """The angle of (x, y), from -pi to pi; zeros and infinities of either sign are directions too."""
    a, b = fabs(x), fabs(y)
    steep = b > a
    low, high = where(steep, a, b), where(steep, b, a)
    zero = constant(x.type, 0.0)
    t = low / where(high == 0.0, 1.0, high)
    r = _atan_to_one(where((low == high) & (high != 0.0), 1.0, t))
    left = bits_as(x, i32) < 0
    base = where(steep, PI_HALF, where(left, PI, zero))
    base_low = where(steep, PI_HALF_LOW, where(left, PI_LOW, zero))
    turned = where(steep ^ left, -r, r)
    return copysign(base + (turned + base_low), y)


@inline
def _atan_to_one(t):
    s = t * t
    return fma(t * s, horner(s, ATAN), t)
