"""How much boxes overlap: intersection over union, and what was made of it to tell apart boxes that do not overlap."""

from __future__ import annotations

import math

import adjoint
from adjoint.tensor import Tensor
from adjoint.vision.ops.box_formats import ROTATED, UPRIGHT, box_convert
from adjoint.vision.ops.rotated_overlap import box_iou_rotated


def upcast(boxes: Tensor) -> Tensor:
    """Of a dtype in which areas do not overflow."""
    if boxes.is_floating_point():
        return boxes if boxes.dtype in (adjoint.float32, adjoint.float64) else boxes.float()
    return boxes if boxes.dtype in (adjoint.int32, adjoint.int64) else boxes.int()


def box_area(boxes: Tensor, fmt: str = "xyxy") -> Tensor:
    """The areas of boxes of shape (..., 4): (...).  ``fmt`` is ``"xyxy"``, ``"xywh"`` or ``"cxcywh"``.

    >>> import adjoint as torch
    >>> torch_ops = __import__("adjoint.vision.ops", fromlist=["box_area"])
    >>> torch_ops.box_area(torch.tensor([[0., 0., 2., 3.]]))
    tensor([6.])
    """
    if fmt not in UPRIGHT:
        raise ValueError(f"Unsupported Bounding Box area for given format {fmt}")
    boxes = upcast(boxes)
    if fmt == "xyxy":
        return (boxes[..., 2] - boxes[..., 0]) * (boxes[..., 3] - boxes[..., 1])
    return boxes[..., 2] * boxes[..., 3]


def _corners(boxes: Tensor, fmt: str) -> tuple[Tensor, Tensor]:
    """The corners of boxes: (..., 2), where coordinates are least and where they are greatest."""
    first, second = boxes[..., :2], boxes[..., 2:]
    if fmt == "xyxy":
        return first, second
    return (first, first + second) if fmt == "xywh" else (first - second / 2, first + second / 2)


def _intersection(boxes1: Tensor, boxes2: Tensor, fmt: str = "xyxy") -> tuple[Tensor, Tensor]:
    """The areas in which each of one and each of the other overlap, and those in which either is."""
    area1, area2 = box_area(boxes1, fmt), box_area(boxes2, fmt)
    (low1, high1), (low2, high2) = _corners(boxes1, fmt), _corners(boxes2, fmt)
    low = adjoint.max(low1[..., None, :], low2[..., None, :, :])
    high = adjoint.min(high1[..., None, :], high2[..., None, :, :])
    sides = upcast(high - low).clamp(min=0)
    both = sides[..., 0] * sides[..., 1]
    return both, area1[..., None] + area2[..., None, :] - both


def box_iou(boxes1: Tensor, boxes2: Tensor, fmt: str = "xyxy") -> Tensor:
    """Intersection over union of each of (..., N, K) and each of (..., M, K) boxes: (..., N, M).

    ``fmt`` as for :func:`box_convert`; of rotated boxes, without more dimensions and without a gradient.
    """
    if fmt in UPRIGHT:
        both, either = _intersection(boxes1, boxes2, fmt)
        return both / either
    if fmt not in ROTATED:
        raise ValueError(
            f"Unsupported format '{fmt}'. Supported axis-aligned formats: {UPRIGHT}. Supported rotated formats: "
            "('cxcywhr', 'xywhr', 'xyxyxyxy')."
        )
    if fmt != "cxcywhr":
        boxes1, boxes2 = (box_convert(boxes, fmt, "cxcywhr") for boxes in (boxes1, boxes2))
    return box_iou_rotated.function(boxes1, boxes2)  # type: ignore[no-any-return]


def _around(boxes1: Tensor, boxes2: Tensor) -> Tensor:
    """The sides of the smallest boxes around each of one and each of the other."""
    low = adjoint.min(boxes1[..., None, :2], boxes2[..., None, :, :2])
    high = adjoint.max(boxes1[..., None, 2:], boxes2[..., None, :, 2:])
    return upcast(high - low).clamp(min=0)


def generalized_box_iou(boxes1: Tensor, boxes2: Tensor) -> Tensor:
    """Rezatofighi et al. (2019): of boxes that do not overlap it says how far apart they are, -1 to 1; (..., N, M)."""
    both, either = _intersection(boxes1, boxes2)
    sides = _around(boxes1, boxes2)
    around = sides[..., 0] * sides[..., 1]
    return both / either - (around - either) / around


def distance_box_iou(boxes1: Tensor, boxes2: Tensor, eps: float = 1e-7) -> Tensor:
    """Zheng et al. (2020): less the distance of the centers, in diagonals of the box around both; (..., N, M)."""
    return _distance_iou(upcast(boxes1), upcast(boxes2), eps)[0]


def _distance_iou(boxes1: Tensor, boxes2: Tensor, eps: float) -> tuple[Tensor, Tensor]:
    iou = box_iou(boxes1, boxes2)
    sides = _around(boxes1, boxes2)
    diagonal = sides[..., 0] ** 2 + sides[..., 1] ** 2 + eps
    centers1, centers2 = ((boxes[..., :2] + boxes[..., 2:]) / 2 for boxes in (boxes1, boxes2))
    apart = upcast(centers1[..., None, :] - centers2[..., None, :, :]) ** 2
    return iou - (apart[..., 0] + apart[..., 1]) / diagonal, iou


def complete_box_iou(boxes1: Tensor, boxes2: Tensor, eps: float = 1e-7) -> Tensor:
    """Zheng et al. (2020): :func:`distance_box_iou`, less how far the boxes differ in shape; (..., N, M)."""
    boxes1, boxes2 = upcast(boxes1), upcast(boxes2)
    distance, iou = _distance_iou(boxes1, boxes2, eps)

    def angle(boxes: Tensor) -> Tensor:
        return adjoint.atan((boxes[..., 2] - boxes[..., 0]) / (boxes[..., 3] - boxes[..., 1]))

    v = (4 / math.pi**2) * (angle(boxes1)[..., None] - angle(boxes2)[..., None, :]) ** 2
    with adjoint.no_grad():
        alpha = v / (1 - iou + v + eps)
    return distance - alpha * v
