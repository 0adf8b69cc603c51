"""The error function and its complement."""

from __future__ import annotations

from adjoint.kernels.mathematics.double import LOG2_E
from adjoint.kernels.mathematics.exponential import exp_moderate
from adjoint.kernels.mathematics.polynomial import polynomial
from adjoint.kernels.mathematics.powers import exp2_wide
from adjoint.kernels.native import cast, copysign, f32, f64, fabs, fma, inline, smaller, where

# erf x = x + x P(x^2), up to 1
NEAR = (0.12837917, -0.37612626, 0.112836, -0.026854446, 0.0051895357, -0.00080208405, 7.889101e-05)
# erfc x = e^P(x), from 1 to 4
FAR = (0.00017812257, -1.1295273, -0.63333285, -0.10827846, 0.025101742, -0.004153767, 0.00042650267, -1.926228e-05,
       -1.6977836e-07)  # fmt: skip
# e^(x^2) erfc x = P((x - 4) / (x + 4)), up to 10.2
SCALED = (0.13699945761568594, -0.2590680492402833, 0.2187196814625019, -0.16425778807111463, 0.10896309584515051,
          -0.06310833304457564, 0.03129979950235396, -0.012839747158000755, 0.00405870812579285,
          -0.0008151099183053061, -2.826367074672279e-05, 0.0001015065115089803)  # fmt: skip


@inline
def erf(x):
    """The error function: 1 - erfc x, and a polynomial where that cancels."""
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
