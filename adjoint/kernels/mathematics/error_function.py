"""The error function and its complement."""

from __future__ import annotations

import math

import numpy as np

from adjoint.kernels.machine import machine
from adjoint.kernels.mathematics.double import LOG2_E
from adjoint.kernels.mathematics.exponential import exp_moderate
from adjoint.kernels.mathematics.polynomial import polynomial
from adjoint.kernels.mathematics.powers import exp2_wide
from adjoint.kernels.native import (
    cast,
    copysign,
    f32,
    f64,
    fabs,
    fma,
    i32,
    inline,
    pick,
    smaller,
    vector,
    where,
)

# erf x = x + x P(x^2), up to 1
NEAR = (0.12837917, -0.37612626, 0.112836, -0.026854446, 0.0051895357, -0.00080208405, 7.889101e-05)
# erfc x = e^P(x), from 1 to 4
FAR = (0.00017812257, -1.1295273, -0.63333285, -0.10827846, 0.025101742, -0.004153767, 0.00042650267, -1.926228e-05,
       -1.6977836e-07)  # fmt: skip
# e^(x^2) erfc x = P((x - 4) / (x + 4)), up to 10.2
SCALED = (0.13699945761568594, -0.2590680492402833, 0.2187196814625019, -0.16425778807111463, 0.10896309584515051,
          -0.06310833304457564, 0.03129979950235396, -0.012839747158000755, 0.00405870812579285,
          -0.0008151099183053061, -2.826367074672279e-05, 0.0001015065115089803)  # fmt: skip


def _pieces(count: int, width: float, degree: int) -> tuple[tuple[float, ...], ...]:
    """Polynomials for erf x / x on neighbouring intervals, in the distance from their middles: per power, a number for
    each interval; the constants as a rounded one and, at the end, what rounding took away."""
    nodes = np.cos(np.pi * (np.arange(16) + 0.5) / 16) * width / 2
    rows = []
    for k in range(count):
        x = (k + 0.5) * width + nodes
        y = np.array([math.erf(v) / v for v in x])
        rows.append(np.polynomial.Polynomial.fit(nodes, y, degree, domain=[-1, 1]).coef)
    constants = [float(np.float32(r[0])) for r in rows]
    powers = [tuple(float(r[n]) for r in rows) for n in range(1, degree + 1)]
    return tuple(constants), *powers, tuple(float(r[0]) - c for r, c in zip(rows, constants))


WIDTH = 0.25
PIECES = _pieces(16, WIDTH, 6)


@inline
def erf_by_pieces(x):
    """The error function of 16 numbers: x times one of 16 polynomials, whose coefficients lie in registers."""
    a = fabs(x)
    k = cast(smaller(a, 3.999) * (1 / WIDTH), i32)
    d = a - (cast(k, f32) + 0.5) * WIDTH
    slope = pick(vector(f32, PIECES[6]), k)
    for n in (5, 4, 3, 2, 1):
        slope = fma(slope, d, pick(vector(f32, PIECES[n]), k))
    quotient = pick(vector(f32, PIECES[0]), k) + fma(slope, d, pick(vector(f32, PIECES[7]), k))
    return where(a < 4.0, x * quotient, where(x != x, x, copysign(1.0, x)))


@inline
def erf(x):
    """The error function: 1 - erfc x, and a polynomial where that cancels; with AVX-512 by pieces."""
    return erf_by_pieces(x) if x.type.lanes == 16 and machine().vector_bytes == 64 else erf_by_halves(x)


@inline
def erf_by_halves(x):
    """The error function of any number of lanes."""
    a = fabs(x)
    far = 1.0 - exp_moderate(polynomial(smaller(4.0, a), FAR))
    near = fma(a, polynomial(x * x, NEAR), a)
    return copysign(where(a < 1.0, near, far), x)


@inline
def erfc(x):
    """1 - erf x, to the relative precision of f32 as far as it is not zero: e^-x^2 times a polynomial, in f64."""
    a = cast(smaller(10.2, fabs(x)), f64)
    half = exp2_wide(a * a * -LOG2_E) * polynomial((a - 4.0) / (a + 4.0), SCALED)
    return cast(where(cast(x, f64) < 0.0, 2.0 - half, half), f32)
