"""Position-sensitive RoIPool: the cells of regions as averages of pixels, each of channels of its own."""

from __future__ import annotations

from adjoint import nn
from adjoint.noted_calls import noted
from adjoint.tensor import Tensor
from adjoint.vision.ops.region_pooling import position_pooled
from adjoint.vision.ops.regions import as_regions, cells_of, check_regions

__all__ = ["PSRoIPool", "ps_roi_pool"]


@noted
def ps_roi_pool(input: Tensor, boxes: Tensor, output_size: int, spatial_scale: float = 1.0) -> Tensor:
    """Regions of (N, C * cells, H, W), whose cells are averages of pixels of their own channels: (K, C, *output_size).

    Coordinates are rounded to pixels, and the last row and column of an image belong to no cell, as in torchvision.  Raises
    RuntimeError for a number of channels that the cells do not divide.
    """
    rois, cells = as_regions(boxes), cells_of(output_size)
    check_regions("ps_roi_pool", input, rois, cells)
    return position_pooled(input, rois, spatial_scale, cells)  # type: ignore[no-any-return]


class PSRoIPool(nn.Module):
    """:func:`ps_roi_pool` as a module."""

    def __init__(self, output_size: int, spatial_scale: float) -> None:
        super().__init__()
        self.output_size = output_size
        self.spatial_scale = spatial_scale

    def forward(self, input: Tensor, rois: Tensor) -> Tensor:
        """The cells (K, C, *output_size) of the regions."""
        return ps_roi_pool(input, rois, self.output_size, self.spatial_scale)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(output_size={self.output_size}, spatial_scale={self.spatial_scale})"
