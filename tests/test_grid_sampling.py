"""Images sampled at the points of grids, and grids of affine maps."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
from both import agree


@pytest.mark.parametrize("padding", ["zeros", "border", "reflection"])
@pytest.mark.parametrize("mode", ["bilinear", "nearest", "bicubic"])
def test_samples_and_both_gradients(mode: str, padding: str) -> None:
    def scenario(torch: Any) -> Any:
        seen = []
        for dtype, align, (images, points) in product(
            (torch.float32, torch.float64), (True, False), (((2, 3, 4, 5), (2, 3, 6, 2)), ((1, 2, 3, 4, 1), (1, 2, 3, 2, 3)))
        ):
            if mode == "bicubic" and len(images) == 5:
                continue
            x = torch.randn(images, dtype=dtype, requires_grad=True)
            grid = (torch.randn(points, dtype=dtype) * 1.2).requires_grad_()
            y = torch.nn.functional.grid_sample(x, grid, mode, padding, align)
            y.square().sum().backward()
            seen.append((y, y.stride(), x.grad, grid.grad))
        return seen

    agree(scenario, 2e-4)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_halves_are_sampled_in_float32(dtype: str) -> None:
    import adjoint as torch

    x, grid = (t.to(getattr(torch, dtype)) for t in (torch.randn(1, 2, 4, 4), torch.rand(1, 3, 3, 2)))
    found = torch.nn.functional.grid_sample(x, grid, "bicubic", align_corners=True)
    exact = torch.nn.functional.grid_sample(x.double(), grid.double(), "bicubic", align_corners=True)
    assert found.dtype is getattr(torch, dtype) and torch.allclose(found.double(), exact, 1e-2, 1e-2)


def test_coordinates_that_are_no_numbers() -> None:
    def scenario(torch: Any) -> Any:
        F, seen = torch.nn.functional, []
        for bad, padding in product((float("nan"), float("inf"), -float("inf"), 1e30), ("zeros", "border")):
            seen.append(F.grid_sample(torch.ones(1, 1, 2, 2), torch.full((1, 1, 1, 2), bad), "nearest", padding, True))
        seen.append(F.grid_sample(torch.ones(1, 1, 2, 2), torch.full((1, 1, 1, 2), float("nan")), align_corners=True))
        seen.append(F.grid_sample(torch.ones(1, 1, 2, 2, 2), torch.full((1, 1, 1, 1, 3), float("nan")), align_corners=True))
        return seen

    agree(scenario)


def test_a_nan_outside_of_the_picture_is_not_seen() -> None:
    def scenario(torch: Any) -> Any:
        x = torch.tensor([[[[1.0, float("nan")], [2.0, 3.0]]]])
        return torch.nn.functional.grid_sample(x, torch.tensor([[[[-1.0, -1.5], [-1.0, 1.0]]]]), align_corners=True)

    agree(scenario)


@pytest.mark.parametrize("align", [True, False, None])
def test_affine_grids(align: bool | None) -> None:
    def scenario(torch: Any) -> Any:
        F = torch.nn.functional
        seen = []
        for size in ((2, 1, 3, 4), (2, 1, 1, 2), (1, 1, 2, 1, 2)):
            d = len(size) - 2
            theta = torch.randn(size[0], d, d + 1, requires_grad=True)
            grid = F.affine_grid(theta, size, align)
            grid.square().sum().backward()
            seen.append((grid, theta.grad))
        return seen

    agree(scenario, 1e-5)


@pytest.mark.parametrize(
    "call",
    [
        "F.affine_grid(r(2, 3), (2, 1, 3, 4), True)", "F.affine_grid(r(2, 3, 3), (2, 1, 3, 4), True)",
        "F.affine_grid(r(2, 2, 3).long(), (2, 1, 3, 4), True)", "F.affine_grid(r(2, 2, 3), (2, 1, 3), True)",
        "F.affine_grid(r(2, 2, 3), torch.Size((2, 1, 0, 4)), False)", "F.grid_sample(x, r(2, 3, 6, 3))",
        "F.grid_sample(x, r(1, 3, 6, 2))", "F.grid_sample(x, r(2, 3, 6, 2), mode='cubic')",
        "F.grid_sample(x, r(2, 3, 6, 2), padding_mode='ones')", "F.grid_sample(x, r(2, 3, 6, 2).double())",
        "F.grid_sample(x[0], r(3, 6, 2))", "F.grid_sample(x[:, :, :0], r(2, 3, 6, 2))",
        "F.grid_sample(x.long(), r(2, 3, 6, 2).long())", "F.grid_sample(r(1, 1, 2, 2, 2), r(1, 1, 1, 1, 3), 'bicubic')",
    ],
)  # fmt: skip
def test_what_is_no_grid(call: str) -> None:
    def scenario(torch: Any) -> Any:
        return eval(call, {"torch": torch, "F": torch.nn.functional, "r": torch.randn, "x": torch.randn(2, 3, 4, 5)})

    agree(scenario, raises=True)


@pytest.mark.parametrize(("d", "mode"), [(2, 0), (2, 2), (3, 0)])
@pytest.mark.parametrize("padding", [0, 1, 2])
def test_derivatives_of_any_order_where_pytorch_has_the_first(d: int, mode: int, padding: int) -> None:
    import adjoint as torch

    torch.manual_seed(0)
    x = torch.randn(2, 1, *[3] * d, dtype=torch.float64, requires_grad=True)
    grid = ((torch.rand(2, *[2] * d, d, dtype=torch.float64) * 2 - 1) * 1.1).detach().requires_grad_()
    function = lambda x, grid: torch.grid_sampler(x, grid, mode, padding, False)
    assert torch.autograd.gradgradcheck(function, (x, grid), fast_mode=True)
    assert torch.autograd.gradcheck(function, (x, grid), fast_mode=True, check_forward_ad=True)
    batches = x.detach()[:, None], grid.detach()[:, None]
    each = torch.stack([function(a, b) for a, b in zip(*batches)])
    assert torch.allclose(torch.vmap(function)(*batches), each)


@pytest.mark.parametrize("mode", ["bilinear", "nearest"])
def test_no_images_no_channels_and_no_points(mode: str) -> None:
    def scenario(torch: Any) -> Any:
        seen = []
        for images, points in (((0, 1, 2, 2), (0, 3, 3, 2)), ((1, 0, 2, 2, 2), (1, 3, 3, 1, 3)), ((1, 2, 2, 2), (1, 0, 3, 2))):
            x, grid = torch.ones(images, requires_grad=True), torch.zeros(points, requires_grad=True)
            y = torch.nn.functional.grid_sample(x, grid, mode, align_corners=True)
            y.sum().backward()
            seen.append((y, x.grad, grid.grad))
        return seen

    agree(scenario)


def test_the_second_derivative_of_the_nearest_pixel_is_zero_by_the_grid() -> None:
    def scenario(torch: Any) -> Any:
        x, grid = torch.rand(1, 2, 3, 3, requires_grad=True), (torch.rand(1, 2, 2, 2) * 2 - 1).requires_grad_()
        y = torch.nn.functional.grid_sample(x, grid, "nearest", align_corners=False)
        g = torch.autograd.grad(y.square().sum(), (x, grid), create_graph=True)
        return [t.detach() for t in g], torch.autograd.grad(g[0].square().sum() + g[1].sum(), (x, grid))

    agree(scenario)


@pytest.mark.parametrize("padding", [0, 1, 2])
def test_the_nearest_pixels_gradient_has_zeros_for_the_grid_wherever_the_points_are(padding: int) -> None:
    def scenario(torch: Any) -> Any:
        x = torch.arange(32.0).sin().reshape(1, 2, 4, 4).requires_grad_()
        inf, nan = float("inf"), float("nan")
        grid = torch.tensor([[[[inf, 0.1], [0.3, -inf]], [[nan, 0.2], [0.1, 0.2]]]], requires_grad=True)
        y = torch.grid_sampler_2d(x, grid, 1, padding, False)
        firsts = torch.autograd.grad(y, (x, grid), torch.ones_like(y), create_graph=True)
        return [f.detach() for f in firsts], torch.autograd.grad(firsts[0].sin().sum(), grid)

    agree(scenario)
