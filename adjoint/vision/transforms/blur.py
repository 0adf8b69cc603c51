"""Blurs, as tensors."""

from __future__ import annotations

import adjoint
from adjoint import dtypes
from adjoint.tensor import Tensor


def blurred(image: Tensor, weights: Tensor, dtype: dtypes.dtype) -> Tensor:
    """Images (N, C, H, W) or (C, H, W), mirrored at their edges, each pixel a mean of its neighbours with these weights."""
    channels = image.shape[-3]
    rows, columns = weights.shape
    images = image.to(dtype)
    images = images[None] if image.ndim < 4 else images
    around = [columns // 2, columns // 2, rows // 2, rows // 2]
    images = adjoint.nn.functional.pad(images, around, mode="reflect")
    images = adjoint.nn.functional.conv2d(images, weights.expand(channels, 1, rows, columns), groups=channels)
    images = images[0] if image.ndim < 4 else images
    return images if image.dtype is dtype else images.round().to(image.dtype)
