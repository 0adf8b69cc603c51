"""Draws: what random transforms draw, from the default generator and in torchvision's order.

Both generations of the transforms draw by these, so a seed means the same to them where it does in torchvision.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import adjoint
from adjoint.tensor import Tensor

TRIES = 10
"""How often a rectangle is drawn anew that does not fit into the image."""


def happens(p: float) -> bool:
    """Whether what has probability ``p`` happens."""
    return bool(adjoint.rand(1) < p)


def number(low: Any, high: Any) -> float:
    """A number from ``low`` to ``high``."""
    return float(adjoint.empty(1).uniform_(low, high).item())


def whole(low: int, high: int) -> int:
    """A whole number from ``low`` up to, without, ``high``."""
    return int(adjoint.randint(low, high, size=(1,)).item())


def _sides(area: float, scale: Sequence[float], log_ratio: Tensor) -> tuple[int, int]:
    """The sides of a rectangle: its area a part in ``scale`` of the given one; the first side is the longer, the larger the
    ratio."""
    part = area * number(scale[0], scale[1])
    least, most = log_ratio.tolist()
    ratio = adjoint.exp(adjoint.empty(1).uniform_(least, most)).item()
    return round(math.sqrt(part * ratio)), round(math.sqrt(part / ratio))


def logarithms(ratio: Sequence[float]) -> Tensor:
    """The logarithms, in float32, between which that of a ratio is drawn."""
    return adjoint.log(adjoint.tensor(ratio))


def part_of_image(
    height: int, width: int, scale: Sequence[float], ratio: Sequence[float], log_ratio: Tensor | None = None
) -> tuple[int, int, int, int]:
    """Top, left, height and width of a rectangle of random area (a part in ``scale``) and aspect (in ``ratio``).

    What still does not fit after ten tries is the largest rectangle in the middle whose aspect is in ``ratio``.
    """
    logs = logarithms(ratio) if log_ratio is None else log_ratio
    for _ in range(TRIES):
        w, h = _sides(height * width, scale, logs)
        if 0 < w <= width and 0 < h <= height:
            top = whole(0, height - h + 1)
            return top, whole(0, width - w + 1), h, w
    aspect = width / height
    w, h = width, height
    if aspect < min(ratio):
        h = round(width / min(ratio))
    elif aspect > max(ratio):
        w = round(height * max(ratio))
    return (height - h) // 2, (width - w) // 2, h, w


def erased_part(
    size: tuple[int, int, int],
    scale: Sequence[float],
    ratio: Sequence[float],
    value: Sequence[float] | None,
    log_ratio: Tensor | None = None,
) -> tuple[int, int, int, int, Tensor] | None:
    """Top, left, height and width of a rectangle to erase from an image of ``size``, and what to put there: ``value``, or
    where it is None normal noise.  None where no rectangle fits after ten tries."""
    channels, height, width = size
    logs = logarithms(ratio) if log_ratio is None else log_ratio
    for _ in range(TRIES):
        h, w = _sides(height * width, scale, logs)
        if h < height and w < width:
            if value is None:
                filling = adjoint.empty([channels, h, w], dtype=adjoint.float32).normal_()
            else:
                filling = adjoint.tensor(value)[:, None, None]
            top = whole(0, height - h + 1)
            return top, whole(0, width - w + 1), h, w, filling
    return None


def corners(width: int, height: int, distortion: float) -> tuple[list[list[int]], list[list[int]]]:
    """The corners (x, y) of an image, clockwise from the top left, and where they go: inwards by up to ``distortion`` halves
    of the image."""
    across, down = int(distortion * (width // 2)) + 1, int(distortion * (height // 2)) + 1
    left, right, top, bottom = (0, across), (width - across, width), (0, down), (height - down, height)
    ends = [[whole(*x), whole(*y)] for x, y in ((left, top), (right, top), (right, bottom), (left, bottom))]
    return [[0, 0], [width - 1, 0], [width - 1, height - 1], [0, height - 1]], ends


def affine(
    degrees: Sequence[float],
    translate: Sequence[float] | None,
    scale: Sequence[float] | None,
    shear: Sequence[float] | None,
    width: int,
    height: int,
) -> tuple[float, tuple[int, int], float, tuple[float, float]]:
    """An angle, a shift (x, y) in pixels, a scale and a shear (x, y) in degrees, each in its range; a range of None moves
    nothing."""
    angle = number(float(degrees[0]), float(degrees[1]))
    shift = (0, 0)
    if translate is not None:
        across, down = float(translate[0] * width), float(translate[1] * height)
        shift = (round(number(-across, across)), round(number(-down, down)))
    size = 1.0 if scale is None else number(scale[0], scale[1])
    slant = (0.0, 0.0)
    if shear is not None:
        x = number(shear[0], shear[1])
        slant = (x, number(shear[2], shear[3]) if len(shear) == 4 else 0.0)
    return angle, shift, size, slant


def color_factors(*ranges: Sequence[float] | None) -> tuple[Any, ...]:
    """An order of four changes, and a factor for each that has a range."""
    order = adjoint.randperm(4)
    return order, *(None if r is None else number(r[0], r[1]) for r in ranges)


def displacement(
    alpha: Sequence[float], sigma: Sequence[float], height: int, width: int, blur: Callable[..., Tensor]
) -> Tensor:
    """How far each pixel moves (1, H, W, 2), in halves of the image: noise, blurred by ``sigma`` and scaled by ``alpha``."""
    moved = []
    for strength, spread, length in zip(alpha, sigma, (width, height)):
        noise = adjoint.rand([1, 1, height, width]) * 2 - 1
        if spread > 0.0:
            size = int(8 * spread + 1) | 1  # odd, as a kernel with a middle is
            noise = blur(noise, [size, size], list(sigma))
        moved.append(noise * strength / length)
    return adjoint.concat(moved, 1).permute([0, 2, 3, 1])
