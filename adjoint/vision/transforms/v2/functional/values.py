"""An image's values: their dtype, their scale, and noise."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np

import adjoint
from adjoint import dtypes
from adjoint.tensor import Tensor
from adjoint.vision.transforms.fused import alone, centered, scaled
from adjoint.vision.transforms.images import bits_of, largest
from adjoint.vision.transforms.v2.functional.kernels import PillowImage, kernel_of, of_videos, register, register_plain
from adjoint.vision.tv_tensors import BoundingBoxes, KeyPoints, Mask


def normalize(inpt: Any, mean: Sequence[float], std: Sequence[float], inplace: bool = False) -> Any:
    """``(inpt - mean) / std`` for each channel of a float image; ``inplace`` writes over it.

    >>> import adjoint as torch
    >>> normalize(torch.tensor([[[1.0, 3.0]]]), [1.0], [2.0])
    tensor([[[0., 1.]]])
    """
    return kernel_of(normalize, type(inpt))(inpt, mean=mean, std=std, inplace=inplace)


def normalize_image(image: Tensor, mean: Sequence[float], std: Sequence[float], inplace: bool = False) -> Tensor:
    """Images (..., C, H, W).  Raises TypeError for integers, ValueError for fewer dimensions or a ``std`` of 0."""
    if not image.is_floating_point():
        raise TypeError(f"Input tensor should be a float tensor. Got {image.dtype}.")
    if image.ndim < 3:
        raise ValueError(f"Expected tensor to be a tensor image of size (..., C, H, W). Got {image.shape}.")
    if (isinstance(std, (tuple, list)) and not all(std)) or (isinstance(std, (int, float)) and std == 0):
        raise ValueError("std evaluated to zero, leading to division by zero.")
    if not inplace and image.dtype in _FUSED and alone(image) and mean.__class__ in _LISTS and std.__class__ in _LISTS:
        constants = _constants(tuple(mean), tuple(std), image.dtype)
        if constants is not None and image.shape[-3] == len(constants[0]) == len(constants[1]):
            return centered(image, *constants)
    middle, spread = (per_channel(v, image.dtype) for v in (mean, std))
    return (image.sub_(middle) if inplace else image.sub(middle)).div_(spread)


_FUSED = (dtypes.float32, dtypes.float64)
_LISTS = (list, tuple)


@lru_cache(maxsize=64)
def _constants(mean: tuple[Any, ...], std: tuple[Any, ...], dtype: dtypes.dtype) -> Any:
    """Both as arrays that meet images (C, H, W); None where they are more than numbers."""
    if not all(v.__class__ in (float, int) for v in (*mean, *std)):
        return None
    return tuple(np.array(v, dtype.array).reshape(-1, 1, 1) for v in (mean, std))


def per_channel(values: Any, dtype: dtypes.dtype) -> Tensor:
    """A number for each channel, as it meets images (..., C, H, W)."""
    tensor: Tensor = adjoint.as_tensor(values, dtype=dtype)
    return tensor.view(-1, 1, 1) if tensor.ndim == 1 else tensor


normalize_video = of_videos(normalize_image)


def to_dtype(inpt: Any, dtype: dtypes.dtype = dtypes.float32, scale: bool = False) -> Any:
    """An image in another dtype, with ``scale`` its values scaled to that dtype's range.

    >>> import adjoint as torch
    >>> to_dtype(torch.tensor([[[0, 255]]], dtype=torch.uint8), torch.float32, scale=True)
    tensor([[[0., 1.]]])
    """
    return kernel_of(to_dtype, type(inpt))(inpt, dtype=dtype, scale=scale)


def to_dtype_image(image: Tensor, dtype: dtypes.dtype = dtypes.float32, scale: bool = False) -> Tensor:
    """Images.  Floats go from 0 to 1; integers of fewer bits keep the first ones.

    Raises RuntimeError where floats are scaled to integers of more bits than they have.
    """
    if image.dtype is dtype:
        return image
    if not scale:
        return image.to(dtype)
    if image.is_floating_point():
        if dtype.is_floating_point:
            return image.to(dtype)
        if (image.dtype, dtype) in _UNSAFE:
            raise RuntimeError(f"The conversion from {image.dtype} to {dtype} cannot be performed safely.")
        return image.mul(float(largest(dtype)) + 1.0 - 1e-3).to(dtype)
    if dtype.is_floating_point:
        if dtype in _FUSED and alone(image):
            return scaled(image, dtype, 1.0 / largest(image.dtype))
        return image.to(dtype).mul_(1.0 / largest(image.dtype))
    more = bits_of(dtype) - bits_of(image.dtype)
    if more >= 0:
        wider = image.to(dtype)
        return wider * 2**more if dtype is dtypes.uint16 else wider.bitwise_left_shift_(more)
    return (image / 2**-more if image.dtype is dtypes.uint16 else image.bitwise_right_shift(-more)).to(dtype)


_UNSAFE = {
    (dtypes.float32, dtypes.int32), (dtypes.float32, dtypes.int64), (dtypes.float64, dtypes.int64),
}  # fmt: skip

to_dtype_video = of_videos(to_dtype_image)


def _only_the_dtype(inpt: Tensor, dtype: dtypes.dtype, scale: bool = False) -> Tensor:
    return inpt.to(dtype)  # which is of the same kind


def convert_image_dtype(image: Tensor, dtype: dtypes.dtype = dtypes.float32) -> Tensor:
    """An image in another dtype, its values scaled to that dtype's range: :func:`to_dtype` with ``scale``."""
    return to_dtype_image(image, dtype=dtype, scale=True)


def gaussian_noise(inpt: Any, mean: float = 0.0, sigma: float = 0.1, clip: bool = True) -> Any:
    """An image and normal noise; with ``clip`` it stays within its range.

    Raises ValueError for a negative ``sigma``, and for what is neither floats nor bytes.
    """
    return kernel_of(gaussian_noise, type(inpt))(inpt, mean=mean, sigma=sigma, clip=clip)


def gaussian_noise_image(image: Tensor, mean: float = 0.0, sigma: float = 0.1, clip: bool = True) -> Tensor:
    """Images; mean and deviation are those where values go from 0 to 1."""
    if sigma < 0:
        raise ValueError(f"sigma shouldn't be negative. Got {sigma}")
    if image.is_floating_point():
        noisy = image + (mean + adjoint.randn_like(image) * sigma)
        return noisy.clamp(0, 1) if clip else noisy
    if image.dtype is not dtypes.uint8:
        raise ValueError(f"Input tensor is expected to be in uint8 or float dtype, got dtype={image.dtype}")
    noise = (mean * 255 + adjoint.randn_like(image, dtype=dtypes.float32) * (sigma * 255)).to(dtypes.int16)
    noisy = image + noise
    return (noisy.clamp(0, 255) if clip else noisy).to(dtypes.uint8)


gaussian_noise_video = of_videos(gaussian_noise_image)


def _no_noise(image: Any, mean: float = 0.0, sigma: float = 0.1, clip: bool = True) -> Any:
    raise ValueError("Gaussian Noise is not implemented for PIL images.")


register(normalize, image=normalize_image)
register(to_dtype, image=to_dtype_image)
register_plain(to_dtype, dict.fromkeys((KeyPoints, BoundingBoxes, Mask), _only_the_dtype))
register(gaussian_noise, image=gaussian_noise_image)
register_plain(gaussian_noise, {PillowImage: _no_noise})
