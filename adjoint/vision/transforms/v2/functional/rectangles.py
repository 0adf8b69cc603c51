"""Rectangles: what rotated boxes become that got out of shape."""

from __future__ import annotations

import math

import adjoint
from adjoint import dtypes
from adjoint.tensor import Tensor


def rectangles(parallelograms: Tensor) -> Tensor:
    """The rectangles (..., 8) of parallelograms (..., 8), four corners each, whose longer diagonal they keep."""
    dtype = parallelograms.dtype
    real = parallelograms if dtype in (dtypes.float32, dtypes.float64) else parallelograms.to(dtypes.float32)
    x1, y1, x2, y2, x3, y3, x4, y4 = real.unbind(-1)
    cx, cy = (x1 + x3) / 2, (y1 + y3) / 2
    along = adjoint.sqrt((x2 - x1).pow(2) + (y2 - y1).pow(2))
    down = adjoint.sqrt((x4 - x1).pow(2) + (y4 - y1).pow(2))
    angle_along, angle_down = adjoint.atan2(y1 - y2, x2 - x1), adjoint.atan2(y1 - y4, x4 - x1)
    between = angle_along - angle_down
    sign = adjoint.where(between > math.pi / 2, -1, 1)
    cos, sin = between.cos(), between.sin()
    w = adjoint.where(along < down, along * sin, along + down * cos * sign)
    h = adjoint.where(along > down, down * sin, down + along * cos * sign)
    angle = adjoint.where(down > along, angle_down + math.pi / 2, angle_along)
    cos, sin = angle.cos(), angle.sin()
    corners = []
    for across, below in ((-1, -1), (1, -1), (1, 1), (-1, 1)):
        corners.append(cx + across * (w / 2 * cos) + below * (h / 2 * sin))
        corners.append(cy + below * (h / 2 * cos) - across * (w / 2 * sin))
    return adjoint.stack(corners, -1).reshape(parallelograms.shape).to(dtype)  # type: ignore[no-any-return]
