"""RoIAlign: the cells of regions as averages of samples between pixels."""

from __future__ import annotations

from typing import Any

from adjoint import nn
from adjoint.noted_calls import noted
from adjoint.tensor import Tensor
from adjoint.vision.ops.region_pooling import aligned as _aligned
from adjoint.vision.ops.regions import as_regions, cells_of, check_regions

__all__ = ["RoIAlign", "roi_align"]


@noted
def roi_align(
    input: Tensor,
    boxes: Tensor | list[Tensor],
    output_size: Any,
    spatial_scale: float = 1.0,
    sampling_ratio: int = -1,
    aligned: bool = False,
) -> Tensor:
    """Regions of images (N, C, H, W), each divided into ``output_size`` cells that are averages of bilinear samples.

    ``boxes`` are (K, 5), the number of an image and x1, y1, x2, y2, or a list of boxes (L, 4) for each image; times
    ``spatial_scale`` they are coordinates in the images.  A cell has ``sampling_ratio`` samples along each side, or, if that is
    not positive, as many as it has pixels.  With ``aligned`` pixels are where their middles are, half a pixel behind.
    Returns (K, C, *output_size), with a gradient for ``input``.  Raises AssertionError for boxes of other shapes.

    >>> import adjoint as torch
    >>> from adjoint.vision.ops import roi_align
    >>> image = torch.arange(16.0).reshape(1, 1, 4, 4)
    >>> roi_align(image, [torch.tensor([[0.0, 0.0, 2.0, 2.0]])], 2)
    tensor([[[[2.5000, 3.5000],
              [6.5000, 7.5000]]]])
    """
    rois, cells = as_regions(boxes), cells_of(output_size)
    check_regions("roi_align", input, rois)
    return _aligned(input, rois, spatial_scale, cells, sampling_ratio, aligned)  # type: ignore[no-any-return]


class RoIAlign(nn.Module):
    """:func:`roi_align` as a module."""

    def __init__(self, output_size: Any, spatial_scale: float, sampling_ratio: int, aligned: bool = False) -> None:
        super().__init__()
        self.output_size = output_size
        self.spatial_scale = spatial_scale
        self.sampling_ratio = sampling_ratio
        self.aligned = aligned

    def forward(self, input: Tensor, rois: Tensor | list[Tensor]) -> Tensor:
        """The cells (K, C, *output_size) of the regions."""
        return roi_align(input, rois, self.output_size, self.spatial_scale, self.sampling_ratio, self.aligned)

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}(output_size={self.output_size}, spatial_scale={self.spatial_scale}, "
            f"sampling_ratio={self.sampling_ratio}, aligned={self.aligned})"
        )
