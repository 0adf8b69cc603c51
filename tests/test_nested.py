"""Nested tensors: what PyTorch computes of them that is there, and that the rest is refused."""

from __future__ import annotations

import warnings
from typing import Any

import pytest

import adjoint
from tests.both import agree


def _made(torch: Any, **options: Any) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return torch.nested.nested_tensor([torch.ones(2, 3), torch.arange(3.0)[None]], **options)


@pytest.mark.parametrize(
    "of",
    [
        lambda torch, n: (n.is_nested, str(n.layout), n.dim(), str(n.dtype), n.numel(), n.requires_grad, n.is_leaf, n.size(2)),
        lambda torch, n: list(n.unbind()),
        lambda torch, n: [part + 1 for part in n],
        lambda torch, n: n[1],
        lambda torch, n: torch.nested.to_padded_tensor(n, 0.5).tolist(),
        lambda torch, n: n.to_padded_tensor(1.0, (2, 4, 5)).tolist(),
        lambda torch, n: [p.tolist() for p in (n * 2 - n).unbind()],
        lambda torch, n: [p.tolist() for p in torch.nn.functional.gelu(n.relu()).unbind()],
        lambda torch, n: [p.tolist() for p in torch.nn.functional.linear(n, torch.ones(2, 3)).unbind()],
        lambda torch, n: [p.tolist() for p in torch.nn.LayerNorm(3)(n).unbind()],
        lambda torch, n: [p.tolist() for p in n.softmax(-1).unbind()],
        lambda torch, n: (str(n.to(torch.float64).dtype), n.clone().requires_grad, n.detach().is_nested),
    ],
)  # fmt: skip
@pytest.mark.parametrize("jagged", [True, False])
def test_nested_tensors_are_asked_and_computed_with_part_by_part(of: Any, jagged: bool) -> None:
    agree(lambda torch: of(torch, _made(torch, layout=torch.jagged if jagged else None)), warnings_too=False)


@pytest.mark.parametrize(
    "of",
    [
        lambda torch, n: (n.values(), n.offsets().tolist(), n.lengths(), n.sum(), n.mean().item()),
        lambda torch, n: n.tolist(),
        lambda torch, n: n.size(1) == (n + 1).size(1),
        lambda torch, n: (
            torch.nested.nested_tensor_from_jagged(n.values(), torch.tensor([0, 1, 3])).unbind()[1].tolist()
        ),
        lambda torch, n: torch.nested.as_nested_tensor([n[0], n[0]], layout=torch.sparse_coo),
    ],
)
def test_jagged_ones_have_values_and_offsets(of: Any) -> None:
    def scenario(torch: Any) -> Any:
        found = of(torch, _made(torch, layout=torch.jagged).detach())
        return (
            found if not isinstance(found, tuple) else [x.tolist() if isinstance(x, torch.Tensor) else x for x in found]
        )

    agree(scenario, warnings_too=False)


def test_gradients_pass_to_a_leaf_and_to_the_tensors_that_one_is_made_of() -> None:
    def scenario(torch: Any) -> Any:
        n = _made(torch, layout=torch.jagged, requires_grad=True)
        ((n * 2).relu().values() ** 2).sum().backward()
        a = torch.ones(2, 3, requires_grad=True)
        torch.nested.as_nested_tensor([a, a[:1]], layout=torch.jagged).values().sum().backward()
        s = _made(torch, requires_grad=True)
        torch.nested.to_padded_tensor(s * 3, 0.0).sum().backward()
        return n.grad.values().tolist(), a.grad.tolist(), [g.tolist() for g in s.grad.unbind()]

    agree(scenario, warnings_too=False)


def test_they_print_as_in_pytorch() -> None:
    def scenario(torch: Any) -> None:
        print(_made(torch))
        print(str(_made(torch, layout=torch.jagged)).replace("j", "").split(", ", 2)[2])

    agree(scenario, warnings_too=False)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda torch: torch.nested.nested_tensor([torch.ones(2, 3), torch.ones(3)], layout=torch.jagged),
        lambda torch: torch.nested.nested_tensor([torch.ones(2)], layout=torch.sparse_coo),
        lambda torch: _made(torch).shape,
        lambda torch: _made(torch).size(1),
    ],
)
def test_what_pytorch_refuses_is_refused_in_its_words(wrong: Any) -> None:
    agree(wrong, raises=True, warnings_too=False)


def test_what_is_not_computed_part_by_part_is_refused() -> None:
    n = _made(adjoint, layout=adjoint.jagged)
    attempts = (
        lambda: adjoint.fft.fft(n), lambda: n.view(-1), lambda: n.add_(1), lambda: n + adjoint.ones(3), lambda: n.sum(dim=1),
        lambda: n[:, 0], lambda: adjoint.cat([n, n]), lambda: n @ adjoint.ones(3, 3), lambda: adjoint.matmul(n, n),
    )  # fmt: skip
    for attempt in attempts:
        with pytest.raises(NotImplementedError, match="not computed for nested tensors"):
            attempt()
    other = _made(adjoint, layout=adjoint.jagged)
    with pytest.raises(RuntimeError, match="cannot call binary pointwise function add"):
        n + other
    with pytest.raises(AttributeError):
        n._array
