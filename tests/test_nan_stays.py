"""A NaN or an infinity reaches what it reaches in PyTorch, and nothing else: no sum multiplies it by zero."""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import numpy as np
import pytest

import adjoint

torch = pytest.importorskip("torch")

OPERATORS = {
    "nearest": lambda F, x: F.interpolate(x, scale_factor=2),
    "nearest, smaller": lambda F, x: F.interpolate(x, size=2),
    "nearest-exact": lambda F, x: F.interpolate(x, size=7, mode="nearest-exact"),
    "linear": lambda F, x: F.interpolate(x[0], size=7, mode="linear"),
    "linear, a long line": lambda F, x: F.interpolate(x[0].repeat(1, 1, 100), size=900, mode="linear"),
    "bilinear": lambda F, x: F.interpolate(x, scale_factor=2, mode="bilinear"),
    "bilinear, aligned": lambda F, x: F.interpolate(x, size=7, mode="bilinear", align_corners=True),
    "bilinear, many": lambda F, x: F.interpolate(x, size=90, mode="bilinear"),
    "bicubic": lambda F, x: F.interpolate(x, scale_factor=2, mode="bicubic"),
    "trilinear": lambda F, x: F.interpolate(x[None], size=(2, 3, 7), mode="trilinear"),
    "bilinear, antialiased": lambda F, x: F.interpolate(x, size=2, mode="bilinear", antialias=True),
    "bicubic, antialiased": lambda F, x: F.interpolate(x, size=3, mode="bicubic", antialias=True),
    "area": lambda F, x: F.interpolate(x, size=3, mode="area"),
    "adaptive average": lambda F, x: F.adaptive_avg_pool2d(x, (3, 2)),
    "adaptive average of equal windows": lambda F, x: F.adaptive_avg_pool2d(x, 2),
    "adaptive average of one row": lambda F, x: F.adaptive_avg_pool1d(x[0], 3),
    "adaptive average of a volume": lambda F, x: F.adaptive_avg_pool3d(x, (1, 3, 3)),
    "adaptive maximum": lambda F, x: F.adaptive_max_pool2d(x, 3),
    "maximum": lambda F, x: F.max_pool2d(x, 2),
    "maximum, overlapping": lambda F, x: F.max_pool2d(x, 3, 1, 1),
    "average": lambda F, x: F.avg_pool2d(x, 3, 1, 1),
    "norm": lambda F, x: F.lp_pool2d(x.abs() + 1, 2, 2),
    "unfolded": lambda F, x: F.unfold(x, 2),
    "folded": lambda F, x: F.fold(F.unfold(x, 2), x.shape[2:], 2),
    "padded": lambda F, x: F.pad(x, (1, 1, 1, 1), mode="reflect"),
    "cumulative sum": lambda F, x: x.cumsum(-1),
    "cumulative product": lambda F, x: x.cumprod(-1),
    "maximum of all": lambda F, x: x.max().expand(2),
    "maxima of rows": lambda F, x: x.max(-1).values,
    "both extremes": lambda F, x: x.aminmax(dim=-1),
    "likelihood, some ignored": lambda F, x: F.nll_loss(x[0, 0], _classes(x), reduction="none"),
    "cross entropy, some ignored": lambda F, x: F.cross_entropy(x[0, 0], _classes(x), reduction="none"),
    "cross entropy, smoothed": lambda F, x: F.cross_entropy(x[0, 0], _classes(x), reduction="none", label_smoothing=0.1),
    "cross entropy, weighted": lambda F, x: F.cross_entropy(
        x[0, 0], _classes(x), x.new_ones(x.shape[3]), reduction="none"
    ),
    "margins of classes": lambda F, x: F.multi_margin_loss(x[0, 0], _classes(x).abs() % 2, reduction="none"),
    "rows of a table": lambda F, x: F.embedding(_classes(x).abs() % 2, x[0, 0]),
    "bags of rows": lambda F, x: F.embedding_bag(_classes(x)[None].abs() % 2, x[0, 0], mode="sum"),
    "triangle": lambda F, x: x.tril(),
    "diagonal": lambda F, x: x[0, 0].diagonal(),
    "trace": lambda F, x: x[0, 0].trace().expand(2),
}


