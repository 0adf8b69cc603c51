"""Colours: an image made brighter, greyer, of another hue, or blurred.

Pillow's images are changed by Pillow, tensors by formulas that agree with it up to rounding.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

import adjoint
from adjoint import dtypes
from adjoint.tensor import Tensor
from adjoint.vision.transforms.images import (
    check,
    convert_image_dtype,
    get_dimensions,
    is_pil_image,
    largest,
    pil_to_tensor,
    to_pil_image,
)


def rgb_to_grayscale(img: Any, num_output_channels: int = 1) -> Any:
    """The luminance (ITU-R 601-2), repeated over ``num_output_channels``, 1 or 3."""
    if num_output_channels not in (1, 3):
        raise ValueError("num_output_channels should be either 1 or 3")
    if is_pil_image(img):
        gray = img.convert("L")
        return gray if num_output_channels == 1 else gray.convert("RGB")
    check(img)
    if img.shape[-3] == 1:
        gray = img
    else:
        r, g, b = (img[..., i : i + 1, :, :] for i in range(3))
        gray = (r * 0.2989 + g * 0.587 + b * 0.114).to(img.dtype)
    return gray if num_output_channels == 1 else gray.expand(*img.shape[:-3], 3, *img.shape[-2:])


def adjust_brightness(img: Any, brightness_factor: float) -> Any:
    """The image, ``brightness_factor`` times as bright; 0 is black.  Raises ValueError for a negative factor."""
    if is_pil_image(img):
        return _enhanced(img, "Brightness", brightness_factor)
    _check_factor("brightness_factor", brightness_factor)
    _check_channels(img)
    return _between(img, adjoint.zeros_like(img), brightness_factor)


def adjust_contrast(img: Any, contrast_factor: float) -> Any:
    """The image, its differences from its mean luminance times ``contrast_factor``; 0 is grey.

    Raises ValueError for a negative factor.
    """
    if is_pil_image(img):
        return _enhanced(img, "Contrast", contrast_factor)
    _check_factor("contrast_factor", contrast_factor)
    _check_channels(img)
    gray = rgb_to_grayscale(img) if img.shape[-3] == 3 else img
    mean = gray.to(img.dtype if img.dtype.is_floating_point else dtypes.float32).mean(dim=(-3, -2, -1), keepdim=True)
    return _between(img, mean, contrast_factor)


def adjust_saturation(img: Any, saturation_factor: float) -> Any:
    """The image, its differences from its luminance times ``saturation_factor``; 0 has no colours.

    Raises ValueError for a negative factor.
    """
    if is_pil_image(img):
        return _enhanced(img, "Color", saturation_factor)
    _check_factor("saturation_factor", saturation_factor)
    _check_channels(img)
    return img if img.shape[-3] == 1 else _between(img, rgb_to_grayscale(img), saturation_factor)


def adjust_hue(img: Any, hue_factor: float) -> Any:
    """The image, its hues moved by ``hue_factor`` of the circle.  Raises ValueError unless that is from -0.5 to 0.5."""
    if not -0.5 <= hue_factor <= 0.5:
        raise ValueError(f"hue_factor ({hue_factor}) is not in [-0.5, 0.5].")
    if is_pil_image(img):
        return _with_hue_moved(img, hue_factor)
    _check_channels(img)
    if img.shape[-3] == 1:
        return img
    hue, saturation, value = _hsv(convert_image_dtype(img, dtypes.float32))
    return convert_image_dtype(_rgb((hue + hue_factor) % 1.0, saturation, value), img.dtype)


def gaussian_blur(img: Any, kernel_size: int | Sequence[int], sigma: float | Sequence[float] | None = None) -> Any:
    """The image, each pixel a mean of its neighbours, weighed by a bell of ``kernel_size`` pixels and width ``sigma``, each one
    number or (x, y).

    Raises ValueError for sizes that are not odd, or widths that are not positive.
    """
    if not isinstance(kernel_size, (int, list, tuple)):
        raise TypeError(f"kernel_size should be int or a sequence of integers. Got {type(kernel_size)}")
    sizes = [kernel_size] * 2 if isinstance(kernel_size, int) else list(kernel_size)
    if len(sizes) != 2:
        raise ValueError(f"If kernel_size is a sequence its length should be 2. Got {len(sizes)}")
    if any(size % 2 == 0 or size < 0 for size in sizes):
        raise ValueError(f"kernel_size should have odd and positive integers. Got {sizes}")
    if sigma is None:
        sigma = [size * 0.15 + 0.35 for size in sizes]
    if not isinstance(sigma, (int, float, list, tuple)):
        raise TypeError(f"sigma should be either float or sequence of floats. Got {type(sigma)}")
    widths = [float(sigma)] * 2 if isinstance(sigma, (int, float)) else list(sigma) * (2 if len(sigma) == 1 else 1)
    if len(widths) != 2:
        raise ValueError(f"If sigma is a sequence, its length should be 2. Got {len(widths)}")
    if any(width <= 0.0 for width in widths):
        raise ValueError(f"sigma should have positive values. Got {widths}")
    if is_pil_image(img):
        return to_pil_image(_blurred(pil_to_tensor(img), sizes, widths), mode=img.mode)
    check(img)
    return _blurred(img, sizes, widths)


def _enhanced(img: Any, by: str, factor: float) -> Any:
    from PIL import ImageEnhance

    return getattr(ImageEnhance, by)(img).enhance(factor)


def _check_factor(name: str, factor: float) -> None:
    if factor < 0:
        raise ValueError(f"{name} ({factor}) is not non-negative.")


def _check_channels(img: Any) -> None:
    check(img)
    channels = get_dimensions(img)[0]
    if channels not in (1, 3):
        raise TypeError(f"Input image tensor permitted channel values are [1, 3], but found {channels}")


def _between(img: Tensor, other: Tensor, ratio: float) -> Tensor:
    """So much of the one and so little of the other, also beyond them."""
    most = 1.0 if img.dtype.is_floating_point else largest(img.dtype)
    return (float(ratio) * img + (1.0 - float(ratio)) * other).clamp(0, most).to(img.dtype)


def _with_hue_moved(img: Any, factor: float) -> Any:
    from PIL import Image

    if img.mode in ("L", "1", "I", "F"):
        return img
    hue, saturation, value = img.convert("HSV").split()
    moved = np.array(hue, dtype=np.uint8) + np.int32(factor * 255).astype(np.uint8)
    return Image.merge("HSV", (Image.fromarray(moved), saturation, value)).convert(img.mode)


def _hsv(img: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Hue, saturation and value of a float image (..., 3, H, W): where on the circle, how far from grey, how bright."""
    red, green, blue = img.unbind(dim=-3)
    most, least = img.amax(dim=-3), img.amin(dim=-3)
    gray, one = most == least, adjoint.ones_like(most)
    spread = most - least
    divisor = adjoint.where(gray, one, spread)
    r, g, b = ((most - c) / divisor for c in (red, green, blue))
    hue = (most == red) * (b - g) + ((most == green) & (most != red)) * (2.0 + r - b)
    hue = hue + ((most != green) & (most != red)) * (4.0 + g - r)
    return adjoint.fmod(hue / 6.0 + 1.0, 1.0), spread / adjoint.where(gray, one, most), most


