"""Colours: an image made brighter, greyer, or of another hue.

Values of integers are computed as floats and cut off, as torchvision has it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import adjoint
from adjoint import dtypes
from adjoint.tensor import Tensor
from adjoint.vision.transforms import pillow
from adjoint.vision.transforms.fused import plus
from adjoint.vision.transforms.hues import hsv, rgb
from adjoint.vision.transforms.images import largest, pil_to_tensor, to_pil_image
from adjoint.vision.transforms.v2.functional.kernels import kernel_of, of_videos, register
from adjoint.vision.transforms.v2.functional.values import to_dtype_image


def _check(image: Tensor, name: str = "", factor: float = 0.0) -> int:
    """The number of channels, 1 or 3.  Raises TypeError for others, ValueError for a negative factor."""
    if factor < 0:
        raise ValueError(f"{name} ({factor}) is not non-negative.")
    channels: int = image.shape[-3]
    if channels not in (1, 3):
        raise TypeError(f"Input image tensor permitted channel values are 1 or 3, but found {channels}")
    return channels


def _ended(values: Tensor, image: Tensor) -> Tensor:
    """Values within an image's range, in its dtype."""
    return values.clamp(0, largest(image.dtype)).to(image.dtype)


def _between(image: Tensor, other: Tensor, ratio: float) -> Tensor:
    """So much of the one and so little of the other, also beyond them."""
    return _ended(plus(image.mul(float(ratio)), other, 1.0 - float(ratio)), image)


# Luminance


def rgb_to_grayscale(inpt: Any, num_output_channels: int = 1) -> Any:
    """The luminance (ITU-R 601-2), in 1 or 3 channels.  Raises ValueError for other numbers."""
    return kernel_of(rgb_to_grayscale, type(inpt))(inpt, num_output_channels=num_output_channels)


to_grayscale = rgb_to_grayscale


def rgb_to_grayscale_image(image: Tensor, num_output_channels: int = 1) -> Tensor:
    """Images (..., C, H, W)."""
    _check_outputs(num_output_channels)
    return _gray(image, num_output_channels)


def _check_outputs(channels: int) -> None:
    if channels not in (1, 3):
        raise ValueError(f"num_output_channels must be 1 or 3, got {channels}.")


def _gray(image: Tensor, channels: int) -> Tensor:
    if image.shape[-3] == 1:
        return image.clone() if channels == 1 else image.repeat(*[1] * (image.ndim - 3), channels, 1, 1)
    gray = _luminance(image).to(image.dtype)
    return gray.expand(image.shape) if channels == 3 else gray


def _luminance(image: Tensor) -> Tensor:
    """The luminance (..., 1, H, W) of three channels, of integers as floats."""
    r, g, b = image.unbind(dim=-3)
    return plus(plus(r.mul(0.2989), g, 0.587), b, 0.114).unsqueeze(-3)


def _rgb_to_grayscale_pil(image: Any, num_output_channels: int = 1) -> Any:
    _check_outputs(num_output_channels)
    return pillow.to_grayscale(image, num_output_channels)


def grayscale_to_rgb(inpt: Any) -> Any:
    """An image with three channels: one of one channel has it three times."""
    return kernel_of(grayscale_to_rgb, type(inpt))(inpt)


def grayscale_to_rgb_image(image: Tensor) -> Tensor:
    """Images (..., C, H, W)."""
    return image if image.shape[-3] >= 3 else _gray(image, 3)


def _grayscale_to_rgb_pil(image: Any) -> Any:
    return image.convert(mode="RGB")


# Factors


def adjust_brightness(inpt: Any, brightness_factor: float) -> Any:
    """The image, ``brightness_factor`` times as bright; 0 is black.  Raises ValueError for a negative factor."""
    return kernel_of(adjust_brightness, type(inpt))(inpt, brightness_factor=brightness_factor)


def adjust_brightness_image(image: Tensor, brightness_factor: float) -> Tensor:
    """Images (..., 1 or 3, H, W)."""
    _check(image, "brightness_factor", brightness_factor)
    return _ended(image.mul(brightness_factor), image)


def adjust_contrast(inpt: Any, contrast_factor: float) -> Any:
    """The image, its differences from its mean luminance times ``contrast_factor``; 0 is grey.

    Raises ValueError for a negative factor.
    """
    return kernel_of(adjust_contrast, type(inpt))(inpt, contrast_factor=contrast_factor)


def adjust_contrast_image(image: Tensor, contrast_factor: float) -> Tensor:
    """Images (..., 1 or 3, H, W)."""
    if _check(image, "contrast_factor", contrast_factor) == 3:
        gray = _whole_luminance(image)
    else:
        gray = image if image.is_floating_point() else image.to(dtypes.float32)
    return _between(image, gray.mean(dim=(-3, -2, -1), keepdim=True), contrast_factor)


def _whole_luminance(image: Tensor) -> Tensor:
    gray = _luminance(image)
    return gray if image.is_floating_point() else gray.floor()


def adjust_saturation(inpt: Any, saturation_factor: float) -> Any:
    """The image, its differences from its luminance times ``saturation_factor``; 0 has no colours.

    Raises ValueError for a negative factor.
    """
    return kernel_of(adjust_saturation, type(inpt))(inpt, saturation_factor=saturation_factor)


def adjust_saturation_image(image: Tensor, saturation_factor: float) -> Tensor:
    """Images (..., 1 or 3, H, W)."""
    if _check(image, "saturation_factor", saturation_factor) == 1:
        return image
    return _between(image, _whole_luminance(image), saturation_factor)


def adjust_sharpness(inpt: Any, sharpness_factor: float) -> Any:
    """The image, its differences from a smoothed one times ``sharpness_factor``.  Raises ValueError for a negative factor."""
    return kernel_of(adjust_sharpness, type(inpt))(inpt, sharpness_factor=sharpness_factor)


