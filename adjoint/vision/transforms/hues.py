"""Hue, saturation and value of colours, and back.  The source is Pillow's conversion."""

from __future__ import annotations

import adjoint
from adjoint import dtypes
from adjoint.tensor import Tensor


def hsv(image: Tensor, *, divided: bool) -> tuple[Tensor, Tensor, Tensor]:
    """Where on the circle, how far from grey, and how bright the pixels of a float image (..., 3, H, W) are.

    ``divided`` says how a sixth is taken, which rounds otherwise: by dividing by 6, or multiplying with its inverse.
    """
    red, green, blue = image.unbind(dim=-3)
    most, least = image.amax(dim=-3), image.amin(dim=-3)
    gray, one = most == least, adjoint.ones_like(most)
    spread = most - least
    divisor = adjoint.where(gray, one, spread)
    r, g, b = ((most - c) / divisor for c in (red, green, blue))
    is_red = most == red
    is_green = (most == green) & ~is_red
    hue = is_red * (b - g) + is_green * (r + 2.0 - b)
    hue = hue + ~(is_red | is_green) * (g + 4.0 - r)
    sixth = hue / 6.0 if divided else hue * (1.0 / 6.0)
    return adjoint.fmod(sixth + 1.0, 1.0), spread / adjoint.where(gray, one, most), most


def rgb(hue: Tensor, saturation: Tensor, value: Tensor, *, distributed: bool) -> Tensor:
    """The image (..., 3, H, W) of these.

    ``distributed`` says how 1 - s (1 - f) is computed, which rounds otherwise: as s f + (1 - s), or as it is written.
    """
    sixth = hue * 6.0
    sector = adjoint.floor(sixth)
    part = sixth - sector
    up = saturation * part + (1.0 - saturation) if distributed else 1.0 - saturation * (1.0 - part)
    p = (value * (1.0 - saturation)).clamp(0.0, 1.0)
    q = (value * (1.0 - saturation * part)).clamp(0.0, 1.0)
    t = (value * up).clamp(0.0, 1.0)
    choices = adjoint.stack((value, p, q, t), dim=-3)
    chosen = adjoint.tensor(_CHOSEN)[:, sector.to(dtypes.int32) % 6]
    return choices.gather(-3, chosen.moveaxis(0, -3))  # type: ignore[no-any-return]


# For each channel and sixth of the circle: which of value, p, q and t it has.
_CHOSEN = [[0, 2, 1, 1, 3, 0], [3, 0, 0, 2, 1, 1], [1, 1, 3, 0, 0, 2]]
