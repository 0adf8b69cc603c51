"""What an image is: Pillow's, or a tensor (..., C, H, W); and the one as the other.

A PIL image is recognized without importing Pillow: whoever has one has imported it.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

import adjoint
from adjoint import dtypes
from adjoint.tensor import Tensor


def is_pil_image(img: Any) -> bool:
    """Whether ``img`` is an image of Pillow's."""
    pil = sys.modules.get("PIL.Image")
    return pil is not None and isinstance(img, pil.Image)


def check(img: Any) -> None:
    """Raise TypeError for what is no image."""
    if isinstance(img, Tensor):
        if img.ndim < 2:
            raise TypeError("Tensor is not a torch image.")
    elif not is_pil_image(img):
        raise TypeError(f"img should be PIL Image or Tensor. Got {type(img)}")


def get_dimensions(img: Any) -> list[int]:
    """Channels, height and width."""
    check(img)
    if isinstance(img, Tensor):
        return [1 if img.ndim == 2 else img.shape[-3], img.shape[-2], img.shape[-1]]
    return [len(img.getbands()), img.height, img.width]


def get_image_size(img: Any) -> list[int]:
    """Width and height."""
    _, height, width = get_dimensions(img)
    return [width, height]


_KINDS = {"I": np.int32, "I;16": np.int16, "F": np.float32}
"""What torchvision reads pixels of these modes as; of all others as bytes."""


def to_tensor(pic: Any) -> Tensor:
    """A PIL image or an array (H, W) or (H, W, C) as a tensor (C, H, W); bytes become floats from 0 to 1.

    Other dtypes keep their values, and where nothing need be rearranged, an array's tensor shares its memory.

    >>> import numpy as np
    >>> from adjoint.vision import transforms
    >>> transforms.functional.to_tensor(np.array([[0, 255]], np.uint8))
    tensor([[[0., 1.]]])
    """
    if not is_pil_image(pic) and not isinstance(pic, np.ndarray):
        raise TypeError(f"pic should be PIL Image or ndarray. Got {type(pic)}")
    if isinstance(pic, np.ndarray):
        if pic.ndim not in (2, 3):
            raise ValueError(f"pic should be 2/3 dimensional. Got {pic.ndim} dimensions.")
        array = pic
    else:
        array = np.array(pic, _KINDS.get(pic.mode, np.uint8))
        if pic.mode == "1":
            array = 255 * array
    image = _channels_first(array).contiguous()
    return image.to(dtypes.get_default_dtype()).div(255) if image.dtype is dtypes.uint8 else image


def pil_to_tensor(pic: Any) -> Tensor:
    """A PIL image as a tensor (C, H, W) of its own values, which lie in memory as the image's do, channels last."""
    if not is_pil_image(pic):
        raise TypeError(f"pic should be PIL Image. Got {type(pic)}")
    return _channels_first(np.array(pic))


def _channels_first(array: np.ndarray) -> Tensor:
    """An array (H, W) or (H, W, C) as a tensor (C, H, W) that shares its memory."""
    return adjoint.from_numpy((array if array.ndim == 3 else array[:, :, None]).transpose(2, 0, 1))


def to_pil_image(pic: Any, mode: str | None = None) -> Any:
    """A tensor (C, H, W) or an array (H, W, C) as a PIL image; floats from 0 to 1 become bytes."""
    from PIL import Image

    if not isinstance(pic, (Tensor, np.ndarray)):
        raise TypeError(f"pic should be Tensor or ndarray. Got {type(pic)}.")
    array = pic._array if isinstance(pic, Tensor) else pic
    if array.ndim not in (2, 3):
        raise ValueError(f"pic should be 2/3 dimensional. Got {array.ndim} dimensions.")
    if isinstance(pic, Tensor) and array.ndim == 3:
        array = array.transpose(1, 2, 0)
    if isinstance(pic, Tensor) and pic.dtype.is_floating_point and mode != "F":
        array = (array * 255).astype(np.uint8)
    if array.ndim == 3 and array.shape[2] == 1:
        array = array[:, :, 0]
    return Image.fromarray(np.ascontiguousarray(array), mode) if mode else Image.fromarray(np.ascontiguousarray(array))


def convert_image_dtype(image: Any, dtype: Any = None) -> Tensor:
    """An image in another dtype, its values scaled to that dtype's range: floats go from 0 to 1."""
    dtype = dtypes.float32 if dtype is None else dtype
    if not isinstance(image, Tensor):
        raise TypeError("Input img should be Tensor Image")
    if image.dtype is dtype:
        return image
    to_float = dtype.category == dtypes.FLOAT
    if image.dtype.category == dtypes.FLOAT:
        if to_float:
            return image.to(dtype)
        if (image.dtype is dtypes.float32 and dtype in (dtypes.int32, dtypes.int64)) or (
            image.dtype is dtypes.float64 and dtype is dtypes.int64
        ):
            raise RuntimeError(f"The cast from {image.dtype} to {dtype} cannot be performed safely.")
        return (image * (largest(dtype) + 1.0 - 1e-3)).to(dtype)
    most: Any = largest(image.dtype)
    if to_float:
        return image.to(dtype) / most
    wanted = largest(dtype)
    if most > wanted:
        return (image // ((most + 1) // (wanted + 1))).to(dtype)
    return image.to(dtype) * ((wanted + 1) // (most + 1))


def largest(d: dtypes.dtype) -> int:
    """The largest value in images of an integer dtype."""
    return 1 if d.category == dtypes.BOOL else int(np.iinfo(d.array).max)
