"""Sine, cosine and tangent.

x = n pi/2 + r.  Up to ``FAR`` three products are taken from x, of which the first is exact; farther out, where a lane
needs it, 2/pi is multiplied in parts that keep every product exact (after Payne and Hanek), in f64.
"""

from __future__ import annotations

from adjoint.kernels.mathematics.polynomial import polynomial
from adjoint.kernels.native import (
    any_lane,
    bits_as,
    cast,
    constant,
    f32,
    f64,
    fabs,
    fma,
    i32,
    i64,
    inline,
    rint,
    unroll,
    where,
)

FAR = 100000.0
ROUND = 1.5 * 2.0**23  # its sum with a number ends in the bits of the nearest integer
ROUND_WIDE = 1.5 * 2.0**52
TWO_OVER_PI = 0.6366197723675814
PI_HALF = 1.5707963267948966
PI_HALF_LOW = 6.123233995736766e-17
FAR_WIDE = 2.0**29
PI_HALVES = (1.5707963705062866, -4.371138828673793e-08, -1.7151245100058819e-15)
# 2^k 2/pi modulo 4, in numbers of 29, 29 and 53 bits, for k = 0, 32, 64, 96.
TURNS = (
    (0.6366197690367699, 3.3308114738561656e-09, 2.276010073078396e-18),
    (2.305726356804371, 2.324808220932617e-09, 1.138183720040841e-17),
    (1.9849753230810165, 4.181134952152554e-09, 1.0454797456802114e-17),
    (1.957837924361229, 1.995295734191771e-10, 8.306908000946013e-18),
)

# sin r = r + r^3 P(r^2), cos r = 1 - r^2/2 + r^4 P(r^2)
SIN = (-0.16666667, 0.008333329, -0.00019839233, 2.7173667e-06)
COS = (0.041666646, -0.0013887306, 2.4431205e-05)
# tan r = r + r^3 P(r^2)
TAN = (0.3333333154439519, 0.13333424397825538, 0.05395251403443316, 0.021999900578238193, 0.008273236201290998,
       0.0051139952149919935, -0.0007261696015141705, 0.0020976252170276967)  # fmt: skip


@inline
def sin(x):
    """The sine."""
    a = fabs(x)
    q, r = quadrant(a)
    sign = (bits_as(x, i32) & -0x80000000) ^ ((q & 2) << 30)
    return _sine_or_cosine(r, q, sign)


@inline
def cos(x):
    """The cosine."""
    q, r = quadrant(fabs(x))
    q = q + 1
    return _sine_or_cosine(r, q, (q & 2) << 30)


@inline
def tan(x):
    """The tangent: of r by a polynomial in f64, in odd quadrants -1 / tan r."""
    q, r = quadrant_wide(cast(fabs(x), f64))
    s = r * r
    t = cast(fma(s * r, polynomial(s, TAN), r), f32)
    turned = (q & 1) != 0
    result = where(turned, -1.0 / t, t)
    return bits_as(bits_as(result, i32) ^ (bits_as(x, i32) & -0x80000000), f32)


@inline
def _sine_or_cosine(r, q, sign):
    """The sine of r, in odd quadrants its cosine, with a sign bit changed."""
    s = r * r
    sine = fma(s * r, polynomial(s, SIN), r)
    cosine = fma(s * s, polynomial(s, COS), fma(s, -0.5, 1.0))
    chosen = where((q & 1) == 0, sine, cosine)
    return bits_as(bits_as(chosen, i32) ^ sign, r.type)


@inline
def quadrant(a):
    """n in the low bits of an i32, and r, of a >= 0."""
    t = fma(a, TWO_OVER_PI, ROUND)
    n = t - ROUND
    q = bits_as(t, i32)
    r = a
    for part in PI_HALVES:
        r = fma(n, -part, r)
    far = a > FAR
    if any_lane(far) if a.type.lanes else far:
        q_far, r_far = quadrant_far(cast(a, f64))
        q = where(far, q_far, q)
        r = where(far, cast(r_far, f32), r)
    return q, r


@inline
def quadrant_wide(a):
    """As ``quadrant``, in f64 for a that was f32."""
    t = fma(a, TWO_OVER_PI, ROUND_WIDE)
    n = t - ROUND_WIDE
    q = cast(bits_as(t, i64), i32)
    r = fma(n, -PI_HALF_LOW, fma(n, -PI_HALF, a))
    far = a > FAR_WIDE
    if any_lane(far) if a.type.lanes else far:
        q_far, r_far = quadrant_far(a)
        q = where(far, q_far, q)
        r = where(far, r_far, r)
    return q, r


@inline
def quadrant_far(a):
    """As ``quadrant``, for all finite a that was f32.

    a = y 2^k with the smallest k that keeps y below 2^56.  Where k > 0, y is an integer (it has 24 bits and is at least
    2^24), so that multiples of 4 in 2^k 2/pi do not matter.
    """
    y = a
    high, middle, low = [constant(a.type, c) for c in TURNS[0]]
    for i in unroll(1, 4):
        beyond = a >= 2.0 ** (24 + 32 * i)
        y = where(beyond, a * 2.0 ** (-32 * i), y)
        high, middle, low = [where(beyond, new, old) for new, old in zip(TURNS[i], (high, middle, low))]
    first, second, third = y * high, y * middle, y * low
    first = first - 4.0 * rint(first * 0.25)
    second = second - 4.0 * rint(second * 0.25)
    t = first + second + third + ROUND_WIDE
    turns = (first - (t - ROUND_WIDE)) + second + third
    return cast(bits_as(t, i64), i32), turns * PI_HALF
