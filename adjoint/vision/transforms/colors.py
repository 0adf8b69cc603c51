"""Colours: an image made brighter, greyer, of another hue, or blurred.

Pillow's images are changed by Pillow, tensors by formulas that agree with it up to rounding.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import adjoint
from adjoint import dtypes
from adjoint.tensor import Tensor
from adjoint.vision.transforms import pillow
from adjoint.vision.transforms.blur import blurred
from adjoint.vision.transforms.equalizing import equalized
from adjoint.vision.transforms.hues import hsv, rgb
from adjoint.vision.transforms.images import (
    check_tensor,
    convert_image_dtype,
    get_dimensions,
    is_pil_image,
    largest,
    pil_to_tensor,
    to_pil_image,
)


def rgb_to_grayscale(img: Any, num_output_channels: int = 1) -> Any:
    """The luminance (ITU-R 601-2), in ``num_output_channels``, 1 or 3."""
    if not isinstance(img, Tensor):
        return pillow.to_grayscale(img, num_output_channels)
    _check_dimensions(img)
    _check_channels(img)
    if num_output_channels not in (1, 3):
        raise ValueError("num_output_channels should be either 1 or 3")
    gray = _luminance(img) if img.shape[-3] == 3 else img.clone()
    return gray.expand(img.shape) if num_output_channels == 3 else gray


def to_grayscale(img: Any, num_output_channels: int = 1) -> Any:
    """The luminance of an image of Pillow's, in 1 or 3 channels."""
    if not is_pil_image(img):
        raise TypeError("Input should be PIL Image")
    return pillow.to_grayscale(img, num_output_channels)


def _luminance(img: Tensor) -> Tensor:
    r, g, b = img.unbind(dim=-3)
    return (0.2989 * r + 0.587 * g + 0.114 * b).to(img.dtype).unsqueeze(-3)  # type: ignore[no-any-return]


def adjust_brightness(img: Any, brightness_factor: float) -> Any:
    """The image, ``brightness_factor`` times as bright; 0 is black.  Raises ValueError for a negative factor."""
    if not isinstance(img, Tensor):
        return pillow.adjust_brightness(img, brightness_factor)
    _check_factor("brightness_factor", brightness_factor)
    _check_channels(img)
    return _between(img, adjoint.zeros_like(img), brightness_factor)


def adjust_contrast(img: Any, contrast_factor: float) -> Any:
    """The image, its differences from its mean luminance times ``contrast_factor``; 0 is grey.

    Raises ValueError for a negative factor.
    """
    if not isinstance(img, Tensor):
        return pillow.adjust_contrast(img, contrast_factor)
    _check_factor("contrast_factor", contrast_factor)
    _check_channels(img, "[3, 1]")
    gray = _luminance(img) if get_dimensions(img)[0] == 3 else img
    mean = gray.to(_real(img)).mean(dim=(-3, -2, -1), keepdim=True)
    return _between(img, mean, contrast_factor)


def adjust_saturation(img: Any, saturation_factor: float) -> Any:
    """The image, its differences from its luminance times ``saturation_factor``; 0 has no colours.

    Raises ValueError for a negative factor.
    """
    if not isinstance(img, Tensor):
        return pillow.adjust_saturation(img, saturation_factor)
    _check_factor("saturation_factor", saturation_factor)
    _check_channels(img)
    return img if get_dimensions(img)[0] == 1 else _between(img, _luminance(img), saturation_factor)


def adjust_sharpness(img: Any, sharpness_factor: float) -> Any:
    """The image, its differences from a smoothed one times ``sharpness_factor``.  Raises ValueError for a negative factor."""
    if not isinstance(img, Tensor):
        return pillow.adjust_sharpness(img, sharpness_factor)
    _check_factor("sharpness_factor", sharpness_factor)
    _check_channels(img)
    if img.shape[-1] <= 2 or img.shape[-2] <= 2:
        return img
    dtype, channels = _real(img), img.shape[-3]
    weights = adjoint.ones(3, 3, dtype=dtype)
    weights[1, 1] = 5.0
    weights = (weights / weights.sum()).expand(channels, 1, 3, 3)
    images = (img if img.ndim > 3 else img[None]).to(dtype)
    inner = adjoint.nn.functional.conv2d(images, weights, groups=channels)
    inner = inner if img.ndim > 3 else inner[0]
    smooth = img.clone()
    smooth[..., 1:-1, 1:-1] = inner if img.dtype is dtype else inner.round().to(img.dtype)
    return _between(img, smooth, sharpness_factor)


