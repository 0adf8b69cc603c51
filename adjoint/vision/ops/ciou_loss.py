"""The loss of the complete intersection over union (Zheng et al., 2020)."""

from __future__ import annotations

from math import pi

import adjoint
from adjoint.tensor import Tensor
from adjoint.vision.ops.diou_loss import distance_loss
from adjoint.vision.ops.loss_reduction import reduced
from adjoint.vision.ops.paired_boxes import upcast_non_float

__all__ = ["complete_box_iou_loss"]


def complete_box_iou_loss(boxes1: Tensor, boxes2: Tensor, reduction: str = "none", eps: float = 1e-7) -> Tensor:
    """:func:`distance_box_iou_loss`, and how far the boxes of each pair differ in shape: (N,), or their mean or sum."""
    boxes1, boxes2 = upcast_non_float(boxes1), upcast_non_float(boxes2)
    loss, iou = distance_loss(boxes1, boxes2)

    def angle(boxes: Tensor) -> Tensor:
        return adjoint.atan((boxes[..., 2] - boxes[..., 0]) / (boxes[..., 3] - boxes[..., 1]))

    v = (4 / pi**2) * (angle(boxes2) - angle(boxes1)) ** 2
    with adjoint.no_grad():
        alpha = v / (1 - iou + v + eps)
    return reduced(loss + alpha * v, reduction)
