"""The error function and its kin: its complement, scaled too, its inverse, and the same of the normal distribution."""

from __future__ import annotations

import math

import numpy as np

from adjoint.autograd.taped import taped
from adjoint.declare import composite, elementwise
from adjoint.ops.arithmetic import constant
from adjoint.ops.arrays import array_function
from adjoint.ops.scipy_functions import by_scipy
from adjoint.tensor import Tensor

_TWO_OVER_ROOT_PI = 2 / math.sqrt(math.pi)
erf = elementwise(
    "erf", by_scipy("erf", "erf_vml_cpu"), promote="float",
    self=lambda g, self: g * np.exp(-(self * self)) * constant(_TWO_OVER_ROOT_PI, g),
    reads={"self": "g * 2 / sqrt(pi) * exp(-self ** 2)"},
    doc="The error function of each element: the integral of ``2/sqrt(pi) exp(-t**2)`` from 0 to ``x``.",
)  # fmt: skip
erfc = elementwise(
    "erfc", by_scipy("erfc", "erfc_vml_cpu"), promote="float",
    self=lambda g, self: g * np.exp(-(self * self)) * constant(-_TWO_OVER_ROOT_PI, g),
    reads={"self": "-g * 2 / sqrt(pi) * exp(-self ** 2)"},
    doc="One minus the error function of each element, exact to the last digits where that is small.",
)  # fmt: skip
erfinv = elementwise(
    "erfinv", by_scipy("erfinv", "erfinv_vml_cpu"), promote="float",
    self=lambda g, result: g * np.exp(result * result) * constant(1 / _TWO_OVER_ROOT_PI, g),
    reads={"self": "g * sqrt(pi) / 2 * exp(result ** 2)"},
    doc="The number whose error function each element is; infinite for -1 and 1, NaN beyond.",
)  # fmt: skip
_erfcx = by_scipy("erfcx", "erfcx_cpu", halves=False)


@array_function
def erfcx_of(x):
    """The complementary error function, scaled, on arrays."""
    return _erfcx(x)


erfcx = elementwise(
    "erfcx", _erfcx, promote="float", where="special", inplace=False,
    node="SpecialErfcxBackward0",
    self=lambda g, self, result: g * (self * result * 2 - constant(_TWO_OVER_ROOT_PI, g)),
    reads={"self": "g * (2 * self * result - 2 / sqrt(pi))"},
    doc="The complementary error function of each element, scaled: ``exp(x**2) erfc(x)``, which does not vanish for large ``x``.",
)  # fmt: skip
taped(erfcx_of)(lambda x: erfcx.function(x))


# The normal distribution

_ROOT_TWO_PI = math.sqrt(2 * math.pi)


@composite(where="special")
def ndtr(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The share of the standard normal distribution that lies below each element.  Integers give the default dtype.

    >>> import adjoint as torch
    >>> torch.special.ndtr(torch.tensor([-1., 0., 1.]))
    tensor([0.1587, 0.5000, 0.8413])
    """
    from adjoint.ops.by_numbers import multiplied, plus
    from adjoint.ops.reduction import written

    return written(multiplied(plus(erf.function(multiplied(input, math.sqrt(0.5))), 1), 0.5), out, "special_ndtr")


ndtri = elementwise(
    "ndtri", by_scipy("ndtri", "ndtri_cpu", halves=False), promote="float", where="special", inplace=False,
    node="SpecialNdtriBackward0",
    self=lambda g, result: g * np.exp(result * result / 2) * constant(_ROOT_TWO_PI, g),
    reads={"self": "g * sqrt(2 * pi) * exp(result ** 2 / 2)"},
    doc="The number below which each element, a share from 0 to 1, of the standard normal distribution lies: the inverse of ``ndtr``.",
)  # fmt: skip


def _log_ndtr_gradient(g, self, result):
    """Below zero by what does not vanish: of the difference of two large numbers little is left there."""
    zero, below = constant(0, self), self < 0
    left = constant(math.sqrt(2 / math.pi), self) / erfcx_of(np.where(below, self, zero) * constant(-math.sqrt(0.5), self))
    x, logarithm = np.where(below, zero, self), np.where(below, zero, result)
    return g * np.where(below, left, np.exp(-(logarithm + x * x / 2)) * constant(1 / _ROOT_TWO_PI, self))


log_ndtr = elementwise(
    "log_ndtr", by_scipy("log_ndtr", "log_ndtr_cpu", halves=False), promote="float", where="special", inplace=False,
    node="SpecialLogNdtrBackward0",
    self=_log_ndtr_gradient, reads={"self": "g * exp(-(result + self ** 2 / 2)) / sqrt(2 * pi)"},
    doc="The logarithm of ``ndtr`` of each element, also where that is too small for a float.",
)  # fmt: skip
