"""Special functions: numbers beside tensors, dtypes, degrees of polynomials, and derivatives where formulas lose digits."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import adjoint
from tests.in_both import assert_same

torch = pytest.importorskip("torch")

POLYNOMIALS = [
    *(f"{shifted}chebyshev_polynomial_{kind}" for shifted in ("", "shifted_") for kind in "tuvw"),
    "hermite_polynomial_h", "hermite_polynomial_he", "laguerre_polynomial_l", "legendre_polynomial_p",
]  # fmt: skip
OF_ONE = (
    "entr ndtr ndtri log_ndtr erfcx i0 i1 i0e i1e airy_ai bessel_j0 bessel_j1 bessel_y0 bessel_y1 modified_bessel_i0 "
    "modified_bessel_i1 modified_bessel_k0 modified_bessel_k1 scaled_modified_bessel_k0 scaled_modified_bessel_k1 "
    "spherical_bessel_j0"
).split()


@pytest.mark.parametrize("name", OF_ONE)
@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "complex64", "int64", "bool"])
def test_dtypes_are_those_of_pytorchs_kernels(name: str, dtype: str) -> None:
    assert_same(f"torch.special.{name}(torch.ones(2, dtype=torch.{dtype})).dtype")


@pytest.mark.parametrize("name", ["xlog1py", "zeta", *POLYNOMIALS])
def test_either_operand_may_be_a_number(name: str) -> None:
    for arguments in ("2, t", "t, 3", "t, t", "2.5, t > 1", "t.half(), t.half()", "t, 'a'"):
        assert_same(f"(lambda t: torch.special.{name}({arguments}))(torch.tensor([2., 3.]))")


def test_nodes_tell_numbers_from_tensors() -> None:
    for name, arguments in itertools.product(("xlog1py", "zeta"), ("2, t", "t, 3", "t, t")):
        assert_same(f"(lambda t: torch.special.{name}({arguments}).grad_fn.name())(torch.ones(2, requires_grad=True))")


@pytest.mark.parametrize("name", POLYNOMIALS)
def test_polynomials_of_any_number_and_degree_are_pytorchs(name: str) -> None:
    numbers = (0.0, 1, -1, 0.5, -0.5, 2, -3, 0.999, -0.99, 20, 1e-30, np.inf, -np.inf)
    degrees = (0, 1, 2, 3, 5, 7, 9, 20, 130, 600, -1, 2.5, np.nan, np.inf)
    x, n = np.array(list(itertools.product(numbers, degrees))).T
    found = getattr(adjoint.special, name)(adjoint.tensor(x), adjoint.tensor(n))
    expected = getattr(torch.special, name)(torch.tensor(x), torch.tensor(n))
    np.testing.assert_allclose(found.numpy(), expected.numpy(), 1e-9, 1e-11)


def test_polynomials_of_samples_have_degrees_of_their_own() -> None:
    x = adjoint.linspace(-1, 1, 12).reshape(3, 4)
    n = adjoint.arange(12).reshape(3, 4)
    found = adjoint.vmap(adjoint.special.legendre_polynomial_p)(x, n)
    assert found.tolist() == adjoint.special.legendre_polynomial_p(x, n).tolist()


def test_polynomials_of_large_tensors_are_those_of_small_ones() -> None:
    x = adjoint.linspace(-1, 1, 40_000)
    found = adjoint.special.chebyshev_polynomial_t(x, 3)
    np.testing.assert_allclose(found[::1000].numpy(), adjoint.special.chebyshev_polynomial_t(x[::1000], 3).numpy(), 1e-6)


def test_the_logarithm_of_a_normal_share_has_a_gradient_far_below_zero() -> None:
    x = adjoint.tensor([-1e4, -100.0, -1.0, 0.0, 3.0, 100.0], requires_grad=True)
    adjoint.special.log_ndtr(x).sum().backward()
    exact = [1e4, 100.00999800099926, 1.5251352761609812, 0.7978845608028654, 0.004437839042125664, 0.0]
    np.testing.assert_allclose(x.grad.numpy(), exact, 1e-6)


def test_an_argument_that_is_called_n_takes_numbers() -> None:
    assert_same("torch.special.hermite_polynomial_h(x=torch.tensor([1., 2.]), n=3)")
