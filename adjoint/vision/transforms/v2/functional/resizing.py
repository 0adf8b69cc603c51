"""Images of another size, and what is in them."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import adjoint
from adjoint import dtypes
from adjoint.places import users_level
from adjoint.tensor import Tensor
from adjoint.vision.transforms.interpolation import InterpolationMode, from_pillow, pil_modes_mapping, resized
from adjoint.vision.transforms.v2.functional.clamping import clamped
from adjoint.vision.transforms.v2.functional.formats import converted
from adjoint.vision.transforms.v2.functional.kernels import kernel_of, of_masks, of_videos, register
from adjoint.vision.transforms.v2.functional.rectangles import rectangles
from adjoint.vision.transforms.v2.functional.sizes import get_size_pil
from adjoint.vision.tv_tensors import BoundingBoxFormat, is_rotated_bounding_format

Interpolation = str | InterpolationMode | int
_OF_NAME = {mode.value: mode for mode in InterpolationMode}


def interpolation_mode(interpolation: Interpolation) -> InterpolationMode:
    """The mode of this name or of Pillow's number, or that mode itself.  Raises ValueError for others."""
    if isinstance(interpolation, str):
        if interpolation not in _OF_NAME:
            raise ValueError(
                f"Invalid interpolation mode: '{interpolation}'. Supported string values are: {list(_OF_NAME)}."
            )
        return _OF_NAME[interpolation]
    if isinstance(interpolation, int):
        return from_pillow(interpolation)
    if not isinstance(interpolation, InterpolationMode):
        raise ValueError(
            "Argument interpolation should be an `InterpolationMode` or a corresponding Pillow integer constant, "
            f"but got {interpolation}."
        )
    return interpolation


def resized_to(canvas_size: tuple[int, int], size: Any, max_size: int | None = None) -> tuple[int, int]:
    """The height and width that :func:`resize` gives an image of this size."""
    if isinstance(size, int):
        size = [size]
    elif max_size is not None and size is not None and len(size) != 1:
        raise ValueError(
            "max_size should only be passed if size is None or specifies the length of the smaller edge, "
            "i.e. size should be an int or a sequence of length 1 in torchscript mode."
        )
    return resized(canvas_size, size, max_size, may_be_none=True)


def resize(
    inpt: Any,
    size: Sequence[int] | int | None,
    interpolation: Interpolation = InterpolationMode.BILINEAR,
    max_size: int | None = None,
    antialias: bool | None = True,
) -> Any:
    """An image of another size: ``size`` is its height and width, or its shorter side, or None for a longer side of ``max_size``.

    ``interpolation`` says how values between pixels are found, ``antialias`` whether those of a smaller image are means of all that
    they cover (Pillow's always are).

    >>> import adjoint as torch
    >>> resize(torch.zeros(3, 4, 8), 2).shape
    torch.Size([3, 2, 4])
    """
    return kernel_of(resize, type(inpt))(
        inpt, size=size, interpolation=interpolation, max_size=max_size, antialias=antialias
    )


_SMOOTH = (InterpolationMode.BILINEAR, InterpolationMode.BICUBIC, InterpolationMode.LANCZOS)
_INTEGERS = (dtypes.uint8, dtypes.int8, dtypes.int16, dtypes.int32, dtypes.int64)


def resize_image(
    image: Tensor,
    size: Sequence[int] | int | None,
    interpolation: Interpolation = InterpolationMode.BILINEAR,
    max_size: int | None = None,
    antialias: bool | None = True,
) -> Tensor:
    """Images (..., C, H, W); bytes are resized as bytes, other integers as floats that are rounded."""
    mode = interpolation_mode(interpolation)
    smooth = mode in _SMOOTH
    if mode is InterpolationMode.LANCZOS and not antialias:
        raise ValueError("InterpolationMode.LANCZOS requires antialias=True")
    channels, height, width = image.shape[-3:]
    old = (height, width)
    new = resized_to(old, size, max_size)
    if new == old:
        return image
    shape = (*image.shape[:-3], channels, *new)
    if not image.numel():
        return image.reshape(shape)
    dtype = image.dtype
    images = _in_their_order(image.reshape(-1, channels, *old))
    as_they_are = dtype in (dtypes.float32, dtypes.float64, dtypes.uint8)
    images = adjoint.nn.functional.interpolate(
        images if as_they_are else images.to(dtypes.float32), size=list(new), mode=mode.value,
        align_corners=False if smooth else None, antialias=smooth and bool(antialias),
    )  # fmt: skip
    if not as_they_are:
        images = (images.round() if dtype in _INTEGERS else images).to(dtype)
    return images.reshape(shape)


