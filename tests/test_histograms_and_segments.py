"""Histograms, segments, finite differences, and the functions that are methods written as functions, beside PyTorch."""

from __future__ import annotations

from typing import Any

import pytest

from tests.both import agree

torch = pytest.importorskip("torch")

CALLS = """
histogram(x, 4)
histogram(x, 4, range=(0., 3.))
histogram(x, t([0., 1., 2., 3.]))
histogram(x, 4, weight=x, density=True)
histogram(X, 3, range=(0., 3.), weight=X, density=True)
histogram(t([]), 3)
histogram(t([1., 1.]), 3)
histogram(x.int(), 3)
histogram(x.half(), 3)
histogram(x, 0)
histogram(x, 3, range=(2., 1.))
histogram(t([1., float('nan')]), 3)
histogram(x, t([[0., 1.]]))
histogram(x, 3, weight=x[:2])
histogram(x, 3, weight=x.double())
histogram(x, t([0., 1.]).double())
histogramdd(X[:, :2], bins=[3, 2], weight=X[:, 0])
histogramdd(X[:, :2], bins=[2, 2], range=[0., 8., 0., 5.], density=True)
histogramdd(X[:, :3], bins=2)
histogramdd(X[:, :2], bins=[t([0., 4., 9.]), t([0., 5.])])
histogramdd(x, bins=2)
histogramdd(X, bins=[2])
histogramdd(X, bins=2, range=[0., 1.])
gradient(x)
gradient(X)
gradient(X, dim=0)
gradient(X, spacing=2.)
gradient(X, spacing=(2., 3.))
gradient(X, spacing=(t([0., 1., 3.]), t([0., 1., 2., 4.])))
gradient(X * X, spacing=(t([0., 1., 3.]), t([0., 1., 2., 4.])), edge_order=2)
gradient(X * X, edge_order=2)
gradient(X.long(), spacing=2)
gradient(X + 1j, dim=(-1,))
gradient(X, edge_order=3)
gradient(X[:1])
gradient(X, dim=(0, 0))
gradient(X, dim=(0, 5))
gradient(X, spacing=(1., 2., 3.))
gradient(t(1.))
segment_reduce(x, 'mean', lengths=t([2, 0, 3]))
segment_reduce(X, 'max', lengths=t([1, 2]))
segment_reduce(X, 'min', offsets=t([0, 1, 3]))
segment_reduce(X, 'prod', lengths=t([[1, 3], [2, 2], [4, 0]]), axis=1)
segment_reduce(X, 'sum', lengths=t([1, 1]), unsafe=True)
segment_reduce(X, 'sum', lengths=t([1, 2]), initial=10)
segment_reduce(X, 'mean', lengths=t([0, 3]), initial=3)
segment_reduce(X, 'max', lengths=t([0, 3]))
segment_reduce(X, 'sum', lengths=t([1, 1]))
segment_reduce(X, 'x', lengths=t([1, 2]))
segment_reduce(X, 'sum')
segment_reduce(X, 'sum', indices=t([0, 0, 1]))
segment_reduce(X, 'sum', lengths=t([1, 2]), axis=2)
segment_reduce(X.long(), 'sum', lengths=t([1, 2]))
segment_reduce(X, 'sum', lengths=t([-1, 4]))
segment_reduce(X, 'sum', lengths=t([1., 2.]))
gcd_(t([4, 6]), t([6, 9]))
lcm_(t([4, 6]), t([6, 9]))
xlogy_(x.clone(), 2)
addmv_(t([1., 1., 1.]), X, t([1., 1., 1., 1.]))
clamp_max_(x.clone(), .5)
clamp_min_(x.clone(), x.flip(0))
resize_as_(x.clone(), X[:1, :3])
empty_permuted((2, 3, 4), (2, 0, 1)).stride()
empty_permuted((2, 3), (0,))
empty_permuted((2, 3), (0, 0))
empty_permuted((2, 3), (0, 5))
conv_tbc(X.reshape(3, 2, 2), X.reshape(2, 2, 3), x[:3])
""".strip().splitlines()


def _names(torch: Any) -> dict[str, Any]:
    return {"t": torch.tensor, "x": torch.tensor([1.0, 2.0, 2.5, 7.0, -1.0]), "X": torch.arange(12.0).reshape(3, 4)}


@pytest.mark.parametrize("call", CALLS)
def test_values_and_errors_are_pytorchs(call: str) -> None:
    agree(lambda torch: eval(f"torch.{call}", {"torch": torch, **_names(torch)}), warnings_too=False)


@pytest.mark.parametrize("reduce", ["sum", "mean", "prod", "max", "min"])
def test_segments_pass_their_gradient_to_their_elements(reduce: str) -> None:
    def scenario(torch: Any) -> Any:
        x = torch.tensor([[1.0, 3.0], [2.0, 3.0], [0.5, -1.0], [4.0, 0.0]], requires_grad=True)
        found = torch.segment_reduce(x, reduce, lengths=torch.tensor([2, 2]), initial=1.5)
        (found * torch.tensor([[1.0, 2.0], [3.0, 4.0]])).sum().backward()
        return x.grad

    agree(scenario, tolerance=1e-6)


def test_differences_have_gradients() -> None:
    def scenario(torch: Any) -> Any:
        x = torch.arange(12.0).reshape(3, 4).requires_grad_()
        a, b = torch.gradient(x * x, spacing=(0.5, 2.0), edge_order=2)
        (a * b).sum().backward()
        return x.grad

    agree(scenario, tolerance=1e-6)
