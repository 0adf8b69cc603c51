"""RoIPool: the cells of regions as their largest pixels."""

from __future__ import annotations

from typing import Any

from adjoint import nn
from adjoint.noted_calls import noted
from adjoint.tensor import Tensor
from adjoint.vision.ops.region_pooling import pooled
from adjoint.vision.ops.regions import as_regions, cells_of, check_regions

__all__ = ["RoIPool", "roi_pool"]


@noted
def roi_pool(input: Tensor, boxes: Tensor | list[Tensor], output_size: Any, spatial_scale: float = 1.0) -> Tensor:
    """Regions of images (N, C, H, W), each divided into ``output_size`` cells, of which the largest pixel counts.

    ``boxes`` as for :func:`roi_align`; coordinates are rounded to pixels.  Returns (K, C, *output_size), 0 for a cell outside of
    the image.  The gradient is that of the largest pixels.

    >>> import adjoint as torch
    >>> from adjoint.vision.ops import roi_pool
    >>> roi_pool(torch.arange(16.0).reshape(1, 1, 4, 4), torch.tensor([[0.0, 0.0, 0.0, 3.0, 3.0]]), 2)
    tensor([[[[ 5.,  7.],
              [13., 15.]]]])
    """
    rois, cells = as_regions(boxes), cells_of(output_size)
    check_regions("roi_pool", input, rois)
    return pooled(input, rois, spatial_scale, cells)[0]  # type: ignore[no-any-return]


class RoIPool(nn.Module):
    """:func:`roi_pool` as a module."""

    def __init__(self, output_size: Any, spatial_scale: float) -> None:
        super().__init__()
        self.output_size = output_size
        self.spatial_scale = spatial_scale

    def forward(self, input: Tensor, rois: Tensor | list[Tensor]) -> Tensor:
        """The cells (K, C, *output_size) of the regions."""
        return roi_pool(input, rois, self.output_size, self.spatial_scale)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(output_size={self.output_size}, spatial_scale={self.spatial_scale})"
