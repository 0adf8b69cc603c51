"""Functions on images, by the names that the newer transforms have for them."""

from __future__ import annotations

from typing import Any

import numpy as np

import adjoint
from adjoint import dtypes
from adjoint.names import list_names as _list_names
from adjoint.tensor import Tensor
from adjoint.vision.transforms.functional import (
    InterpolationMode,
    center_crop,
    convert_image_dtype,
    crop,
    gaussian_blur,
    get_dimensions,
    hflip,
    normalize,
    pad,
    pil_to_tensor,
    resize,
    resized_crop,
    rgb_to_grayscale,
    to_pil_image,
    to_tensor,
    vflip,
)
from adjoint.vision.transforms.images import is_pil_image

__all__ = [
    "InterpolationMode", "center_crop", "convert_image_dtype", "crop", "gaussian_blur", "get_dimensions", "get_size",
    "grayscale_to_rgb", "hflip",
    "horizontal_flip", "normalize", "pad", "pil_to_tensor", "resize", "resized_crop", "rgb_to_grayscale", "to_dtype",
    "to_dtype_image", "to_image", "to_pil_image", "to_tensor", "vertical_flip", "vflip",
]  # fmt: skip

horizontal_flip, vertical_flip = hflip, vflip


def to_image(inpt: Any) -> Tensor:
    """An image as a tensor (C, H, W): of a PIL image, or of an array (H, W, C) or (H, W).

    Raises TypeError for anything else.
    """
    if isinstance(inpt, np.ndarray):
        pixels = np.atleast_3d(inpt)
        return adjoint.from_numpy(np.ascontiguousarray(pixels.transpose(2, 0, 1)))  # type: ignore[no-any-return]
    if is_pil_image(inpt):
        return pil_to_tensor(inpt)
    if isinstance(inpt, Tensor):
        return inpt
    raise TypeError(f"Input can either be a pure Tensor, a numpy array, or a PIL image, but got {type(inpt)} instead.")


def to_dtype(inpt: Tensor, dtype: Any = dtypes.float32, scale: bool = False) -> Tensor:
    """An image in another dtype, with ``scale`` its values scaled to that dtype's range.

    >>> import adjoint as torch
    >>> to_dtype(torch.tensor([[[0, 255]]], dtype=torch.uint8), torch.float32, scale=True)
    tensor([[[0., 1.]]])
    """
    return convert_image_dtype(inpt, dtype) if scale else inpt.to(dtype)


to_dtype_image = to_dtype


def grayscale_to_rgb(inpt: Any) -> Any:
    """An image with three channels: one of one channel has it three times."""
    if is_pil_image(inpt):
        return inpt.convert("RGB")
    if inpt.shape[-3] >= 3:
        return inpt
    return inpt.expand(*inpt.shape[:-3], 3, *inpt.shape[-2:])


def get_size(inpt: Any) -> list[int]:
    """Height and width of an image."""
    return get_dimensions(inpt)[1:]


_list_names(__name__)
