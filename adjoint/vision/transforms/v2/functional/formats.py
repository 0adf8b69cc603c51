"""What the numbers of boxes are: from one format to another.

Formats meet in ``XYXY``, those of rotated boxes in ``XYWHR``.  Integers are halved downwards, as corners are.
"""

from __future__ import annotations

import math
from typing import Any

import adjoint
from adjoint import dtypes
from adjoint.tensor import Tensor
from adjoint.vision import tv_tensors
from adjoint.vision.transforms.v2.functional.kernels import is_pure_tensor
from adjoint.vision.tv_tensors import BoundingBoxes, BoundingBoxFormat, is_rotated_bounding_format


def convert_bounding_box_format(
    inpt: Tensor,
    old_format: BoundingBoxFormat | str | None = None,
    new_format: BoundingBoxFormat | str | None = None,
    inplace: bool = False,
) -> Tensor:
    """Boxes in ``new_format``; of plain tensors ``old_format`` is to be given.  ``inplace`` writes over them where it can.

    Raises ValueError from rotated boxes to others, and for an old format that is given for boxes which know theirs.

    >>> import adjoint as torch
    >>> convert_bounding_box_format(torch.tensor([[1, 2, 5, 8]]), "XYXY", "CXCYWH")
    tensor([[3, 5, 4, 6]])
    """
    if new_format is None:
        raise TypeError("convert_bounding_box_format() missing 1 required argument: 'new_format'")
    old, new = format_of(old_format), format_of(new_format)
    if is_pure_tensor(inpt):
        if old is None:
            raise ValueError("For pure tensor inputs, `old_format` has to be passed.")
        return converted(inpt, old, new, inplace)
    if not isinstance(inpt, BoundingBoxes):
        raise TypeError(
            f"Input can either be a plain tensor or a bounding box tv_tensor, but got {type(inpt)} instead."
        )
    if old is not None:
        raise ValueError("For bounding box tv_tensor inputs, `old_format` must not be passed.")
    output = converted(inpt.as_subclass(Tensor), inpt.format, new, inplace)
    return tv_tensors.wrap(output, like=inpt, format=new)  # type: ignore[no-any-return]


def format_of(format: Any) -> Any:
    """The format of this name, or what it is if that is no name."""
    return BoundingBoxFormat[format.upper()] if isinstance(format, str) else format


def converted(boxes: Tensor, old: BoundingBoxFormat | str, new: BoundingBoxFormat | str, inplace: bool = False) -> Tensor:
    """The boxes of a plain tensor (..., K) from one format to another."""
    before, after = format_of(old), format_of(new)
    if before == after:
        return boxes
    if is_rotated_bounding_format(before) != is_rotated_bounding_format(after):
        raise ValueError("Cannot convert between rotated and unrotated bounding boxes.")
    if (before.value, after.value) in _DIRECT:
        return _DIRECT[before.value, after.value](boxes, inplace)  # type: ignore[no-any-return]
    for table, format in ((_TO_COMMON, before), (_FROM_COMMON, after)):
        if format.value in table:
            boxes = table[format.value](boxes, inplace)
    return boxes


def _own(boxes: Tensor, inplace: bool) -> Tensor:
    return boxes if inplace else boxes.clone()


def _halved(x: Tensor) -> Tensor:
    return x.div(2, rounding_mode=None if x.is_floating_point() else "floor")


def _xywh_to_xyxy(boxes: Tensor, inplace: bool) -> Tensor:
    boxes = _own(boxes, inplace)
    boxes[..., 2:] += boxes[..., :2]
    return boxes


def _xyxy_to_xywh(boxes: Tensor, inplace: bool) -> Tensor:
    boxes = _own(boxes, inplace)
    boxes[..., 2:] -= boxes[..., :2]
    return boxes


def _xywh_to_cxcywh(boxes: Tensor, inplace: bool) -> Tensor:
    boxes = _own(boxes, inplace)
    boxes[..., :2] += _halved(boxes[..., 2:])
    return boxes


def _xyxy_to_cxcywh(boxes: Tensor, inplace: bool) -> Tensor:
    boxes = _xyxy_to_xywh(boxes, inplace)
    boxes[..., :2] = _halved(boxes[..., :2] * 2 + boxes[..., 2:])
    return boxes


def _cxcywh_to_xyxy(boxes: Tensor, inplace: bool) -> Tensor:
    return _from_centre(boxes, inplace, corners=True)


