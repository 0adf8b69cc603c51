"""Equalization: all values of an image about as frequent."""

from __future__ import annotations

import adjoint
from adjoint import dtypes
from adjoint.tensor import Tensor


def equalized(pixels: Tensor) -> Tensor:
    """Bytes (..., H, W), each replaced by how many are smaller, in 256 steps; by Pillow's table, which leaves out the largest."""
    places = pixels.flatten(start_dim=-2).to(adjoint.int64)
    counts = adjoint.zeros(*pixels.shape[:-2], 256, dtype=dtypes.int32)
    counts.scatter_add_(-1, places, adjoint.ones_like(places, dtype=dtypes.int32))
    up_to: Tensor = counts.cumsum(-1)
    last = up_to.argmax(-1, keepdim=True)
    step = (places.shape[-1] - counts.gather(-1, last)).div(255, rounding_mode="floor")
    table = (up_to + step // 2).div(step.clamp(min=1), rounding_mode="floor").clamp(0, 255)
    table = adjoint.cat([adjoint.zeros_like(table[..., :1]), table[..., :-1]], -1).to(dtypes.uint8)
    # Where a step is less than a pixel there is nothing to spread.
    return adjoint.where(step.ne(0)[..., None], table.gather(-1, places).view_as(pixels), pixels)  # type: ignore[no-any-return]
