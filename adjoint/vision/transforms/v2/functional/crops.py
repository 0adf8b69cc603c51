"""Crops: rectangles of images."""

from __future__ import annotations

import numbers
from collections.abc import Sequence
from typing import Any

import adjoint
from adjoint.tensor import Tensor
from adjoint.vision.transforms import pillow
from adjoint.vision.transforms.interpolation import InterpolationMode
from adjoint.vision.transforms.v2.functional.borders import offset, surrounded
from adjoint.vision.transforms.v2.functional.clamping import clamped
from adjoint.vision.transforms.v2.functional.flips import horizontal_flip_image, vertical_flip_image
from adjoint.vision.transforms.v2.functional.kernels import kernel_of, of_masks, of_videos, register
from adjoint.vision.transforms.v2.functional.rectangles import rectangles
from adjoint.vision.transforms.v2.functional.resizing import (
    Interpolation,
    resize_bounding_boxes,
    resize_image,
    resize_keypoints,
    resize_mask,
    resize_pil,
)
from adjoint.vision.transforms.v2.functional.sizes import get_size_pil
from adjoint.vision.tv_tensors import BoundingBoxFormat


def crop(inpt: Any, top: int, left: int, height: int, width: int) -> Any:
    """The rectangle at (top, left); what lies outside of the image is 0.

    >>> import adjoint as torch
    >>> crop(torch.tensor([[[1, 2], [3, 4]]]), 1, 0, 2, 2)
    tensor([[[3, 4],
             [0, 0]]])
    """
    return kernel_of(crop, type(inpt))(inpt, top=top, left=left, height=height, width=width)


def crop_image(image: Tensor, top: int, left: int, height: int, width: int) -> Tensor:
    """Images (..., C, H, W)."""
    h, w = image.shape[-2:]
    bottom, right = top + height, left + width
    if left >= 0 and top >= 0 and right <= w and bottom <= h:
        return image[..., top:bottom, left:right]
    inside = image[..., max(top, 0) : bottom, max(left, 0) : right]
    widths = [
        max(min(right, 0) - left, 0), max(right - max(w, left), 0), max(min(bottom, 0) - top, 0), max(bottom - max(h, top), 0),
    ]  # fmt: skip
    return surrounded(inside, widths)


@of_masks
def crop_mask(mask: Tensor, top: int, left: int, height: int, width: int) -> Tensor:
    """Masks (..., H, W)."""
    return crop_image(mask, top, left, height, width)


crop_video = of_videos(crop_image)


def crop_keypoints(
    keypoints: Tensor, top: int, left: int, height: int, width: int
) -> tuple[Tensor, tuple[int, int]]:
    """Points (..., 2), from the rectangle's corner, and its size."""
    return keypoints - adjoint.tensor([left, top], dtype=keypoints.dtype), (height, width)


def crop_bounding_boxes(
    bounding_boxes: Tensor,
    format: BoundingBoxFormat,
    top: int,
    left: int,
    height: int,
    width: int,
    clamping_mode: str | None = "soft",
) -> tuple[Tensor, tuple[int, int]]:
    """Boxes (..., K), from the rectangle's corner, and its size."""
    boxes = bounding_boxes - offset(format, left, top, bounding_boxes.dtype)
    if format is BoundingBoxFormat.XYXYXYXY:
        boxes = rectangles(boxes)
    return clamped(boxes, format, (height, width), clamping_mode), (height, width)


# The middle


def center_crop(inpt: Any, output_size: Sequence[int] | int) -> Any:
    """The rectangle of this height and width in the middle; a smaller image gets a border of 0."""
    return kernel_of(center_crop, type(inpt))(inpt, output_size=output_size)


def _pair(size: Any) -> list[int]:
    if isinstance(size, numbers.Number):
        return [int(size)] * 2  # type: ignore[call-overload]
    return [size[0]] * 2 if isinstance(size, (tuple, list)) and len(size) == 1 else list(size)


