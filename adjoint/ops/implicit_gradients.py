"""How samples of gamma and Dirichlet distributions move with the parameters, if their place in the distribution is kept.

By the implicit function theorem it is ``-(dF/dα)(x) / f(x)``, with the distribution function ``F`` and its density ``f``
(Figurnov, Mohamed and Mnih 2018).  There is no closed form; a Taylor series is taken for small samples, Rice's saddle
point expansion for large parameters, and between them rational functions that were fitted (their coefficients are
PyTorch's, so that gradients are equal).
"""

from __future__ import annotations

from typing import Any, NoReturn

import numpy as np

from adjoint.autograd.quiet import silence
from adjoint.declare import elementwise
from adjoint.dtypes import SCALAR_TYPE_NAMES
from adjoint.ops.arrays import Array, array_function, special_function
from adjoint.ops.unsupported import unsupported
from adjoint.tensor import Tensor

_digamma = special_function("digamma")

# Of u^i, at [i]: the coefficients of v^0 to v^3, first of the numerator and then of the denominator.
_GAMMA = np.array(
    [
        [[0.16009398, -0.094634809, 0.025146376, -0.0030648343], [1, 0.32668115, 0.10406089, 0.0014179084]],
        [[0.53487893, 0.1298071, 0.065735949, -0.0015649758], [0.16639465, 0.020070113, -0.0035938915, -0.00058392623]],
        [[0.040121004, -0.0065914022, -0.0026286047, -0.0013441777],
         [0.017050642, -0.0021309326, 0.00085092367, -1.5247877e-07]],
    ]
)  # fmt: skip

# At [0] of the numerator, at [1] of the denominator: of u^i a^j, at [i][j], the coefficients of b^0 to b^3.
_BETA = np.array(
    [
        [[[1.003668233, -0.01061107488, -0.0657888334, 0.01201642863],
          [0.6336835991, -0.3557432599, 0.05486251648, -0.001465281033],
          [-0.03276231906, 0.004474107445, 0.002429354597, -0.0001557569013]],
         [[0.221950385, -0.3187676331, 0.01799915743, 0.01074823814],
          [-0.2951249643, 0.06219954479, 0.01535556598, 0.001550077057],
          [0.02155310298, 0.004170831599, 0.001292462449, 6.976601077e-05]],
         [[-0.05980841433, 0.008441916499, 0.01085618172, 0.002319392565],
          [0.02911413504, 0.01400243777, -0.002721828457, 0.000751041181],
          [0.005900514878, -0.001936558688, -9.495446725e-06, 5.385558597e-05]]],
        [[[1, -0.02924021934, -0.04438342661, 0.007285809825],
          [0.6357567472, -0.3473456711, 0.05454656494, -0.002407477521],
          [-0.03301322327, 0.004845219414, 0.00231480583, -0.0002307248149]],
         [[0.5925320577, -0.1757678135, 0.01505928619, 0.000564515273],
          [0.1014815858, -0.06589186703, 0.01272886114, -0.0007316646956],
          [-0.007258481865, 0.001096195486, 0.0003934994223, -4.12701925e-05]],
         [[0.06469649321, -0.0236701437, 0.002902096474, -5.896963079e-05],
          [0.001925008108, -0.002869809258, 0.0008000589141, -6.063713228e-05],
          [-0.0003477407336, 6.959756487e-05, 1.097287507e-05, -1.650964693e-06]]],
    ]
)  # fmt: skip


def _polynomial(coefficients: Any, x: Array) -> Array:
    """With the coefficient of the lowest power first."""
    result = coefficients[-1]
    for coefficient in coefficients[-2::-1]:
        result = coefficient + x * result
    return result


def _wide(kernel: str, *arrays: Array) -> list[Array]:
    if arrays[0].dtype.kind != "f" or arrays[0].dtype.itemsize < 4:
        unsupported(kernel, arrays[0])
    return [x.astype(np.float64) for x in arrays]


