"""Gamma, Dirichlet, binomial and Poisson numbers: PyTorch's, to the bit, and what is drawn after them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from both import agree, torch

import adjoint

DRAWN = [
    *(f"torch._standard_gamma(full({c}))" for c in (0.01, 0.3, 1.0, 1.5, 8.0, 100.0)),
    "torch._sample_dirichlet(full(0.3).view(-1, 3))",
    "torch._sample_dirichlet(torch.tensor([0.5, 2.0, 7.0], dtype=dtype).expand(300, 3))",
    *(
        f"torch.binomial(full({n}), full({p}))"
        for n, p in ((10, 0.3), (10, 0.8), (100, 0.3), (100, 0.9), (1000, 0.5), (3, 0.0), (3, 1.0), (1e6, 0.2), (40, 0.3))
    ),
    "torch.binomial(full(10.0).view(-1, 3), torch.tensor([[0.1, 0.5, float('nan')]], dtype=dtype))",
    *(f"torch.poisson(full({r}))" for r in (0.5, 5.0, 9.99, 10.0, 100.0)),
    "torch.multinomial(torch.tensor([0.2, 0.5, 0.3], dtype=dtype).expand(20, 3), 1, True)",
]


@pytest.mark.parametrize("expression", DRAWN)
def test_numbers_are_pytorchs_and_so_are_those_after_them(expression: str) -> None:
    def bits(library: Any) -> list[bytes]:
        found = []
        for dtype in (library.float32, library.float64):
            library.manual_seed(3)
            library.rand(5, dtype=library.float64), library.rand(1)  # so that pairs of words lie across blocks
            full = lambda value: library.full((900,), float(value), dtype=dtype)  # noqa: B023
            drawn = eval(expression, {"torch": library, "full": full, "dtype": dtype})
            found += [drawn.numpy().tobytes(), library.randn(3).numpy().tobytes(), library.rand(3).numpy().tobytes()]
        return found

    assert bits(adjoint) == bits(torch)


def test_a_normal_number_that_is_left_of_a_pair_is_the_next() -> None:
    def bits(library: Any) -> list[bytes]:
        library.manual_seed(0)
        found = []
        for n in (1, 2, 5, 400):
            found.append(library._standard_gamma(library.full((n,), 2.0)))
            found.append(library.randn(3))
            found.append(library.poisson(library.full((n,), 2.0)))
        return [t.numpy().tobytes() for t in found]

    assert bits(adjoint) == bits(torch)


@pytest.mark.parametrize(
    "expression",
    [
        "torch.binomial(torch.tensor([3]), torch.tensor([0.3]))",
        "torch.binomial(torch.tensor([3.0]), torch.tensor([1]))",
        "torch.binomial(torch.tensor([3.0]), torch.tensor([0.3], dtype=torch.float64))",
        "torch.binomial(torch.tensor([3.0]).half(), torch.tensor([0.3]).half())",
        "torch.binomial(3.0, torch.tensor([0.3]))",
        "torch._standard_gamma(torch.tensor([1]))",
        "torch._standard_gamma(torch.tensor([1.0]).bfloat16())",
        "torch._sample_dirichlet(torch.tensor([1]))",
        "torch._sample_dirichlet(torch.tensor([1.0]).half())",
    ],
)
def test_what_cannot_be_drawn_is_said(expression: str) -> None:
    agree(lambda library: eval(expression, {"torch": library}), raises=True)


def test_gradients_of_samples_are_pytorchs_everywhere() -> None:
    rng = np.random.default_rng(0)
    alpha, beta = np.exp(rng.uniform(-3, 5, (2, 20000)))
    gammas, betas = rng.gamma(alpha) + 1e-30, np.clip(rng.beta(alpha, beta), 1e-12, 1 - 1e-12)

    def found(library: Any) -> list[Any]:
        a, total, x, y = (library.tensor(v) for v in (alpha, alpha + beta, gammas, betas))
        return [library._standard_gamma_grad(a, x).numpy(), library._dirichlet_grad(y, a, total).numpy()]

    for ours, theirs in zip(found(adjoint), found(torch)):
        np.testing.assert_allclose(ours, theirs, rtol=1e-10)


def test_the_gradient_of_a_sample_is_differentiated_once() -> None:
    def scenario(library: Any) -> Any:
        a = library.tensor([1.5, 2.0], requires_grad=True)
        (g,) = library.autograd.grad(library._standard_gamma(a).sum(), a, create_graph=True)
        g.sum().backward()

    agree(scenario, raises=True)


@pytest.mark.parametrize("draw", ["torch._sample_dirichlet(a)", "torch.binomial(a.ceil(), a / 9)"])
def test_a_sample_without_a_gradient_says_so_in_the_backward(draw: str) -> None:
    def scenario(library: Any) -> Any:
        drawn = eval(draw, {"torch": library, "a": library.tensor([1.5, 2.0], requires_grad=True)})
        assert type(drawn.grad_fn).__name__ == "NotImplemented"
        drawn.sum().backward()

    agree(scenario, raises=True)


def test_samples_of_a_vmap_are_as_pytorchs() -> None:
    def scenario(library: Any) -> Any:
        a = library.tensor([[1.5, 2.0], [0.3, 7.0]])
        found = []
        for draw in (library._standard_gamma, library._sample_dirichlet, lambda x: library.binomial(x.ceil() * 9, x / 10)):
            found.append(library.vmap(draw, randomness="different")(a))
            found.append(library.vmap(lambda _, d=draw: d(a[0]), randomness="same")(a))
        return found

    agree(scenario, raises=False)
