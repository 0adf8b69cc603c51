"""Boxes: areas, overlaps and the choice among overlapping ones.  A box is ``(x1, y1, x2, y2)``, unless said otherwise."""

from __future__ import annotations

from typing import Any

import adjoint
from adjoint.tensor import Tensor
from adjoint.vision.ops.box_formats import box_convert
from adjoint.vision.ops.box_overlaps import (
    box_area,
    box_iou,
    complete_box_iou,
    distance_box_iou,
    generalized_box_iou,
)
from adjoint.vision.ops.suppression import nms as _suppression

__all__ = [
    "batched_nms",
    "box_area",
    "box_convert",
    "box_iou",
    "clip_boxes_to_image",
    "complete_box_iou",
    "distance_box_iou",
    "generalized_box_iou",
    "masks_to_boxes",
    "nms",
    "remove_small_boxes",
]

_MANY = 4000  # numbers in boxes from which on categories are looked at one by one


def nms(boxes: Tensor, scores: Tensor, iou_threshold: float) -> Tensor:
    """Non-maximum suppression: the boxes that no box of a higher score overlaps by more than ``iou_threshold``, best first.

    ``boxes`` (N, 4) and ``scores`` (N,), of one floating-point dtype; returns indices, int64.  Raises RuntimeError for
    other shapes.

    >>> import adjoint as torch
    >>> from adjoint.vision.ops import nms
    >>> nms(torch.tensor([[0., 0., 2., 2.], [0., 0., 2., 3.], [5., 5., 6., 6.]]), torch.tensor([0.5, 0.9, 0.1]), 0.5)
    tensor([1, 2])
    """
    return _suppression.function(boxes, scores, iou_threshold)  # type: ignore[no-any-return]


def batched_nms(boxes: Tensor, scores: Tensor, idxs: Tensor, iou_threshold: float) -> Tensor:
    """:func:`nms` among the boxes of each category ``idxs`` (N,)."""
    way = _batched_nms_vanilla if boxes.numel() > _MANY else _batched_nms_coordinate_trick
    return way(boxes, scores, idxs, iou_threshold)


def _batched_nms_coordinate_trick(boxes: Tensor, scores: Tensor, idxs: Tensor, iou_threshold: float) -> Tensor:
    """Once, with each category's boxes moved to where no box of another is."""
    if boxes.numel() == 0:
        return adjoint.empty((0,), dtype=adjoint.int64, device=boxes.device)
    apart = idxs.to(boxes) * (boxes.max() + 1)
    return nms(boxes + apart[:, None], scores, iou_threshold)


def _batched_nms_vanilla(boxes: Tensor, scores: Tensor, idxs: Tensor, iou_threshold: float) -> Tensor:
    """Category by category, in which moving rounds nothing."""
    kept = adjoint.zeros_like(scores, dtype=adjoint.bool)
    for category in adjoint.unique(idxs):
        own = adjoint.where(idxs == category)[0]
        kept[own[nms(boxes[own], scores[own], iou_threshold)]] = True
    found = adjoint.where(kept)[0]
    return found[scores[found].sort(descending=True)[1]]


def clip_boxes_to_image(boxes: Tensor, size: tuple[int, int]) -> Tensor:
    """Boxes (..., 4), cut off where they reach out of an image of ``size`` (height, width)."""
    height, width = size
    x, y = boxes[..., 0::2].clamp(min=0, max=width), boxes[..., 1::2].clamp(min=0, max=height)
    return adjoint.stack((x, y), dim=boxes.dim()).reshape(boxes.shape)


def remove_small_boxes(boxes: Tensor, min_size: float) -> Tensor:
    """Which of the boxes have no side that is shorter than ``min_size``: their indices."""
    wide, high = boxes[..., 2] - boxes[..., 0], boxes[..., 3] - boxes[..., 1]
    return adjoint.where((wide >= min_size) & (high >= min_size))[0]


def masks_to_boxes(masks: Tensor) -> Tensor:
    """The smallest boxes around the true elements of masks of shape (N, H, W): (N, 4), floats; zeros for a mask without any."""
    if masks.numel() == 0:
        return adjoint.zeros((0, 4), device=masks.device, dtype=adjoint.float32)
    true = masks.bool()

    def ends(line: Any) -> tuple[Tensor, Tensor]:
        """The first and the last true element of each line (N, L)."""
        marks = line.float()
        return marks.argmax(dim=1), line.shape[1] - 1 - marks.flip(dims=[1]).argmax(dim=1)

    rows, columns = true.any(dim=2), true.any(dim=1)
    (y1, y2), (x1, x2) = ends(rows), ends(columns)
    boxes = adjoint.stack([x1, y1, x2, y2], dim=1).float()
    boxes[~rows.any(dim=1)] = 0
    return boxes