@array_function
def standard_gamma_grad(self: Array, output: Array) -> Array:
    """The derivative of a sample ``output`` of rate 1 by the concentration ``self``."""
    alpha, x = _wide("_standard_gamma_grad_cpu", self, output)
    with silence():
        found = np.select(
            [x < np.float32(0.8), alpha <= 8, (0.9 * alpha <= x) & (x <= 1.1 * alpha)],
            [_gamma_small(alpha, x), _gamma_fitted(alpha, x), _gamma_at_mean(alpha, x)],
            _gamma_large(alpha, x),
        )
    return found.astype(self.dtype)


def _gamma_small(alpha: Array, x: Array) -> Array:
    numerator, denominator = 1.0, alpha
    series1 = numerator / denominator
    series2 = numerator / (denominator * denominator)
    for i in range(1, 6):
        numerator = numerator * (-x / i)
        denominator = denominator + 1
        series1 = series1 + numerator / denominator
        series2 = series2 + numerator / (denominator * denominator)
    power = x**alpha
    density = x ** (alpha - 1) * np.exp(-x)
    result = -((np.log(x) - _digamma(alpha)) * (power * series1) - power * series2) / density
    return np.where(np.isnan(result), 0, result)


def _gamma_fitted(alpha: Array, x: Array) -> Array:
    u, v = np.log(x / alpha), np.log(alpha)
    p, q = ([_polynomial(of_u, u) for of_u in coefficients.T] for coefficients in _GAMMA.transpose(1, 0, 2))
    return np.exp(_polynomial(p, v) / _polynomial(q, v))


def _gamma_at_mean(alpha: Array, x: Array) -> Array:
    numerator1 = 1 + 24 * alpha * (1 + 12 * alpha)
    numerator2 = (
        1440 * (alpha * alpha) + 6 * x * (53 - 120 * x) - 65 * x * x / alpha + alpha * (107 + 3600 * x)
    )
    return numerator1 * numerator2 / (1244160 * (alpha * alpha) * (alpha * alpha))


def _gamma_large(alpha: Array, x: Array) -> Array:
    root = np.sqrt(8 * alpha)
    term2 = root / (alpha - x)
    term3 = (x - alpha - alpha * np.log(x / alpha)) ** -1.5
    both = np.where(x < alpha, term2 - term3, term2 + term3)
    term1 = np.log(x / alpha) * both - np.sqrt(2 / alpha) * (alpha + x) / ((alpha - x) * (alpha - x))
    stirling = 1 + 1 / (12 * alpha) * (1 + 1 / (24 * alpha))
    return -stirling * (x * term1) / root


@array_function
def dirichlet_grad(x: Array, alpha: Array, total: Array) -> Array:
    """The derivative of an element ``x`` of a sample by its concentration ``alpha``, over ``1 - x``; ``total`` is the sum of
    the concentrations."""
    dtype = x.dtype
    x, alpha, total = _wide("_dirichlet_grad_cpu", x, alpha, total)
    beta = total - alpha
    boundary = total * x * (1 - x)
    with silence():
        found = np.select(
            [(x <= 0.5) & (boundary < 2.5), (x >= 0.5) & (boundary < 0.75), (alpha > 6) & (beta > 6)],
            [_beta_small(x, alpha, beta), -_beta_by_other(1 - x, beta, alpha), _beta_large(x, alpha, beta)],
            _beta_fitted(x, alpha, total),
        )
    return found.astype(dtype)


def _beta_small(x: Array, alpha: Array, beta: Array) -> Array:
    factor = _digamma(alpha) - _digamma(alpha + beta) - np.log(x)
    numerator = 1.0
    series = numerator / alpha * (factor + 1 / alpha)
    for i in range(1, 11):
        numerator = numerator * ((i - beta) * x / i)
        denominator = alpha + i
        series = series + numerator / denominator * (factor + 1 / denominator)
    result = x * (1 - x) ** -beta * series
    return np.where(np.isnan(result), 0, result)


def _beta_by_other(x: Array, alpha: Array, beta: Array) -> Array:
    """By the other concentration, for small ``x``."""
    factor = _digamma(alpha + beta) - _digamma(beta)
    numerator, betas, slopes = 1.0, 1.0, 0.0
    series = factor / alpha
    for i in range(1, 9):
        numerator = numerator * (-x / i)
        slopes = slopes * (beta - i) + betas
        betas = betas * (beta - i)
        series = series + numerator / (alpha + i) * (slopes + factor * betas)
    result = -((1 - x) ** (1 - beta)) * series
    return np.where(np.isnan(result), 0, result)


