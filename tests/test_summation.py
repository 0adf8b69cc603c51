"""Sums are as exact as PyTorch's, whatever is summed, along whichever axis, by NumPy or by a kernel."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import adjoint
from adjoint.summation import total

torch = pytest.importorskip("torch")

FEW, MANY = 5_000, 20_000  # rows of three columns: NumPy's, and a kernel's
ULP = 2.0**-24


def values(rows: int, kind: str) -> Any:
    draws = np.random.default_rng(rows).standard_normal((rows, 3))
    return {"equal": np.full((rows, 3), 0.39837), "offset": 100 + draws, "normal": draws}[kind].astype(np.float32)


SUMS = {
    "the sum of the rows": lambda torch, x, w, b: x.sum(0),
    "the sum of a transposed array's columns": lambda torch, x, w, b: x.t().sum(1),
    "the mean of the rows": lambda torch, x, w, b: x.mean(0),
    "the sum of every second row": lambda torch, x, w, b: x[::2].sum(),
    "the sum of what is no number apart": lambda torch, x, w, b: x.nansum(0),
    "the variance of the rows": lambda torch, x, w, b: x.var(0),
    "the norm of the columns": lambda torch, x, w, b: torch.linalg.vector_norm(x, dim=0),
    "the logarithm of a sum": lambda torch, x, w, b: (x / 100).logsumexp(0),
    "a sum over repeats": lambda torch, x, w, b: b.repeat(len(x), 1) * x,
    "the gradient of an addend": lambda torch, x, w, b: x + b,
    "the gradient of a factor": lambda torch, x, w, b: x * b,
    "the gradient of a branch": lambda torch, x, w, b: torch.where(x > 0, b, x),
    "the gradient of one number": lambda torch, x, w, b: x * b[0],
    "the gradients of a linear layer": lambda torch, x, w, b: torch.nn.functional.linear(x, w, b),
    "the gradients of a linear layer in three dimensions": lambda torch, x, w, b: torch.nn.functional.linear(x[None], w, b),
    "the gradient of addmm's input": lambda torch, x, w, b: torch.addmm(b, x, w),
    "the gradient of a convolution's bias": lambda torch, x, w, b: (
        torch.nn.functional.conv1d(x.t()[None], w.detach()[..., None], b)
    ),
    "layer norm's parameters": lambda torch, x, w, b: torch.nn.functional.layer_norm(x, (3,), w[0], b),
    "batch norm's parameters": lambda torch, x, w, b: torch.nn.functional.batch_norm(x, None, None, w[0], b, True),
    "rows looked up": lambda torch, x, w, b: torch.nn.functional.embedding(torch.arange(len(x)) % 2, w) * x,
    "a product with a vector": lambda torch, x, w, b: x.t() @ x[:, 0],
}


def run(module: Any, function: Any, x: Any, dtype: str) -> list[Any]:
    """The result of a function and the gradients of its arguments."""
    given = [x, np.linspace(0.5, 1.5, 9, dtype=np.float32).reshape(3, 3), np.array([0.5, 1.0, 2.0], np.float32)]
    leaves = [module.tensor(a).to(getattr(module, dtype)).requires_grad_() for a in given]
    result = function(module, *leaves)
    result.backward(module.full_like(result, 0.7))
    return [a.double().numpy() for a in (result.detach(), *[t.grad for t in leaves]) if a is not None]


@pytest.mark.parametrize("rows", [FEW, MANY])
@pytest.mark.parametrize("name", SUMS)
def test_a_sum_is_as_exact_as_pytorchs(name: str, rows: int) -> None:
    for kind in ("equal", "offset", "normal"):
        x = values(rows, kind)
        exact = run(torch, SUMS[name], x, "float64")
        for right, theirs, ours in zip(exact, run(torch, SUMS[name], x, "float32"), run(adjoint, SUMS[name], x, "float32")):
            allowed = 4 * np.abs(theirs - right).max() + 10 * ULP * max(np.abs(right).max(), rows**0.5 / 2)
            assert np.abs(ours - right).max() <= allowed, kind


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_halves_are_summed_in_single_precision(dtype: str) -> None:
    x = adjoint.ones(3000, 2, dtype=getattr(adjoint, dtype))
    s = adjoint.ones(2, dtype=x.dtype, requires_grad=True)
    (x * s).backward(x)
    assert s.grad.tolist() == torch.full((2,), 3000.0, dtype=getattr(torch, dtype)).tolist()


def test_any_axes_of_any_layout_are_summed() -> None:
    draw = np.random.default_rng(0)
    for _ in range(300):
        x = draw.standard_normal([int(draw.choice([1, 3, 7, 40, 200])) for _ in range(draw.integers(1, 4))])
        x = x.transpose(draw.permutation(x.ndim))[:: draw.choice([1, -1, 2])]
        axes = tuple(int(a) for a in draw.permutation(x.ndim)[: draw.integers(0, x.ndim + 1)])
        for axis in (None, axes, axes[0] - x.ndim if axes else 0):
            for keepdims in (False, True):
                expected = x.sum(axis, keepdims=keepdims)
                found = total(x, axis, keepdims)
                assert found.shape == expected.shape and found.dtype == expected.dtype
                np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-11)


@pytest.mark.parametrize("name", ["var", "std"])
def test_the_deviation_of_more_halves_than_a_half_can_count_has_a_gradient(name: str) -> None:
    x = np.arange(100_000) / 100_000

    def gradient(module: Any) -> Any:
        leaf = module.tensor(x).to(module.float16).requires_grad_()
        (getattr(leaf, name)() * 1000).backward()
        return leaf.grad.double().numpy()

    np.testing.assert_allclose(gradient(adjoint), gradient(torch), atol=1e-4)


@pytest.mark.parametrize("shape", [(7,), (5_000, 3), (20_000, 3)])
@pytest.mark.parametrize("dtype", ["float32", "float64", "float16", "complex64"])
def test_equal_elements_do_not_deviate_and_get_no_gradient(shape: tuple[int, ...], dtype: str) -> None:
    x = adjoint.full(shape, 0.39837, dtype=getattr(adjoint, dtype), requires_grad=True)
    deviation = x.std(0)
    deviation.sum().backward()
    assert not deviation.detach().numpy().any() and not x.grad.numpy().any()


NORMS = {
    "layer norm": lambda torch, x: torch.nn.functional.layer_norm(x, x.shape[-1:]),
    "group norm": lambda torch, x: torch.nn.functional.group_norm(x, 2),
    "instance norm": lambda torch, x: torch.nn.functional.instance_norm(x),
    "batch norm": lambda torch, x: torch.nn.functional.batch_norm(x, None, None, training=True),
}


@pytest.mark.parametrize("shape", [(3, 4, 66), (3, 4, 5_001)])
@pytest.mark.parametrize("name", NORMS)
def test_equal_elements_are_normalized_to_zero_at_every_order_and_in_batches(name: str, shape: tuple[int, ...]) -> None:
    norm, x = NORMS[name], adjoint.full(shape, 1e4 + 0.1, requires_grad=True)
    normal = norm(adjoint, x)
    assert not normal.detach().numpy().any()
    g = adjoint.linspace(-1, 1, x.numel()).reshape(shape)
    (first,) = adjoint.autograd.grad(normal, x, g, create_graph=True)
    expected = adjoint.autograd.grad(norm(adjoint, x), x, g)[0]
    np.testing.assert_allclose(first.detach().numpy(), expected.numpy(), rtol=1e-4, atol=1e-3)
    (second,) = adjoint.autograd.grad((first * g).sum(), x)
    assert not second.numpy().any()
    samples = x.detach()[None].expand(2, *shape)
    assert not adjoint.vmap(lambda t: norm(adjoint, t))(samples).numpy().any()
    batched = adjoint.vmap(lambda t: adjoint.func.vjp(lambda t: norm(adjoint, t), t)[1](g)[0])(samples)
    np.testing.assert_allclose(batched[0].numpy(), expected.numpy(), rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize("shape", [(4, 6, 66), (4, 6, 5_001)])
@pytest.mark.parametrize("name", NORMS)
def test_a_large_mean_costs_a_norm_no_more_than_pytorch(name: str, shape: tuple[int, ...]) -> None:
    def run(module: Any, x: Any, g: Any, dtype: str) -> list[Any]:
        leaf = module.tensor(x).to(getattr(module, dtype)).requires_grad_()
        result = NORMS[name](module, leaf)
        result.backward(module.tensor(g).to(leaf.dtype))
        return [result.detach().double().numpy(), leaf.grad.double().numpy()]

    draw = np.random.default_rng(0)
    for mean in (0, 100, 1e4):
        x, g = (a.astype(np.float32) for a in (mean + draw.standard_normal(shape), draw.standard_normal(shape)))
        exact = run(torch, x, g, "float64")
        for right, theirs, ours in zip(exact, run(torch, x, g, "float32"), run(adjoint, x, g, "float32")):
            assert np.abs(ours - right).max() <= 2 * np.abs(theirs - right).max() + 4 * ULP * (8 + mean)


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int16", "int32", "int64"])
@pytest.mark.parametrize("shape", [(300_000,), (1000, 300), (3, 100_000)])
def test_large_sums_in_a_dtype_of_integers_wrap_in_it(dtype: str, shape: tuple[int, ...]) -> None:
    found = []
    for library in (torch, adjoint):
        x = library.arange(300_000).remainder(3).to(getattr(library, dtype)).reshape(shape)
        sums = x.sum(dtype=x.dtype), x.sum(0, dtype=x.dtype), x.sum(-1, dtype=x.dtype)
        found.append([(str(s.dtype), s.tolist()) for s in sums])
    assert found[0] == found[1]


@pytest.mark.parametrize("rows", [FEW, MANY])
def test_sums_inside_of_a_vmap_are_as_exact(rows: int) -> None:
    x = np.full((2, rows, 3), 0.39837, np.float32)
    expected = x.astype(np.float64).sum(1)
    q = adjoint.zeros(3, requires_grad=True)
    adjoint.func.vmap(lambda r: r + q)(adjoint.tensor(x)).backward(adjoint.tensor(x))
    for found, exact in [
        (adjoint.func.vmap(lambda r: r.sum(0))(adjoint.tensor(x)), expected),
        (adjoint.func.vmap(lambda r: r.mean(0))(adjoint.tensor(x)), expected / rows),
        (q.grad, expected.sum(0)),
    ]:
        assert np.abs(found.numpy() / exact - 1).max() < 32 * ULP


@pytest.mark.parametrize("of", ["(x / 100) ** s", "x * s", "x + s", "F.adaptive_avg_pool1d(x.reshape(1, 1, -1), 2)"])
def test_sums_over_everything_of_equal_numbers_are_as_exact(of: str) -> None:
    found = []
    for dtype in (adjoint.float32, adjoint.float64):
        x = adjoint.full((6924, 6), 0.39837).to(dtype)
        s = adjoint.full((), 0.7).to(dtype).requires_grad_()
        z = eval(of, {"x": x, "s": s, "F": adjoint.nn.functional})
        if z.requires_grad:
            z.backward(adjoint.full((1,), 0.39837).to(dtype).expand(z.shape))
        found.append((s.grad if z.requires_grad else z).double().numpy())
    assert np.abs(found[0] / found[1] - 1).max() < 20 * ULP
