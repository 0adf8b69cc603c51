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


def check_tensor(img: Tensor) -> None:
    """Raise TypeError for a tensor that is no image."""
    if img.ndim < 2:
        raise TypeError("Tensor is not a torch image.")


def get_dimensions(img: Any) -> list[int]:
    """Channels, height and width."""
    if isinstance(img, Tensor):
        check_tensor(img)
        return [1 if img.ndim == 2 else img.shape[-3], img.shape[-2], img.shape[-1]]
    _check_image(img)
    return [len(img.getbands()), img.height, img.width]


def get_image_size(img: Any) -> list[int]:
    """Width and height."""
    _, height, width = get_dimensions(img)
    return [width, height]


def get_image_num_channels(img: Any) -> int:
    """How many channels there are."""
    return get_dimensions(img)[0]


def _check_image(img: Any) -> None:
    if not is_pil_image(img):
        raise TypeError(f"Unexpected type {type(img)}")


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


_MODES: dict[int, dict[type, str]] = {
    1: {np.uint8: "L", np.int16: "I;16", np.int32: "I", np.float32: "F"},
    2: {np.uint8: "LA"},
    3: {np.uint8: "RGB"},
    4: {np.uint8: "RGBA"},
}
"""The mode of an image of so many channels and this dtype."""

_PERMITTED = {2: ["LA"], 3: ["RGB", "YCbCr", "HSV"], 4: ["RGBA", "CMYK", "RGBX"]}


def to_pil_image(pic: Any, mode: str | None = None) -> Any:
    """A tensor (C, H, W) or (H, W), or an array (H, W, C) or (H, W), as a PIL image of a mode; floats from 0 to 1 become bytes.

    Raises TypeError for what is neither, or has a dtype that no mode has, ValueError for other dimensions, or another mode.
    """
    if isinstance(pic, Tensor):
        array = (pic.permute((1, 2, 0)) if pic.ndim == 3 else pic).numpy(force=True)
    elif isinstance(pic, np.ndarray):
        array = pic
    else:
        raise TypeError(f"pic should be Tensor or ndarray. Got {type(pic)}.")
    if array.ndim not in (2, 3):
        raise ValueError(f"pic should be 2/3 dimensional. Got {array.ndim} dimensions.")
    channels = 1 if array.ndim == 2 else array.shape[2]
    if channels > 4:
        raise ValueError(f"pic should not have > 4 channels. Got {channels} channels.")
    if np.issubdtype(array.dtype, np.floating) and mode != "F":
        array = (array * 255).astype(np.uint8)
    array = array.reshape(array.shape[:2]) if channels == 1 else array
    found = _MODES.get(channels, {}).get(array.dtype.type)
    if channels == 1:
        if mode not in (None, found):
            raise ValueError(f"Incorrect mode ({mode}) supplied for input type {np.dtype}. Should be {found}")
    elif mode is None:
        mode = found
    elif mode not in _PERMITTED[channels]:
        raise ValueError(f"Only modes {_PERMITTED[channels]} are supported for {channels}D inputs")
    mode = found if channels == 1 else mode
    if mode is None:
        raise TypeError(f"Input type {array.dtype} is not supported")
    from PIL import Image

    if mode == found and mode != "I;16":  # (Pillow takes arrays of int16 for images of 32 bits)
        return Image.fromarray(np.ascontiguousarray(array))
    return Image.frombytes(mode, (array.shape[1], array.shape[0]), np.ascontiguousarray(array).tobytes())


def convert_image_dtype(image: Any, dtype: dtypes.dtype = dtypes.float32) -> Tensor:
    """An image in another dtype, its values scaled to that dtype's range: floats go from 0 to 1."""
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
    """The largest value in images of a dtype: 1 unless it is one of integers."""
    return int(np.iinfo(d.array).max) if d in _BITS else 1


def bits_of(d: dtypes.dtype) -> int:
    """How many bits a value of an integer dtype has, its sign aside.  Raises TypeError for other dtypes."""
    if d not in _BITS:
        raise TypeError(f"Number of value bits is only defined for integer dtypes, but got {d}.")
    return _BITS[d]


_BITS = {
    dtypes.uint8: 8, dtypes.int8: 7, dtypes.int16: 15, dtypes.uint16: 16, dtypes.int32: 31, dtypes.int64: 63,
}  # fmt: skip
