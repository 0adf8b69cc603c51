"""e^x and its kin.

x = n ln 2 + r with an integer n and |r| <= ln 2 / 2; a polynomial gives e^r.  Adding ``ROUND``
rounds to an integer, which is then in the low bits of the sum, from where it is shifted to the exponent of 2^n.
"""

from __future__ import annotations

from adjoint.kernels.mathematics.polynomial import polynomial
from adjoint.kernels.native import bits_as, constant, copysign, fabs, fma, i32, inline, larger, smaller, where

ROUND = 1.5 * 2.0**23
LOG2_E = 1.4426950408889634
LN2_HIGH = 0.693145751953125  # 17 bits: n times it is exact
LN2_LOW = 1.4286068203094173e-06
ONE = 0x3F800000  # the bits of 1

# e^r = 1 + r + r^2 P(r)
EXP = (1.0, 0.49999994, 0.16666515, 0.041668456, 0.008369419, 0.0013813147)
# 2^r = 1 + r P(r)
EXP2 = (0.6931472, 0.24022648, 0.055503294, 0.00961845, 0.001340017, 0.00015352321)
# e^r - 1 = r + r^2 P(r)
EXPM1 = (0.5, 0.16666666, 0.041666348, 0.0083333915, 0.0013941652, 0.00019845959)


@inline
def exp(x):
    """e^x."""
    return exp_below(smaller(89.0, x))


@inline
def exp_below(x):
    """e^x for x <= 89."""
    p, t = _parts(larger(-104.0, x))
    return scaled(p, t, x < -80.0)


@inline
def exp_moderate(x):
    """e^x for |x| < 87."""
    p, t = _parts(x)
    return p * bits_as((bits_as(t, i32) << 23) + ONE, p.type)


@inline
def exp_quarter(x):
    """e^x / 4 for x >= 0; finite while e^x / 2 is."""
    p, t = _parts(smaller(90.0, x))
    return p * bits_as((bits_as(t, i32) << 23) + (ONE - (2 << 23)), p.type)


@inline
def _parts(x):
    """e^r, and n + ``ROUND``."""
    t = fma(x, LOG2_E, ROUND)
    n = t - ROUND
    r = fma(n, -LN2_LOW, fma(n, -LN2_HIGH, x))
    return fma(polynomial(r, EXP), r, 1.0), t


@inline
def scaled(p, t, small):
    """p 2^n, where ``t`` is n + ``ROUND``, in two steps: 2^n itself may be a denormal, or 2^128."""
    bits = bits_as(t, i32)
    first = (bits << 23) + where(small, constant(bits.type, ONE + (64 << 23)), ONE - (1 << 23))
    return p * bits_as(first, p.type) * where(small, 2.0**-64, constant(p.type, 2.0))


@inline
def exp2(x):
    """2^x."""
    held = smaller(129.0, larger(-151.0, x))
    t = held + ROUND
    r = held - (t - ROUND)
    p = fma(polynomial(r, EXP2), r, 1.0)
    return scaled(p, t, x < -120.0)


@inline
def expm1(x):
    """e^x - 1, without the cancellation where x is small."""
    held = smaller(89.0, larger(-18.0, x))
    t = fma(held, LOG2_E, ROUND)
    n = t - ROUND
    r = fma(n, -LN2_LOW, fma(n, -LN2_HIGH, held))
    p = fma(r * r, polynomial(r, EXPM1), r)
    # Half of 2^n, since 2^128 is infinite; (e^r - 1) 2^n + (2^n - 1), the last of which is exact.
    half = bits_as((bits_as(t, i32) << 23) + (ONE - (1 << 23)), p.type)
    y = fma(half, p, half - 0.5)
    return copysign(where(n == 0.0, p, y + y), x)


@inline
def sigmoid(x):
    """1 / (1 + e^-x), right where e^-x overflows too.

    With e = e^-|x| that is e / (1 + e) or 1 / (1 + e); both are c - c e / (1 + e), where the quotient's errors count
    less.
    """
    e = exp_below(-fabs(x))
    c = where(x < 0.0, e, 1.0)
    return fma(-c, e / (e + 1.0), c)
