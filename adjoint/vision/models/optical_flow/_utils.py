"""Flows: samples at places, grids of places, and flows of more places."""

from __future__ import annotations

import adjoint
from adjoint.nn import functional as F
from adjoint.tensor import Tensor


def grid_sample(
    img: Tensor, absolute_grid: Tensor, mode: str = "bilinear", align_corners: bool | None = None
) -> Tensor:
    """:func:`torch.nn.functional.grid_sample` at places in pixels: (N, C, H, W) at (N, h, w, 2), x first, to (N, C, h, w)."""
    height, width = img.shape[-2:]
    x, y = absolute_grid.split([1, 1], dim=-1)
    x = 2 * x / (width - 1) - 1
    if height > 1:  # of one row all places are in it
        y = 2 * y / (height - 1) - 1
    return F.grid_sample(img, adjoint.cat([x, y], dim=-1), mode=mode, align_corners=align_corners)


def make_coords_grid(batch_size: int, h: int, w: int, device: str = "cpu") -> Tensor:
    """Each place's own coordinates, x first: (``batch_size``, 2, ``h``, ``w``).

    >>> from adjoint.vision.models.optical_flow._utils import make_coords_grid
    >>> make_coords_grid(1, 1, 3)
    tensor([[[[0., 1., 2.]],
    <BLANKLINE>
             [[0., 0., 0.]]]])
    """
    y, x = adjoint.meshgrid(adjoint.arange(h, device=device), adjoint.arange(w, device=device), indexing="ij")
    return adjoint.stack((x, y), dim=0).float()[None].repeat(batch_size, 1, 1, 1)


def upsample_flow(flow: Tensor, up_mask: Tensor | None = None, factor: int = 8) -> Tensor:
    """A flow of ``factor`` times as many places in each dimension, and as many times as far.

    With ``up_mask`` (N, 9 * ``factor`` ** 2, h, w), whose softmax weighs the nine places around each; between them without it.
    """
    n, c, h, w = flow.shape
    if up_mask is None:
        return factor * F.interpolate(flow, size=(h * factor, w * factor), mode="bilinear", align_corners=True)
    weights = adjoint.softmax(up_mask.view(n, 1, 9, factor, factor, h, w), dim=2)
    around = F.unfold(factor * flow, kernel_size=3, padding=1).view(n, c, 9, 1, 1, h, w)
    flow = adjoint.sum(weights * around, dim=2)
    return flow.permute(0, 1, 4, 2, 5, 3).reshape(n, c, h * factor, w * factor)
