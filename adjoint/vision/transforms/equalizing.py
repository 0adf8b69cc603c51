"""Equalization: all values of an image about as frequent."""

from __future__ import annotations

import numpy as np

from adjoint.tensor import Tensor, from_array


def equalized(pixels: Tensor) -> Tensor:
    """Bytes (..., H, W), each replaced by how many are smaller, in 256 steps; by Pillow's table, which leaves out the largest."""
    planes = pixels._array.reshape(-1, pixels.shape[-2] * pixels.shape[-1])
    first = 256 * np.arange(len(planes))[:, None]  # of each plane's values among all
    places = planes + first
    counts = np.bincount(places.reshape(-1), minlength=256 * len(planes)).reshape(-1, 256)
    up_to = counts.cumsum(1)
    largest = np.take_along_axis(counts, up_to.argmax(1)[:, None], 1)
    step = (planes.shape[1] - largest) // 255
    below = np.concatenate([np.zeros_like(first), up_to[:, :-1]], 1)
    table = ((below + step // 2) // np.maximum(step, 1)).clip(0, 255)
    table = np.where(step == 0, np.arange(256), table)  # less than a pixel: there is nothing to spread
    return from_array(np.take(table.astype(np.uint8), places).reshape(pixels.shape))