def adjust_hue(img: Any, hue_factor: float) -> Any:
    """The image, its hues moved by ``hue_factor`` of the circle.  Raises ValueError unless that is from -0.5 to 0.5."""
    if not isinstance(img, Tensor):
        return pillow.adjust_hue(img, hue_factor)
    if not -0.5 <= hue_factor <= 0.5:
        raise ValueError(f"hue_factor ({hue_factor}) is not in [-0.5, 0.5].")
    _check_channels(img)
    if get_dimensions(img)[0] == 1:
        return img
    hue, saturation, value = hsv(convert_image_dtype(img, dtypes.float32), divided=True)
    turned = rgb((hue + hue_factor) % 1.0, saturation, value, distributed=False)
    last = turned.movedim(-3, -1).contiguous().movedim(-1, -3)  # torchvision's lies so
    return convert_image_dtype(last, img.dtype)


def adjust_gamma(img: Any, gamma: float, gain: float = 1) -> Any:
    """The image, each value v from 0 to 1 as ``gain * v**gamma``.  Raises ValueError for a negative ``gamma``."""
    if not isinstance(img, Tensor):
        return pillow.adjust_gamma(img, gamma, gain)
    _check_channels(img)
    if gamma < 0:
        raise ValueError("Gamma should be a non-negative real number")
    values = img if img.is_floating_point() else convert_image_dtype(img, dtypes.float32)
    return convert_image_dtype((gain * values.pow(gamma)).clamp(0, 1), img.dtype)


def invert(img: Any) -> Any:
    """The negative: each value from the other end of its range."""
    if not isinstance(img, Tensor):
        return pillow.invert(img)
    _check_dimensions(img)
    _check_channels(img)
    return largest(img.dtype) - img


def posterize(img: Any, bits: int) -> Any:
    """The image, of bytes, with so many bits for each value, from 0 to 8.  Raises ValueError for others."""
    if not 0 <= bits <= 8:
        raise ValueError(f"The number if bits should be between 0 and 8. Got {bits}")
    if not isinstance(img, Tensor):
        return pillow.posterize(img, bits)
    _check_dimensions(img)
    _check_bytes(img)
    _check_channels(img)
    return img & (256 - 2 ** (8 - bits))


def solarize(img: Any, threshold: float) -> Any:
    """The image, values from ``threshold`` on inverted.  Raises TypeError for one beyond their range."""
    if not isinstance(img, Tensor):
        return pillow.solarize(img, threshold)
    _check_dimensions(img)
    _check_channels(img)
    if threshold > largest(img.dtype):
        raise TypeError("Threshold should be less than bound of img.")
    return adjoint.where(img >= threshold, largest(img.dtype) - img, img)


def autocontrast(img: Any) -> Any:
    """The image, in each channel the least value 0 and the largest one that of its range; a channel of one value stays."""
    if not isinstance(img, Tensor):
        return pillow.autocontrast(img)
    _check_dimensions(img)
    _check_channels(img)
    most, dtype = largest(img.dtype), _real(img)
    low, high = img.amin(dim=(-2, -1), keepdim=True).to(dtype), img.amax(dim=(-2, -1), keepdim=True).to(dtype)
    scale = most / (high - low)
    flat = ~scale.isfinite()
    low, scale = low.masked_fill(flat, 0), scale.masked_fill(flat, 1)
    return ((img - low) * scale).clamp(0, most).to(img.dtype)


