"""Tones: an image's values inverted, fewer of them, or spread over all of their range."""

from __future__ import annotations

from typing import Any

import adjoint
from adjoint import dtypes
from adjoint.tensor import Tensor
from adjoint.vision.transforms import pillow
from adjoint.vision.transforms.equalizing import equalized
from adjoint.vision.transforms.images import bits_of, largest
from adjoint.vision.transforms.v2.functional.kernels import kernel_of, of_videos, register
from adjoint.vision.transforms.v2.functional.values import to_dtype_image


def invert(inpt: Any) -> Any:
    """The negative: each value from the other end of its range."""
    return kernel_of(invert, type(inpt))(inpt)


def invert_image(image: Tensor) -> Tensor:
    """Images; of integers with a sign, negative values stay negative."""
    if image.is_floating_point():
        return 1.0 - image
    if image.dtype is dtypes.uint8:
        return image.bitwise_not()
    return image.bitwise_xor((1 << bits_of(image.dtype)) - 1)


def posterize(inpt: Any, bits: int) -> Any:
    """The image with so many bits for each value, from 0 to 8.  Raises TypeError for others."""
    return kernel_of(posterize, type(inpt))(inpt, bits=bits)


def posterize_image(image: Tensor, bits: int) -> Tensor:
    """Images; floats get so many levels as there are with these bits."""
    if not isinstance(bits, int) or not 0 <= bits <= 8:
        raise TypeError(f"bits must be a positive integer in the range [0, 8], got {bits} instead.")
    if image.is_floating_point():
        levels = 1 << bits
        return image.mul(levels).floor_().clamp_(0, levels - 1).mul_(1.0 / levels)
    own = bits_of(image.dtype)
    return image if bits >= own else image & (((1 << bits) - 1) << (own - bits))


def solarize(inpt: Any, threshold: float) -> Any:
    """The image, values from ``threshold`` on inverted.  Raises TypeError for one beyond their range."""
    return kernel_of(solarize, type(inpt))(inpt, threshold=threshold)


def solarize_image(image: Tensor, threshold: float) -> Tensor:
    """Images."""
    if threshold > largest(image.dtype):
        raise TypeError(f"Threshold should be less or equal the maximum value of the dtype, but got {threshold}")
    return adjoint.where(image >= threshold, invert_image(image), image)  # type: ignore[no-any-return]


def autocontrast(inpt: Any) -> Any:
    """The image, in each channel the least value 0 and the largest one that of its range."""
    return kernel_of(autocontrast, type(inpt))(inpt)


def autocontrast_image(image: Tensor) -> Tensor:
    """Images (..., 1 or 3, H, W); a channel of one value alone stays."""
    channels = image.shape[-3]
    if channels not in (1, 3):
        raise TypeError(f"Input image tensor permitted channel values are 1 or 3, but found {channels}")
    if not image.numel():
        return image
    most = largest(image.dtype)
    real = image if image.is_floating_point() else image.to(dtypes.float32)
    low, high = real.amin(dim=(-2, -1), keepdim=True), real.amax(dim=(-2, -1), keepdim=True)
    flat = high == low
    low, scale = low.masked_fill(flat, 0.0), ((high - low) * (1.0 / most)).masked_fill(flat, 1.0)
    return ((real - low) / scale).clamp(0, most).to(image.dtype)


def equalize(inpt: Any) -> Any:
    """The image, all of its values about as frequent in each channel."""
    return kernel_of(equalize, type(inpt))(inpt)


def equalize_image(image: Tensor) -> Tensor:
    """Images (..., C, H, W), computed on as bytes."""
    if not image.numel():
        return image
    pixels = equalized(to_dtype_image(image, dtypes.uint8, scale=True))
    return to_dtype_image(pixels, image.dtype, scale=True)


invert_video, posterize_video, solarize_video = of_videos(invert_image), of_videos(posterize_image), of_videos(solarize_image)
autocontrast_video, equalize_video = of_videos(autocontrast_image), of_videos(equalize_image)

register(invert, image=invert_image, pil=pillow.invert)
register(posterize, image=posterize_image, pil=pillow.posterize)
register(solarize, image=solarize_image, pil=pillow.solarize)
register(autocontrast, image=autocontrast_image, pil=pillow.autocontrast)
register(equalize, image=equalize_image, pil=pillow.equalize)