def adjust_sharpness_image(image: Tensor, sharpness_factor: float) -> Tensor:
    """Images (..., 1 or 3, H, W), but their outermost pixels."""
    channels, height, width = image.shape[-3:]
    if channels not in (1, 3):
        raise TypeError(f"Input image tensor can have 1 or 3 channels, but found {channels}")
    if sharpness_factor < 0:
        raise ValueError(f"sharpness_factor ({sharpness_factor}) is not non-negative.")
    if not image.numel() or height <= 2 or width <= 2:
        return image
    dtype = image.dtype if image.is_floating_point() else dtypes.float32
    sharp = image.to(dtype, copy=True)
    images = sharp.reshape(-1, channels, height, width) if image.ndim > 4 else sharp
    smooth = adjoint.nn.functional.conv2d(images, _SMOOTHING.to(dtype).expand(channels, 1, 3, 3), groups=channels)
    if not image.is_floating_point():
        smooth = smooth.round()
    inner = images[..., 1:-1, 1:-1]
    images = images.clone()
    images[..., 1:-1, 1:-1] = plus(inner, smooth - inner, 1.0 - sharpness_factor)
    return _ended(images, image).reshape(image.shape)


_SMOOTHING = adjoint.tensor([[1.0, 1.0, 1.0], [1.0, 5.0, 1.0], [1.0, 1.0, 1.0]], dtype=dtypes.float64) / 13.0


def adjust_hue(inpt: Any, hue_factor: float) -> Any:
    """The image, its hues moved by ``hue_factor`` of the circle.  Raises ValueError unless that is from -0.5 to 0.5."""
    return kernel_of(adjust_hue, type(inpt))(inpt, hue_factor=hue_factor)


def adjust_hue_image(image: Tensor, hue_factor: float) -> Tensor:
    """Images (..., 1 or 3, H, W)."""
    if not -0.5 <= hue_factor <= 0.5:
        raise ValueError(f"hue_factor ({hue_factor}) is not in [-0.5, 0.5].")
    if _check(image) == 1 or not image.numel():
        return image
    hue, saturation, value = hsv(to_dtype_image(image, dtypes.float32, scale=True), divided=False)
    turned = rgb((hue + hue_factor).remainder(1.0), saturation, value, distributed=True)
    return to_dtype_image(turned, image.dtype, scale=True)


def adjust_gamma(inpt: Any, gamma: float, gain: float = 1) -> Any:
    """The image, each value v from 0 to 1 as ``gain * v**gamma``.  Raises ValueError for a negative ``gamma``."""
    return kernel_of(adjust_gamma, type(inpt))(inpt, gamma=gamma, gain=gain)


def adjust_gamma_image(image: Tensor, gamma: float, gain: float = 1.0) -> Tensor:
    """Images."""
    if gamma < 0:
        raise ValueError("Gamma should be a non-negative real number")
    values = image if image.is_floating_point() else to_dtype_image(image, dtypes.float32, scale=True)
    values = values.pow(gamma)
    if gain != 1.0:
        values = (values * gain).clamp(0.0, 1.0)
    return to_dtype_image(values, image.dtype, scale=True)


def adjust_gamma_video(video: Tensor, gamma: float, gain: float = 1) -> Tensor:
    """Films."""
    return adjust_gamma_image(video, gamma, gain)


# Channels


def permute_channels(inpt: Any, permutation: Sequence[int]) -> Any:
    """The channels in another order: the first of the result is the one that ``permutation`` begins with.

    Raises ValueError for a permutation of more or fewer.

    >>> import adjoint as torch
    >>> permute_channels(torch.tensor([[[1]], [[2]], [[3]]]), [2, 1, 0]).flatten()
    tensor([3, 2, 1])
    """
    return kernel_of(permute_channels, type(inpt))(inpt, permutation=permutation)


def permute_channels_image(image: Tensor, permutation: Sequence[int]) -> Tensor:
    """Images (..., C, H, W)."""
    channels, height, width = image.shape[-3:]
    if len(permutation) != channels:
        raise ValueError(
            f"Length of permutation does not match number of channels: {len(permutation)} != {channels}"
        )
    if not image.numel():
        return image
    return image.reshape(-1, channels, height, width)[:, permutation].reshape(image.shape)


def _permute_channels_pil(image: Any, permutation: Sequence[int]) -> Any:
    return to_pil_image(permute_channels_image(pil_to_tensor(image), permutation))


adjust_brightness_video = of_videos(adjust_brightness_image)
adjust_contrast_video = of_videos(adjust_contrast_image)
adjust_hue_video = of_videos(adjust_hue_image)
adjust_saturation_video = of_videos(adjust_saturation_image)
adjust_sharpness_video = of_videos(adjust_sharpness_image)
permute_channels_video = of_videos(permute_channels_image)

register(rgb_to_grayscale, image=rgb_to_grayscale_image, pil=_rgb_to_grayscale_pil, films=False)
register(grayscale_to_rgb, image=grayscale_to_rgb_image, pil=_grayscale_to_rgb_pil, films=False)
register(adjust_brightness, image=adjust_brightness_image, pil=pillow.adjust_brightness)
register(adjust_contrast, image=adjust_contrast_image, pil=pillow.adjust_contrast)
register(adjust_gamma, image=adjust_gamma_image, pil=pillow.adjust_gamma)
register(adjust_hue, image=adjust_hue_image, pil=pillow.adjust_hue)
register(adjust_saturation, image=adjust_saturation_image, pil=pillow.adjust_saturation)
register(adjust_sharpness, image=adjust_sharpness_image, pil=pillow.adjust_sharpness)
register(permute_channels, image=permute_channels_image, pil=_permute_channels_pil)
