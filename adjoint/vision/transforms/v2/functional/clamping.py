"""Boxes and points that reach out of their image, brought back into it."""

from __future__ import annotations

from typing import Any

import adjoint
from adjoint.tensor import Tensor
from adjoint.vision import tv_tensors
from adjoint.vision.transforms.v2.functional.formats import converted
from adjoint.vision.transforms.v2.functional.kernels import is_pure_tensor
from adjoint.vision.tv_tensors import BoundingBoxes, BoundingBoxFormat, KeyPoints, is_rotated_bounding_format


def clamp_bounding_boxes(
    inpt: Tensor,
    format: BoundingBoxFormat | str | None = None,
    canvas_size: tuple[int, int] | None = None,
    clamping_mode: str | None = "auto",
) -> Tensor:
    """Boxes within their image; ``clamping_mode`` says how rotated ones are (see ``tv_tensors.BoundingBoxes``), ``"auto"`` is
    what the boxes say.

    Of plain tensors all is to be given.  Raises ValueError where it is not, or is given for boxes that know it.

    >>> import adjoint as torch
    >>> clamp_bounding_boxes(torch.tensor([[-1, 2, 5, 9]]), "XYXY", (8, 8), "soft")
    tensor([[0, 2, 5, 8]])
    """
    if clamping_mode not in (None, "soft", "hard", "auto"):
        raise ValueError(f"clamping_mode must be soft, hard, auto or None, got {clamping_mode}")
    if is_pure_tensor(inpt):
        if format is None or canvas_size is None or clamping_mode == "auto":
            raise ValueError("For pure tensor inputs, `format`, `canvas_size` and `clamping_mode` have to be passed.")
        return clamped(inpt, format, canvas_size, clamping_mode)
    if not isinstance(inpt, BoundingBoxes):
        raise TypeError(
            f"Input can either be a plain tensor or a bounding box tv_tensor, but got {type(inpt)} instead."
        )
    if format is not None or canvas_size is not None:
        raise ValueError("For bounding box tv_tensor inputs, `format` and `canvas_size` must not be passed.")
    mode = inpt.clamping_mode if clamping_mode == "auto" else clamping_mode
    output = clamped(inpt.as_subclass(Tensor), inpt.format, inpt.canvas_size, mode)
    return tv_tensors.wrap(output, like=inpt)  # type: ignore[no-any-return]


def clamped(boxes: Tensor, format: BoundingBoxFormat | str, canvas_size: tuple[int, int], mode: str | None) -> Tensor:
    """The boxes of a plain tensor within the canvas."""
    if mode is None:
        return boxes.clone()
    if is_rotated_bounding_format(format):
        return _rotated(boxes, format, canvas_size, mode)
    corners = converted(
        boxes.clone() if boxes.is_floating_point() else boxes.float(), format, BoundingBoxFormat.XYXY, True
    )
    height, width = canvas_size
    corners[..., 0::2].clamp_(min=0, max=width)
    corners[..., 1::2].clamp_(min=0, max=height)
    return converted(corners, BoundingBoxFormat.XYXY, format, True).to(boxes.dtype)


def clamp_keypoints(inpt: Tensor, canvas_size: tuple[int, int] | None = None) -> Tensor:
    """Points within their image, the last of which are at one less than its height and width.

    Raises ValueError where ``canvas_size`` is not given for plain tensors, or is for points, which know it.
    """
    if is_pure_tensor(inpt):
        if canvas_size is None:
            raise ValueError("For pure tensor inputs, `canvas_size` has to be passed.")
        return _points_within(inpt, canvas_size)
    if not isinstance(inpt, KeyPoints):
        raise TypeError(f"Input can either be a plain tensor or a keypoints tv_tensor, but got {type(inpt)} instead.")
    if canvas_size is not None:
        raise ValueError("For keypoints tv_tensor inputs, `canvas_size` must not be passed.")
    return tv_tensors.wrap(  # type: ignore[no-any-return]
        _points_within(inpt.as_subclass(Tensor), inpt.canvas_size), like=inpt
    )


def _points_within(points: Tensor, canvas_size: tuple[int, int]) -> Tensor:
    real = points.clone() if points.is_floating_point() else points.float()
    real[..., 0].clamp_(min=0, max=canvas_size[1] - 1)
    real[..., 1].clamp_(min=0, max=canvas_size[0] - 1)
    return real.to(points.dtype)


# Rotated boxes


