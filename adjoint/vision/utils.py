"""Pictures of tensors: grids of images, and files of them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from adjoint.names import list_names as _list_names
from adjoint.tensor import Tensor, from_array

__all__ = ["make_grid", "save_image"]


def make_grid(
    tensor: Tensor | list[Tensor],
    nrow: int = 8,
    padding: int = 2,
    normalize: bool = False,
    value_range: tuple[float, float] | None = None,
    scale_each: bool = False,
    pad_value: float = 0.0,
) -> Tensor:
    """Images (N, C, H, W) side by side, ``nrow`` in a row; ``normalize`` brings their values to 0 to 1."""
    if not isinstance(tensor, Tensor):
        if not isinstance(tensor, list) or not all(isinstance(t, Tensor) for t in tensor):
            raise TypeError(f"tensor or list of tensors expected, got {type(tensor)}")
        images = np.stack([t._array for t in tensor])
    else:
        images = tensor._array
    if images.ndim == 2:
        images = images[None]
    if images.ndim == 3:
        images = images[None] if images.shape[0] in (1, 3) or isinstance(tensor, Tensor) else images[:, None]
    if images.shape[1] == 1:
        images = np.repeat(images, 3, axis=1)
    if normalize:
        if value_range is not None and not isinstance(value_range, tuple):
            raise TypeError("value_range has to be a tuple (min, max) if specified. min and max are numbers")
        images = images.copy()
        for part in images if scale_each else [images]:
            low, high = value_range or (float(part.min()), float(part.max()))
            np.clip(part, low, high, out=part)
            part -= low
            part /= max(high - low, 1e-5)
    n, channels, height, width = images.shape
    if n == 1 and isinstance(tensor, Tensor):
        return from_array(images[0].copy())
    columns = min(nrow, n)
    rows = math.ceil(n / columns)
    h, w = height + padding, width + padding
    grid = np.full((channels, h * rows + padding, w * columns + padding), pad_value, images.dtype)
    for i, image in enumerate(images):
        y, x = divmod(i, columns)
        grid[:, y * h + padding : (y + 1) * h, x * w + padding : (x + 1) * w] = image
    return from_array(grid)


def save_image(tensor: Tensor | list[Tensor], fp: Any, format: str | None = None, **kwargs: Any) -> None:
    """Write a grid of images to a file (with Pillow); values go from 0 to 1."""
    from PIL import Image

    grid = make_grid(tensor, **kwargs)._array
    pixels = (grid * 255 + 0.5).clip(0, 255).astype(np.uint8).transpose(1, 2, 0)
    Image.fromarray(np.ascontiguousarray(pixels)).save(fp, format=format)


_list_names(__name__)
