"""Grids: many images in one, and files of them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

import adjoint
from adjoint import dtypes
from adjoint.tensor import Tensor


@adjoint.no_grad()
def make_grid(
    tensor: Tensor | list[Tensor],
    nrow: int = 8,
    padding: int = 2,
    normalize: bool = False,
    value_range: tuple[float, float] | None = None,
    scale_each: bool = False,
    pad_value: float = 0.0,
) -> Tensor:
    """Images side by side, ``nrow`` in a row, with ``padding`` pixels of ``pad_value`` around each.

    ``tensor`` is a batch (N, C, H, W), one image, or a list of images of one size; grey ones get three channels, and a
    single image stays without a border.  ``normalize`` brings values to 0 to 1: from ``value_range``, or from the least and
    the greatest, of all images or (``scale_each``) of each.  Raises TypeError for anything but tensors.

    >>> import adjoint as torch
    >>> make_grid(torch.ones(3, 1, 4, 4), nrow=2).shape
    torch.Size([3, 14, 14])
    """
    images = _batch(tensor)
    if normalize is True:
        images = images.clone()
        if value_range is not None and not isinstance(value_range, tuple):
            raise TypeError("value_range has to be a tuple (min, max) if specified. min and max are numbers")
        for part in images if scale_each is True else [images]:
            low, high = value_range or (float(part.min()), float(part.max()))
            part.clamp_(min=low, max=high)
            part.sub_(low).div_(max(high - low, 1e-5))
    if images.size(0) == 1:
        return images.squeeze(0)
    count, channels = images.shape[:2]
    columns = min(nrow, count)
    rows = math.ceil(count / columns)
    height, width = int(images.size(2) + padding), int(images.size(3) + padding)
    grid = images.new_full((channels, height * rows + padding, width * columns + padding), pad_value)
    for i in range(count):
        y, x = divmod(i, columns)
        place = grid.narrow(1, y * height + padding, height - padding)
        place.narrow(2, x * width + padding, width - padding).copy_(images[i])
    return grid


def _batch(tensor: Any) -> Any:
    """The images as one batch, in three channels where there was one."""
    if isinstance(tensor, list):
        for one in tensor:
            if not isinstance(one, Tensor):
                raise TypeError(f"tensor or list of tensors expected, got a list containing {type(one)}")
        tensor = adjoint.stack(tensor, dim=0)
    elif not isinstance(tensor, Tensor):
        raise TypeError(f"tensor or list of tensors expected, got {type(tensor)}")
    if tensor.dim() == 2:
        tensor = tensor.unsqueeze(0)
    if tensor.dim() == 3:
        tensor = tensor.unsqueeze(0)
    if tensor.dim() == 4 and tensor.size(1) == 1:
        tensor = adjoint.cat((tensor, tensor, tensor), 1)
    return tensor


@adjoint.no_grad()
def save_image(tensor: Tensor | list[Tensor], fp: Any, format: str | None = None, **kwargs: Any) -> None:
    """Write an image, or a grid of images, to a file or a file object; values go from 0 to 1.

    ``format`` is Pillow's word for the file's format where the file's name does not say it; other arguments are those of
    :func:`make_grid`.
    """
    from PIL import Image

    pixels = make_grid(tensor, **kwargs).mul(255).add_(0.5).clamp_(0, 255).permute(1, 2, 0)
    Image.fromarray(np.ascontiguousarray(pixels.to("cpu", dtypes.uint8).numpy())).save(fp, format=format)
