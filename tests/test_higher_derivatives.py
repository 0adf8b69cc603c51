"""Derivatives of derivatives: each has a graph for as long as PyTorch's has, and is zero, not an error, once it is constant."""

from __future__ import annotations

from typing import Any

import pytest
from both import agree

FUNCTIONS = {
    "square": lambda torch, x: x**2,
    "square()": lambda torch, x: x.square(),
    "cube": lambda torch, x: x**3,
    "first power": lambda torch, x: x**1,
    "product with itself": lambda torch, x: x * x,
    "gaussian_nll_loss": lambda torch, x: torch.nn.functional.gaussian_nll_loss(x, x.detach() / 2, x.detach()),
    "relu": lambda torch, x: x.relu(),
    "relu squared": lambda torch, x: x.relu() ** 2,
    "relu of a square": lambda torch, x: (x * x).relu(),
    "relu of a product": lambda torch, x: torch.relu(x.view(1, 1) @ x.view(1, 1)),
    "relu_": lambda torch, x: (x * x).relu_(),
    "leaky_relu": lambda torch, x: torch.nn.functional.leaky_relu(x),
    "hardtanh": lambda torch, x: torch.nn.functional.hardtanh(x),
    "square of a sum": lambda torch, x: x.sum() ** 2,
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_derivatives_of_any_order_require_grad_as_long_as_pytorchs(name: str) -> None:
    def scenario(torch: Any) -> Any:
        x = torch.tensor([2.0], dtype=torch.float64, requires_grad=True)
        y, found = FUNCTIONS[name](torch, x), []
        for _ in range(5):
            if not y.requires_grad:
                break
            (g,) = torch.autograd.grad(y.sum(), x, create_graph=True)
            found.append((g.tolist(), g.requires_grad))
            y = g
        return found

    agree(scenario)


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_a_margin_that_is_met_exactly_has_no_slope(reduction: str) -> None:
    def scenario(torch: Any) -> Any:
        x = torch.tensor([[1.0, 0.0, 0.5]], requires_grad=True)
        target = torch.tensor([[0, -1, 1]])
        torch.nn.functional.multilabel_margin_loss(x, target, reduction=reduction).sum().backward()
        return x.grad

    agree(scenario)


def test_an_embedding_bags_rows_are_scaled_by_their_own_frequency() -> None:
    """PyTorch divides by the frequencies of other indices: by that of the i-th index for the i-th of the sorted ones."""
    import adjoint as torch

    weight = torch.ones(3, 1, requires_grad=True)
    bags = torch.tensor([[0, 1, 1], [1, 0, 2]])
    torch.nn.functional.embedding_bag(bags, weight, scale_grad_by_freq=True, mode="sum").sum().backward()
    assert weight.grad.flatten().tolist() == [1.0, 1.0, 1.0]
