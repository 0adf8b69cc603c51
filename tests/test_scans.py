"""Cumulative sums, products and logarithms: as exact as PyTorch's, with zeros, NaNs and infinities."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import adjoint

torch = pytest.importorskip("torch")

SCANS = ("cumsum", "cumprod", "logcumsumexp")


def run(module: Any, name: str, x: Any, dim: int | None, dtype: str) -> list[Any]:
    """A scan or product and its gradient."""
    leaf = module.tensor(x).to(getattr(module, dtype)).requires_grad_()
    result = getattr(module, name)(leaf, dim) if dim is not None else getattr(module, name)(leaf)
    result.backward(module.tensor(np.linspace(-1, 2, result.numel()).reshape(result.shape)).to(result.dtype))
    return [result.detach().double().numpy(), leaf.grad.double().numpy()]


@pytest.mark.parametrize("dtype", ["float32", "float16", "bfloat16"])
@pytest.mark.parametrize("name", SCANS)
def test_a_scan_is_rounded_once(name: str, dtype: str) -> None:
    n = 50_000 if dtype == "float32" else 3_000
    x = np.full((n, 2), 1 / n) if name != "cumprod" else np.full((n, 2), 1 + 1 / n)
    given = np.asarray(torch.tensor(x).to(getattr(torch, dtype)).double())
    exact = run(torch, name, given, 0, "float64")
    for right, theirs, ours in zip(exact, run(torch, name, given, 0, dtype), run(adjoint, name, given, 0, dtype)):
        scale = np.abs(right).max()
        assert np.abs(ours - right).max() <= 2 * np.abs(theirs - right).max() + 2.0**-23 * scale


@pytest.mark.parametrize("name", [*SCANS, "prod"])
def test_zeros_nans_and_infinities_reach_what_they_reach_in_pytorch(name: str) -> None:
    draw = np.random.default_rng(0)
    for _ in range(100):
        x = draw.standard_normal((5, 3))
        x[draw.random(x.shape) < draw.choice([0, 0.2, 0.5])] = 0
        x[draw.integers(5), draw.integers(3)] = draw.choice([0.5, math.nan])
        for dim in (0, -1, None) if name == "prod" else (0, -1):
            for theirs, ours in zip(run(torch, name, x, dim, "float64"), run(adjoint, name, x, dim, "float64")):
                np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-12, err_msg=f"{x} {dim}")


@pytest.mark.parametrize("dim", [None, 0])
def test_two_zeros_silence_an_infinity_in_the_product_of_all(dim: int | None) -> None:
    x = np.array([0.0, math.inf, 0.0, 2.0])
    for theirs, ours in zip(run(torch, "prod", x, dim, "float64"), run(adjoint, "prod", x, dim, "float64")):
        np.testing.assert_array_equal(ours, theirs)


def test_a_batch_of_products_is_differentiated_at_zeros() -> None:
    x = [[1.0, 0.0, 2.0], [2.0, 3.0, 4.0]]

    def first(module: Any) -> Any:
        return module.func.vmap(module.func.grad(lambda r: r.prod() + r.cumprod(0).sum()))(module.tensor(x)).tolist()

    def second(module: Any) -> Any:
        return module.func.vmap(module.func.hessian(lambda r: r.cumprod(0).sum()))(module.tensor(x)).tolist()

    for of in (first, second):
        np.testing.assert_allclose(of(adjoint), of(torch))
