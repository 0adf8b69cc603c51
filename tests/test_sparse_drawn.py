"""Sparse tensors drawn by chance, with places listed twice, without any, with dense dimensions: an operator's result and its
gradients beside PyTorch's."""

from __future__ import annotations

import random
import warnings
from typing import Any

import numpy as np
import pytest

import adjoint

torch = pytest.importorskip("torch")

OPERATORS = """
s * 2 | 2 * s | s / 3 | s + s | s - s * 2 | s * s | s @ d | torch.sparse.mm(s, d) | s.t() @ e | torch.sparse.sum(s)
torch.sparse.sum(s, 0) | torch.sparse.sum(s, (0, 1)) | s.to_dense() | s.coalesce() | s * f | f + s | s.transpose(0, 1)
s.unsqueeze(0) | torch.cat([s, s], 1) | torch.stack([s, s]) | s.index_select(0, i) | s.select(0, 0) | s[0] | s.narrow(1, 0, 1)
s.neg() | s.sqrt() | s.square() | s.abs() | s.sin() | s.pow(2) | s ** 3 | s.sparse_mask(m) | torch.addmm(z, s, d) | s.sum()
torch.sparse.addmm(z, s, d) | torch.sparse.softmax(s, 1) | torch.sparse.log_softmax(s, 0) | s.to(torch.float32) | s.clone()
s @ s.t() | torch.sparse.mm(s, s.t()) | s.relu() | s.isnan() | s.isinf() | torch.zeros_like(s) | s.expm1() | s.tanh() | s.trunc()
f.sparse_mask(m) | s.mul(0.) | s.detach()
"""
CALLS = [call.strip() for call in OPERATORS.replace("\n", "|").split("|") if call.strip()]
TOLERANCE = {"float16": 5e-3, "float32": 1e-5, "int64": 1e-6, "float64": 1e-10, "complex128": 1e-10}
OTHER_DTYPE = {"torch.sparse.softmax(s, 1)", "torch.sparse.log_softmax(s, 0)"}
"""Of integers, and no elements, PyTorch gives back integers."""


def drawn(draw: random.Random) -> dict[str, Any]:
    """Sizes, places and values of one sparse tensor, and what is done with it."""
    rows, columns = draw.choice([(3, 4), (1, 5), (5, 1), (4, 4), (0, 3), (2, 0)])
    count = draw.choice([0, 1, 3, 7]) if rows * columns else 0
    numbers = np.random.default_rng(draw.randrange(1 << 30))
    within = (2,) if draw.random() < 0.15 else ()
    return {
        "size": (rows, columns, *within),
        "indices": np.stack([numbers.integers(0, max(n, 1), count) for n in (rows, columns)]),
        "values": np.abs(numbers.standard_normal((count, *within))) + 0.5 * draw.randrange(2),
        "dtype": draw.choice(["float64", "float64", "complex128", "float32", "float16", "int64"]),
        "coalesced": draw.random() < 0.4,
        "requires_grad": draw.random() < 0.7,
        "call": draw.choice(CALLS),
        "seed": draw.randrange(1 << 30),
    }


def computed(library: Any, case: dict[str, Any]) -> tuple[list[Any], list[np.ndarray]] | str:
    """What is asked of the result, and its numbers with those of the gradients; the error's type where there is one."""
    numbers = np.random.default_rng(case["seed"])
    dtype, size = getattr(library, case["dtype"]), case["size"]
    requires_grad = case["requires_grad"] and case["dtype"] != "int64"

    def made(values: np.ndarray) -> Any:
        found = library.tensor(values).to(dtype)
        return (found * (1 + 0.5j) if dtype.is_complex else found).detach().requires_grad_(requires_grad)

    def dense(x: Any) -> Any:
        return x.to_dense() if x.layout is library.sparse_coo else x

    try:
        sizes = [(size[1], 3), (size[0], 2), (size[0], 3), size]
        operands = [made(case["values"]), *(made(numbers.standard_normal(s)) for s in sizes)]
        values, d, e, z, f = operands
        s = library.sparse_coo_tensor(library.tensor(case["indices"]), values, size, check_invariants=False)
        s = s.coalesce() if case["coalesced"] else s
        m = s.detach().coalesce()
        result = eval(case["call"], {"torch": library, "s": s, "d": d, "e": e, "z": z, "f": f, "m": m, "i": library.tensor([0])})
        asked = [str(result.layout), str(result.dtype), tuple(result.shape), bool(result.requires_grad)]
        found = [dense(result).detach()]
        if result.requires_grad:
            weights = made(numbers.standard_normal(tuple(result.shape))).detach().to(result.dtype)
            loss = (dense(result) * weights).sum()
            grads = library.autograd.grad(loss.real if loss.is_complex() else loss, operands, allow_unused=True)
            asked.append([g is None for g in grads])
            found += [dense(g).detach() for g in grads if g is not None]
    except (RuntimeError, IndexError, TypeError, ValueError, NotImplementedError) as error:
        return type(error).__name__
    return asked, [x.to(library.complex128).resolve_conj().resolve_neg().numpy() for x in found]


@pytest.mark.parametrize("part", range(4))
def test_an_operator_and_its_gradients_are_pytorchs(part: int) -> None:
    draw = random.Random(part)
    compared = 0
    for _ in range(150):
        case = drawn(draw)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ours, theirs = computed(adjoint, case), computed(torch, case)
        if isinstance(theirs, str):
            continue
        assert not isinstance(ours, str), (case, ours)
        if case["dtype"] == "int64" and case["call"] in OTHER_DTYPE:
            continue
        assert ours[0] == theirs[0], case
        for a, b in zip(ours[1], theirs[1]):
            tolerance = TOLERANCE[case["dtype"]]
            assert a.shape == b.shape and np.allclose(a, b, tolerance, tolerance, equal_nan=True), (case, a, b)
        compared += 1
    assert compared > 100
