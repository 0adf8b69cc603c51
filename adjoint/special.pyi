"""``torch.special``: special functions.  The operators are declared in :mod:`adjoint.ops`; many are torch's own by
another name.

>>> import adjoint as torch
>>> torch.special.expit(torch.tensor(0.))
tensor(0.5000)
"""

# Written by `python -m stubs` from the tables; not by hand.

from builtins import bool as _bool
from builtins import complex as _complex
from builtins import float as _float
from builtins import int as _int
from collections.abc import Sequence

from adjoint.dtypes import dtype as _dtype
from adjoint.tensor import Tensor

def airy_ai(x: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The Airy function Ai of each element.  It has no gradient: the result does not require grad.

    Not differentiable.
    """

def bessel_j0(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The Bessel function of the first kind and order 0 of each element.  It has no gradient: the result does not require grad.

    Not differentiable.
    """

def bessel_j1(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The Bessel function of the first kind and order 1 of each element.  It has no gradient: the result does not require grad.

    Not differentiable.
    """

def bessel_y0(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The Bessel function of the second kind and order 0 of each element.  It has no gradient: the result does not require grad.

    Not differentiable.
    """

def bessel_y1(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The Bessel function of the second kind and order 1 of each element.  It has no gradient: the result does not require grad.

    Not differentiable.
    """

def chebyshev_polynomial_t(x: Tensor | _complex, n: Tensor | _complex, *, out: Tensor | None = None) -> Tensor:
    """The Chebyshev polynomial of the first kind of degree ``n``, element by element.  It has no gradient: the result does not require grad.

    Not differentiable.
    """

def chebyshev_polynomial_u(x: Tensor | _complex, n: Tensor | _complex, *, out: Tensor | None = None) -> Tensor:
    """The Chebyshev polynomial of the second kind of degree ``n``, element by element.  It has no gradient: the result does not require grad.

    Not differentiable.
    """

def chebyshev_polynomial_v(x: Tensor | _complex, n: Tensor | _complex, *, out: Tensor | None = None) -> Tensor:
    """The Chebyshev polynomial of the third kind of degree ``n``, element by element.  It has no gradient: the result does not require grad.

    Not differentiable.
    """

def chebyshev_polynomial_w(x: Tensor | _complex, n: Tensor | _complex, *, out: Tensor | None = None) -> Tensor:
    """The Chebyshev polynomial of the fourth kind of degree ``n``, element by element.  It has no gradient: the result does not require grad.

    Not differentiable.
    """

def digamma(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The derivative of ``lgamma`` of each element; minus infinity at zero, NaN at negative integers.

    Gradients::

        self: g * polygamma_of(1, self)
    """

def entr(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The summand of an entropy of each element, ``-x log(x)``: 0 at zero, minus infinity below.

    Gradients::

        self: g * -(np.log(self) + 1)
    """

def erf(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The error function of each element: the integral of ``2/sqrt(pi) exp(-t**2)`` from 0 to ``x``.

    Gradients::

        self: g * 2 / sqrt(pi) * exp(-self ** 2)
    """

def erfc(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """One minus the error function of each element, exact to the last digits where that is small.

    Gradients::

        self: -g * 2 / sqrt(pi) * exp(-self ** 2)
    """

def erfcx(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The complementary error function of each element, scaled: ``exp(x**2) erfc(x)``, which does not vanish for large ``x``.

    Gradients::

        self: g * (2 * self * result - 2 / sqrt(pi))
    """

def erfinv(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The number whose error function each element is; infinite for -1 and 1, NaN beyond.

    Gradients::

        self: g * sqrt(pi) / 2 * exp(result ** 2)
    """

def exp2(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Two to the power of each element.

    Gradients::

        self: g * conj(result) * constant(math.log(2), g)
    """

def expit(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The logistic function of each element, between 0 and 1: ``1 / (1 + exp(-x))``.

    Gradients::

        self: g * conj((1 - result) * result)
    """

def expm1(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """``exp(x) - 1`` of each element, exact to the last digits where ``x`` is near zero.

    Gradients::

        self: g * conj(result + 1)
    """

def gammainc(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The lower incomplete gamma function, regularized, of ``input`` (the shape) at ``other``, element by element: from 0 to 1.

    Gradients::

        self: _no_order_derivative('igamma')
        other: g * _gamma_density(self, other)
    """

def gammaincc(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The upper incomplete gamma function, regularized, of ``input`` (the shape) at ``other``: one minus ``igamma``.

    Gradients::

        self: _no_order_derivative('igammac')
        other: -g * _gamma_density(self, other)
    """

def gammaln(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The natural logarithm of the absolute value of the gamma function of each element.

    Gradients::

        self: g * digamma_of(self)
    """

def hermite_polynomial_h(x: Tensor | _complex, n: Tensor | _complex, *, out: Tensor | None = None) -> Tensor:
    """The Hermite polynomial, as physicists define it, of degree ``n``, element by element.  It has no gradient: the result does not require grad.

    Not differentiable.
    """

def hermite_polynomial_he(x: Tensor | _complex, n: Tensor | _complex, *, out: Tensor | None = None) -> Tensor:
    """The Hermite polynomial, as probabilists define it, of degree ``n``, element by element.  It has no gradient: the result does not require grad.

    Not differentiable.
    """

def i0(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The modified Bessel function of the first kind and order 0 of each element.

    Gradients::

        self: g * i1_of(self)
    """

def i0e(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The modified Bessel function of the first kind and order 0 of each element, scaled: ``exp(-abs(x)) i0(x)``.

    Gradients::

        self: g * (i1e_of(self) - sign_of(self) * result)
    """

def i1(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The modified Bessel function of the first kind and order 1 of each element.

    Gradients::

        self: g * (i0(self) - result / self)
    """

def i1e(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The modified Bessel function of the first kind and order 1 of each element, scaled: ``exp(-abs(x)) i1(x)``.

    Gradients::

        self: g * (i0e(self) - result * (sign(self) + 1 / self))
    """

def laguerre_polynomial_l(x: Tensor | _complex, n: Tensor | _complex, *, out: Tensor | None = None) -> Tensor:
    """The Laguerre polynomial of degree ``n``, element by element.  It has no gradient: the result does not require grad.

    Not differentiable.
    """

def legendre_polynomial_p(x: Tensor | _complex, n: Tensor | _complex, *, out: Tensor | None = None) -> Tensor:
    """The Legendre polynomial of degree ``n``, element by element.  It has no gradient: the result does not require grad.

    Not differentiable.
    """

def log1p(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """``log(1 + x)`` of each element, exact to the last digits where ``x`` is near zero.

    Gradients::

        self: g / conj(self + 1)
    """

def log_ndtr(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The logarithm of ``ndtr`` of each element, also where that is too small for a float.

    Gradients::

        self: g * exp(-(result + self ** 2 / 2)) / sqrt(2 * pi)
    """

def log_softmax(input: Tensor, dim: _int, dtype: _dtype | None = None, *, out: Tensor | None = None) -> Tensor:
    """The logarithms of softmax along ``dim``, of the tensor converted to ``dtype`` where it is given."""

def logit(input: Tensor, eps: _float | None = None, *, out: Tensor | None = None) -> Tensor:
    """The log of the odds ``x / (1 - x)`` of each element, the inverse of the sigmoid; with ``eps``, of ``x`` held within [eps, 1 - eps].

    Gradients::

        self: g / (self * (1 - self))
    """

def logsumexp(
    input: Tensor,
    dim: _int | Sequence[_int] | None,
    keepdim: _bool = False,
    *,
    axis: _int | Sequence[_int] | None = None,
    keepdims: _bool | None = None,
    out: Tensor | None = None,
) -> Tensor:
    """The logarithm of the sum of exponentials along ``dim`` (one or several), which need not fit a float.

    Gradients::

        self: spread(g, self_shape, dim, keepdim) * conj(np.exp(self - spread(result, self_shape, dim, keepdim)))
    """

def modified_bessel_i0(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The modified Bessel function of the first kind and order 0 of each element.  It has no gradient: the result does not require grad.

    Not differentiable.
    """

def modified_bessel_i1(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The modified Bessel function of the first kind and order 1 of each element.  It has no gradient: the result does not require grad.

    Not differentiable.
    """

def modified_bessel_k0(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The modified Bessel function of the second kind and order 0 of each element.  It has no gradient: the result does not require grad.

    Not differentiable.
    """

def modified_bessel_k1(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The modified Bessel function of the second kind and order 1 of each element.  It has no gradient: the result does not require grad.

    Not differentiable.
    """

def multigammaln(input: Tensor, p: _int, *, out: Tensor | None = None) -> Tensor:
    """The logarithm of the multivariate gamma function of dimension ``p``.

    >>> import adjoint as torch
    >>> torch.mvlgamma(torch.tensor([3.]), 2)
    tensor([1.5502])

    Gradients::

        self: g * functools.reduce(np.add, [digamma_of(self - constant(j / 2, self)) for j in range(p)])
    """

def ndtr(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The share of the standard normal distribution that lies below each element.  Integers give the default dtype.

    >>> import adjoint as torch
    >>> torch.special.ndtr(torch.tensor([-1., 0., 1.]))
    tensor([0.1587, 0.5000, 0.8413])
    """

def ndtri(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The number below which each element, a share from 0 to 1, of the standard normal distribution lies: the inverse of ``ndtr``.

    Gradients::

        self: g * sqrt(2 * pi) * exp(result ** 2 / 2)
    """

def polygamma(n: _int, input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The ``n``-th derivative of ``digamma`` of each element.  Raises RuntimeError for a negative ``n``.

    Gradients::

        self: g * polygamma_of(n + 1, self)
    """

def psi(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The derivative of ``lgamma`` of each element; minus infinity at zero, NaN at negative integers.

    Gradients::

        self: g * polygamma_of(1, self)
    """

def round(input: Tensor, *, decimals: _int = 0, out: Tensor | None = None) -> Tensor:
    """Each element rounded to the nearest integer, of two as near to the even one; with ``decimals``, to so many digits behind the point.

    Gradients::

        self: np.zeros_like(g)
    """

def scaled_modified_bessel_k0(x: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The modified Bessel function of the second kind and order 0, times ``exp(x)``, of each element.  It has no gradient: the result does not require grad.

    Not differentiable.
    """

def scaled_modified_bessel_k1(x: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The modified Bessel function of the second kind and order 1, times ``exp(x)``, of each element.  It has no gradient: the result does not require grad.

    Not differentiable.
    """

def shifted_chebyshev_polynomial_t(x: Tensor | _complex, n: Tensor | _complex, *, out: Tensor | None = None) -> Tensor:
    """The Chebyshev polynomial of the first kind at ``2 x - 1`` of degree ``n``, element by element.  It has no gradient: the result does not require grad.

    Not differentiable.
    """

def shifted_chebyshev_polynomial_u(x: Tensor | _complex, n: Tensor | _complex, *, out: Tensor | None = None) -> Tensor:
    """The Chebyshev polynomial of the second kind at ``2 x - 1`` of degree ``n``, element by element.  It has no gradient: the result does not require grad.

    Not differentiable.
    """

def shifted_chebyshev_polynomial_v(x: Tensor | _complex, n: Tensor | _complex, *, out: Tensor | None = None) -> Tensor:
    """The Chebyshev polynomial of the third kind at ``2 x - 1`` of degree ``n``, element by element.  It has no gradient: the result does not require grad.

    Not differentiable.
    """

def shifted_chebyshev_polynomial_w(x: Tensor | _complex, n: Tensor | _complex, *, out: Tensor | None = None) -> Tensor:
    """The Chebyshev polynomial of the fourth kind at ``2 x - 1`` of degree ``n``, element by element.  It has no gradient: the result does not require grad.

    Not differentiable.
    """

def sinc(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """``sin(pi x) / (pi x)`` of each element, 1 at zero.

    Gradients::

        self: g * (cos(pi * self) - result) / self
    """

def softmax(input: Tensor, dim: _int, dtype: _dtype | None = None, *, out: Tensor | None = None) -> Tensor:
    """The exponentials, divided by their sum along ``dim``, of the tensor converted to ``dtype`` where it is given."""

def spherical_bessel_j0(x: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The spherical Bessel function of the first kind and order 0 of each element, ``sin(x) / x``, 1 at zero.  It has no gradient: the result does not require grad.

    Not differentiable.
    """

def xlog1py(input: Tensor | _complex, other: Tensor | _complex, *, out: Tensor | None = None) -> Tensor:
    """``input * log1p(other)``, element by element, and 0 where ``input`` is 0; NaN where ``other`` is.

    Gradients::

        self: g * log1p(other)
        other: g * self / (other + 1)
    """

def xlogy(input: Tensor | _complex, other: Tensor | _complex, *, out: Tensor | None = None) -> Tensor:
    """``input * log(other)``, element by element, and 0 where ``input`` is 0; NaN where ``other`` is.

    Gradients::

        self: g * log(other)
        other: g * self / other
    """

def zeta(input: Tensor | _complex, other: Tensor | _complex, *, out: Tensor | None = None) -> Tensor:
    """The Hurwitz zeta function of ``input`` at ``other``: the sum of ``(k + other) ** -input`` over all k from 0 on.

    Gradients::

        self: _no_zeta_derivative()
        other: -g * self * zeta(self + 1, other)
    """
