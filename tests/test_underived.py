"""What has no derivative says so in the backward, and does not leave gradients out."""

from __future__ import annotations

from typing import Any

import pytest
from both import agree

UNDERIVED = [
    "torch.unique(x)", "x.unique(return_counts=True)[0]", "torch.unique(m, dim=0)", "torch.unique_consecutive(x)",
    "x.unique_consecutive(return_inverse=True)[0]", "torch.histogram(x, 3)[0]", "torch.histogram(x, 3)[1]",
    "torch.histogram(x, edges)[0]", "torch.histogramdd(m, [2, 2]).hist", "torch.histogramdd(m, [2, 2]).bin_edges[0]",
    "torch.histogramdd(m, [edges, edges]).hist", "torch.histogramdd(m, [edges, edges]).bin_edges[0]",
    "torch.linalg.ldl_factor(m @ m.T)[0]", "torch.linalg.ldl_solve(m, pivots, m)", "torch.floor_divide(x, x)",
    "torch.heaviside(x, x)",
]  # fmt: skip


@pytest.mark.parametrize("grad", [True, False])
@pytest.mark.parametrize("call", UNDERIVED)
def test_a_result_without_a_derivative(call: str, grad: bool) -> None:
    def scenario(torch: Any) -> Any:
        x = torch.tensor([1.0, 3.0, 3.0, 2.0], requires_grad=True)
        m = torch.tensor([[2.0, 1.0], [1.0, 3.0]], requires_grad=True)
        space = {"torch": torch, "x": x, "m": m, "edges": torch.tensor([0.0, 1.5, 4.0])}
        space["pivots"] = torch.tensor([1, 2], dtype=torch.int32)
        with torch.set_grad_enabled(grad):
            y = eval(call, space)
        print(y.requires_grad, y.grad_fn and (y.grad_fn.name(), type(y.grad_fn).__name__))
        if y.grad_fn is not None:
            y.sum().backward()

    agree(scenario)


@pytest.mark.parametrize("function", ["scatter_reduce", "index_reduce"])
@pytest.mark.parametrize("include_self", [True, False])
@pytest.mark.parametrize("source", [[0.0, 0.0, 1.0], [0.0, 2.0, 3.0], [1.0, 2.0, 3.0], [0.0, 2.0, 0.0]])
@pytest.mark.parametrize("own", [[1.0, 2.0], [0.0, 2.0]])
def test_second_derivatives_of_products_with_zeros(function: str, include_self: bool, source: list[float], own: Any) -> None:
    def scenario(torch: Any) -> Any:
        x = torch.tensor(own, dtype=torch.float64, requires_grad=True)
        s = torch.tensor(source, dtype=torch.float64, requires_grad=True)
        y = getattr(torch, function)(x, 0, torch.tensor([0, 0, 1]), s, "prod", include_self=include_self)
        first = torch.autograd.grad((y * torch.tensor([2.0, 3.0])).sum(), (x, s), create_graph=True)
        print([g.tolist() for g in first])
        return [torch.autograd.grad(v, (x, s), retain_graph=True, allow_unused=True) for g in first for v in g]

    agree(scenario, warnings_too=False)


def test_a_tensor_that_is_given_the_sizes_that_it_has_is_not_written_to() -> None:
    def scenario(torch: Any) -> Any:
        x = torch.ones(2)
        versions = []
        for shape in ((2,), (1, 2), (1, 2), (3,), (3,)):
            x.resize_(shape)
            x.resize_as_(torch.ones(shape))
            versions.append(x._version)
        return versions

    agree(scenario, raises=False)
