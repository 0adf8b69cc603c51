"""Blurs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import adjoint
from adjoint import dtypes
from adjoint.tensor import Tensor
from adjoint.vision.transforms.blur import blurred
from adjoint.vision.transforms.images import pil_to_tensor, to_pil_image
from adjoint.vision.transforms.v2.functional.kernels import kernel_of, of_videos, register


def gaussian_blur(inpt: Any, kernel_size: Sequence[int] | int, sigma: Sequence[float] | float | None = None) -> Any:
    """An image, each pixel a mean of ``kernel_size`` neighbours, weighed by a bell of width ``sigma``; each one number or (x, y).

    Raises ValueError for sizes that are not odd, or widths that are not positive.
    """
    return kernel_of(gaussian_blur, type(inpt))(inpt, kernel_size=kernel_size, sigma=sigma)


def gaussian_blur_image(
    image: Tensor, kernel_size: Sequence[int] | int, sigma: Sequence[float] | float | None = None
) -> Tensor:
    """Images (..., C, H, W)."""
    sizes = [kernel_size] * 2 if isinstance(kernel_size, int) else kernel_size
    if len(sizes) != 2:
        raise ValueError(f"If kernel_size is a sequence its length should be 2. Got {len(sizes)}")
    if any(size % 2 == 0 or size < 0 for size in sizes):
        raise ValueError(f"kernel_size should have odd and positive integers. Got {sizes}")
    widths = _widths(sizes, sigma)
    if any(width <= 0.0 for width in widths):
        raise ValueError(f"sigma should have positive values. Got {widths}")
    if not image.numel():
        return image
    dtype = image.dtype if image.is_floating_point() else dtypes.float32
    across, down = (_bell(size, width, dtype) for size, width in zip(sizes, widths))
    images = image.reshape(-1, *image.shape[-3:]) if image.ndim > 4 else image
    return blurred(images, down[:, None] * across, dtype).reshape(image.shape)


def _widths(sizes: Sequence[int], sigma: Any) -> Any:
    if sigma is None:
        return [size * 0.15 + 0.35 for size in sizes]
    if isinstance(sigma, (int, float)):
        return [float(sigma)] * 2
    if not isinstance(sigma, (list, tuple)):
        raise TypeError(f"sigma should be either float or sequence of floats. Got {type(sigma)}")
    if len(sigma) not in (1, 2):
        raise ValueError(f"If sigma is a sequence, its length should be 2. Got {len(sigma)}")
    return [sigma[0]] * 2 if len(sigma) == 1 else sigma


def _bell(size: int, width: float, dtype: dtypes.dtype) -> Tensor:
    """A normal density at ``size`` points around 0, that adds up to 1."""
    end = (size - 1) / (2.0 * math.sqrt(2.0))
    return adjoint.softmax(-adjoint.linspace(-end, end, steps=size, dtype=dtype).div(width).pow(2), dim=0)  # type: ignore[no-any-return]


def _gaussian_blur_pil(image: Any, kernel_size: Any, sigma: Any = None) -> Any:
    return to_pil_image(gaussian_blur_image(pil_to_tensor(image), kernel_size, sigma), mode=image.mode)


gaussian_blur_video = of_videos(gaussian_blur_image)

register(gaussian_blur, image=gaussian_blur_image, pil=_gaussian_blur_pil)
