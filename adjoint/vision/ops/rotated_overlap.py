"""How much rotated boxes overlap: the area of the polygon that two rectangles share.

Its corners are corners of one that are inside the other, and points where sides cross; in the order of their angles around their
middle they are the polygon, whose area is a sum of triangles.
"""

from __future__ import annotations

from math import pi
from typing import Any

import numpy as np

from adjoint.declare import op
from adjoint.ops.arrays import Array
from adjoint.ops.unsupported import unsupported

_SLACK = 1e-5  # by which a point may be outside: one too many does no harm, one too few does
_PAIRS = 1 << 15  # so many are computed at once


def _check(boxes: Any, name: str, letter: str) -> None:
    if boxes.ndim != 2 or boxes.shape[1] != 5:
        raise RuntimeError(f"{name} should have shape ({letter}, 5), got {list(boxes.shape)}")


def _box_iou_rotated(boxes1: Array, boxes2: Array):
    _check(boxes1, "boxes1", "N")
    _check(boxes2, "boxes2", "M")
    if boxes1.dtype != boxes2.dtype:
        raise RuntimeError("boxes1 and boxes2 must have the same dtype")
    found = np.zeros((len(boxes1), len(boxes2)), np.float32)
    if not found.size:
        return found
    if boxes1.dtype.kind != "f" or boxes1.dtype.itemsize < 4:
        unsupported("box_iou_rotated_cpu", boxes1)
    rows = max(_PAIRS // len(boxes2), 1)
    for i in range(0, len(boxes1), rows):
        found[i : i + rows] = _overlaps(boxes1[i : i + rows].astype(np.float64), boxes2.astype(np.float64))
    return found


box_iou_rotated = op(
    "box_iou_rotated",
    _box_iou_rotated,
    where="",
    fused=False,
    doc="Of (N, 5) and (M, 5) boxes cxcywhr: (N, M), float32.",
)


def _overlaps(boxes1: Any, boxes2: Any) -> Any:
    n, m = len(boxes1), len(boxes2)
    pairs = [np.repeat(boxes1, m, 0), np.tile(boxes2, (n, 1))]
    middle = (pairs[0][:, :2] + pairs[1][:, :2]) / 2  # around which coordinates are small
    areas = [box[:, 2] * box[:, 3] for box in pairs]
    shared = _shared_area(*(_corners(box, middle) for box in pairs))
    either = areas[0] + areas[1] - shared
    there = (areas[0] >= 1e-14) & (areas[1] >= 1e-14) & (either > 1e-14)
    return np.clip(np.where(there, shared / np.where(there, either, 1), 0), 0, 1).reshape(n, m)


def _corners(boxes: Any, middle: Any) -> Any:
    """The corners (P, 4, 2) of boxes, one after the other, with respect to a point."""
    angle = boxes[:, 4] * (pi / 180)
    cos, sin = np.cos(angle) / 2, np.sin(angle) / 2
    along = np.stack((cos * boxes[:, 2], -sin * boxes[:, 2]), 1)
    down = np.stack((sin * boxes[:, 3], cos * boxes[:, 3]), 1)
    center = boxes[:, :2] - middle
    return np.stack((center + along + down, center + along - down, center - along - down, center - along + down), 1)


def _cross(a: Any, b: Any) -> Any:
    return a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0]


def _crossings(a: Any, b: Any) -> tuple[Any, Any]:
    """Where the sides of the one cross those of the other (P, 16, 2), and whether they do (P, 16)."""
    sides_a, sides_b = (np.roll(x, -1, 1) - x for x in (a, b))
    p, q, r, s = a[:, :, None], b[:, None], sides_a[:, :, None], sides_b[:, None]
    area = _cross(s, r)
    parallel = np.abs(area) <= 1e-14
    area = np.where(parallel, 1, area)
    along_a, along_b = _cross(s, q - p) / area, _cross(r, q - p) / area
    cross = ~parallel & (np.minimum(along_a, along_b) > -_SLACK) & (np.maximum(along_a, along_b) < 1 + _SLACK)
    points = p + r * along_a[..., None]
    return points.reshape(len(a), 16, 2), cross.reshape(len(a), 16)


def _inside(points: Any, box: Any) -> Any:
    """Which of the points (P, 4, 2) are in the boxes."""
    found: Any = True
    for neighbour in (1, 3):
        side = (box[:, neighbour] - box[:, 0])[:, None]
        along = ((points - box[:, :1]) * side).sum(-1)
        found = found & (along > -_SLACK) & (along < (side * side).sum(-1) + _SLACK)
    return found


def _shared_area(a: Any, b: Any) -> Any:
    crossings, cross = _crossings(a, b)
    points = np.concatenate((crossings, a, b), 1)
    there = np.concatenate((cross, _inside(a, b), _inside(b, a)), 1)
    count = there.sum(1)
    points = np.where(
        there[..., None], points, points[np.arange(len(a)), there.argmax(1)][:, None]
    )  # the first, once more
    points = points - (points * there[..., None]).sum(1, keepdims=True) / np.maximum(count, 1)[:, None, None]
    order = np.argsort(np.arctan2(points[..., 1], points[..., 0]), 1)
    points = np.take_along_axis(points, order[..., None], 1)
    return np.where(count > 2, np.abs(_cross(points, np.roll(points, -1, 1)).sum(1)) / 2, 0)
