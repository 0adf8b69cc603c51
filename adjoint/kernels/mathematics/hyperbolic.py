"""Hyperbolic functions and their inverses."""

from __future__ import annotations

from adjoint.kernels.mathematics import double
from adjoint.kernels.mathematics.exponential import exp_moderate, exp_quarter
from adjoint.kernels.mathematics.polynomial import polynomial
from adjoint.kernels.native import cast, copysign, f32, f64, fabs, fma, inline, smaller, sqrt, where

INFINITY = float("inf")
NAN = float("nan")

# tanh x = x + x^3 P(x^2), up to 9/16
TANH = (-0.33333313, 0.13332452, -0.053837433, 0.021007467, -0.0061798193)
# sinh x = x + x^3 P(x^2), up to 1
SINH = (0.16666667, 0.00833335, 0.0001983616, 2.816951e-06)


@inline
def tanh(x):
    """The hyperbolic tangent: 1 - 2 / (e^2x + 1), and a polynomial where that cancels."""
    a = fabs(x)
    e = exp_moderate(smaller(20.0, a + a))
    far = 1.0 - 2.0 / (e + 1.0)
    s = x * x
    near = fma(a, s * polynomial(s, TANH), a)
    return copysign(where(a < 0.5625, near, far), x)


@inline
def sinh(x):
    """The hyperbolic sine."""
    a = fabs(x)
    q = exp_quarter(a)
    s = x * x
    near = fma(a, s * polynomial(s, SINH), a)
    return copysign(where(a < 1.0, near, fma(q, 2.0, -0.125 / q)), x)


@inline
def cosh(x):
    """The hyperbolic cosine."""
    q = exp_quarter(fabs(x))
    return fma(q, 2.0, 0.125 / q)


@inline
def asinh(x):
    """The inverse of sinh, in f64: log(a + sqrt(a^2 + 1)) = log1p(a + a^2 / (1 + sqrt(a^2 + 1)))."""
    a = cast(fabs(x), f64)
    s = a * a
    found = double.log1p(a + s / (sqrt(s + 1.0) + 1.0))
    return copysign(cast(where(a < INFINITY, found, a), f32), x)


@inline
def acosh(x):
    """The inverse of cosh, in f64: log(x + sqrt(x^2 - 1)); NaN below 1."""
    f = cast(x, f64) - 1.0
    found = double.log1p(f + sqrt(f * (f + 2.0)))
    return cast(where(f < 0.0, NAN, found), f32)


@inline
def atanh(x):
    """The inverse of tanh, in f64: log((1 + a) / (1 - a)) / 2; NaN beyond 1."""
    a = cast(fabs(x), f64)
    found = 0.5 * double.log1p((a + a) / (1.0 - a))
    return copysign(cast(found, f32), x)