def _beta_large(x: Array, alpha: Array, beta: Array) -> Array:
    total = alpha + beta
    mean = alpha / total
    deviation = np.sqrt(alpha * beta / (total + 1)) / total

    square = beta * beta
    polynomial = _polynomial(
        [
            47 * x * square * square,
            (43 + 20 * (16 + 27 * beta) * x) * square * beta,
            3 * (59 + 180 * beta - 90 * x) * square,
            (453 + 1620 * beta * (1 - x) - 455 * x) * beta,
            8 * (1 - x) * (135 * beta - 11),
        ],
        alpha,
    )
    factor = (1 + 12 * alpha) * (1 + 12 * beta) / (total * total)
    divisor = 12960 * alpha * alpha * alpha * beta * beta * (1 + 12 * total)
    at_mean = factor / (1 - x) * polynomial / divisor  # where the others are 0 / 0

    stirling = _stirling(alpha) * _stirling(beta) / _stirling(total)
    distance = alpha * (x - 1) + beta * x
    term1 = (2 * (alpha * alpha) * (x - 1) + alpha * beta * (x - 1) - x * square) / (
        np.sqrt(2 * alpha / beta) * total**1.5 * distance * distance
    )
    term2 = 0.5 * np.log(alpha / (total * x))
    term3 = np.sqrt(8 * alpha * beta / total) / distance
    term4 = (beta * np.log(beta / (total * (1 - x))) + alpha * np.log(alpha / (total * x))) ** -1.5
    terms = term1 + term2 * (term3 + np.where(x < mean, term4, -term4))
    elsewhere = stirling * (-x / np.sqrt(2 * alpha * beta / total)) * terms
    return np.where((mean - 0.1 * deviation <= x) & (x <= mean + 0.1 * deviation), at_mean, elsewhere)


def _stirling(x: Array) -> Array:
    return 1 + 1 / (12 * x) + 1 / (288 * x * x)


def _beta_fitted(x: Array, alpha: Array, total: Array) -> Array:
    u = np.log(x)
    a = np.log(alpha) - u
    b = np.log(total) - a
    p, q = (
        sum(u**i * a**j * _polynomial(_BETA[part, i, j], b) for i in range(3) for j in range(3)) for part in (0, 1)
    )
    return p / q * (x * (_digamma(total) - _digamma(alpha)) / (total - alpha))


def _check_dtypes(first: Tensor, *others: Tensor) -> None:
    for other in others:
        if other.dtype is not first.dtype:
            found, expected = SCALAR_TYPE_NAMES[other.dtype], SCALAR_TYPE_NAMES[first.dtype]
            raise RuntimeError(f"Found dtype {found} but expected {expected}")


def _no_derivative(name: str) -> NoReturn:
    raise NotImplementedError(f"the derivative for '{name}' is not implemented.")


_standard_gamma_grad = elementwise(
    "_standard_gamma_grad",
    standard_gamma_grad,
    where="torch",
    inplace=False,
    numbers=False,
    check=_check_dtypes,
    self=lambda g: _no_derivative("_standard_gamma_grad"),
    output=lambda g: _no_derivative("_standard_gamma_grad"),
)

_dirichlet_grad = elementwise(
    "_dirichlet_grad",
    dirichlet_grad,
    where="torch",
    inplace=False,
    numbers=False,
    check=_check_dtypes,
    x=lambda g: _no_derivative("_dirichlet_grad"),
    alpha=lambda g: _no_derivative("_dirichlet_grad"),
    total=lambda g: _no_derivative("_dirichlet_grad"),
)

# A sample that was drawn, as a function of its concentration.
of_concentration = elementwise(
    "_of_concentration",
    lambda self, drawn: drawn,
    where="",
    inplace=False,
    node="StandardGammaBackward0",
    self=lambda g, self, result: g * standard_gamma_grad(self, result),
)
