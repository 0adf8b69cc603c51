"""Boxes: areas, overlaps and the choice among overlapping ones.  A box is ``(x1, y1, x2, y2)``, unless said otherwise."""

from __future__ import annotations

import math

import numpy as np

import adjoint
from adjoint.tensor import Tensor, from_array


def _upcast(boxes: Tensor) -> Tensor:
    """Of a dtype in which areas do not overflow."""
    if boxes.is_floating_point():
        return boxes if boxes.dtype in (adjoint.float32, adjoint.float64) else boxes.float()
    return boxes if boxes.dtype in (adjoint.int32, adjoint.int64) else boxes.int()


def box_area(boxes: Tensor, fmt: str = "xyxy") -> Tensor:
    """The areas of boxes of shape (N, 4): (N,).  ``fmt`` is ``"xyxy"``, ``"xywh"`` or ``"cxcywh"``.

    >>> import adjoint as torch
    >>> torch_ops = __import__("adjoint.vision.ops", fromlist=["box_area"])
    >>> torch_ops.box_area(torch.tensor([[0., 0., 2., 3.]]))
    tensor([6.])
    """
    _check_format(fmt)
    boxes = _upcast(boxes)
    if fmt == "xyxy":
        return (boxes[..., 2] - boxes[..., 0]) * (boxes[..., 3] - boxes[..., 1])
    return boxes[..., -2] * boxes[..., -1]


_FORMATS = ("xyxy", "xywh", "cxcywh", "xywhr", "cxcywhr", "xyxyxyxy")


def _check_format(fmt: str, allowed: tuple[str, ...] = _FORMATS[:3]) -> None:
    if fmt not in allowed:
        raise ValueError(f"Unsupported Box area for given format {fmt}")


def _intersection(boxes1: Tensor, boxes2: Tensor) -> tuple[Tensor, Tensor]:
    """The areas in which each of one and each of the other overlap, and those in which either is."""
    area1, area2 = box_area(boxes1), box_area(boxes2)
    low = adjoint.max(boxes1[..., None, :2], boxes2[..., None, :, :2])
    high = adjoint.min(boxes1[..., None, 2:], boxes2[..., None, :, 2:])
    sides = _upcast(high - low).clamp(min=0)
    both = sides[..., 0] * sides[..., 1]
    return both, area1[..., None] + area2[..., None, :] - both


def box_iou(boxes1: Tensor, boxes2: Tensor, fmt: str = "xyxy") -> Tensor:
    """Intersection over union of each of (N, 4) and each of (M, 4) boxes: (N, M)."""
    _check_format(fmt)
    if fmt != "xyxy":
        boxes1, boxes2 = box_convert(boxes1, fmt, "xyxy"), box_convert(boxes2, fmt, "xyxy")
    both, either = _intersection(boxes1, boxes2)
    return both / either


def generalized_box_iou(boxes1: Tensor, boxes2: Tensor) -> Tensor:
    """Rezatofighi et al. (2019): of boxes that do not overlap it says how far apart they are, -1 to 1; (N, M)."""
    both, either = _intersection(boxes1, boxes2)
    sides = _upcast(_around(boxes1, boxes2)).clamp(min=0)
    around = sides[..., 0] * sides[..., 1]
    return both / either - (around - either) / around


def _around(boxes1: Tensor, boxes2: Tensor) -> Tensor:
    """The sides of the smallest boxes around each of one and each of the other."""
    low = adjoint.min(boxes1[:, None, :2], boxes2[:, :2])
    return adjoint.max(boxes1[:, None, 2:], boxes2[:, 2:]) - low


def distance_box_iou(boxes1: Tensor, boxes2: Tensor, eps: float = 1e-7) -> Tensor:
    """Zheng et al. (2020): less the distance of the centers, in diagonals of the box around both; (N, M)."""
    boxes1, boxes2 = _upcast(boxes1), _upcast(boxes2)
    return _distance_iou(boxes1, boxes2, eps)[0]


def _distance_iou(boxes1: Tensor, boxes2: Tensor, eps: float) -> tuple[Tensor, Tensor]:
    iou = box_iou(boxes1, boxes2)
    sides = _upcast(_around(boxes1, boxes2)).clamp(min=0)
    diagonal = sides[..., 0] ** 2 + sides[..., 1] ** 2 + eps
    apart = [
        _upcast((boxes1[:, i] + boxes1[:, i + 2]) / 2)[:, None] - _upcast((boxes2[:, i] + boxes2[:, i + 2]) / 2)[None, :]
        for i in range(2)
    ]
    return iou - (apart[0] ** 2 + apart[1] ** 2) / diagonal, iou


