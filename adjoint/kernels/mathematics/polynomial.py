"""Polynomials, in fused multiplications.

A short chain's latency is hidden by the vectors that follow: what counts is how few instructions there are.  A long one
would fill the processor's window, so its even and odd powers make two chains.
"""

from __future__ import annotations

from adjoint.kernels.native import constant, fma, inline

LONG = 9  # coefficients, found by measuring


@inline
def polynomial(x, coefficients):
    """``c[0] + c[1] x + c[2] x^2 ...``"""
    if len(coefficients) < LONG:
        result = horner(x, coefficients)
    else:
        s = x * x
        result = fma(x, horner(s, coefficients[1::2]), horner(s, coefficients[::2]))
    return result


@inline
def horner(x, coefficients):
    """The same in one chain: terms are added from the smallest on, and rounding errors with them."""
    result = constant(x.type, coefficients[-1])
    for c in coefficients[-2::-1]:
        result = fma(result, x, c)
    return result
