"""The transforms as functions of an image.

A PIL image is recognized without importing Pillow: whoever has one has imported it.
"""

from __future__ import annotations

import enum
import numbers
import sys
from collections.abc import Sequence
from typing import Any

import numpy as np

import adjoint
from adjoint import dtypes
from adjoint.tensor import Tensor, from_array


class InterpolationMode(enum.Enum):
    """How values between pixels are found."""

    NEAREST = "nearest"
    NEAREST_EXACT = "nearest-exact"
    BILINEAR = "bilinear"
    BICUBIC = "bicubic"
    BOX = "box"
    HAMMING = "hamming"
    LANCZOS = "lanczos"


_PIL_FILTERS = {"nearest": 0, "nearest-exact": 0, "lanczos": 1, "bilinear": 2, "bicubic": 3, "box": 4, "hamming": 5}


def is_pil_image(img: Any) -> bool:
    """Whether ``img`` is an image of Pillow's."""
    pil = sys.modules.get("PIL.Image")
    return pil is not None and isinstance(img, pil.Image)


def _check(img: Any) -> None:
    if isinstance(img, Tensor):
        if img.ndim < 2:
            raise TypeError("Tensor is not a torch image.")
    elif not is_pil_image(img):
        raise TypeError(f"img should be PIL Image or Tensor. Got {type(img)}")


def get_dimensions(img: Any) -> list[int]:
    """Channels, height and width."""
    _check(img)
    if isinstance(img, Tensor):
        return [1 if img.ndim == 2 else img.shape[-3], img.shape[-2], img.shape[-1]]
    return [len(img.getbands()), img.height, img.width]


def get_image_size(img: Any) -> list[int]:
    """Width and height."""
    _, height, width = get_dimensions(img)
    return [width, height]


# Values


def _pixels(pic: Any) -> Any:
    """A PIL image as an array (H, W, C)."""
    kinds = {"I": np.int32, "I;16": np.uint16, "F": np.float32}
    array = np.array(pic, kinds[pic.mode]) if pic.mode in kinds else np.array(pic)
    if pic.mode == "1":
        array = 255 * array.astype(np.uint8)
    return array if array.ndim == 3 else array[:, :, None]