def complete_box_iou(boxes1: Tensor, boxes2: Tensor, eps: float = 1e-7) -> Tensor:
    """Zheng et al. (2020): :func:`distance_box_iou`, less how far the boxes differ in shape; (N, M)."""
    boxes1, boxes2 = _upcast(boxes1), _upcast(boxes2)
    distance, iou = _distance_iou(boxes1, boxes2, eps)

    def angle(boxes: Tensor) -> Tensor:
        return adjoint.atan((boxes[:, 2] - boxes[:, 0]) / (boxes[:, 3] - boxes[:, 1]))

    v = (4 / math.pi**2) * (angle(boxes1)[:, None] - angle(boxes2)[None, :]) ** 2
    with adjoint.no_grad():
        alpha = v / (1 - iou + v + eps)
    return distance - alpha * v


def box_convert(boxes: Tensor, in_fmt: str, out_fmt: str) -> Tensor:
    """Boxes in another format: corners ``"xyxy"``, a corner and sides ``"xywh"``, the center and sides ``"cxcywh"``.

    Raises ValueError for a format that there is not, NotImplementedError for one of rotated boxes.
    """
    if in_fmt not in _FORMATS or out_fmt not in _FORMATS:
        raise ValueError(f"Unsupported Bounding Box Conversions for given in_fmt {in_fmt} and out_fmt {out_fmt}")
    if in_fmt == out_fmt:
        return boxes.clone()
    if in_fmt in _FORMATS[3:] or out_fmt in _FORMATS[3:]:
        raise NotImplementedError("box_convert: Adjoint has no rotated boxes")
    a, b, c, d = boxes.unbind(-1)
    if in_fmt == "xywh":
        c, d = a + c, b + d
    elif in_fmt == "cxcywh":
        a, b, c, d = a - 0.5 * c, b - 0.5 * d, a + 0.5 * c, b + 0.5 * d
    if out_fmt == "xywh":
        c, d = c - a, d - b
    elif out_fmt == "cxcywh":
        a, b, c, d = (a + c) / 2, (b + d) / 2, c - a, d - b
    return adjoint.stack((a, b, c, d), dim=-1)


def clip_boxes_to_image(boxes: Tensor, size: tuple[int, int]) -> Tensor:
    """Boxes, cut off where they reach out of an image of ``size`` (height, width)."""
    height, width = size
    x, y = boxes[..., 0::2].clamp(min=0, max=width), boxes[..., 1::2].clamp(min=0, max=height)
    return adjoint.stack((x, y), dim=boxes.dim()).reshape(boxes.shape)


def remove_small_boxes(boxes: Tensor, min_size: float) -> Tensor:
    """Which of the boxes have no side that is shorter than ``min_size``: their indices."""
    wide, high = boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1]
    return adjoint.where((wide >= min_size) & (high >= min_size))[0]


def masks_to_boxes(masks: Tensor) -> Tensor:
    """The smallest boxes around the true elements of masks of shape (N, H, W): (N, 4), floats."""
    found = adjoint.zeros((masks.shape[0], 4), dtype=adjoint.float32)
    for i, mask in enumerate(masks):
        y, x = adjoint.where(mask != 0)
        found[i] = adjoint.stack([adjoint.min(x), adjoint.min(y), adjoint.max(x), adjoint.max(y)])
    return found


def nms(boxes: Tensor, scores: Tensor, iou_threshold: float) -> Tensor:
    """Non-maximum suppression: the boxes that no box of a higher score overlaps by more than ``iou_threshold``, best first.

    ``boxes`` (N, 4) and ``scores`` (N,); returns indices.
    """
    if boxes.dim() != 2 or boxes.shape[1] != 4:
        raise RuntimeError(f"boxes should be a 2d tensor with 4 columns, got {list(boxes.shape)}")
    if scores.dim() != 1 or len(scores) != len(boxes):
        raise RuntimeError(f"scores should be a 1d tensor with as many elements as there are boxes, got {list(scores.shape)}")
    corners, ranked = np.asarray(boxes.detach()._array), np.argsort(-np.asarray(scores.detach()._array), kind="stable")
    areas = (corners[:, 2] - corners[:, 0]) * (corners[:, 3] - corners[:, 1])
    kept: list[int] = []
    while ranked.size:
        best, ranked = ranked[0], ranked[1:]
        kept.append(int(best))
        low = np.maximum(corners[best, :2], corners[ranked, :2])
        high = np.minimum(corners[best, 2:], corners[ranked, 2:])
        both = np.prod(np.maximum(high - low, 0), axis=1)
        ranked = ranked[both <= iou_threshold * (areas[best] + areas[ranked] - both)]
    return from_array(np.array(kept, np.int64))


def batched_nms(boxes: Tensor, scores: Tensor, idxs: Tensor, iou_threshold: float) -> Tensor:
    """:func:`nms` among the boxes of each category ``idxs`` (N,)."""
    if not boxes.numel():
        return adjoint.empty((0,), dtype=adjoint.int64)
    apart = idxs.to(boxes) * (boxes.max() + 1)  # where no box of another category is
    return nms(boxes + apart[:, None], scores, iou_threshold)