def equalize(img: Any) -> Any:
    """The image, of bytes, all of its values about as frequent in each channel."""
    if not isinstance(img, Tensor):
        return pillow.equalize(img)
    check_tensor(img)
    if img.ndim not in (3, 4):
        raise TypeError(f"Input image tensor should have 3 or 4 dimensions, but found {img.ndim}")
    _check_bytes(img)
    _check_channels(img)
    return equalized(img)


def gaussian_blur(img: Any, kernel_size: int | Sequence[int], sigma: float | Sequence[float] | None = None) -> Any:
    """The image, each pixel a mean of its neighbours, weighed by a bell of ``kernel_size`` pixels and width ``sigma``, each one
    number or (x, y).

    Raises ValueError for sizes that are not odd, or widths that are not positive.
    """
    if not isinstance(kernel_size, (int, list, tuple)):
        raise TypeError(f"kernel_size should be int or a sequence of integers. Got {type(kernel_size)}")
    sizes = [kernel_size] * 2 if isinstance(kernel_size, int) else kernel_size
    if len(sizes) != 2:
        raise ValueError(f"If kernel_size is a sequence its length should be 2. Got {len(sizes)}")
    if any(size % 2 == 0 or size < 0 for size in sizes):
        raise ValueError(f"kernel_size should have odd and positive integers. Got {sizes}")
    if sigma is None:
        sigma = [size * 0.15 + 0.35 for size in sizes]
    if not isinstance(sigma, (int, float, list, tuple)):
        raise TypeError(f"sigma should be either float or sequence of floats. Got {type(sigma)}")
    widths = [float(sigma)] * 2 if isinstance(sigma, (int, float)) else sigma
    widths = [widths[0]] * 2 if len(widths) == 1 else widths
    if len(widths) != 2:
        raise ValueError(f"If sigma is a sequence, its length should be 2. Got {len(widths)}")
    if any(width <= 0.0 for width in widths):
        raise ValueError(f"sigma should have positive values. Got {widths}")
    if isinstance(img, Tensor):
        check_tensor(img)
        image = img
    elif is_pil_image(img):
        image = pil_to_tensor(img)
    else:
        raise TypeError(f"img should be PIL Image or Tensor. Got {type(img)}")
    dtype = _real(image)
    across, down = (_bell(size, width, dtype) for size, width in zip(sizes, widths))
    image = blurred(image, adjoint.mm(down[:, None], across[None]), dtype)
    return image if isinstance(img, Tensor) else to_pil_image(image, mode=img.mode)


def _check_factor(name: str, factor: float) -> None:
    if factor < 0:
        raise ValueError(f"{name} ({factor}) is not non-negative.")


def _check_dimensions(img: Tensor) -> None:
    check_tensor(img)
    if img.ndim < 3:
        raise TypeError(f"Input image tensor should have at least 3 dimensions, but found {img.ndim}")


def _check_channels(img: Tensor, permitted: str = "[1, 3]") -> None:
    channels = get_dimensions(img)[0]
    if channels not in (1, 3):
        raise TypeError(f"Input image tensor permitted channel values are {permitted}, but found {channels}")


def _check_bytes(img: Tensor) -> None:
    if img.dtype is not dtypes.uint8:
        raise TypeError(f"Only torch.uint8 image tensors are supported, but found {img.dtype}")


def _real(img: Tensor) -> dtypes.dtype:
    return img.dtype if img.is_floating_point() else dtypes.float32


def _between(img: Tensor, other: Tensor, ratio: float) -> Tensor:
    """So much of the one and so little of the other, also beyond them."""
    return (float(ratio) * img + (1.0 - float(ratio)) * other).clamp(0, largest(img.dtype)).to(img.dtype)


def _bell(size: int, width: float, dtype: dtypes.dtype) -> Tensor:
    """A normal density at ``size`` points around 0, that adds up to 1."""
    half = (size - 1) * 0.5
    weights = adjoint.exp(-0.5 * (adjoint.linspace(-half, half, steps=size, dtype=dtype) / width).pow(2))
    return weights / weights.sum()
