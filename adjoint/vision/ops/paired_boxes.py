"""Boxes in pairs, as the losses compare them: the first of the one with the first of the other."""

from __future__ import annotations

from typing import Any

import adjoint
from adjoint.tensor import Tensor


def upcast_non_float(boxes: Tensor) -> Tensor:
    """Boxes in float32, or in float64 if they are."""
    return boxes if boxes.dtype in (adjoint.float32, adjoint.float64) else boxes.float()


def loss_inter_union(boxes1: Tensor, boxes2: Tensor) -> tuple[Tensor, Tensor]:
    """The areas in which the boxes of each pair overlap, and those in which either is."""
    low, high = adjoint.max(boxes1[..., :2], boxes2[..., :2]), adjoint.min(boxes1[..., 2:], boxes2[..., 2:])
    overlapping = (high > low).all(dim=-1)
    sides = high - low
    both = adjoint.zeros_like(boxes1[..., 0])
    both[overlapping] = (sides[..., 0] * sides[..., 1])[overlapping]
    return both, _area(boxes1) + _area(boxes2) - both


def around(boxes1: Tensor, boxes2: Tensor) -> Any:
    """The sides of the smallest boxes around both of each pair: (..., 2)."""
    return adjoint.max(boxes1[..., 2:], boxes2[..., 2:]) - adjoint.min(boxes1[..., :2], boxes2[..., :2])


def _area(boxes: Tensor) -> Tensor:
    return (boxes[..., 2] - boxes[..., 0]) * (boxes[..., 3] - boxes[..., 1])