def _in_their_order(images: Tensor) -> Tensor:
    """A single image whose channels lie last, such that its first stride tells so: what is made of it lies likewise."""
    if images.shape[0] == 1 and images.is_contiguous(memory_format=adjoint.channels_last):
        strides = images.stride()
        if strides[0] != images.numel():
            return images.as_strided(images.shape, (images.numel(), *strides[1:]))
    return images


def resize_pil(
    image: Any,
    size: Any,
    interpolation: Interpolation = InterpolationMode.BILINEAR,
    max_size: int | None = None,
    antialias: bool | None = True,
) -> Any:
    """Images of Pillow's, by Pillow, which always is against aliasing."""
    if antialias is False:
        warnings.warn(
            "Anti-alias option is always applied for PIL Image input. Argument antialias is ignored.", stacklevel=users_level()
        )
    old = tuple(get_size_pil(image))
    new = resized_to(old, size, max_size)  # type: ignore[arg-type]
    mode = interpolation_mode(interpolation)
    return image if new == old else image.resize((new[1], new[0]), resample=pil_modes_mapping[mode])


@of_masks
def _resize_mask(mask: Tensor, size: Any, mode: InterpolationMode, max_size: int | None) -> Tensor:
    return resize_image(mask, size, interpolation=mode, max_size=max_size)


def resize_mask(
    mask: Tensor,
    size: Sequence[int] | int | None,
    interpolation: Interpolation = InterpolationMode.BILINEAR,
    max_size: int | None = None,
) -> Tensor:
    """Masks (..., H, W): each pixel is one of the input's, whatever interpolation is asked for."""
    mode = interpolation_mode(interpolation)
    nearest = mode in (InterpolationMode.NEAREST, InterpolationMode.NEAREST_EXACT)
    return _resize_mask(mask, size, mode if nearest else InterpolationMode.NEAREST, max_size)  # type: ignore[no-any-return]


resize_video = of_videos(resize_image)


def resize_keypoints(
    keypoints: Tensor, size: Sequence[int] | int | None, canvas_size: tuple[int, int], max_size: int | None = None
) -> tuple[Tensor, tuple[int, int]]:
    """Points (..., 2) of an image that is resized, and its new size."""
    new = resized_to(canvas_size, size, max_size)
    if new == canvas_size:
        return keypoints, canvas_size
    return keypoints.mul(_ratios(canvas_size, new, 1)).to(keypoints.dtype), new


def resize_bounding_boxes(
    bounding_boxes: Tensor,
    canvas_size: tuple[int, int],
    size: Sequence[int] | int | None,
    max_size: int | None = None,
    format: BoundingBoxFormat = BoundingBoxFormat.XYXY,
    clamping_mode: str | None = "soft",
) -> tuple[Tensor, tuple[int, int]]:
    """Boxes (..., K) of an image that is resized, and its new size.  Rotated ones, which get out of shape, become rectangles."""
    new = resized_to(canvas_size, size, max_size)
    if new == canvas_size:
        return bounding_boxes, canvas_size
    dtype = bounding_boxes.dtype
    if not is_rotated_bounding_format(format):
        return bounding_boxes.mul(_ratios(canvas_size, new, 2)).to(dtype), new
    common = BoundingBoxFormat.XYXYXYXY
    corners = converted(bounding_boxes, format, common).reshape(-1, 8).mul(_ratios(canvas_size, new, 4))
    corners = clamped(rectangles(corners), common, new, clamping_mode)
    return converted(corners, common, format).to(dtype).reshape(bounding_boxes.shape), new


def _ratios(old: tuple[int, int], new: tuple[int, int], times: int) -> Tensor:
    return adjoint.tensor([new[1] / old[1], new[0] / old[0]] * times)


register(
    resize, image=resize_image, pil=resize_pil, mask=resize_mask, boxes=resize_bounding_boxes, keypoints=resize_keypoints,
)  # fmt: skip
