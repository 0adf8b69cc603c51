"""How values between pixels are found, and what size an image gets."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from typing import Any


class InterpolationMode(enum.Enum):
    """How values between pixels are found."""

    NEAREST = "nearest"
    NEAREST_EXACT = "nearest-exact"
    BILINEAR = "bilinear"
    BICUBIC = "bicubic"
    BOX = "box"
    HAMMING = "hamming"
    LANCZOS = "lanczos"


pil_modes_mapping = {
    InterpolationMode.NEAREST: 0,
    InterpolationMode.BILINEAR: 2,
    InterpolationMode.BICUBIC: 3,
    InterpolationMode.NEAREST_EXACT: 0,
    InterpolationMode.BOX: 4,
    InterpolationMode.HAMMING: 5,
    InterpolationMode.LANCZOS: 1,
}
"""Pillow's numbers of the modes."""

_OF_NUMBER = {number: mode for mode, number in pil_modes_mapping.items() if mode is not InterpolationMode.NEAREST_EXACT}


def from_pillow(number: int) -> InterpolationMode:
    """The mode that is Pillow's ``number``."""
    return _OF_NUMBER[number]


def resized(
    image_size: tuple[int, int], size: Sequence[int] | None, max_size: int | None = None, *, may_be_none: bool = False
) -> tuple[int, int]:
    """The height and width of an image that is resized.

    ``size`` has both, or the shorter side alone, which is made smaller where the longer one would exceed ``max_size``; with None
    the longer side becomes ``max_size``.
    """
    h, w = image_size
    short, long = sorted((h, w))
    if size is None:
        if not may_be_none:
            raise ValueError("This should never happen!!")
        if not isinstance(max_size, int):
            raise ValueError(f"max_size must be an integer when size is None, but got {max_size} instead.")
        sides: Any = (int(max_size * short / long), max_size)
    elif len(size) == 1:
        shorter = size[0]
        sides = (shorter, int(shorter * long / short))
        if max_size is not None:
            if max_size <= shorter:
                raise ValueError(
                    f"max_size = {max_size} must be strictly greater than the requested size for the smaller edge "
                    f"size = {size}"
                )
            if sides[1] > max_size:
                sides = (int(max_size * sides[0] / sides[1]), max_size)
    else:
        return size[0], size[1]
    return (sides[1], sides[0]) if w <= h else (sides[0], sides[1])
