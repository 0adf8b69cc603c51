"""The operators that pool regions of images: samples between pixels or pixels, averaged, and the largest pixels.

``roi_align`` is He et al., "Mask R-CNN", 2017; ``roi_pool`` Girshick, "Fast R-CNN", 2015; those whose cells have channels of their
own (``ps_``, position-sensitive) Dai et al., "R-FCN", 2016.  Regions are (K, 5): the number of an image, and x1, y1, x2, y2.
"""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from adjoint.declare import op
from adjoint.declare.arranging import IN_ORDER
from adjoint.ops.arrays import Array, array_function
from adjoint.ops.scatter import add_at
from adjoint.ops.widening import in_float32
from adjoint.readings import meta
from adjoint.vision.ops.region_weights import Division, pixels_of_cells, region_weights
from adjoint.vision.ops.row_sums import row_sums

# Averages are sums of rows: a row has the channels of a pixel, or those of one cell of a pixel.


def _rows(images: Array, division: Division) -> Array:
    n, channels, height, width = images.shape
    cells = prod(division.cells) if division.by_cell else 1
    parts = images.reshape(n, channels // cells, cells, height * width)
    return parts.transpose(0, 2, 3, 1).reshape(n * cells * height * width, channels // cells)


def _images(rows: Array, division: Division) -> Array:
    n, (height, width) = division.images, division.space
    cells = prod(division.cells) if division.by_cell else 1
    channels = rows.shape[1]
    return (
        rows.reshape(n, cells, height * width, channels)
        .transpose(0, 3, 1, 2)
        .reshape(n, channels * cells, height, width)
    )


@in_float32
def _average(input: Array, rois: Array, division):
    found = row_sums(_rows(input, division), region_weights(rois, division))
    return found.reshape(rois.shape[0], *division.cells, found.shape[1]).transpose(0, 3, 1, 2)


@in_float32
def _average_gradient(g, rois, division):
    rows = g.transpose(0, 2, 3, 1).reshape(g.shape[0] * g.shape[2] * g.shape[3], g.shape[1])
    return _images(row_sums(rows, region_weights(rois, division).transposed), division)


def _averaging(name: str) -> Any:
    return op(
        name, _average, where="", fused=False, lies=IN_ORDER,
        input=_average_gradient, reads={"input": "g times the weights, added up at the pixels"},
    )  # fmt: skip


_ALIGN, _PS_ALIGN, _PS_POOL = (_averaging(name) for name in ("roi_align", "ps_roi_align", "ps_roi_pool"))


def _division(input: Any, scale: float, cells: tuple[int, int], **options: Any) -> Division:
    n, _, height, width = input.shape
    return Division(n, (height, width), float(scale), cells, **options)


def aligned(input: Any, rois: Any, scale: float, cells: tuple[int, int], samples: int, half_pixel: bool) -> Any:
    """Cells (K, C, *cells) that average samples; with ``half_pixel`` pixels are taken to be where their middles are."""
    options: dict[str, Any] = {"offset": 0.5} if half_pixel else {"least": 1.0}
    return _ALIGN.function(input, rois, _division(input, scale, cells, samples=samples, **options))


def position_aligned(input: Any, rois: Any, scale: float, cells: tuple[int, int], samples: int) -> Any:
    """As :func:`aligned`, each cell of its own channels: (K, C / number of cells, *cells)."""
    return _PS_ALIGN.function(input, rois, _division(input, scale, cells, samples=samples, offset=0.5, by_cell=True))


def position_pooled(input: Any, rois: Any, scale: float, cells: tuple[int, int]) -> Any:
    """Averages of pixels, each cell of its own channels."""
    return _PS_POOL.function(input, rois, _division(input, scale, cells, of_pixels=True, by_cell=True))


def channels_of_cells(input: Any, rois: Any, cells: tuple[int, int]) -> Any:
    """Of which channel of the input each element of a position-sensitive pooling is: (K, C / number of cells, *cells), int32."""
    own = np.arange(input.shape[1], dtype=np.int32).reshape(-1, *cells)
    return np.ascontiguousarray(np.broadcast_to(own, (rois.shape[0], *own.shape)))


# The largest pixels.


@array_function
def largest_pixels(input: Array, rois: Array, division: Division) -> tuple[Array, ...]:
    """The largest pixel of each cell (K, C, *cells); where it is in its plane (int32, -1 where a cell has none); where among all
    elements of the images (flat); and whether there is one."""
    n, channels, height, width = input.shape
    (top, bottom), (left, right) = (pixels_of_cells(rois, division, side) for side in (0, 1))
    image = rois[:, 0].astype(np.int64)
    rows = input.transpose(0, 2, 3, 1).reshape(n * height * width, channels)
    shape = (len(rois), *division.cells)
    first = np.broadcast_to(image[:, None, None] * (height * width), shape)
    best = np.full((*shape, channels), -np.inf, input.dtype)
    where = np.full((*shape, channels), -1, np.int32)
    for dy in range(int((bottom - top).max(initial=0))):
        for dx in range(int((right - left).max(initial=0))):
            y, x = (top + dy)[:, :, None], (left + dx)[:, None, :]
            cells = np.nonzero((y < bottom[:, :, None]) & (x < right[:, None, :]))
            at = (y * width + x)[cells]
            values, before = rows[at + first[cells]], best[cells]
            better = values > before
            best[cells] = np.where(better, values, before)
            where[cells] = np.where(better, at[:, None].astype(np.int32), where[cells])
    where = np.ascontiguousarray(where.transpose(0, 3, 1, 2))
    found = where >= 0
    best = np.where(found, best.transpose(0, 3, 1, 2), input.dtype.type(0))
    plane = (image[:, None] * channels + np.arange(channels))[:, :, None, None]
    return best, where, (plane * (height * width) + np.where(found, where, 0)).reshape(-1), found


@meta.rule(largest_pixels)
def _without_memory(input: Any, rois: Any, division: Division) -> Any:
    shape = (rois.shape[0], input.shape[1], *division.cells)
    where, found = meta.new(shape, np.dtype(np.int32)), meta.new(shape, np.dtype(bool))
    return meta.new(shape, input.dtype), where, meta.new((prod(shape),), np.dtype(np.int64)), found


@in_float32
def _largest(input: Array, rois: Array, division):
    return largest_pixels(input, rois, division)


_POOL = op(
    "roi_pool", _largest, where="", fused=False, lies=IN_ORDER, outputs=("output", "argmax"), apart=True,
    differentiable=("output",), keeps=("places", "found"), flat="input",
    input=lambda g, places, found, input_shape: add_at(
        np.where(found, g, g.dtype.type(0)).reshape(-1), places, prod(input_shape)
    ).reshape(input_shape),
    reads={"input": "g at the largest pixels, 0 elsewhere"},
)  # fmt: skip


def pooled(input: Any, rois: Any, scale: float, cells: tuple[int, int]) -> Any:
    """The largest pixels of cells (K, C, *cells), and where in their planes they are (int32; -1 where a cell has no pixel)."""
    return _POOL.function(input, rois, _division(input, scale, cells, of_pixels=True))
