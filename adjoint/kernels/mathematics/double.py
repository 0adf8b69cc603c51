"""The functions in f64, to a few ulp of f64: for f64 itself, and for those in f32 that need more than f32 on the way.

The methods are those of the same names in f32, with longer polynomials.
"""

from __future__ import annotations

from adjoint.kernels.mathematics.polynomial import polynomial
from adjoint.kernels.native import bits_as, constant, copysign, f64, fabs, fma, i64, inline, larger, smaller, where

ROUND = 1.5 * 2.0**52
ROUND_BITS = 0x4338000000000000
ONE = 0x3FF0000000000000  # the bits of 1
LARGE = (1023 + 63) << 52  # of 2^63
ROOT_HALF = 0x3FE6A09E667F3BCD  # of sqrt(1/2)
LOG2_E = 1.4426950408889634
LN2_HIGH = 0.693147180559663  # 41 bits
LN2_LOW = 2.8235290563031577e-13

INFINITY = float("inf")
NAN = float("nan")

# e^r = 1 + r + r^2 P(r)
EXP = (1.0, 0.5, 0.16666666666666685, 0.04166666666666603, 0.008333333333315705, 0.001388888888913436,
       0.00019841269899723758, 2.4801586903560367e-05, 2.7557231484173626e-06, 2.755759258472664e-07,
       2.511322588530854e-08, 2.0825580613574898e-09)  # fmt: skip
# log((1 + s) / (1 - s)) = 2 s + s^3 P(s^2)
LOG = (0.6666666666666666, 0.40000000000006336, 0.28571428569056473, 0.22222222651363363, 0.18181775291100577,
       0.1538710746291054, 0.13249734871609786, 0.13254867406978688)  # fmt: skip
# tanh x = x + x^3 P(x^2), up to 9/16
TANH = (-0.33333333333333276, 0.13333333333323133, -0.053968253961724756, 0.021869488327284744,
        -0.008863231637307449, 0.0035920822511332404, -0.001455479648064761, 0.0005881836704777144,
        -0.00023271626598467935, 8.236098743968833e-05, -1.8903994292939525e-05)  # fmt: skip
# erf x = x + x P(x^2), up to 1
ERF_NEAR = (0.1283791670955126, -0.3761263890318375, 0.11283791670954885, -0.026866170645077878,
            0.005223977624828448, -0.0008548326981426481, 0.00012055331132989192, -1.4925595772971567e-05,
            1.6461008490356326e-06, -1.6350396354623342e-07, 1.4660329599255828e-08, -1.1374959083036122e-09,
            5.960690926332654e-11)  # fmt: skip
# e^(x^2) erfc x = P((x - 4) / (x + 4)), from 1 to 6
ERF_FAR = (0.13699945752692733, -0.25906805266362826, 0.21871961174779217, -0.16425848318382766,
           0.10895891080739835, -0.0631264117462357, 0.03124257161352496, -0.012963520941442153,
           0.003888621789067076, -0.0009531436392273557, -8.676709383403273e-05, 9.205791756760324e-05)  # fmt: skip


@inline
def exp(x):
    """e^x."""
    return exp_below(smaller(710.0, x))


@inline
def exp_below(x):
    """e^x for x <= 710."""
    held = larger(-746.0, x)
    t = fma(held, LOG2_E, ROUND)
    n = t - ROUND
    r = fma(n, -LN2_LOW, fma(n, -LN2_HIGH, held))
    p = fma(polynomial(r, EXP), r, 1.0)
    bits = bits_as(t, i64)
    small = x < -600.0
    first = (bits << 52) + where(small, constant(bits.type, ONE + (512 << 52)), ONE - (1 << 52))
    return p * bits_as(first, f64) * where(small, 2.0**-512, constant(p.type, 2.0))


@inline
def log(x):
    """The natural logarithm."""
    tiny = x < 2.0**-1022
    bits = bits_as(where(tiny, x * 2.0**54, x), i64)
    places = (bits - ROOT_HALF) >> 52
    f = bits_as(bits - (places << 52), f64) - 1.0
    k = _float(places) - where(tiny, 54.0, constant(x.type, 0.0))
    return with_limits(x, _natural(k, f))


@inline
def log1p(x):
    """log(1 + x), without the cancellation where x is small."""
    u = x + 1.0
    places = (bits_as(u, i64) - ROOT_HALF) >> 52
    scale = bits_as(LARGE - (places << 52), f64) * 2.0**-63  # 2^-k, in two steps, since 2^-1024 is a denormal
    f = fma(x, scale, scale - 1.0)
    return where(x == 0.0, x, with_limits(u, _natural(_float(places), f)))


@inline
def _float(places):
    """An i64 below 2^51 as f64, in what every machine has for vectors."""
    return bits_as(places + ROUND_BITS, f64) - ROUND


@inline
def _natural(k, f):
    s = f / (f + 2.0)
    z = s * s
    # 2 s = f - s f, so that f itself is added last.
    rest = s * (f - z * polynomial(z, LOG))
    return fma(k, LN2_HIGH, f - (rest - k * LN2_LOW))


@inline
def with_limits(x, result):
    """A logarithm, where x is neither positive nor finite too."""
    limit = where(x == 0.0, -INFINITY, where(x < 0.0, NAN, x))
    return where((x > 0.0) & (x < INFINITY), result, limit)


@inline
def sigmoid(x):
    """1 / (1 + e^-x)."""
    e = exp_below(-fabs(x))
    c = where(x < 0.0, e, 1.0)
    return fma(-c, e / (e + 1.0), c)


@inline
def tanh(x):
    """The hyperbolic tangent."""
    a = fabs(x)
    far = 1.0 - 2.0 / (exp_below(smaller(40.0, a + a)) + 1.0)
    s = x * x
    near = fma(a, s * polynomial(s, TANH), a)
    return copysign(where(a < 0.5625, near, far), x)


@inline
def erf(x):
    """The error function."""
    a = fabs(x)
    held = smaller(6.0, a)
    far = 1.0 - exp_below(-held * held) * polynomial((held - 4.0) / (held + 4.0), ERF_FAR)
    near = fma(a, polynomial(x * x, ERF_NEAR), a)
    return copysign(where(a < 1.0, near, far), x)
