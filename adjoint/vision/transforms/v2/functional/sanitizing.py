"""Boxes and points that are of no use removed, as transforms leave them."""

from __future__ import annotations

import adjoint
from adjoint.tensor import Tensor
from adjoint.vision import tv_tensors
from adjoint.vision.transforms.v2.functional.formats import converted
from adjoint.vision.transforms.v2.functional.kernels import is_pure_tensor
from adjoint.vision.tv_tensors import BoundingBoxes, BoundingBoxFormat, KeyPoints, is_rotated_bounding_format


def sanitize_bounding_boxes(
    bounding_boxes: Tensor,
    format: BoundingBoxFormat | str | None = None,
    canvas_size: tuple[int, int] | None = None,
    min_size: float = 1.0,
    min_area: float = 1.0,
) -> tuple[Tensor, Tensor]:
    """The boxes that lie in their image and are not too small, and for each of all whether it does.

    Sides are at least ``min_size`` long, areas ``min_area`` large.  Of plain tensors, ``format`` and ``canvas_size`` are to
    be given.
    """
    if is_pure_tensor(bounding_boxes):
        if format is None or canvas_size is None:
            raise ValueError(
                "format and canvas_size cannot be None if bounding_boxes is a pure tensor. "
                f"Got format={format} and canvas_size={canvas_size}."
                "Set those to appropriate values or pass bounding_boxes as a tv_tensors.BoundingBoxes object."
            )
        kind = BoundingBoxFormat[format.upper()] if isinstance(format, str) else format
        valid = valid_boxes(bounding_boxes, kind, canvas_size, min_size, min_area)
        return bounding_boxes[valid], valid
    if not isinstance(bounding_boxes, BoundingBoxes):
        raise ValueError("bounding_boxes must be a tv_tensors.BoundingBoxes instance or a pure tensor.")
    if format is not None or canvas_size is not None:
        raise ValueError(
            "format and canvas_size must be None when bounding_boxes is a tv_tensors.BoundingBoxes instance. "
            f"Got format={format} and canvas_size={canvas_size}. "
            "Leave those to None or pass bounding_boxes as a pure tensor."
        )
    plain = bounding_boxes.as_subclass(Tensor)
    valid = valid_boxes(plain, bounding_boxes.format, bounding_boxes.canvas_size, min_size, min_area)
    return tv_tensors.wrap(plain[valid], like=bounding_boxes), valid


def valid_boxes(
    boxes: Tensor, format: BoundingBoxFormat, canvas_size: tuple[int, int], min_size: float = 1.0, min_area: float = 1.0
) -> Tensor:
    """For each box (N, K) whether it lies in the canvas and is not too small."""
    rotated = is_rotated_bounding_format(format)
    corners = converted(boxes, format, BoundingBoxFormat.XYXYXYXY if rotated else BoundingBoxFormat.XYXY)
    x, y = corners[..., 0::2], corners[..., 1::2]
    if rotated:
        # The second side is measured by numbers 3 to 6 in this order, as torchvision has it.
        w = adjoint.sqrt((x[:, 0] - x[:, 1]).pow(2) + (y[:, 0] - y[:, 1]).pow(2))
        h = adjoint.sqrt((y[:, 1] - y[:, 2]).pow(2) + (x[:, 2] - x[:, 3]).pow(2))
    else:
        w, h = x[:, 1] - x[:, 0], y[:, 1] - y[:, 0]
    height, width = canvas_size
    valid = (w >= min_size) & (h >= min_size) & (corners >= 0).all(dim=-1) & (w * h >= min_area)
    return valid & (x <= width).all(dim=-1) & (y <= height).all(dim=-1)  # type: ignore[no-any-return]


def sanitize_keypoints(
    key_points: Tensor, canvas_size: tuple[int, int] | None = None
) -> tuple[Tensor, Tensor]:
    """The points, or groups of points, that lie in their image, and for each of all whether it does.

    Of plain tensors, ``canvas_size`` is to be given.
    """
    if is_pure_tensor(key_points):
        if canvas_size is None:
            raise ValueError(
                "canvas_size cannot be None if key_points is a pure tensor. "
                "Set it to an appropriate value or pass key_points as a tv_tensors.KeyPoints object."
            )
        valid = valid_points(key_points, canvas_size)
        return key_points[valid], valid
    if not isinstance(key_points, KeyPoints):
        raise ValueError("key_points must be a tv_tensors.KeyPoints instance or a pure tensor.")
    if canvas_size is not None:
        raise ValueError(
            "canvas_size must be None when key_points is a tv_tensors.KeyPoints instance. "
            f"Got canvas_size={canvas_size}. "
            "Leave it to None or pass key_points as a pure tensor."
        )
    plain = key_points.as_subclass(Tensor)
    valid = valid_points(plain, key_points.canvas_size)
    return tv_tensors.wrap(plain[valid], like=key_points), valid


def valid_points(points: Tensor, canvas_size: tuple[int, int]) -> Tensor:
    """For each point (N, 2), or group (N, ..., 2), whether all of it lies in the canvas."""
    height, width = canvas_size
    x, y = points[..., 0], points[..., 1]
    valid = (x >= 0) & (x < width) & (y >= 0) & (y < height)
    return valid.flatten(start_dim=1).all(dim=1) if valid.ndim > 1 else valid
