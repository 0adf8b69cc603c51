"""Colours of what is drawn: given by name, by three numbers, or not at all."""

from __future__ import annotations

from typing import Any

from adjoint import dtypes

Color = tuple[Any, ...]

_STRIDES = (2**25 - 1, 2**15 - 1, 2**21 - 1)  # of red, green and blue from one object to the next


def generate_color_palette(num_objects: int) -> list[Color]:
    """As many colours as there are objects, each unlike the one before: multiples of three large numbers, modulo 255."""
    return [tuple(i * stride % 255 for stride in _STRIDES) for i in range(num_objects)]


def parse_colors(colors: Any, *, num_objects: int, dtype: Any = dtypes.uint8) -> list[Color]:
    """A colour for each object, from 0 to 255, or from 0 to 1 for a ``dtype`` of floats.

    ``colors`` is one colour for all or a list with one for each, by a name that Pillow knows (``"red"``, ``"#ff0000"``) or as
    three numbers; None makes a palette.  Raises ValueError for anything else, and where a list is too short.
    """
    from PIL import ImageColor

    if colors is None:
        chosen = generate_color_palette(num_objects)
    elif isinstance(colors, list):
        if len(colors) < num_objects:
            raise ValueError(
                "Number of colors must be equal or larger than the number of objects, "
                f"but got {len(colors)} < {num_objects}."
            )
        chosen = colors
    elif not isinstance(colors, (tuple, str)):
        raise ValueError(f"colors must be a tuple or a string, or a list thereof, but got {colors}.")
    elif isinstance(colors, tuple) and len(colors) != 3:
        raise ValueError(f"If passed as tuple, colors should be an RGB triplet, but got {colors}.")
    else:
        chosen = [colors] * num_objects  # type: ignore[list-item]
    numbers = [ImageColor.getrgb(color) if isinstance(color, str) else color for color in chosen]
    if dtype.is_floating_point:
        return [tuple(part / 255 for part in color) for color in numbers]
    return numbers
