"""Powers and roots.

x^y = 2^(y log2 x), in f64: the rounding of y log2 x, which may be 150, would be too coarse in f32.
"""

from __future__ import annotations

from adjoint.kernels.mathematics.logarithm import exponent_and_rest
from adjoint.kernels.mathematics.polynomial import polynomial
from adjoint.kernels.native import (
    bits_as,
    cast,
    constant,
    copysign,
    f32,
    f64,
    fabs,
    fma,
    i32,
    i64,
    inline,
    larger,
    rint,
    smaller,
    sqrt,
    unroll,
    where,
)

ROUND = 1.5 * 2.0**52
INFINITY = float("inf")
NAN = float("nan")
THIRD = 0x2A517D3C  # two thirds of the bits of 1, less what balances the error of a linear logarithm

# log2(1 + f) = f P(f)
LOG2 = (1.4426950408893544, -0.721347520424972, 0.48089834658549346, -0.36067376589931643, 0.28853907068051365,
        -0.2404487273127929, 0.20609526653197432, -0.18035040306308925, 0.1604252334105599, -0.14412618990366674,
        0.12914411335460776, -0.11962556359778666, 0.1261234623381755, -0.12352071249917176,
        0.0631819230639901)  # fmt: skip
EXP2 = (0.9999999999616227, 0.6931471807287166, 0.24022651198747258, 0.05550410352830841, 0.009618027173398368,
        0.001333392286068351, 0.00015469317175985964, 1.5201899335493386e-05)  # fmt: skip


@inline
def power(x, y):
    """x^y, with all that C says of zeros, infinities, NaNs and negative x."""
    a = fabs(x)
    k, f = exponent_and_rest(a)
    wide = cast(f, f64)
    log2 = fma(wide, polynomial(wide, LOG2), cast(k, f64))
    log2 = where(cast(a, f64) == 0.0, -INFINITY, where(cast(a, f64) < INFINITY, log2, cast(a, f64)))
    size = cast(exp2_wide(cast(y, f64) * log2), f32)
    whole = rint(y) == y
    half = y * 0.5
    odd = whole & (rint(half) != half)
    size = where((a == 1.0) & (y == y), 1.0, size)  # also 1^inf
    signed = bits_as(bits_as(size, i32) ^ where(odd, bits_as(x, i32) & -0x80000000, 0), f32)
    outside = (x < 0.0) & (x > -INFINITY) & ~whole & (y == y)
    result = where(outside, NAN, signed)
    return where((x == 1.0) | (y == 0.0), 1.0, result)


@inline
def exp2_wide(z):
    """2^z in f64, to f32's precision and beyond f32's range."""
    held = smaller(400.0, larger(-400.0, z))
    t = held + ROUND
    p = polynomial(held - (t - ROUND), EXP2)
    return bits_as(bits_as(p, i64) + (bits_as(t, i64) << 52), z.type)


@inline
def rsqrt(x):
    """1 / sqrt(x)."""
    return 1.0 / sqrt(x)


@inline
def hypot(x, y):
    """sqrt(x^2 + y^2); infinite where one of them is, even beside a NaN."""
    a, b = cast(x, f64), cast(y, f64)
    size = cast(sqrt(fma(a, a, b * b)), f32)
    return where((fabs(x) == INFINITY) | (fabs(y) == INFINITY), INFINITY, size)


@inline
def cbrt(x):
    """The cube root: a third of the exponent, and Halley's iteration in f64."""
    a = fabs(x)
    tiny = a < 2.0**-126
    lifted = where(tiny, a * 2.0**24, a)
    guess = bits_as(cast(cast(bits_as(lifted, i32), f32) * (1.0 / 3.0), i32) + THIRD, f32)
    exact, y = cast(lifted, f64), cast(guess, f64)
    for _ in unroll(2):
        cube = y * y * y
        y = y * (cube + exact + exact) / (cube + cube + exact)
    root = cast(y, f32) * where(tiny, 2.0**-8, constant(x.type, 1.0))
    return copysign(where((a > 0.0) & (a < INFINITY), root, a), x)
