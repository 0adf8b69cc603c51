"""The transforms as functions of an image."""

from __future__ import annotations

import enum
import numbers
from collections.abc import Sequence
from typing import Any

import numpy as np

import adjoint
from adjoint import dtypes
from adjoint.tensor import Tensor, from_array
from adjoint.vision.transforms.colors import (
    adjust_brightness,
    adjust_contrast,
    adjust_hue,
    adjust_saturation,
    gaussian_blur,
    rgb_to_grayscale,
)
from adjoint.vision.transforms.images import (
    check,
    convert_image_dtype,
    get_dimensions,
    get_image_size,
    pil_to_tensor,
    to_pil_image,
    to_tensor,
)

__all__ = [
    "InterpolationMode",
    "adjust_brightness",
    "adjust_contrast",
    "adjust_hue",
    "adjust_saturation",
    "center_crop",
    "convert_image_dtype",
    "crop",
    "gaussian_blur",
    "get_dimensions",
    "get_image_size",
    "hflip",
    "normalize",
    "pad",
    "pil_to_tensor",
    "resize",
    "resized_crop",
    "rgb_to_grayscale",
    "to_pil_image",
    "to_tensor",
    "vflip",
]


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


# Places


def crop(img: Any, top: int, left: int, height: int, width: int) -> Any:
    """The rectangle at (top, left); what lies outside of the image is 0."""
    check(img)
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
    check(img)
    return img.flip(-1) if isinstance(img, Tensor) else img.transpose(0)


def vflip(img: Any) -> Any:
    """Top and bottom exchanged."""
    check(img)
    return img.flip(-2) if isinstance(img, Tensor) else img.transpose(1)


def pad(img: Any, padding: int | Sequence[int], fill: Any = 0, padding_mode: str = "constant") -> Any:
    """An image with a border: one width for all sides, two for (left and right, top and bottom), or one for each of
    left, top, right, bottom."""
    check(img)
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
    check(img)
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
