"""From regions to weights: with which weights the pixels of an image make up the cells of a region.

A region (image, x1, y1, x2, y2) is divided into ``cells`` (down, across).  Along each side the weights of a cell are worked out by
themselves, and those of the plane are the products, whether a cell averages samples between pixels (align) or pixels (pool).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from adjoint.autograd.taped import taped
from adjoint.ops.arrays import Array, array_function
from adjoint.readings import meta
from adjoint.vision.ops.row_sums import SparseRows


@dataclass(frozen=True, slots=True)
class Division:
    """How regions of images are divided: what of a pooling is no array."""

    images: int
    space: tuple[int, int]  # height and width of the images
    scale: float  # of a region's coordinates, in pixels
    cells: tuple[int, int]
    samples: int = -1  # in a cell along each side; one for every pixel that begins in it, if not positive
    offset: float = 0.0  # by how much a pixel's middle is behind its coordinate
    least: float | None = None  # to which sides of a region are widened
    of_pixels: bool = False  # whether pixels themselves are averaged, and not samples between them
    by_cell: bool = False  # whether each cell has channels of its own


@array_function
def region_weights(rois: Array, division: Division) -> Any:
    """The matrix (regions * cells, pixels) of a pooling.

    The pixels are those of all images, one image after the other; with ``by_cell``, image by image those of the first cell's
    channels, of the second's, and so on.
    """
    return _joined(rois, division, *_sides(rois, division))


@taped(region_weights)
def _as_they_are(rois: Any, division: Division) -> Any:
    return region_weights(rois._array, division)  # regions have no gradient


@meta.rule(region_weights)
def _without_memory(rois: Any, division: Division) -> SparseRows:
    return SparseRows(_shape(len(rois), division))


def _shape(regions: int, division: Division) -> tuple[int, int]:
    cells = prod(division.cells)
    return regions * cells, division.images * prod(division.space) * (cells if division.by_cell else 1)


def _sides(rois: Any, division: Division) -> tuple[Any, Any, Any]:
    """The weights down (K, cells, height) and across (K, cells, width), and what each region's are divided by (K, cells, cells)."""
    if division.of_pixels:
        down, across = (pixels_of_cells(rois, division, side) for side in (0, 1))
        weights = [
            ((start[..., None] <= np.arange(n)) & (np.arange(n) < end[..., None])).astype(rois.dtype)
            for (start, end), n in zip((down, across), division.space)
        ]
        return *weights, np.maximum(weights[0].sum(2)[:, :, None] * weights[1].sum(2)[:, None, :], 1)
    sides = [_sampled(rois, division, side) for side in (0, 1)]
    count = np.maximum(sides[0][1] * sides[1][1], 1)
    return sides[0][0], sides[1][0], np.broadcast_to(count[:, None, None], (len(rois), *division.cells))


def rounded(x: Any) -> Any:
    """To the nearest integer, of two the one away from zero, as C's ``round``."""
    return np.copysign(np.floor(np.abs(x) + x.dtype.type(0.5)), x).astype(np.int64)


def pixels_of_cells(rois: Any, division: Division, side: int) -> tuple[Any, Any]:
    """From which pixel on and up to which (without it) each cell reaches along a side: twice (K, cells), inside the image."""
    dtype = rois.dtype.type
    first, last = (rounded(rois[:, column] * dtype(division.scale)) for column in (2 - side, 4 - side))
    sides, cells = division.cells[side], np.arange(division.cells[side] + 1).astype(rois.dtype)
    wide = np.maximum(last - first + (0 if division.by_cell else 1), 1).astype(rois.dtype) / dtype(sides)
    end = division.space[side] - (1 if division.by_cell else 0)
    edges = cells * wide[:, None]
    starts, ends = np.floor(edges[:, :-1]).astype(np.int64), np.ceil(edges[:, 1:]).astype(np.int64)
    return tuple(np.clip(edge + first[:, None], 0, end) for edge in (starts, ends))  # type: ignore[return-value]