def _rgb(hue: Tensor, saturation: Tensor, value: Tensor) -> Tensor:
    """The image (..., 3, H, W) of these."""
    sector = adjoint.floor(hue * 6.0)
    part = hue * 6.0 - sector
    p = (value * (1.0 - saturation)).clamp(0.0, 1.0)
    q = (value * (1.0 - saturation * part)).clamp(0.0, 1.0)
    t = (value * (1.0 - saturation * (1.0 - part))).clamp(0.0, 1.0)
    sector = sector.to(dtypes.int32) % 6
    channels = []
    for choices in ((value, q, p, p, t, value), (t, value, value, q, p, p), (p, p, t, value, value, q)):
        channel = choices[5]
        for i in range(5):
            channel = adjoint.where(sector == i, choices[i], channel)
        channels.append(channel)
    return adjoint.stack(channels, dim=-3)


def _blurred(img: Tensor, sizes: list[int], widths: list[float]) -> Tensor:
    dtype = img.dtype if img.dtype.is_floating_point else dtypes.float32
    across, down = (_bell(size, width, dtype) for size, width in zip(sizes, widths))
    channels = img.shape[-3]
    kernel = adjoint.mm(down[:, None], across[None, :]).expand(channels, 1, sizes[1], sizes[0])
    x = img.to(dtype).reshape(-1, *img.shape[-3:])
    x = adjoint.nn.functional.pad(x, [sizes[0] // 2, sizes[0] // 2, sizes[1] // 2, sizes[1] // 2], mode="reflect")
    x = adjoint.nn.functional.conv2d(x, kernel, groups=channels).reshape(img.shape)
    return x if img.dtype is dtype else x.round().to(img.dtype)


def _bell(size: int, width: float, dtype: dtypes.dtype) -> Tensor:
    """A normal density at ``size`` points around 0, that adds up to 1."""
    half = (size - 1) * 0.5
    weights = adjoint.exp(-0.5 * (adjoint.linspace(-half, half, steps=size, dtype=dtype) / width).pow(2))
    return weights / weights.sum()