def _missing(size: Sequence[int], old: Sequence[int]) -> list[int]:
    """The border (left, top, right, bottom) that an image is too small by."""
    down, across = (max(new - n, 0) for new, n in zip(size, old))
    return [across // 2, down // 2, (across + 1) // 2, (down + 1) // 2]


def _middle(size: Sequence[int], old: Sequence[int]) -> tuple[int, int]:
    top, left = (round((n - new) / 2.0) for new, n in zip(size, old))
    return top, left


def center_crop_image(image: Tensor, output_size: Sequence[int] | int) -> Tensor:
    """Images (..., C, H, W)."""
    height, width = size = _pair(output_size)
    if not image.numel():
        return image.reshape(*image.shape[:-2], height, width)
    left, top, right, bottom = _missing(size, image.shape[-2:])
    if left or top or right or bottom:
        image = adjoint.nn.functional.pad(image, [left, right, top, bottom], value=0.0)
        if list(image.shape[-2:]) == size:
            return image
    top, left = _middle(size, image.shape[-2:])
    return image[..., top : top + height, left : left + width]


def _center_crop_pil(image: Any, output_size: Any) -> Any:
    height, width = size = _pair(output_size)
    border = _missing(size, get_size_pil(image))
    if any(border):
        image = pillow.pad(image, border, fill=0)
        if get_size_pil(image) == size:
            return image
    return pillow.crop(image, *_middle(size, get_size_pil(image)), height, width)


@of_masks
def center_crop_mask(mask: Tensor, output_size: Sequence[int] | int) -> Tensor:
    """Masks (..., H, W)."""
    return center_crop_image(mask, output_size)


center_crop_video = of_videos(center_crop_image)


def center_crop_keypoints(
    inpt: Tensor, canvas_size: tuple[int, int], output_size: Sequence[int] | int
) -> tuple[Tensor, tuple[int, int]]:
    """Points (..., 2), from the rectangle's corner, and its size."""
    size = _pair(output_size)
    return crop_keypoints(inpt, *_middle(size, canvas_size), *size)


def center_crop_bounding_boxes(
    bounding_boxes: Tensor,
    format: BoundingBoxFormat,
    canvas_size: tuple[int, int],
    output_size: Sequence[int] | int,
    clamping_mode: str | None = "soft",
) -> tuple[Tensor, tuple[int, int]]:
    """Boxes (..., K), from the rectangle's corner, and its size."""
    height, width = _pair(output_size)
    top, left = _middle((height, width), canvas_size)
    return crop_bounding_boxes(bounding_boxes, format, top, left, height, width, clamping_mode)


# Crops that are resized


def resized_crop(
    inpt: Any,
    top: int,
    left: int,
    height: int,
    width: int,
    size: Sequence[int] | int,
    interpolation: Interpolation = InterpolationMode.BILINEAR,
    antialias: bool | None = True,
) -> Any:
    """A rectangle of an image, resized."""
    return kernel_of(resized_crop, type(inpt))(
        inpt, top=top, left=left, height=height, width=width, size=size, interpolation=interpolation, antialias=antialias
    )


def resized_crop_image(
    image: Tensor,
    top: int,
    left: int,
    height: int,
    width: int,
    size: Sequence[int] | int,
    interpolation: Interpolation = InterpolationMode.BILINEAR,
    antialias: bool | None = True,
) -> Tensor:
    """Images (..., C, H, W)."""
    return resize_image(crop_image(image, top, left, height, width), size, interpolation, antialias=antialias)


def _resized_crop_pil(
    image: Any,
    top: int,
    left: int,
    height: int,
    width: int,
    size: Any,
    interpolation: Interpolation = InterpolationMode.BILINEAR,
    antialias: bool | None = True,
) -> Any:
    return resize_pil(pillow.crop(image, top, left, height, width), size, interpolation, antialias=antialias)


resized_crop_video = of_videos(resized_crop_image)


def resized_crop_mask(
    mask: Tensor, top: int, left: int, height: int, width: int, size: Sequence[int] | int
) -> Tensor:
    """Masks (..., H, W)."""
    return resize_mask(crop_mask(mask, top, left, height, width), size)


def resized_crop_keypoints(
    keypoints: Tensor, top: int, left: int, height: int, width: int, size: Sequence[int] | int
) -> tuple[Tensor, tuple[int, int]]:
    """Points (..., 2), and the size of the result."""
    keypoints, canvas_size = crop_keypoints(keypoints, top, left, height, width)
    return resize_keypoints(keypoints, size, canvas_size)


def resized_crop_bounding_boxes(
    bounding_boxes: Tensor,
    format: BoundingBoxFormat,
    top: int,
    left: int,
    height: int,
    width: int,
    size: Sequence[int] | int,
    clamping_mode: str | None = "soft",
) -> tuple[Tensor, tuple[int, int]]:
    """Boxes (..., K), and the size of the result."""
    boxes, canvas_size = crop_bounding_boxes(bounding_boxes, format, top, left, height, width, clamping_mode)
    return resize_bounding_boxes(boxes, canvas_size, size, format=format, clamping_mode=clamping_mode)


# The corners and the middle


def five_crop(inpt: Any, size: Sequence[int] | int) -> Any:
    """Five rectangles: at the top left, top right, bottom left and bottom right, and in the middle."""
    return kernel_of(five_crop, type(inpt))(inpt, size=size)


def ten_crop(inpt: Any, size: Sequence[int] | int, vertical_flip: bool = False) -> Any:
    """Five rectangles, and those of the image flipped, horizontally or vertically."""
    return kernel_of(ten_crop, type(inpt))(inpt, size=size, vertical_flip=vertical_flip)


def _five(image: Any, size: Any, old: Sequence[int], crop_one: Any, crop_middle: Any) -> tuple[Any, ...]:
    both = _pair(size)
    if len(both) != 2:
        raise ValueError("Please provide only two dimensions (h, w) for size.")
    height, width = both
    if width > old[1] or height > old[0]:
        raise ValueError(f"Requested crop size {size} is bigger than input size {tuple(old)}")
    corners = [(top, left) for top in (0, old[0] - height) for left in (0, old[1] - width)]
    return *(crop_one(image, *corner, height, width) for corner in corners), crop_middle(image, [height, width])


def five_crop_image(image: Tensor, size: Sequence[int] | int) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
    """Images (..., C, H, W)."""
    return _five(image, size, image.shape[-2:], crop_image, center_crop_image)  # type: ignore[return-value]


def _five_crop_pil(image: Any, size: Any) -> Any:
    return _five(image, size, get_size_pil(image), pillow.crop, _center_crop_pil)


def ten_crop_image(image: Tensor, size: Sequence[int] | int, vertical_flip: bool = False) -> tuple[Tensor, ...]:
    """Images (..., C, H, W)."""
    flipped = vertical_flip_image(image) if vertical_flip else horizontal_flip_image(image)
    return five_crop_image(image, size) + five_crop_image(flipped, size)


def _ten_crop_pil(image: Any, size: Any, vertical_flip: bool = False) -> Any:
    flipped = pillow.vflip(image) if vertical_flip else pillow.hflip(image)
    return _five_crop_pil(image, size) + _five_crop_pil(flipped, size)


five_crop_video, ten_crop_video = of_videos(five_crop_image), of_videos(ten_crop_image)

register(
    crop, image=crop_image, pil=pillow.crop, mask=crop_mask, boxes=crop_bounding_boxes, keypoints=crop_keypoints,
)  # fmt: skip
register(
    center_crop, image=center_crop_image, pil=_center_crop_pil, mask=center_crop_mask, boxes=center_crop_bounding_boxes,
    keypoints=center_crop_keypoints,
)  # fmt: skip
register(
    resized_crop, image=resized_crop_image, pil=_resized_crop_pil, mask=resized_crop_mask, boxes=resized_crop_bounding_boxes,
    keypoints=resized_crop_keypoints,
)  # fmt: skip
register(five_crop, image=five_crop_image, pil=_five_crop_pil)
register(ten_crop, image=ten_crop_image, pil=_ten_crop_pil)
