"""What is added up by index or along a dimension, of dtypes that cannot hold the sums of their own rounding."""

from __future__ import annotations

from typing import Any

import pytest
from both import agree

import adjoint

torch = pytest.importorskip("torch")

MANY = 3000  # more ones than a half can count one by one: 2048, or 256 of bfloat16


def ones(torch: Any, dtype: str) -> tuple[Any, Any, Any]:
    d = getattr(torch, dtype)
    return torch.zeros(1, dtype=d), torch.zeros(MANY, dtype=torch.int64), torch.ones(MANY, dtype=d)


# PyTorch itself rounds after every addition in those marked: the sum of the ones is what is right.
ADDING = {
    "scatter_add": lambda torch, z, i, x: z.scatter_add(0, i, x),
    "scatter_add of rows": lambda torch, z, i, x: z[:, None].scatter_add(0, i[:, None], x[:, None]),
    "scatter_reduce": lambda torch, z, i, x: z.scatter_reduce(0, i, x, "sum"),
    "scatter of sources": lambda torch, z, i, x: z.scatter(0, i, x, reduce="add"),
    "scatter of a number": lambda torch, z, i, x: z.scatter(0, i, 1.0, reduce="add"),
    "index_add of rows": lambda torch, z, i, x: z.expand(1, 2).clone().index_add(0, i, x[:, None].expand(MANY, 2)),
    "index_reduce": lambda torch, z, i, x: z.index_reduce(0, i, x, "mean", include_self=False) * MANY,
    "index_add (rounds)": lambda torch, z, i, x: z.index_add(0, i, x),
    "index_put (rounds)": lambda torch, z, i, x: z.index_put((i,), x, accumulate=True),
    "put (rounds)": lambda torch, z, i, x: z.put(i, x, accumulate=True),
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
@pytest.mark.parametrize("name", ADDING)
def test_halves_are_added_up_by_index_in_single_precision(name, dtype):
    found = ADDING[name](adjoint, *ones(adjoint, dtype)).float().max().item()
    assert found == torch.tensor(float(MANY)).to(getattr(torch, dtype)).item()
    if "rounds" not in name:
        assert found == ADDING[name](torch, *ones(torch, dtype)).float().max().item()


@pytest.mark.parametrize("dtype", ["uint8", "int8", "int16", "int32", "int64", "bool"])
@pytest.mark.parametrize("given", [(200, 100, 3), (True, False, True), (1.5, -2.5, 300.0)])
def test_a_scan_of_a_dtype_stays_in_it(given, dtype):
    for name in ("cumsum", "cumprod"):
        agree(lambda torch, name=name: getattr(torch.tensor(given), name)(0, dtype=getattr(torch, dtype)))


@pytest.mark.parametrize("module", ["BatchNorm1d(3)", "InstanceNorm1d(3, affine=True)", "GroupNorm(1, 3)", "LayerNorm(50)"])
@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_a_norms_recorded_gradients_are_rounded_once_as_the_others(module: str, dtype: str) -> None:
    m = eval(f"adjoint.nn.{module}", {"adjoint": adjoint}).to(getattr(adjoint, dtype))
    adjoint.manual_seed(0)
    x = (adjoint.randn(4, 3, 50) * 5 + 3).to(m.weight.dtype).requires_grad_()
    seed = adjoint.linspace(0.5, 1.5, 600).reshape(4, 3, 50).to(x.dtype)
    plain, recorded = (adjoint.autograd.grad(m(x), [x, m.weight, m.bias], seed, create_graph=c) for c in (False, True))
    for a, b in zip(plain, recorded):
        gap = (a.float() - b.float()).abs().max() / a.float().abs().max()
        assert gap < {"float16": 2e-3, "bfloat16": 2e-2}[dtype]
