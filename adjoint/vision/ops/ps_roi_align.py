"""Position-sensitive RoIAlign: as RoIAlign, and each cell has channels of its own."""

from __future__ import annotations

from adjoint import nn
from adjoint.noted_calls import noted
from adjoint.tensor import Tensor
from adjoint.vision.ops.region_pooling import position_aligned
from adjoint.vision.ops.regions import as_regions, cells_of, check_regions

__all__ = ["PSRoIAlign", "ps_roi_align"]


@noted
def ps_roi_align(
    input: Tensor, boxes: Tensor, output_size: int, spatial_scale: float = 1.0, sampling_ratio: int = -1
) -> Tensor:
    """As :func:`roi_align`, aligned, of channels of which each cell averages its own: of (N, C * cells, H, W),
    (K, C, *output_size).

    Raises RuntimeError for a number of channels that the cells do not divide.
    """
    rois, cells = as_regions(boxes), cells_of(output_size)
    check_regions("ps_roi_align", input, rois, cells)
    return position_aligned(input, rois, spatial_scale, cells, sampling_ratio)  # type: ignore[no-any-return]


class PSRoIAlign(nn.Module):
    """:func:`ps_roi_align` as a module."""

    def __init__(self, output_size: int, spatial_scale: float, sampling_ratio: int) -> None:
        super().__init__()
        self.output_size = output_size
        self.spatial_scale = spatial_scale
        self.sampling_ratio = sampling_ratio

    def forward(self, input: Tensor, rois: Tensor) -> Tensor:
        """The cells (K, C, *output_size) of the regions."""
        return ps_roi_align(input, rois, self.output_size, self.spatial_scale, self.sampling_ratio)

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}(output_size={self.output_size}, spatial_scale={self.spatial_scale}, "
            f"sampling_ratio={self.sampling_ratio})"
        )
