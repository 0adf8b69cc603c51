"""Regions pooled from the level of a pyramid of features that fits their size (Lin et al., "Feature Pyramid Networks", 2017)."""

from __future__ import annotations

import math
from typing import Any

import adjoint
from adjoint import nn
from adjoint.noted_calls import noted
from adjoint.tensor import Tensor
from adjoint.vision.ops.box_overlaps import box_area
from adjoint.vision.ops.regions import convert_boxes_to_roi_format
from adjoint.vision.ops.roi_align import roi_align

__all__ = ["LevelMapper", "MultiScaleRoIAlign", "initLevelMapper"]


def initLevelMapper(
    k_min: int, k_max: int, canonical_scale: int = 224, canonical_level: int = 4, eps: float = 1e-6
) -> LevelMapper:
    """A :class:`LevelMapper`."""
    return LevelMapper(k_min, k_max, canonical_scale, canonical_level, eps)


class LevelMapper:
    """Which level a box belongs to: ``canonical_level`` if its area is that of a square of side ``canonical_scale``, the one
    below for half that side, and so on, from ``k_min`` to ``k_max`` (equation 1 of the paper)."""

    def __init__(
        self, k_min: int, k_max: int, canonical_scale: int = 224, canonical_level: int = 4, eps: float = 1e-6
    ) -> None:
        self.k_min = k_min
        self.k_max = k_max
        self.s0 = canonical_scale
        self.lvl0 = canonical_level
        self.eps = eps

    def __call__(self, boxlists: list[Tensor]) -> Tensor:
        """The level of each box of all images, ``k_min`` as 0."""
        side = adjoint.sqrt(adjoint.cat([box_area(boxes) for boxes in boxlists]))
        level = adjoint.floor(self.lvl0 + adjoint.log2(side / self.s0) + adjoint.tensor(self.eps, dtype=side.dtype))
        return level.clamp(min=self.k_min, max=self.k_max).to(adjoint.int64) - self.k_min


def _scale_of(features: Tensor, height: int) -> float:
    """The power of two that a level's size is of the images'."""
    return float(2 ** float(adjoint.tensor(features.shape[-2] / height).log2().round()))


@noted
def _setup_scales(
    features: list[Tensor], image_shapes: list[tuple[int, int]], canonical_scale: int, canonical_level: int
) -> tuple[list[float], LevelMapper]:
    if not image_shapes:
        raise ValueError("images list should not be empty")
    height = max(shape[0] for shape in image_shapes)
    scales = [_scale_of(level, height) for level in features]
    first, last = (int(-math.log2(scale)) for scale in (scales[0], scales[-1]))
    return scales, initLevelMapper(first, last, canonical_scale, canonical_level)


@noted
def _filter_input(x: dict[str, Tensor], featmap_names: list[str]) -> list[Tensor]:
    return [features for name, features in x.items() if name in featmap_names]


@noted
def _multiscale_roi_align(
    x_filtered: list[Tensor],
    boxes: list[Tensor],
    output_size: Any,
    sampling_ratio: int,
    scales: list[float] | None,
    mapper: LevelMapper | None,
) -> Tensor:
    if scales is None or mapper is None:
        raise ValueError("scales and mapper should not be None")
    rois = convert_boxes_to_roi_format(boxes)

    def aligned(features: Tensor, own: Tensor, scale: float) -> Tensor:
        return roi_align(features, own, output_size=output_size, spatial_scale=scale, sampling_ratio=sampling_ratio)

    if len(x_filtered) == 1:
        return aligned(x_filtered[0], rois, scales[0])
    levels, first = mapper(boxes), x_filtered[0]
    found = adjoint.zeros((len(rois), first.shape[1], *output_size), dtype=first.dtype, device=first.device)
    for level, (features, scale) in enumerate(zip(x_filtered, scales)):
        own = adjoint.where(levels == level)[0]
        found[own] = aligned(features, rois[own], scale).to(found.dtype)
    return found


class MultiScaleRoIAlign(nn.Module):
    """:func:`roi_align` of each box from the level of features that fits its size.

    ``featmap_names`` are the features that are used, ``output_size`` and ``sampling_ratio`` those of :func:`roi_align`; the scales
    of the levels follow from the sizes of the first features and images that are given.

    >>> import adjoint as torch
    >>> from adjoint.vision.ops import MultiScaleRoIAlign
    >>> features = {"0": torch.rand(1, 5, 16, 16), "1": torch.rand(1, 5, 8, 8)}
    >>> boxes = [torch.tensor([[0., 0., 40., 40.], [10., 10., 20., 20.]])]
    >>> MultiScaleRoIAlign(["0", "1"], 3, 2)(features, boxes, [(64, 64)]).shape
    torch.Size([2, 5, 3, 3])
    """

    def __init__(
        self,
        featmap_names: list[str],
        output_size: int | tuple[int] | list[int],
        sampling_ratio: int,
        *,
        canonical_scale: int = 224,
        canonical_level: int = 4,
    ) -> None:
        super().__init__()
        self.featmap_names = featmap_names
        self.sampling_ratio = sampling_ratio
        self.output_size = (output_size, output_size) if isinstance(output_size, int) else tuple(output_size)
        self.scales: list[float] | None = None
        self.map_levels: LevelMapper | None = None
        self.canonical_scale = canonical_scale
        self.canonical_level = canonical_level

    def forward(self, x: dict[str, Tensor], boxes: list[Tensor], image_shapes: list[tuple[int, int]]) -> Tensor:
        """The cells (K, C, *output_size) of the boxes of all images, from features by name and the images' sizes."""
        used = _filter_input(x, self.featmap_names)
        if self.scales is None or self.map_levels is None:
            self.scales, self.map_levels = _setup_scales(used, image_shapes, self.canonical_scale, self.canonical_level)
        return _multiscale_roi_align(used, boxes, self.output_size, self.sampling_ratio, self.scales, self.map_levels)

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}(featmap_names={self.featmap_names}, output_size={self.output_size}, "
            f"sampling_ratio={self.sampling_ratio})"
        )
