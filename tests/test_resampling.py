"""Resampling by a scale factor: which element of the input is taken, where sizes and factors say different things."""

from __future__ import annotations

from typing import Any

import pytest
from both import agree

SPACES = [(2,), (5,), (63,), (2, 3), (4, 63), (3, 65), (1, 2, 2), (2, 3, 4)]


@pytest.mark.parametrize("mode", ["nearest", "nearest-exact", "linear"])
@pytest.mark.parametrize("space", SPACES)
@pytest.mark.parametrize("factor", [2.3, 1.1, 1.005, 0.995, 2.01])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_elements_are_taken_from_where_pytorch_takes_them(
    mode: str, space: tuple[int, ...], factor: float, dtype: str
) -> None:
    if mode == "linear" and dtype == "float32":
        return  # whose last digits differ
    named = {1: "linear", 2: "bilinear", 3: "trilinear"}[len(space)] if mode == "linear" else mode

    def scenario(torch: Any) -> Any:
        x = torch.arange(4 * torch.ones(space).numel(), dtype=getattr(torch, dtype)).reshape(1, 4, *space) % 17
        y = torch.nn.functional.interpolate(x, scale_factor=factor, mode=named)
        return tuple(y.shape), [round(v, 3) + 0.0 for v in y.flatten().tolist()]

    agree(scenario)


@pytest.mark.parametrize("mode", ["nearest", "bilinear"])
def test_of_images_that_keep_or_double_their_size_the_gradient_is_pytorchs(mode: str) -> None:
    def scenario(torch: Any) -> Any:
        x = (torch.arange(12.0, dtype=torch.float64).reshape(1, 2, 2, 3) / 7).requires_grad_()
        y = torch.nn.functional.interpolate(x, scale_factor=(2.3, 1.1), mode=mode)
        (y * torch.arange(float(y.numel()), dtype=torch.float64).reshape(y.shape)).sum().backward()
        return [round(v, 6) for v in x.grad.flatten().tolist()]

    agree(scenario)


@pytest.mark.parametrize("mode", ["bilinear", "bicubic", "lanczos"])
@pytest.mark.parametrize("antialias", [False, True])
@pytest.mark.parametrize("size", [(20, 20), (60, 71), (37, 20), (3, 2)])
def test_bytes_are_resized_to_pytorchs_bytes(mode: str, antialias: bool, size: tuple[int, int]) -> None:
    def scenario(torch: Any) -> Any:
        x = (torch.arange(2 * 3 * 37 * 53).reshape(2, 3, 37, 53) * 7919 % 10007 % 256).to(torch.uint8)
        return torch.nn.functional.interpolate(x, size=size, mode=mode, antialias=antialias).tolist()

    agree(scenario)


@pytest.mark.parametrize("antialias", [False, True])
def test_places_of_floats_are_rounded_as_pytorch_rounds_them(antialias: bool) -> None:
    def scenario(torch: Any) -> Any:
        x = torch.eye(37).reshape(37, 1, 1, 37)
        y = torch.nn.functional.interpolate(x, size=(1, 20), mode="bilinear", antialias=antialias)
        return y.tolist()

    agree(scenario)


@pytest.mark.parametrize("options", [{}, {"antialias": True, "align_corners": True}, {"antialias": True, "scale_factor": 0.5}])
@pytest.mark.parametrize("shape", [(1, 2, 5, 6), (1, 2, 5)])
def test_lanczos_is_against_aliasing_and_of_images_alone(options: dict[str, Any], shape: tuple[int, ...]) -> None:
    def scenario(torch: Any) -> Any:
        size = None if "scale_factor" in options else (3,) * (len(shape) - 2)
        y = torch.nn.functional.interpolate(torch.ones(shape), size=size, mode="lanczos", **options)
        return tuple(y.shape), [round(v, 5) for v in y.flatten().tolist()]

    agree(scenario)
