"""The loss of the generalized intersection over union (Rezatofighi et al., 2019)."""

from __future__ import annotations

from adjoint.tensor import Tensor
from adjoint.vision.ops.loss_reduction import reduced
from adjoint.vision.ops.paired_boxes import around, loss_inter_union, upcast_non_float

__all__ = ["generalized_box_iou_loss"]


def generalized_box_iou_loss(boxes1: Tensor, boxes2: Tensor, reduction: str = "none", eps: float = 1e-7) -> Tensor:
    """1 less the generalized intersection over union of each pair of boxes (N, 4): (N,), or their mean or sum.

    >>> import adjoint as torch
    >>> from adjoint.vision.ops import generalized_box_iou_loss
    >>> generalized_box_iou_loss(torch.tensor([[0., 0., 2., 2.]]), torch.tensor([[0., 0., 2., 4.]]))
    tensor([0.5000])
    """
    boxes1, boxes2 = upcast_non_float(boxes1), upcast_non_float(boxes2)
    both, either = loss_inter_union(boxes1, boxes2)
    sides = around(boxes1, boxes2)
    area = sides[..., 0] * sides[..., 1]
    return reduced(1 - (both / (either + eps) - (area - either) / (area + eps)), reduction)
