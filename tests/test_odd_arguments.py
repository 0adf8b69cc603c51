"""Arguments that few programs have: tensors without elements or dimensions, broadcast, or out of range."""

from __future__ import annotations

from typing import Any

import pytest

from tests.both import agree

EXPRESSIONS = (
    "torch.gather(x, 0, torch.zeros(0, 2))",
    "x.scatter(0, torch.zeros(0, 2), 1.0)",
    "x.scatter_add(0, torch.zeros(0, 2), torch.zeros(0, 2))",
    "torch.take_along_dim(x, torch.tensor([[-1], [3], [-7]]), 1)",
    "torch.tensordot(x[:1], x, dims=([0], [0]))",
    "torch.tensordot(x, x[:1], dims=([0, 1], [0, 1]))",
    "torch.linalg.vander(torch.tensor(2.0), N=3)",
    "torch.corrcoef(torch.complex(x, x.flip(0)))",
    "torch.linalg.matrix_rank(torch.eye(2).expand(3, 2, 2), atol=torch.tensor([0.0, 0.5, 2.0]))",
    "torch.linalg.matrix_rank(torch.eye(2), rtol=torch.tensor(1.0))",
    "torch.linalg.matrix_rank(torch.zeros(0, 2, 2), atol=torch.zeros(0))",
    "x.__rmod__(x + 3)",
    "[t.stride() for t in torch.unravel_index(torch.tensor([[3, 8], [0, 5]]), (4, 5))]",
    "torch.searchsorted(torch.zeros(0, 0), torch.zeros(0, 0))",
    "torch.autograd.grad(F.unfold(e, 2).sum(), e)",
    "torch.autograd.grad(F.group_norm(e, 1).sum(), e, create_graph=True)[0].shape",
    "[x[0, 0].sum_to_size([]).grad_fn is None, x.sum_to_size(3, 2) is x]",
    "x.rot90(0).add_(1).sum() - x.sum()",
    "x.rot90(4).data_ptr() == x.data_ptr()",
    "torch.autograd.grad(torch.linalg.matrix_norm(z, 'nuc'), z)",
    "x.double().float(memory_format=torch.contiguous_format).mT.stride()",
    "x.mT.float(memory_format=torch.contiguous_format).stride()",
)


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_what_few_programs_ask_is_answered_as_by_pytorch(expression: str) -> None:
    def scenario(torch: Any) -> Any:
        x = torch.linspace(1, 2, 6).reshape(3, 2).requires_grad_()
        e, z = torch.zeros(0, 1, 5, 5, requires_grad=True), torch.zeros(3, 3, dtype=torch.complex64, requires_grad=True)
        return eval(expression, {"torch": torch, "F": torch.nn.functional, "x": x, "e": e, "z": z})

    agree(scenario, raises=False)


def test_a_product_of_halves_at_an_index_has_a_gradient_that_is_not_divided_out_of_a_rounded_result() -> None:
    def scenario(torch: Any, dtype: str) -> Any:
        x = (torch.linspace(0.01, 0.4, 8).to(torch.float16)).to(getattr(torch, dtype)).requires_grad_()
        product = torch.ones(1, dtype=x.dtype).scatter_reduce(0, torch.zeros(8, dtype=torch.int64), x, "prod")
        return torch.autograd.grad(product * 4096, x)[0].float()

    import torch

    import adjoint

    exact, found = scenario(torch, "float64"), scenario(adjoint, "float16")
    assert abs(found.numpy() / exact.numpy() - 1).max() < 2e-3


def test_what_does_not_broadcast_is_not_close() -> None:
    agree(lambda torch: torch.isclose(torch.ones(2, 2, 3), torch.ones(2, 3, 2)), raises=True)


def test_complex_numbers_have_no_mantissa() -> None:
    agree(lambda torch: torch.frexp(torch.ones(1, dtype=torch.complex64)), raises=True)