def _cxcywh_to_xywh(boxes: Tensor, inplace: bool) -> Tensor:
    return _from_centre(boxes, inplace, corners=False)


def _from_centre(boxes: Tensor, inplace: bool, *, corners: bool) -> Tensor:
    """Two corners, or one and the size.  Those of integers are the corners of floats, cut off: the size is theirs."""
    real = boxes if boxes.is_floating_point() else boxes.float()
    first = real[..., :2] - real[..., 2:] / 2
    if boxes.is_floating_point():
        boxes = _own(boxes, inplace)
        boxes[..., :2] = first
        return _xywh_to_xyxy(boxes, True) if corners else boxes
    last = (first + real[..., 2:]).to(boxes.dtype)
    first = first.to(boxes.dtype)
    boxes = _own(boxes, inplace)
    boxes[..., :2], boxes[..., 2:] = first, last if corners else last - first
    return boxes


def _turn(boxes: Tensor) -> tuple[Tensor, Tensor]:
    """Cosine and sine of the angles, which are in degrees."""
    radians = boxes[..., 4].mul(math.pi).div(180.0)
    return radians.cos(), radians.sin()


def _half_sides(boxes: Tensor) -> Tensor:
    # Of integers, half is rounded away from 0.
    return boxes[..., 2:-1].div(-2, rounding_mode=None if boxes.is_floating_point() else "floor").abs()


def _cxcywhr_to_xywhr(boxes: Tensor, inplace: bool) -> Tensor:
    return _moved(boxes, inplace, -1)


def _xywhr_to_cxcywhr(boxes: Tensor, inplace: bool) -> Tensor:
    return _moved(boxes, inplace, 1)


def _moved(boxes: Tensor, inplace: bool, sign: int) -> Tensor:
    """From the corner to the centre, half of each side along it, or back."""
    half, (cos, sin) = _half_sides(boxes), _turn(boxes)
    boxes = _own(boxes, inplace)
    across, down = half[..., 0], half[..., 1]
    boxes[..., 0].add_(across * cos * sign).add_(down * sin * sign)
    boxes[..., 1].sub_(across * sin * sign).add_(down * cos * sign)
    return boxes


def _xywhr_to_xyxyxyxy(boxes: Tensor, inplace: bool) -> Tensor:
    (cos, sin), w, h = _turn(boxes), boxes[..., 2], boxes[..., 3]
    corners: Tensor = boxes[..., :2].tile((1, 4))
    corners[..., 2].add_(w * cos)
    corners[..., 3].sub_(w * sin)
    corners[..., 4].add_(w * cos + h * sin)
    corners[..., 5].sub_(w * sin - h * cos)
    corners[..., 6].add_(h * sin)
    corners[..., 7].add_(h * cos)
    return corners


def _xyxyxyxy_to_xywhr(boxes: Tensor, inplace: bool) -> Tensor:
    real = boxes if boxes.dtype in (dtypes.float32, dtypes.float64) else boxes.to(dtypes.float32)
    x1, y1, x2, y2, x3, y3 = real[..., :6].unbind(-1)
    angle = adjoint.atan2(y1 - y2, x2 - x1) / math.pi * 180.0
    w, h = ((x.pow(2) + y.pow(2)).sqrt() for x, y in ((x2 - x1, y2 - y1), (x3 - x2, y3 - y2)))
    return adjoint.stack([x1, y1, w, h, angle], -1).to(boxes.dtype)  # type: ignore[no-any-return]


_DIRECT: dict[tuple[str, str], Any] = {("XYWH", "CXCYWH"): _xywh_to_cxcywh, ("CXCYWH", "XYWH"): _cxcywh_to_xywh}
_TO_COMMON: dict[str, Any] = {
    "XYWH": _xywh_to_xyxy, "CXCYWH": _cxcywh_to_xyxy, "CXCYWHR": _cxcywhr_to_xywhr, "XYXYXYXY": _xyxyxyxy_to_xywhr,
}  # fmt: skip
_FROM_COMMON: dict[str, Any] = {
    "XYWH": _xyxy_to_xywh, "CXCYWH": _xyxy_to_cxcywh, "CXCYWHR": _xywhr_to_cxcywhr, "XYXYXYXY": _xywhr_to_xyxyxyxy,
}  # fmt: skip