def _rotated(boxes: Tensor, format: BoundingBoxFormat | str, canvas_size: tuple[int, int], mode: str) -> Tensor:
    """Rotated boxes, brought in at the left edge, four times, a quarter of a turn between: at each edge.

    The sides keep their directions, so each is known by where its line meets the y axis.
    """
    corners = converted(boxes.clone(), format, BoundingBoxFormat.XYXYXYXY, True).reshape(-1, 8)
    original = corners.clone()
    height, width = canvas_size
    for _ in range(4):
        order = _leftmost_first(corners)
        corners, original = corners.gather(1, order), original.gather(1, order)
        corners = _within_the_left(corners, original, (height, width), mode)
        corners, original = (_turned(c.gather(1, order), width) for c in (corners, original))
        height, width = width, height
    return converted(corners, BoundingBoxFormat.XYXYXYXY, format, True).reshape(boxes.shape)


def _turned(corners: Tensor, width: int) -> Tensor:
    """A quarter of a turn against the clock."""
    return adjoint.stack([corners[:, 1::2], width - corners[:, ::2]], -1).reshape(-1, 8)  # type: ignore[no-any-return]


def _leftmost_first(corners: Tensor) -> Tensor:
    """The places of the eight numbers, such that the leftmost corner, of several the topmost, is the first.

    The same places bring them back: torchvision has it so.
    """
    x, y = corners[:, 0::2], corners[:, 1::2]
    highest, widest = (side.abs().amax(1, keepdim=True) for side in (y, x))
    first = (y / highest + (x / widest) * 100).min(dim=1)[1]
    order = adjoint.ones_like(corners)
    order[:, 0] = first * 2
    return order.cumsum(1).remainder(8).to(adjoint.int64)  # type: ignore[no-any-return]


def _lines(corners: Tensor) -> tuple[Tensor, Tensor]:
    """Slope and height at x = 0 of the line from each corner to the next."""
    x, y = corners[:, ::2], corners[:, 1::2]
    slope = (y.roll(-1, 1) - y) / (x.roll(-1, 1) - x)
    return slope, y - slope * x


def _crossings(slope: Tensor, start: Tensor) -> Tensor:
    """Where each line crosses the one before."""
    x = -(start - start.roll(1, 1)) / (slope - slope.roll(1, 1))
    return adjoint.stack([x, slope * x + start], -1).reshape(-1, 8)  # type: ignore[no-any-return]


def _moved_lines(slope: Tensor, start: Tensor, original: Tensor, canvas_size: tuple[int, int], mode: str) -> Tensor:
    """The heights at x = 0 of the lines of boxes that are brought in."""
    height, width = canvas_size
    a1, a2, a3, a4 = slope.unbind(-1)
    b1, b2, b3, b4 = start.unbind(-1)
    least1, least2, most3, most4 = _lines(original)[1].unbind(-1)
    b1, b4 = b2.clamp(b1, b3).clamp(0, height), b3.clamp(b2, b4).clamp(0, height)
    if mode == "hard":  # the corner is on the edge: both of its lines meet there, and the others make the box the largest
        b1 = b4 = (b1 + b4) / 2
        upper = [b1 * a2 / a1, b3 * a2 / a3, (a1 - a2) * width + b1, (a3 - a2) * width + b3]
        b2 = adjoint.stack(upper, 1).amax(1).clamp(max=b2)
        lower = [
            height * (1 - a3 / a4) + b4 * a3 / a4, height * (1 - a3 / a2) + b2 * a3 / a2, (a2 - a3) * width + b2,
            (a4 - a3) * width + b4,
        ]  # fmt: skip
        b3 = adjoint.stack(lower, 1).amin(1).clamp(min=b3)
    b1, b3, b2 = b1.clamp(least1, most3), b3.clamp(least1, most3), b2.clamp(least2, most4)
    b4 = (b1 if mode == "hard" else b4).clamp(least2, most4)
    return adjoint.stack([b4 if mode == "hard" else b1, b2, b3, b4], -1)  # type: ignore[no-any-return]


def _within_the_left(corners: Tensor, original: Tensor, canvas_size: tuple[int, int], mode: str) -> Tensor:
    slope, start = _lines(corners)
    x1, y1, x2, y2, x3, y3, x4, y4 = corners.unbind(-1)
    moved = _crossings(slope, _moved_lines(slope, start, original, canvas_size, mode))
    upright = corners.clone()
    upright[:, 0::6] = upright[:, 0::6].clamp(min=0)
    steep = y1.isclose(y2) | y3.isclose(y4)
    outside = (x1 <= 0) & (x2 <= 0) & (x3 <= 0) & (x4 <= 0)
    flat = y1.isclose(y4) | y2.isclose(y3) | (steep & x1.isclose(x2))
    cases: list[tuple[Any, Any]] = [
        ((x1 < 0) & ~moved.isnan().any(-1), moved),
        (steep, upright),
        (outside | flat, adjoint.zeros_like(corners)),
    ]
    for condition, case in cases:
        corners = adjoint.where(condition[:, None], case, corners)
    return corners
