"""The transforms as functions of an image: a tensor (..., C, H, W), or an image of Pillow's, by Pillow."""

from __future__ import annotations

import numbers
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

import adjoint
from adjoint import dtypes
from adjoint.places import users_level
from adjoint.tensor import Tensor
from adjoint.vision.transforms import pillow
from adjoint.vision.transforms.bordering import bordered
from adjoint.vision.transforms.colors import (
    adjust_brightness,
    adjust_contrast,
    adjust_gamma,
    adjust_hue,
    adjust_saturation,
    adjust_sharpness,
    autocontrast,
    equalize,
    gaussian_blur,
    invert,
    posterize,
    rgb_to_grayscale,
    solarize,
    to_grayscale,
)
from adjoint.vision.transforms.images import (
    check_tensor,
    convert_image_dtype,
    get_dimensions,
    get_image_num_channels,
    get_image_size,
    is_pil_image,
    pil_to_tensor,
    to_pil_image,
    to_tensor,
)
from adjoint.vision.transforms.interpolation import InterpolationMode, from_pillow, pil_modes_mapping, resized
from adjoint.vision.transforms.warping import (
    affine_arguments,
    affine_grid,
    affine_matrix,
    check_warp,
    from_middle,
    identity_grid,
    perspective_coefficients,
    perspective_grid,
    sampled,
    turned_size,
)

__all__ = [
    "InterpolationMode",
    "adjust_brightness",
    "adjust_contrast",
    "adjust_gamma",
    "adjust_hue",
    "adjust_saturation",
    "adjust_sharpness",
    "affine",
    "autocontrast",
    "center_crop",
    "convert_image_dtype",
    "crop",
    "elastic_transform",
    "equalize",
    "erase",
    "five_crop",
    "gaussian_blur",
    "get_dimensions",
    "get_image_num_channels",
    "get_image_size",
    "hflip",
    "invert",
    "normalize",
    "pad",
    "perspective",
    "pil_modes_mapping",
    "pil_to_tensor",
    "posterize",
    "resize",
    "resized_crop",
    "rgb_to_grayscale",
    "rotate",
    "solarize",
    "ten_crop",
    "to_grayscale",
    "to_pil_image",
    "to_tensor",
    "vflip",
]


def normalize(tensor: Tensor, mean: Sequence[float], std: Sequence[float], inplace: bool = False) -> Tensor:
    """``(tensor - mean) / std`` for each channel of (..., C, H, W)."""
    if not isinstance(tensor, Tensor):
        raise TypeError(f"img should be Tensor Image. Got {type(tensor)}")
    check_tensor(tensor)
    if not tensor.is_floating_point():
        raise TypeError(f"Input tensor should be a float tensor. Got {tensor.dtype}.")
    if tensor.ndim < 3:
        raise ValueError(
            f"Expected tensor to be a tensor image of size (..., C, H, W). Got tensor.size() = {tensor.shape}"
        )
    middle, spread = (adjoint.as_tensor(v, dtype=tensor.dtype) for v in (mean, std))
    if (spread._array == 0).any():
        raise ValueError(f"std evaluated to zero after conversion to {tensor.dtype}, leading to division by zero.")
    middle, spread = (v.view(-1, 1, 1) if v.ndim == 1 else v for v in (middle, spread))
    if not inplace:
        moved = tensor.sub(middle)
        if moved.shape == tensor.shape:
            return moved.div_(spread)
        tensor = tensor.clone()  # more means than channels: the next line raises, as PyTorch's does
    return tensor.sub_(middle).div_(spread)


# Places


def crop(img: Any, top: int, left: int, height: int, width: int) -> Any:
    """The rectangle at (top, left); what lies outside of the image is 0."""
    if not isinstance(img, Tensor):
        return pillow.crop(img, top, left, height, width)
    check_tensor(img)
    h, w = img.shape[-2:]
    bottom, right = top + height, left + width
    if left >= 0 and top >= 0 and right <= w and bottom <= h:
        return img[..., top:bottom, left:right]
    around = [
        max(min(right, 0) - left, 0), max(min(bottom, 0) - top, 0), max(right - max(w, left), 0), max(bottom - max(h, top), 0),
    ]  # fmt: skip
    return pad(img[..., max(top, 0) : bottom, max(left, 0) : right], around)


