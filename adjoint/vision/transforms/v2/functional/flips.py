"""Flips: left and right, or top and bottom, exchanged."""

from __future__ import annotations

import math
from typing import Any

from adjoint.tensor import Tensor
from adjoint.vision.transforms import pillow
from adjoint.vision.transforms.v2.functional.kernels import kernel_of, of_videos, register
from adjoint.vision.tv_tensors import BoundingBoxFormat


def horizontal_flip(inpt: Any) -> Any:
    """Left and right exchanged.

    >>> import adjoint as torch
    >>> horizontal_flip(torch.tensor([[[1, 2, 3]]]))
    tensor([[[3, 2, 1]]])
    """
    return kernel_of(horizontal_flip, type(inpt))(inpt)


def vertical_flip(inpt: Any) -> Any:
    """Top and bottom exchanged."""
    return kernel_of(vertical_flip, type(inpt))(inpt)


hflip, vflip = horizontal_flip, vertical_flip


def horizontal_flip_image(image: Tensor) -> Tensor:
    """Images (..., H, W)."""
    return image.flip(-1)


def vertical_flip_image(image: Tensor) -> Tensor:
    """Images (..., H, W)."""
    return image.flip(-2)


def horizontal_flip_mask(mask: Tensor) -> Tensor:
    """Masks (..., H, W)."""
    return mask.flip(-1)


def vertical_flip_mask(mask: Tensor) -> Tensor:
    """Masks (..., H, W)."""
    return mask.flip(-2)


horizontal_flip_video, vertical_flip_video = of_videos(horizontal_flip_image), of_videos(vertical_flip_image)


def horizontal_flip_keypoints(keypoints: Tensor, canvas_size: tuple[int, int]) -> Tensor:
    """Points (..., 2): x from the other side."""
    return _mirrored_points(keypoints, 0, canvas_size[1])


def vertical_flip_keypoints(keypoints: Tensor, canvas_size: tuple[int, int]) -> Tensor:
    """Points (..., 2): y from the other side."""
    return _mirrored_points(keypoints, 1, canvas_size[0])


def _mirrored_points(points: Tensor, axis: int, length: int) -> Tensor:
    points = points.clone()
    points[..., axis] = -(points[..., axis] - (length - 1))
    return points


def horizontal_flip_bounding_boxes(
    bounding_boxes: Tensor, format: BoundingBoxFormat, canvas_size: tuple[int, int]
) -> Tensor:
    """Boxes (..., K); corners keep their order, the right ones become the left ones."""
    return _mirrored_boxes(bounding_boxes, format, 0, canvas_size[1])


def vertical_flip_bounding_boxes(
    bounding_boxes: Tensor, format: BoundingBoxFormat, canvas_size: tuple[int, int]
) -> Tensor:
    """Boxes (..., K); corners keep their order, the lower ones become the upper ones."""
    return _mirrored_boxes(bounding_boxes, format, 1, canvas_size[0])


def _mirrored_boxes(boxes: Tensor, format: BoundingBoxFormat, axis: int, length: int) -> Tensor:
    """Boxes mirrored along x (0) or y (1)."""
    shape, boxes = boxes.shape, boxes.clone().reshape(-1, _NUMBERS[format.value])
    places = boxes[:, axis]
    if format is BoundingBoxFormat.XYXY:
        boxes[:, [axis, axis + 2]] = -(boxes[:, [axis + 2, axis]] - length)
    elif format is BoundingBoxFormat.XYXYXYXY:
        boxes[:, axis::2].sub_(length).neg_()
        boxes = boxes[:, [2, 3, 0, 1, 6, 7, 4, 5]]
    elif format is BoundingBoxFormat.XYWH:
        places.add_(boxes[:, axis + 2]).sub_(length).neg_()
    else:
        if format is BoundingBoxFormat.XYWHR:  # the corner on the other end of the first side becomes the first
            radians = boxes[:, 4].mul(math.pi).div(180)
            boxes[:, 0].add_(boxes[:, 2].mul(radians.cos()))
            boxes[:, 1].sub_(boxes[:, 2].mul(radians.sin()))
        places.sub_(length).neg_()
        if format is not BoundingBoxFormat.CXCYWH:
            boxes[:, 4].neg_()
            if axis:
                boxes[:, 4].add_(180)
    return boxes.reshape(shape)


_NUMBERS = {"XYXY": 4, "XYWH": 4, "CXCYWH": 4, "XYWHR": 5, "CXCYWHR": 5, "XYXYXYXY": 8}

register(
    horizontal_flip, image=horizontal_flip_image, pil=pillow.hflip, mask=horizontal_flip_mask,
    boxes=horizontal_flip_bounding_boxes, keypoints=horizontal_flip_keypoints,
)  # fmt: skip
register(
    vertical_flip, image=vertical_flip_image, pil=pillow.vflip, mask=vertical_flip_mask,
    boxes=vertical_flip_bounding_boxes, keypoints=vertical_flip_keypoints,
)  # fmt: skip
