"""A linear layer that nobody records is one operator whatever its input's rank: PyTorch's values, strides and errors."""

from __future__ import annotations

from typing import Any

import pytest

from tests.both import agree

SHAPES = [(3,), (2, 3), (4, 2, 3), (2, 4, 2, 3), (0, 3), (2, 0, 3), (33, 7, 3)]
WAYS = ["plain", "vmap of x", "vmap of w", "vmap of b", "jvp"]


@pytest.mark.parametrize("dtype", ["float32", "float64", "bfloat16", "complex64"])
@pytest.mark.parametrize("shape", SHAPES)
def test_without_a_graph_it_is_what_it_is_with_one(shape: tuple[int, ...], dtype: str) -> None:
    def scenario(torch: Any) -> Any:
        x, w, b = (torch.randint(-4, 5, s).to(getattr(torch, dtype)) for s in (shape, (5, 3), (5,)))  # sums are exact
        linear = torch.nn.functional.linear
        calls = {
            "plain": lambda: linear(x, w, b),
            "vmap of x": lambda: torch.func.vmap(lambda x: linear(x, w, b))(torch.stack([x, x * 2])),
            "vmap of w": lambda: torch.func.vmap(lambda w: linear(x, w, b))(torch.stack([w, w * 2])),
            "vmap of b": lambda: torch.func.vmap(lambda b: linear(x, w, b))(torch.stack([b, b * 2])),
            "jvp": lambda: torch.func.jvp(linear, (x, w, b), (x, w, b))[1] if dtype != "complex64" else x,
        }
        found = []
        for way in WAYS:
            with torch.no_grad():
                r = calls[way]()
            found += [r.to(torch.complex128 if dtype == "complex64" else torch.float64), str(r.dtype)]
            found.append(r.stride())
        with torch.inference_mode():
            found.append(linear(x, w, b).to(torch.complex128 if dtype == "complex64" else torch.float64))
        return found

    agree(scenario, warnings_too=False)  # PyTorch warns of a missing rule once in a process


@pytest.mark.parametrize(
    "shapes",
    [((4, 2, 4), (5, 3), (5,)), ((4, 2, 3), (5, 3), (4,)), ((4, 2, 3), (3,), (5,)), ((4, 2, 3), (5, 3, 1), (5,)),
     ((), (5, 3), (5,)), ((4,), (5, 3), (5,)), ((2, 2, 3), (5, 3), (1,)), ((2, 2, 3), (5, 3), (2, 1, 5)), ((3,), (5, 3), (1, 5)),
     ((2, 2, 3), (5, 3), (1, 5)), ((3,), (5, 3), (3, 5)), ((3, 3), (5, 3), (3, 5))],
)  # fmt: skip
@pytest.mark.parametrize("recorded", [False, True])
def test_a_bias_of_other_sizes_is_added_or_refused(shapes: Any, recorded: bool) -> None:
    def scenario(torch: Any) -> Any:
        with torch.set_grad_enabled(recorded):
            x, w, b = (torch.ones(s, requires_grad=True) for s in shapes)
            return torch.nn.functional.linear(x, w, b).detach()

    agree(scenario)


@pytest.mark.parametrize("which", [(0,), (1,), (2,), (0, 1, 2)])
@pytest.mark.parametrize("bias", [(2,), (1, 2), (1,), ()])
@pytest.mark.parametrize("rows", [(3,), (4, 3), (2, 4, 3)])
def test_tangents_are_in_pytorchs_strides(rows: Any, bias: Any, which: Any) -> None:
    if (rows, bias) == ((3,), (1, 2)):
        pytest.skip("PyTorch refuses here, as long as tangents are carried, what it computes without them")

    def scenario(torch: Any) -> Any:
        primals = [torch.arange(1.0, 1 + torch.Size(s).numel()).reshape(s) for s in (rows, (2, 3), bias)]

        def of_some(*some: Any) -> Any:
            given = dict(zip(which, some, strict=True))
            return torch.nn.functional.linear(*[given.get(i, p) for i, p in enumerate(primals)])

        chosen = tuple(primals[i] for i in which)
        made, tangent = torch.func.jvp(of_some, chosen, tuple(x * x for x in chosen))
        return made, made.stride(), tangent, tangent.stride()

    agree(scenario)


def test_a_batch_of_vectors_is_what_each_of_them_gives() -> None:
    """With a bias of one row PyTorch's vmap puts a dimension between, which its results of one vector do not have."""
    import torch as theirs

    import adjoint as ours

    weight, bias, x = ours.arange(6.0).reshape(2, 3), ours.arange(2.0).reshape(1, 2), ours.arange(12.0).reshape(4, 3)
    batch = ours.func.vmap(lambda row: ours.nn.functional.linear(row, weight, bias))(x)
    rows = [theirs.nn.functional.linear(*(theirs.tensor(t.tolist()) for t in (row, weight, bias))) for row in x]
    assert batch.tolist() == theirs.stack(rows).tolist() == [[5, 15], [14, 51], [23, 87], [32, 123]]
