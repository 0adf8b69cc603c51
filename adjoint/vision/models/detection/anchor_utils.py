"""Anchors: boxes all over an image, of which a detector says what is in them and how to move them."""

from __future__ import annotations

import math
from typing import Any

import adjoint
from adjoint import nn
from adjoint.names import list_names as _list_names
from adjoint.tensor import Tensor
from adjoint.vision.models.detection.image_list import ImageList

__all__ = ["AnchorGenerator", "DefaultBoxGenerator"]

_CPU = adjoint.device("cpu")


def _grid(xs: Tensor, ys: Tensor) -> tuple[Tensor, Tensor]:
    """The coordinates of all points of a grid, row by row."""
    y, x = adjoint.meshgrid(ys, xs, indexing="ij")
    return x.reshape(-1), y.reshape(-1)


class AnchorGenerator(nn.Module):
    """At every pixel of every map of features, boxes of each size and aspect ratio (height to width).

    ``sizes`` and ``aspect_ratios`` have a tuple for each map; ratios of one tuple are for all.
    """

    def __init__(self, sizes: Any = ((128, 256, 512),), aspect_ratios: Any = ((0.5, 1.0, 2.0),)) -> None:
        super().__init__()
        if not isinstance(sizes[0], (list, tuple)):
            sizes = tuple((size,) for size in sizes)
        if not isinstance(aspect_ratios[0], (list, tuple)):
            aspect_ratios = (aspect_ratios,) * len(sizes)
        self.sizes = sizes
        self.aspect_ratios = aspect_ratios
        self.cell_anchors = [self.generate_anchors(*both) for both in zip(sizes, aspect_ratios)]

    def generate_anchors(
        self, scales: Any, aspect_ratios: Any, dtype: Any = adjoint.float32, device: Any = _CPU
    ) -> Tensor:
        """The boxes (A, 4) around the origin, with rounded corners."""
        sizes = adjoint.as_tensor(scales, dtype=dtype, device=device)
        high = adjoint.sqrt(adjoint.as_tensor(aspect_ratios, dtype=dtype, device=device))
        ws, hs = ((ratios[:, None] * sizes[None, :]).view(-1) for ratios in (1 / high, high))
        return (adjoint.stack([-ws, -hs, ws, hs], dim=1) / 2).round()

    def set_cell_anchors(self, dtype: Any, device: Any) -> None:
        """Have the boxes around the origin in a dtype and on a device."""
        self.cell_anchors = [anchors.to(dtype=dtype, device=device) for anchors in self.cell_anchors]

    def num_anchors_per_location(self) -> list[int]:
        """How many boxes there are at a pixel of each map."""
        return [len(sizes) * len(ratios) for sizes, ratios in zip(self.sizes, self.aspect_ratios)]

    def grid_anchors(self, grid_sizes: Any, strides: Any) -> list[Tensor]:
        """The boxes of maps of these sizes (height, width), whose pixels are that far apart in the image; AssertionError
        where there are not as many maps as tuples of sizes."""
        if not len(grid_sizes) == len(strides) == len(self.cell_anchors):
            raise AssertionError(
                "Anchors should be Tuple[Tuple[int]] because each feature map could potentially have different sizes and aspect "
                "ratios. There needs to be a match between the number of feature maps passed and the number of sizes / aspect "
                "ratios specified."
            )
        found = []
        for size, apart, cell in zip(grid_sizes, strides, self.cell_anchors):
            ys, xs = (
                adjoint.arange(0, n, dtype=adjoint.int32, device=cell.device) * step for n, step in zip(size, apart)
            )
            x, y = _grid(xs, ys)
            moved = adjoint.stack((x, y, x, y), dim=1)
            found.append((moved.view(-1, 1, 4) + cell.view(1, -1, 4)).reshape(-1, 4))
        return found

    def forward(self, image_list: ImageList, feature_maps: list[Tensor]) -> list[Tensor]:
        """The boxes of all maps together (A, 4), for each image."""
        height, width = image_list.tensors.shape[-2:]
        sizes = [features.shape[-2:] for features in feature_maps]
        first = feature_maps[0]
        strides = [
            [adjoint.tensor(n // m, dtype=adjoint.int64, device=first.device) for n, m in zip((height, width), size)]
            for size in sizes
        ]
        self.set_cell_anchors(first.dtype, first.device)
        anchors = self.grid_anchors(sizes, strides)
        return [adjoint.cat(anchors) for _ in image_list.image_sizes]


class DefaultBoxGenerator(nn.Module):
    """The boxes of SSD (Liu et al., 2016): at every pixel of a map two squares, and for each aspect ratio a wide and a high box.

    ``scales`` are the sides of the squares in images, one more than there are maps, or follow from ``min_ratio`` and ``max_ratio``;
    ``steps`` are how far pixels are apart in the image, if not as they fill it; with ``clip`` no side is longer than the image's.
    Raises ValueError for lists of different lengths.
    """

    def __init__(
        self,
        aspect_ratios: list[list[int]],
        min_ratio: float = 0.15,
        max_ratio: float = 0.9,
        scales: list[float] | None = None,
        steps: list[int] | None = None,
        clip: bool = True,
    ) -> None:
        super().__init__()
        if steps is not None and len(aspect_ratios) != len(steps):
            raise ValueError("aspect_ratios and steps should have the same length")
        self.aspect_ratios = aspect_ratios
        self.steps = steps
        self.clip = clip
        maps = len(aspect_ratios)
        if scales is None:
            between = max_ratio - min_ratio
            even = [min_ratio + between * k / (maps - 1.0) for k in range(maps)] if maps > 1 else []
            scales = [*even, 1.0] if even else [min_ratio, max_ratio]
        self.scales = scales
        self._wh_pairs = self._generate_wh_pairs(maps)

    def _generate_wh_pairs(self, num_outputs: int, dtype: Any = adjoint.float32, device: Any = _CPU) -> list[Tensor]:
        """Width and height of the boxes of each map, in images: (A, 2)."""
        found = []
        for k in range(num_outputs):
            side, larger = self.scales[k], math.sqrt(self.scales[k] * self.scales[k + 1])
            pairs = [[side, side], [larger, larger]]
            for ratio in self.aspect_ratios[k]:
                w, h = side * math.sqrt(ratio), side / math.sqrt(ratio)
                pairs += [[w, h], [h, w]]
            found.append(adjoint.as_tensor(pairs, dtype=dtype, device=device))
        return found

    def num_anchors_per_location(self) -> list[int]:
        """How many boxes there are at a pixel of each map."""
        return [2 + 2 * len(ratios) for ratios in self.aspect_ratios]

    def _grid_default_boxes(self, grid_sizes: Any, image_size: Any, dtype: Any = adjoint.float32) -> Tensor:
        """The boxes of all maps as centers and sides, in images: (A, 4)."""
        found = []
        for k, (height, width) in enumerate(grid_sizes):
            ys, xs = (height, width) if self.steps is None else (side / self.steps[k] for side in image_size)
            x, y = _grid(
                *(((adjoint.arange(0, n) + 0.5) / of).to(dtype=dtype) for n, of in ((width, xs), (height, ys)))
            )
            pairs = self._wh_pairs[k].clamp(min=0, max=1) if self.clip else self._wh_pairs[k]
            centers = adjoint.stack((x, y) * len(pairs), dim=-1).reshape(-1, 2)
            found.append(adjoint.cat((centers, pairs.repeat(height * width, 1)), dim=1))
        return adjoint.cat(found, dim=0)

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}(aspect_ratios={self.aspect_ratios}, clip={self.clip}, scales={self.scales}, "
            f"steps={self.steps})"
        )

    def forward(self, image_list: ImageList, feature_maps: list[Tensor]) -> list[Tensor]:
        """The boxes of all maps together, as corners in pixels (A, 4), for each image."""
        height, width = image_list.tensors.shape[-2:]
        first = feature_maps[0]
        boxes = self._grid_default_boxes([f.shape[-2:] for f in feature_maps], (height, width), dtype=first.dtype)
        boxes = boxes.to(first.device)
        size = adjoint.tensor([width, height], device=boxes.device)
        middle, half = boxes[:, :2], 0.5 * boxes[:, 2:]
        return [adjoint.cat([(middle - half) * size, (middle + half) * size], -1) for _ in image_list.image_sizes]


_list_names(__name__)