def center_crop(img: Any, output_size: Sequence[int] | int) -> Any:
    """The middle of an image; a smaller image is padded with 0."""
    height, width = _pair(output_size)
    _, h, w = get_dimensions(img)
    if width > w or height > h:
        left, top = max((width - w) // 2, 0), max((height - h) // 2, 0)
        img = pad(img, [left, top, max((width - w + 1) // 2, 0), max((height - h + 1) // 2, 0)], fill=0)
        _, h, w = get_dimensions(img)
        if (width, height) == (w, h):
            return img
    return crop(img, round((h - height) / 2.0), round((w - width) / 2.0), height, width)


def _pair(size: Any) -> Any:
    if isinstance(size, numbers.Number):
        return int(size), int(size)  # type: ignore[call-overload]
    return (size[0], size[0]) if isinstance(size, (tuple, list)) and len(size) == 1 else size


def five_crop(img: Any, size: Sequence[int] | int) -> tuple[Any, Any, Any, Any, Any]:
    """Five rectangles: at the top left, top right, bottom left and bottom right, and in the middle."""
    size = _pair(size)
    if len(size) != 2:  # type: ignore[arg-type]
        raise ValueError("Please provide only two dimensions (h, w) for size.")
    _, h, w = get_dimensions(img)
    height, width = size  # type: ignore[misc]
    if width > w or height > h:
        raise ValueError(f"Requested crop size {size} is bigger than input size {(h, w)}")
    corners = [crop(img, top, left, height, width) for top in (0, h - height) for left in (0, w - width)]
    return *corners, center_crop(img, [height, width])  # type: ignore[return-value]


def ten_crop(img: Any, size: Sequence[int] | int, vertical_flip: bool = False) -> tuple[Any, ...]:
    """Five rectangles, and those of the image flipped, horizontally or vertically."""
    size = _pair(size)
    if len(size) != 2:  # type: ignore[arg-type]
        raise ValueError("Please provide only two dimensions (h, w) for size.")
    return five_crop(img, size) + five_crop(vflip(img) if vertical_flip else hflip(img), size)


def hflip(img: Any) -> Any:
    """Left and right exchanged."""
    if not isinstance(img, Tensor):
        return pillow.hflip(img)
    check_tensor(img)
    return img.flip(-1)


def vflip(img: Any) -> Any:
    """Top and bottom exchanged."""
    if not isinstance(img, Tensor):
        return pillow.vflip(img)
    check_tensor(img)
    return img.flip(-2)


def pad(img: Any, padding: int | Sequence[int], fill: Any = 0, padding_mode: str = "constant") -> Any:
    """An image with a border: one width for all sides, two for (left and right, top and bottom), or one for each of
    left, top, right, bottom.

    It is filled with ``fill``, or with what is at the ``"edge"``, or with what is inside of it mirrored, the edge itself once
    (``"reflect"``) or twice (``"symmetric"``).
    """
    if not isinstance(img, Tensor):
        return pillow.pad(img, padding=padding, fill=fill, padding_mode=padding_mode)
    check_tensor(img)
    fill = 0 if fill is None else fill
    if not isinstance(padding, (int, tuple, list)):
        raise TypeError("Got inappropriate padding arg")
    if not isinstance(fill, (int, float)):
        raise TypeError("Got inappropriate fill arg")
    if not isinstance(padding_mode, str):
        raise TypeError("Got inappropriate padding_mode arg")
    widths = (padding,) if isinstance(padding, int) else tuple(padding)
    if len(widths) not in (1, 2, 4):
        raise ValueError(f"Padding must be an int or a 1, 2, or 4 element tuple, not a {len(widths)} element tuple")
    if padding_mode not in ("constant", "edge", "reflect", "symmetric"):
        raise ValueError("Padding mode should be either constant, edge, reflect or symmetric")
    if padding_mode == "symmetric" and img.ndim not in (3, 4):
        raise RuntimeError("Symmetric padding of N-D tensors are not supported yet")
    left, top, right, bottom = widths * (4 // len(widths))
    images = bordered(img[None] if img.ndim < 4 else img, [left, right, top, bottom], fill, padding_mode)
    return images[0] if img.ndim < 4 else images


def erase(img: Tensor, i: int, j: int, h: int, w: int, v: Tensor, inplace: bool = False) -> Tensor:
    """The image with the rectangle at (i, j), h high and w wide, replaced by ``v``; ``inplace`` writes over it."""
    if not isinstance(img, Tensor):
        raise TypeError(f"img should be Tensor Image. Got {type(img)}")
    check_tensor(img)
    if not inplace:
        img = img.clone()
    img[..., i : i + h, j : j + w] = v
    return img


# Sizes


def resize(
    img: Any,
    size: int | Sequence[int],
    interpolation: InterpolationMode = InterpolationMode.BILINEAR,
    max_size: int | None = None,
    antialias: bool | None = True,
) -> Any:
    """An image of another size: ``size`` is its height and width, or one number, its shorter side, the longer one of which is at
    most ``max_size``.

    ``antialias`` says whether values of a smaller tensor are means of all that they cover; Pillow's always are.
    """
    mode = _mode(interpolation)
    if isinstance(size, (list, tuple)):
        if len(size) not in (1, 2):
            raise ValueError(
                f"Size must be an int or a 1 or 2 element tuple/list, not a {len(size)} element tuple/list"
            )
        if max_size is not None and len(size) != 1:
            raise ValueError(
                "max_size should only be passed if size specifies the length of the smaller edge, i.e. size should be "
                "an int or a sequence of length 1 in torchscript mode."
            )
    _, h, w = get_dimensions(img)
    new = resized((h, w), [size] if isinstance(size, int) else size, max_size)
    if tuple(new) == (h, w):
        return img
    if not isinstance(img, Tensor):
        if antialias is False:
            warnings.warn(
                "Anti-alias option is always applied for PIL Image input. Argument antialias is ignored.", stacklevel=users_level()
            )
        return pillow.resize(img, size=list(new), interpolation=pil_modes_mapping[mode])
    smooth = mode in (InterpolationMode.BILINEAR, InterpolationMode.BICUBIC)
    images, restore = _as_floats(img, img.dtype if img.dtype is dtypes.float64 else dtypes.float32)
    images = adjoint.nn.functional.interpolate(
        images, size=list(new), mode=mode.value, align_corners=False if smooth else None, antialias=smooth and bool(antialias)
    )
    if mode is InterpolationMode.BICUBIC and img.dtype is dtypes.uint8:
        images = images.clamp(min=0, max=255)
    return restore(images)


def _mode(interpolation: Any) -> InterpolationMode:
    if isinstance(interpolation, int):
        return from_pillow(interpolation)
    if not isinstance(interpolation, InterpolationMode):
        raise TypeError(
            "Argument interpolation should be a InterpolationMode or a corresponding Pillow integer constant"
        )
    return interpolation


_INTEGERS = (dtypes.uint8, dtypes.int8, dtypes.int16, dtypes.int32, dtypes.int64)


def _as_floats(img: Tensor, dtype: dtypes.dtype) -> tuple[Tensor, Any]:
    """An image as (N, C, H, W) of a dtype, and what makes one like it again, of integers rounded."""
    check_tensor(img)
    single, own = img.ndim < 4, img.dtype

    def restore(images: Tensor) -> Tensor:
        images = images[0] if single else images
        if own is dtype:
            return images
        return (images.round() if own in _INTEGERS else images).to(own)

    return (img[None] if single else img).to(dtype), restore


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


# Warps


def _warped(img: Tensor, grid: Tensor, mode: InterpolationMode, fill: Any) -> Tensor:
    images, restore = _as_floats(img, grid.dtype)
    return restore(sampled(images, grid, mode.value, fill, blended="sum"))  # type: ignore[no-any-return]


def _check(img: Tensor, mode: InterpolationMode, fill: Any, **given: Any) -> None:
    check_tensor(img)
    if fill is not None and not isinstance(fill, (int, float, tuple, list)):
        warnings.warn("Argument fill should be either int, float, tuple or list", stacklevel=users_level())
    check_warp(img, mode.value, fill, **given, channels=get_dimensions(img)[0])


def _real(img: Tensor) -> dtypes.dtype:
    return img.dtype if img.is_floating_point() else dtypes.float32


def affine(
    img: Any,
    angle: float,
    translate: Sequence[int],
    scale: float,
    shear: Any,
    interpolation: InterpolationMode = InterpolationMode.NEAREST,
    fill: Any = None,
    center: Sequence[int] | None = None,
) -> Any:
    """The image turned clockwise by ``angle`` degrees around ``center`` (x, y; by default its middle), sheared by ``shear``
    degrees, scaled, and moved by ``translate`` (x, y).  What comes from outside is ``fill``."""
    mode = _mode(interpolation)
    turn, move, shears, _ = affine_arguments(angle, translate, scale, shear, center)
    _, height, width = get_dimensions(img)
    if not isinstance(img, Tensor):
        middle = [width * 0.5, height * 0.5] if center is None else center
        matrix = affine_matrix(middle, turn, move, scale, shears)
        return pillow.affine(img, matrix=matrix, interpolation=pil_modes_mapping[mode], fill=fill)
    size = (height, width)
    matrix = affine_matrix(from_middle(center, size), turn, [1.0 * t for t in move], scale, shears)
    _check(img, mode, fill, matrix=matrix)
    return _warped(img, affine_grid(matrix, size, size, _real(img)), mode, fill)


def rotate(
    img: Any,
    angle: float,
    interpolation: InterpolationMode = InterpolationMode.NEAREST,
    expand: bool = False,
    center: Sequence[int] | None = None,
    fill: Any = None,
) -> Any:
    """The image turned counter-clockwise by ``angle`` degrees around ``center`` (x, y; by default its middle).

    With ``expand`` the result is as large as to hold all of it.  What comes from outside is ``fill``.
    """
    mode = _mode(interpolation)
    if not isinstance(angle, (int, float)):
        raise TypeError("Argument angle should be int or float")
    if center is not None and not isinstance(center, (list, tuple)):
        raise TypeError("Argument center should be a sequence")
    if not isinstance(img, Tensor):
        how = pil_modes_mapping[mode]
        return pillow.rotate(img, angle=angle, interpolation=how, expand=expand, center=center, fill=fill)
    _, height, width = get_dimensions(img)
    size = (height, width)
    matrix = affine_matrix(from_middle(center, size), -angle, [0.0, 0.0], 1.0, [0.0, 0.0])
    _check(img, mode, fill, matrix=matrix)
    out = turned_size(matrix, width, height)[::-1] if expand else size
    return _warped(img, affine_grid(matrix, size, out, _real(img)), mode, fill)


def perspective(
    img: Any,
    startpoints: Sequence[Sequence[int]],
    endpoints: Sequence[Sequence[int]],
    interpolation: InterpolationMode = InterpolationMode.BILINEAR,
    fill: Any = None,
) -> Any:
    """The image seen from elsewhere: its four corners ``startpoints`` (x, y, from top left around) come to ``endpoints``."""
    coefficients = perspective_coefficients(startpoints, endpoints)
    mode = _mode(interpolation)
    if not isinstance(img, Tensor):
        return pillow.perspective(img, coefficients, interpolation=pil_modes_mapping[mode], fill=fill)
    _check(img, mode, fill, coefficients=coefficients)
    return _warped(img, perspective_grid(coefficients, img.shape[-2:], _real(img)), mode, fill)


def elastic_transform(
    img: Any,
    displacement: Tensor,
    interpolation: InterpolationMode = InterpolationMode.BILINEAR,
    fill: Any = None,
) -> Any:
    """The image whose pixels come from elsewhere: each from its place and its ``displacement`` (1, H, W, 2; x and y, where the
    image is 2 wide and high)."""
    if isinstance(interpolation, int):
        warnings.warn(
            "Argument interpolation should be of type InterpolationMode instead of int. "
            "Please, use InterpolationMode enum.",
            stacklevel=users_level(),
        )
        interpolation = from_pillow(interpolation)
    if not isinstance(displacement, Tensor):
        raise TypeError("Argument displacement should be a Tensor")
    if not isinstance(img, Tensor):
        if not is_pil_image(img):
            raise TypeError(f"img should be PIL Image or Tensor. Got {type(img)}")
        return to_pil_image(elastic_transform(pil_to_tensor(img), displacement, interpolation, fill), mode=img.mode)
    expected = adjoint.Size((1, *img.shape[-2:], 2))
    if displacement.shape != expected:
        raise ValueError(f"Argument displacement shape should be {expected}, but given {displacement.shape}")
    grid = identity_grid(img.shape[-2:], dtypes.get_default_dtype()) + displacement
    return _warped(img, grid, interpolation, fill)


# What programs use of torchvision's own.
_is_pil_image = is_pil_image


def _is_numpy(img: Any) -> bool:
    return isinstance(img, np.ndarray)


def _is_numpy_image(img: Any) -> bool:
    return img.ndim in {2, 3}


_interpolation_modes_from_int = from_pillow
_get_inverse_affine_matrix = affine_matrix
_get_perspective_coeffs = perspective_coefficients


def _compute_resized_output_size(
    image_size: tuple[int, int], size: list[int] | None, max_size: int | None = None, allow_size_none: bool = False
) -> list[int]:
    return list(resized(image_size, size, max_size, may_be_none=allow_size_none))