def to_tensor(pic: Any) -> Tensor:
    """A PIL image or an array (H, W) or (H, W, C) as a tensor (C, H, W); bytes become floats from 0 to 1.

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
        array = pic[:, :, None] if pic.ndim == 2 else pic
    else:
        array = _pixels(pic)
    array = np.ascontiguousarray(array.transpose(2, 0, 1))
    if array.dtype == np.uint8:
        return from_array(array.astype(dtypes.get_default_dtype().array) / np.float32(255))
    if array is pic or np.may_share_memory(array, pic if isinstance(pic, np.ndarray) else array[:0]):
        array = array.copy()
    dtypes.of_array(array)
    return from_array(array)


def pil_to_tensor(pic: Any) -> Tensor:
    """A PIL image as a tensor (C, H, W) of its own values."""
    if not is_pil_image(pic):
        raise TypeError(f"pic should be PIL Image. Got {type(pic)}")
    return from_array(np.ascontiguousarray(_pixels(pic).transpose(2, 0, 1)))


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
        return (image * (_largest(dtype) + 1.0 - 1e-3)).to(dtype)
    most: Any = _largest(image.dtype)
    if to_float:
        return image.to(dtype) / most
    wanted = _largest(dtype)
    if most > wanted:
        return (image // ((most + 1) // (wanted + 1))).to(dtype)
    return image.to(dtype) * ((wanted + 1) // (most + 1))


def _largest(d: dtypes.dtype) -> int:
    return 1 if d.category == dtypes.BOOL else int(np.iinfo(d.array).max)


def normalize(tensor: Tensor, mean: Sequence[float], std: Sequence[float], inplace: bool = False) -> Tensor:
    """``(tensor - mean) / std`` for each channel of (..., C, H, W)."""
    if not isinstance(tensor, Tensor):
        raise TypeError(f"img should be Tensor Image. Got {type(tensor)}")
    if not tensor.dtype.is_floating_point:
        raise TypeError(f"Input tensor should be a float tensor. Got {tensor.dtype}.")
    if tensor.ndim < 3:
        raise ValueError(
            f"Expected tensor to be a tensor image of size (..., C, H, W). Got tensor.size() = {tensor.shape}"
        )
    middle, spread = (from_array(np.array(_values(v), tensor.dtype.array).reshape(-1, 1, 1)) for v in (mean, std))
    if (spread._array == 0).any():
        raise ValueError(f"std evaluated to zero after conversion to {tensor.dtype}, leading to division by zero.")
    if inplace:
        tensor -= middle
        tensor /= spread
        return tensor
    return (tensor - middle) / spread


def _values(v: Any) -> Any:
    return v._array if isinstance(v, Tensor) else v


def rgb_to_grayscale(img: Any, num_output_channels: int = 1) -> Any:
    """The luminance (ITU-R 601-2), repeated over ``num_output_channels``, 1 or 3."""
    if num_output_channels not in (1, 3):
        raise ValueError("num_output_channels should be either 1 or 3")
    if is_pil_image(img):
        gray = img.convert("L")
        return gray if num_output_channels == 1 else gray.convert("RGB")
    _check(img)
    if img.shape[-3] == 1:
        gray = img
    else:
        r, g, b = (img[..., i : i + 1, :, :] for i in range(3))
        gray = (r * 0.2989 + g * 0.587 + b * 0.114).to(img.dtype)
    return gray if num_output_channels == 1 else gray.expand(*img.shape[:-3], 3, *img.shape[-2:])


# Places


def crop(img: Any, top: int, left: int, height: int, width: int) -> Any:
    """The rectangle at (top, left); what lies outside of the image is 0."""
    _check(img)
    if not isinstance(img, Tensor):
        return img.crop((left, top, left + width, top + height))
    h, w = img.shape[-2:]
    bottom, right = top + height, left + width
    if left < 0 or top < 0 or right > w or bottom > h:
        inside = img[..., max(top, 0) : bottom, max(left, 0) : right]
        return pad(
            inside,
            [
                max(min(right, 0) - left, 0),
                max(min(bottom, 0) - top, 0),
                max(right - max(w, left), 0),
                max(bottom - max(h, top), 0),
            ],
        )
    return img[..., top:bottom, left:right]


def center_crop(img: Any, output_size: Sequence[int] | int) -> Any:
    """The middle of an image; a smaller image is padded with 0."""
    height, width = _pair(output_size)
    _, h, w = get_dimensions(img)
    if width > w or height > h:
        left, top = max((width - w) // 2, 0), max((height - h) // 2, 0)
        img = pad(img, [left, top, max((width - w + 1) // 2, 0), max((height - h + 1) // 2, 0)])
        _, h, w = get_dimensions(img)
        if (width, height) == (w, h):
            return img
    return crop(img, round((h - height) / 2.0), round((w - width) / 2.0), height, width)


def _pair(size: Any) -> tuple[int, int]:
    if isinstance(size, numbers.Number):
        return int(size), int(size)  # type: ignore[call-overload]
    size = tuple(size)
    return (size[0], size[0]) if len(size) == 1 else (size[0], size[1])


def hflip(img: Any) -> Any:
    """Left and right exchanged."""
    _check(img)
    return img.flip(-1) if isinstance(img, Tensor) else img.transpose(0)


def vflip(img: Any) -> Any:
    """Top and bottom exchanged."""
    _check(img)
    return img.flip(-2) if isinstance(img, Tensor) else img.transpose(1)


def pad(img: Any, padding: int | Sequence[int], fill: Any = 0, padding_mode: str = "constant") -> Any:
    """An image with a border: one width for all sides, two for (left and right, top and bottom), or one for each of
    left, top, right, bottom."""
    _check(img)
    if not isinstance(padding, (numbers.Number, tuple, list)):
        raise TypeError("Got inappropriate padding arg")
    if padding_mode not in ("constant", "edge", "reflect", "symmetric"):
        raise ValueError("Padding mode should be either constant, edge, reflect or symmetric")
    widths = [int(padding)] * 4 if isinstance(padding, numbers.Number) else list(padding)  # type: ignore[call-overload]
    if len(widths) not in (1, 2, 4):
        raise ValueError(f"Padding must be an int or a 1, 2, or 4 element tuple, not a {len(widths)} element tuple")
    left, top, right, bottom = widths * 4 if len(widths) == 1 else widths * 2 if len(widths) == 2 else widths
    if not isinstance(img, Tensor):
        from PIL import Image, ImageOps

        if padding_mode == "constant":
            return ImageOps.expand(img, border=(left, top, right, bottom), fill=fill)
        array = np.asarray(img)
        around = [(top, bottom), (left, right)] + [(0, 0)] * (array.ndim - 2)
        return Image.fromarray(np.pad(array, around, mode=padding_mode))  # type: ignore[call-overload]
    if padding_mode == "constant":
        value = fill[0] if isinstance(fill, (tuple, list)) else fill
        return adjoint.nn.functional.pad(img, [left, right, top, bottom], value=float(value or 0))
    rows = _reflected(img.shape[-2], top, bottom, padding_mode)
    columns = _reflected(img.shape[-1], left, right, padding_mode)
    return img[..., from_array(rows)[:, None], from_array(columns)]


def _reflected(n: int, before: int, after: int, mode: str) -> Any:
    return np.pad(np.arange(n), (before, after), mode=mode)  # type: ignore[call-overload]


def resize(
    img: Any,
    size: int | Sequence[int],
    interpolation: InterpolationMode = InterpolationMode.BILINEAR,
    max_size: int | None = None,
    antialias: bool | None = True,
) -> Any:
    """An image of another size; one number is that of the shorter side.

    On tensors: nearest and bilinear (with ``antialias`` as Pillow computes it), PIL images in every mode.
    """
    _check(img)
    _, h, w = get_dimensions(img)
    if isinstance(size, int) or len(size) == 1:
        shorter = size if isinstance(size, int) else size[0]
        height, width = _fitted(h, w, shorter, max_size)
    else:
        if max_size is not None:
            raise ValueError(
                "max_size should only be passed if size specifies the length of the smaller edge, i.e. size should be "
                "an int or a sequence of length 1 in torchscript mode."
            )
        height, width = size
    if (h, w) == (height, width):
        return img
    mode = interpolation.value if isinstance(interpolation, InterpolationMode) else str(interpolation)
    if not isinstance(img, Tensor):
        return img.resize((width, height), _PIL_FILTERS[mode])
    if mode == "nearest":
        rows, columns = (np.arange(n) * old // n for n, old in ((height, h), (width, w)))
        return img[..., from_array(rows)[:, None], from_array(columns)]
    if mode == "nearest-exact":
        rows, columns = (((np.arange(n) + 0.5) * (old / n)).astype(np.int64) for n, old in ((height, h), (width, w)))
        return img[..., from_array(rows)[:, None], from_array(columns)]
    if mode != "bilinear":
        raise NotImplementedError(f"resize of tensors with {interpolation}: Adjoint has nearest and bilinear")
    kind = img.dtype
    real: Any = img if kind.is_floating_point else img.to(dtypes.float32)
    down: Any = from_array(_triangles(h, height, bool(antialias)).astype(real.dtype.array))
    across = from_array(np.ascontiguousarray(_triangles(w, width, bool(antialias)).T).astype(real.dtype.array))
    resized = down @ (real @ across)
    if kind is real.dtype:
        return resized
    return resized.round().to(kind)


def _triangles(old: int, new: int, antialias: bool) -> Any:
    """The weights (new, old) of linear interpolation; shrunk, with triangles as wide as the scale."""
    scale = old / new
    support = max(scale, 1.0) if antialias else 1.0
    centers = (np.arange(new) + 0.5) * scale
    if not antialias:
        centers = centers.clip(0.5, old - 0.5)
    distance = np.abs(np.arange(old)[None] + 0.5 - centers[:, None]) / support
    weights = (1 - distance).clip(0)
    return weights / weights.sum(1, keepdims=True)


def _fitted(h: int, w: int, shorter: int, max_size: int | None) -> tuple[int, int]:
    """Height and width whose shorter side is given, the longer one at most ``max_size``."""
    small, large = (w, h) if w <= h else (h, w)
    new_small, new_large = shorter, int(shorter * large / small)
    if max_size is not None:
        if max_size <= shorter:
            raise ValueError(
                f"max_size = {max_size} must be strictly greater than the requested size for the smaller edge size = "
                f"{shorter}"
            )
        if new_large > max_size:
            new_small, new_large = int(max_size * new_small / new_large), max_size
    return (new_large, new_small) if w <= h else (new_small, new_large)


def resized_crop(
    img: Any,
    top: int,
    left: int,
    height: int,
    width: int,
    size: int | Sequence[int],
    interpolation: InterpolationMode = InterpolationMode.BILINEAR,
    antialias: bool | None = True,
) -> Any:
    """A rectangle of an image, resized."""
    return resize(crop(img, top, left, height, width), size, interpolation, antialias=antialias)
