"""The loss of the distance intersection over union (Zheng et al., 2020)."""

from __future__ import annotations

from adjoint.tensor import Tensor
from adjoint.vision.ops.loss_reduction import reduced
from adjoint.vision.ops.paired_boxes import around, loss_inter_union, upcast_non_float

__all__ = ["distance_box_iou_loss"]


def distance_box_iou_loss(boxes1: Tensor, boxes2: Tensor, reduction: str = "none", eps: float = 1e-7) -> Tensor:
    """1 less the intersection over union, and the distance of the centers, of each pair of boxes (N, 4): (N,), or their mean or
    sum."""
    boxes1, boxes2 = upcast_non_float(boxes1), upcast_non_float(boxes2)
    return reduced(distance_loss(boxes1, boxes2, eps)[0], reduction)


def distance_loss(boxes1: Tensor, boxes2: Tensor, eps: float = 1e-7) -> tuple[Tensor, Tensor]:
    """The loss of each pair, and its intersection over union."""
    both, either = loss_inter_union(boxes1, boxes2)
    iou = both / (either + eps)
    diagonal = (around(boxes1, boxes2) ** 2).sum(-1) + eps
    middles = [(boxes[..., :2] + boxes[..., 2:]) / 2 for boxes in (boxes1, boxes2)]
    apart = ((middles[0] - middles[1]) ** 2).sum(-1)
    return 1 - iou + apart / diagonal, iou