def _classes(x: Any) -> Any:
    return (x.detach()[0, 0, :, 0] * 0).nan_to_num(0, 0, 0).long() + x.new_tensor([1, -100] * (x.shape[2] // 2)).long()


def _not_finite(module: Any, name: str, shape: tuple[int, ...], where: int, value: float, of: str) -> list[Any]:
    """The elements of the result, and of the gradient, that are not finite."""
    given = np.random.default_rng(0).standard_normal(shape)
    if of == "input":
        given.reshape(-1)[where % given.size] = value
    x = module.tensor(given, requires_grad=True)
    results = OPERATORS[name](module.nn.functional, x)
    results = [results] if isinstance(results, module.Tensor) else list(results)
    found = [(~r.detach().isfinite()).nonzero().tolist() for r in results]
    gradients = [np.ones(tuple(r.shape)) for r in results]
    if of == "gradient":
        gradients[0].reshape(-1)[where % gradients[0].size] = value
    module.autograd.backward(results, [module.tensor(g) for g in gradients])
    return [*found, (~x.grad.isfinite()).nonzero().tolist()]


@pytest.mark.parametrize("of", ["input", "gradient"])
@pytest.mark.parametrize("name", OPERATORS)
def test_what_is_not_finite_reaches_what_it_reaches_in_pytorch(name: str, of: str) -> None:
    for where, value in ((0, math.nan), (5, math.inf), (11, math.nan), (3, -math.inf)):
        given = (name, (1, 1, 4, 4), where, value, of)
        assert _not_finite(adjoint, *given) == _not_finite(torch, *given), (where, value)


@pytest.mark.parametrize("name", [name for name in OPERATORS if "many" not in name])
def test_what_is_not_finite_stays_in_large_arrays(name: str) -> None:
    given = (name, (1, 2, 96, 96), 500, math.nan, "gradient")
    assert _not_finite(adjoint, *given) == _not_finite(torch, *given)


@pytest.mark.parametrize("values", [[1, math.nan, 2, math.nan], [math.nan, 5, math.nan, 7], [3.0, 3, 1, 3]])
@pytest.mark.parametrize("dims", [1, 2, 3])
def test_of_several_nans_the_last_one_is_a_window_s_largest(values: list[float], dims: int) -> None:
    found = []
    for library in (torch, adjoint):
        x = library.tensor(values).view(1, 1, *(1,) * (dims - 1), 4).requires_grad_()
        pooled, index = getattr(library.nn.functional, f"adaptive_max_pool{dims}d")(x, 1, return_indices=True)
        pooled.sum().backward()
        found.append((index.item(), x.grad.flatten().tolist()))
    assert found[0] == found[1]


@pytest.mark.parametrize("size", [(4, 3), (4, 6), (8, 3)])
def test_of_as_many_elements_none_is_weighed_with_the_one_that_follows(size: tuple[int, int]) -> None:
    found = []
    for library in (torch, adjoint):
        x = library.ones(1, 1, 4, 3)
        x[0, 0, 1, 2] = -math.inf
        x.requires_grad_()
        y = library.nn.functional.interpolate(x, size, mode="bilinear")
        g = library.zeros(y.shape)
        g[0, 0, 2, 1] = math.inf
        y.backward(g)
        found.append((y.tolist(), x.grad.tolist()))
    np.testing.assert_equal(found[1], found[0])


@pytest.mark.parametrize("mode", ["bilinear", "bicubic"])
def test_an_antialiased_image_is_differentiated_twice(mode: str) -> None:
    x = adjoint.rand(1, 1, 5, 5, dtype=adjoint.float64, requires_grad=True)
    assert adjoint.autograd.gradgradcheck(
        lambda x: adjoint.nn.functional.interpolate(x, size=3, mode=mode, antialias=True) ** 2, (x,)
    )


@pytest.mark.parametrize("size", [1, 3, 50])
def test_many_elements_are_weighed_into_few_and_few_into_many(size: int) -> None:
    x = adjoint.rand(1, 2, 150, dtype=adjoint.float64, requires_grad=True)
    for mode in ("nearest", "linear"):
        assert adjoint.autograd.gradcheck(partial(adjoint.nn.functional.interpolate, size=150 // size, mode=mode), x[..., :4])
        found = adjoint.nn.functional.interpolate(x[..., : 2 * size], size=150 // size, mode=mode)
        same = torch.nn.functional.interpolate(torch.tensor(x[..., : 2 * size].tolist()), size=150 // size, mode=mode)
        np.testing.assert_allclose(found.detach().numpy(), same.numpy(), rtol=1e-5, atol=1e-6)
