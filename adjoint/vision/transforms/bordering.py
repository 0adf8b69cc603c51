"""Images with a border, as tensors."""

from __future__ import annotations

import numpy as np

import adjoint
from adjoint import dtypes
from adjoint.tensor import Tensor, from_array


def bordered(images: Tensor, widths: list[int], fill: float, padding_mode: str) -> Tensor:
    """Images (N, C, H, W) with a border of these widths (left, right, top, bottom).

    It is filled with ``fill`` (``"constant"``), with the edge (``"edge"``), or is the mirror image of what is inside, the edge
    once (``"reflect"``) or twice (``"symmetric"``).
    """
    if padding_mode == "constant":
        return adjoint.nn.functional.pad(images, widths, mode="constant", value=float(fill))  # type: ignore[no-any-return]
    if padding_mode == "symmetric":
        return mirrored(images, widths)
    mode = "replicate" if padding_mode == "edge" else "reflect"
    real = images if images.is_floating_point() else images.to(dtypes.float32)
    return adjoint.nn.functional.pad(real, widths, mode=mode).to(images.dtype)  # type: ignore[no-any-return]


def mirrored(images: Tensor, widths: list[int]) -> Tensor:
    """Images (..., H, W) with a border that is their mirror image, the edge twice; where a width is negative they are cut."""
    cut = [-min(width, 0) for width in widths]
    height, width = images.shape[-2:]
    images = images[..., cut[2] : height - cut[3], cut[0] : width - cut[1]]
    left, right, top, bottom = (max(width, 0) for width in widths)
    rows, columns = (
        from_array(np.concatenate([np.arange(before - 1, -1, -1), np.arange(n), -1 - np.arange(after)]))
        for n, before, after in ((images.shape[-2], top, bottom), (images.shape[-1], left, right))
    )
    return images[..., rows[:, None], columns]