def _sampled(rois: Any, division: Division, side: int) -> tuple[Any, Any]:
    """Along a side, the sums of the samples' weights (K, cells, pixels), and how many samples a cell has (K,)."""
    dtype, size, cells = rois.dtype.type, division.space[side], division.cells[side]
    start, end = (rois[:, column] * dtype(division.scale) - dtype(division.offset) for column in (2 - side, 4 - side))
    length = end - start
    if division.least is not None:
        length = np.maximum(length, dtype(division.least))
    step = length / dtype(cells)
    count = np.full(len(rois), division.samples) if division.samples > 0 else np.ceil(step).astype(np.int64)
    sample = np.arange(max(int(count.max(initial=0)), 0))
    per_cell = np.maximum(count, 1).astype(rois.dtype)
    begins = (np.arange(cells).astype(rois.dtype) * step[:, None] + start[:, None])[..., None]
    at = begins + (((sample + 0.5).astype(rois.dtype) * step[:, None]) / per_cell[:, None])[:, None]
    inside = (sample < count[:, None])[:, None] & (at >= -1) & (at <= size)  # also where it is not a number
    at = np.where(inside, np.maximum(at, 0), 0)
    low = np.minimum(at.astype(np.int64), size - 1)
    behind = np.where(low >= size - 1, 0, at - low).astype(rois.dtype)
    line = (np.arange(len(rois) * cells) * size).reshape(len(rois), cells, 1)
    places = np.stack((line + low, line + np.minimum(low + 1, size - 1)))
    shares = np.stack((np.where(inside, 1 - behind, 0), np.where(inside, behind, 0)))
    found = np.bincount(places.reshape(-1), shares.reshape(-1), len(rois) * cells * size)
    return found.reshape(len(rois), cells, size).astype(rois.dtype), count


def _joined(rois: Any, division: Division, down: Any, across: Any, count: Any) -> SparseRows:
    """The matrix whose row of a cell has the products of the weights down and across."""
    regions, cells, (height, width) = len(rois), division.cells, division.space
    shape = _shape(regions, division)
    image = rois[:, 0].astype(np.int64)
    if regions and (image.min() < 0 or image.max() >= division.images):
        raise IndexError(
            f"a region is of image {int(image.min() if image.min() < 0 else image.max())}, and there are {division.images}"
        )
    first = image[:, None, None] * (height * width)
    if division.by_cell:
        first = (image[:, None, None] * prod(cells) + np.arange(prod(cells)).reshape(cells)) * (height * width)
    (ys, y_weights, y_begins, y_counts), (xs, x_weights, x_begins, x_counts) = _filled(down), _filled(across)
    sizes = y_counts[:, :, None] * x_counts[:, None, :]  # (K, cells down, cells across)
    begins = np.zeros(sizes.size + 1, np.int64)
    np.cumsum(sizes, out=begins[1:])

    def each(values: Any) -> Any:
        return np.repeat(np.broadcast_to(values, sizes.shape).reshape(-1), sizes.reshape(-1))

    along = np.arange(begins[-1]) - each(begins[:-1].reshape(sizes.shape))
    i, j = np.divmod(along, each(x_counts[:, None, :]))
    i += each(y_begins[:, :, None])
    j += each(x_begins[:, None, :])
    places = ys[i] * width + xs[j] + each(first)
    weights = y_weights[i] * x_weights[j] / each(count.astype(rois.dtype))
    small = np.int32 if max(*shape, len(places)) < 2**31 else np.int64
    return SparseRows(shape, begins.astype(small), places.astype(small), weights)


def _filled(weights: Any) -> tuple[Any, Any, Any, Any]:
    """Of weights (K, cells, pixels) those that are not zero: pixels, weights, and each cell's first and number of them
    (K, cells)."""
    lines, places = np.nonzero(weights.reshape(-1, weights.shape[2]))
    counts = np.bincount(lines, minlength=weights.shape[0] * weights.shape[1])
    begins = np.cumsum(counts) - counts
    return (
        places,
        weights.reshape(-1, weights.shape[2])[lines, places],
        *(v.reshape(weights.shape[:2]) for v in (begins, counts)),
    )
