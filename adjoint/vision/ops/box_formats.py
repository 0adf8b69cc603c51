"""Formats of boxes, and how one becomes another.

Upright boxes are two corners ``"xyxy"``, a corner and sides ``"xywh"``, or the center and sides ``"cxcywh"``; rotated ones have the
angle too, in degrees and counterclockwise (``"xywhr"``, ``"cxcywhr"``), or are four corners ``"xyxyxyxy"``.
"""

from __future__ import annotations

from collections.abc import Callable

import adjoint
from adjoint.tensor import Tensor

UPRIGHT, ROTATED = ("xyxy", "xywh", "cxcywh"), ("xywhr", "cxcywhr", "xyxyxyxy")


def box_convert(boxes: Tensor, in_fmt: str, out_fmt: str) -> Tensor:
    """Boxes (..., K) in another format; K is 4, 5 for ``"xywhr"`` and ``"cxcywhr"``, 8 for ``"xyxyxyxy"``.

    Rotated boxes of integers are rounded.  Raises ValueError for a format that there is not, NotImplementedError between upright
    and rotated ones.

    >>> import adjoint as torch
    >>> from adjoint.vision.ops import box_convert
    >>> box_convert(torch.tensor([1., 2., 3., 5.]), "xyxy", "cxcywh")
    tensor([2.0000, 3.5000, 2.0000, 3.0000])
    """
    for fmt in (in_fmt, out_fmt):
        if fmt not in UPRIGHT + ROTATED:
            raise ValueError(f"Unsupported Bounding Box Conversions for given in_fmt {in_fmt} and out_fmt {out_fmt}")
    if in_fmt == out_fmt:
        return boxes.clone()
    if (in_fmt in UPRIGHT) != (out_fmt in UPRIGHT):
        raise NotImplementedError(
            f"Unsupported Bounding Box Conversions for given in_fmt {in_fmt} and out_fmt {out_fmt}"
        )
    for step in _STEPS.get((in_fmt, out_fmt)) or (*_STEPS[in_fmt, _MIDDLE[in_fmt]], *_STEPS[_MIDDLE[in_fmt], out_fmt]):
        boxes = step(boxes)
    return boxes


def _stacked(*coordinates: Tensor) -> Tensor:
    return adjoint.stack(coordinates, dim=-1)


def _center_to_corners(boxes: Tensor) -> Tensor:
    cx, cy, w, h = boxes.unbind(-1)
    return _stacked(cx - 0.5 * w, cy - 0.5 * h, cx + 0.5 * w, cy + 0.5 * h)


def _corners_to_center(boxes: Tensor) -> Tensor:
    x1, y1, x2, y2 = boxes.unbind(-1)
    return _stacked((x1 + x2) / 2, (y1 + y2) / 2, x2 - x1, y2 - y1)


def _sides_to_corners(boxes: Tensor) -> Tensor:
    x, y, w, h = boxes.unbind(-1)
    return _stacked(x, y, x + w, y + h)


def _corners_to_sides(boxes: Tensor) -> Tensor:
    x1, y1, x2, y2 = boxes.unbind(-1)
    return _stacked(x1, y1, x2 - x1, y2 - y1)


def _in_their_dtype(convert: Callable[[Tensor], Tensor]) -> Callable[[Tensor], Tensor]:
    """A conversion of rotated boxes, of which integers become integers."""

    def converted(boxes: Tensor) -> Tensor:
        found = convert(boxes)
        return found if boxes.is_floating_point() else found.round().to(boxes.dtype)

    return converted


def _turn(r: Tensor) -> tuple[Tensor, Tensor]:
    angle = r * adjoint.pi / 180.0
    return adjoint.cos(angle), adjoint.sin(angle)


@_in_their_dtype
def _center_to_first_corner(boxes: Tensor) -> Tensor:
    cx, cy, w, h, r = boxes.unbind(-1)
    cos, sin = _turn(r)
    return _stacked(cx - w / 2 * cos - h / 2 * sin, cy - h / 2 * cos + w / 2 * sin, w, h, r)


@_in_their_dtype
def _first_corner_to_center(boxes: Tensor) -> Tensor:
    x1, y1, w, h, r = boxes.unbind(-1)
    cos, sin = _turn(r)
    return _stacked(x1 + w / 2 * cos + h / 2 * sin, y1 - w / 2 * sin + h / 2 * cos, w, h, r)


@_in_their_dtype
def _first_corner_to_corners(boxes: Tensor) -> Tensor:
    x1, y1, w, h, r = boxes.unbind(-1)
    cos, sin = _turn(r)
    x2, y2 = x1 + w * cos, y1 - w * sin
    down = h * sin, h * cos
    return _stacked(x1, y1, x2, y2, x2 + down[0], y2 + down[1], x1 + down[0], y1 + down[1])


@_in_their_dtype
def _corners_to_first_corner(boxes: Tensor) -> Tensor:
    x1, y1, x2, y2, x3, y3, _, _ = boxes.unbind(-1)
    r = adjoint.atan2(y1 - y2, x2 - x1) * 180 / adjoint.pi
    w = ((x2 - x1) ** 2 + (y1 - y2) ** 2).sqrt()
    h = ((x3 - x2) ** 2 + (y3 - y2) ** 2).sqrt()
    return _stacked(x1, y1, w, h, r)


_STEPS: dict[tuple[str, str], tuple[Callable[[Tensor], Tensor], ...]] = {
    ("cxcywh", "xyxy"): (_center_to_corners,),
    ("xyxy", "cxcywh"): (_corners_to_center,),
    ("xywh", "xyxy"): (_sides_to_corners,),
    ("xyxy", "xywh"): (_corners_to_sides,),
    ("cxcywhr", "xywhr"): (_center_to_first_corner,),
    ("xywhr", "cxcywhr"): (_first_corner_to_center,),
    ("xywhr", "xyxyxyxy"): (_first_corner_to_corners,),
    ("xyxyxyxy", "xywhr"): (_corners_to_first_corner,),
}
_MIDDLE = {"xywh": "xyxy", "cxcywh": "xyxy", "cxcywhr": "xywhr", "xyxyxyxy": "xywhr"}
"""By way of which format those become each other between which there is no step."""
