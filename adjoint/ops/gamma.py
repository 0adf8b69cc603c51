"""The gamma function's logarithm, its derivatives and integrals, and the zeta function."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from adjoint.autograd.taped import taped
from adjoint.declare import composite, elementwise, op
from adjoint.declare.arranging import IN_ORDER
from adjoint.declare.namespaces import inplace_only
from adjoint.declare.operands import to_float
from adjoint.declare.outs import CAST, Out
from adjoint.ops.arithmetic import constant
from adjoint.ops.arrays import Array, array_function
from adjoint.ops.scipy_functions import by_scipy
from adjoint.ops.unsupported import unsupported
from adjoint.tensor import Tensor

_gammaln = by_scipy("gammaln", "lgamma_vml_cpu")


def _lgamma(self):
    if self.dtype.kind != "f" and self.dtype.kind != "V":
        return _gammaln(self)
    # Of -inf SciPy has -inf.  Large numbers are integers, all of them poles.
    return _gammaln(np.maximum(self, constant(-6e4 if self.dtype == np.float16 else -1e38, self)))


lgamma = elementwise(
    "lgamma", _lgamma, promote="float", self=lambda g, self: g * digamma_of(self),
    doc="The natural logarithm of the absolute value of the gamma function of each element.",
)  # fmt: skip


@array_function
def lgamma_of(x):
    """The logarithm of the size of the gamma function."""
    return _lgamma(x)


taped(lgamma_of)(lambda x: lgamma.function(x))


def _incomplete_gamma(name: str, kernel: str) -> Callable[..., Any]:
    def forward(self, other):
        import scipy.special

        if self.dtype.kind in "iubc":
            unsupported(kernel, self)
        half = self.dtype.itemsize == 2
        a, x = (self.astype(np.float32), other.astype(np.float32)) if half else (self, other)
        return getattr(scipy.special, name)(a, x).astype(self.dtype)

    return forward


def _gamma_density(self, other):
    """The derivative of the incomplete gamma function."""
    return np.exp((self - 1) * np.log(other) - other - lgamma_of(self))


def _no_order_derivative(name):
    raise NotImplementedError(f"the derivative for '{name}: input' is not implemented.")


igamma = elementwise(
    "igamma", _incomplete_gamma("gammainc", "igamma_cpu"), numbers=False,
    self=lambda g: _no_order_derivative("igamma"),
    other=lambda g, self, other: g * _gamma_density(self, other),
    doc="The lower incomplete gamma function, regularized, of ``input`` (the shape) at ``other``, "
    "element by element: from 0 to 1.",
)  # fmt: skip
igammac = elementwise(
    "igammac", _incomplete_gamma("gammaincc", "igammac_cpu"), numbers=False,
    self=lambda g: _no_order_derivative("igammac"),
    other=lambda g, self, other: -g * _gamma_density(self, other),
    doc="The upper incomplete gamma function, regularized, of ``input`` (the shape) at ``other``: one "
    "minus ``igamma``.",
)  # fmt: skip


@array_function
def digamma_of(x):
    """The derivative of the logarithm of the gamma function."""
    if x.dtype.kind == "c":
        unsupported("digamma", x)
    at_pole = (x == np.floor(x)) & (x < 0)
    return np.where(at_pole, constant(np.nan, x), np.where(x == 0, np.copysign(constant(np.inf, x), -x), _psi(x)))


_psi = by_scipy("digamma", "digamma")
digamma = elementwise(
    "digamma", lambda self: digamma_of(to_float(self)), promote="float", self=lambda g, self: g * polygamma_of(1, self),
    doc="The derivative of ``lgamma`` of each element; minus infinity at zero, NaN at negative integers.",
)
taped(digamma_of)(lambda x: digamma.function(x))


@array_function
def polygamma_of(n, x):
    """The n-th derivative of the digamma function."""
    import scipy.special

    if n == 0:
        return digamma_of(x)
    found = scipy.special.polygamma(n, x.astype(np.float64)).astype(x.dtype)
    return np.where(x == -np.inf, constant(np.nan, found), found)


def _polygamma_forward(n, self: Array):
    if n < 0:
        raise RuntimeError("polygamma(n, x) does not support negative n.")
    if self.dtype.kind == "c":
        unsupported("trigamma" if n == 1 else "digamma" if n == 0 else "polygamma", self)
    return polygamma_of(n, to_float(self))


_polygamma = op(
    "polygamma", _polygamma_forward, out=CAST, where="torch",
    self=lambda g, n, self: g * polygamma_of(n + 1, self),
    doc="The ``n``-th derivative of ``digamma`` of each element.  Raises RuntimeError for a negative ``n``.",
)  # fmt: skip
taped(polygamma_of)(lambda n, x: _polygamma.function(n, x))


@composite(where="Tensor", name="polygamma")
def _polygamma_method(self: Tensor, n: int) -> Tensor:
    """The n-th derivative of the digamma function."""
    return _polygamma.function(n, self)


def _polygamma_of_self(self: Array, n):
    return _polygamma_forward(n, self)


inplace_only(
    op(
        "polygamma.1", _polygamma_of_self, where="", node="PolygammaBackward1",
        self=lambda g, n, self: g * polygamma_of(n + 1, self),
    )
)  # fmt: skip


def _mvlgamma(self: Array, p):
    if p < 1:
        raise RuntimeError("p has to be greater than or equal to 1")
    x = to_float(self)
    steps = [_gammaln(x - constant(j / 2, x)) for j in range(p)]
    return functools.reduce(np.add, steps) + constant(p * (p - 1) / 4 * math.log(math.pi), x)


mvlgamma = op(
    "mvlgamma", _mvlgamma, out=Out("mvlgamma: result type {Result} can't be cast to the desired output type {Out}"), lies=IN_ORDER,
    self=lambda g, self, p: g * functools.reduce(np.add, [digamma_of(self - constant(j / 2, self)) for j in range(p)]),
    doc="""The logarithm of the multivariate gamma function of dimension ``p``.

    >>> import adjoint as torch
    >>> torch.mvlgamma(torch.tensor([3.]), 2)
    tensor([1.5502])
    """,
)  # fmt: skip
inplace_only(mvlgamma)


# The zeta function


@array_function
def zeta_of(x, q):
    """The Hurwitz zeta function: the sum of ``(k + q) ** -x`` over all k from 0 on."""
    import scipy.special

    return scipy.special.zeta(x, q)


def _zeta(self, other):
    x, q = to_float(self), to_float(other)
    if x.dtype.kind == "c" or x.dtype.itemsize == 2:
        unsupported("zeta_cpu", x)
    return zeta_of(x, q)


def _no_zeta_derivative():
    raise NotImplementedError("the derivative for 'zeta' is not implemented.")


zeta = elementwise(
    "zeta", _zeta, promote="float", where="special", inplace=False, scalar_first=True,
    node="SpecialZetaBackward1 if input._wrapped else SpecialZetaBackward2 if other._wrapped else SpecialZetaBackward0",
    self=lambda g: _no_zeta_derivative(),
    other=lambda g, self, other: g * -self * zeta_of(self + 1, other),
    reads={"other": "-g * self * zeta(self + 1, other)"},
    doc="The Hurwitz zeta function of ``input`` at ``other``: the sum of ``(k + other) ** -input`` over all k from 0 on.",
)  # fmt: skip
taped(zeta_of)(lambda x, q: zeta.function(x, q))
