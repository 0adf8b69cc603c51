"""Patches of images whose pixels are each taken from somewhere else: what a deformable convolution multiplies with its weights.

Dai et al., "Deformable Convolutional Networks", 2017.  A point between pixels is their bilinear mean, and outside of the image
there are zeros.  Where a coordinate is a whole number, its derivative is that to the right.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from adjoint.declare import op
from adjoint.declare.arranging import IN_ORDER
from adjoint.ops.arrays import Array
from adjoint.ops.scatter import add_at, index_at
from adjoint.ops.widening import in_float32
from adjoint.summation import total


@dataclass(frozen=True, slots=True)
class Kernel:
    """Where the pixels of a patch would be without an offset; ``out`` is the size of what is made."""

    size: tuple[int, int]
    stride: tuple[int, int]
    padding: tuple[int, int]
    dilation: tuple[int, int]
    out: tuple[int, int]
    groups: int  # of channels with offsets of their own

    def places(self, side: int, dtype: Any) -> Any:
        """The coordinates along a side: (taps, out height * out width)."""
        tap, at = np.arange(self.size[side]) * self.dilation[side], np.arange(self.out[side]) * self.stride[side]
        line = tap[:, None] + at - self.padding[side]  # (taps along the side, out along the side)
        shape = [(len(tap), 1, len(at), 1), (1, len(tap), 1, len(at))][side]
        every = np.broadcast_to(line.reshape(shape), (*self.size, *self.out))
        return np.ascontiguousarray(every).reshape(prod(self.size), prod(self.out)).astype(dtype)


def _rows(images: Array, groups: int) -> Array:
    """A row for each pixel of each group of each image: (N * groups * H * W, C / groups)."""
    n, channels, height, width = images.shape
    parts = images.reshape(n * groups, channels // groups, height * width)
    return np.swapaxes(parts, 1, 2).reshape(n * groups * height * width, channels // groups)


def _images(rows: Array, shape: tuple[int, ...], groups: int) -> Array:
    n, channels, height, width = shape
    return np.swapaxes(rows.reshape(n * groups, height * width, channels // groups), 1, 2).reshape(shape)


def _corners(offset: Array, space: tuple[int, int], kernel: Kernel) -> Any:
    """Of the pixels around each point (N * groups, taps * out): their row, whether it exists, weight, and derivatives of that."""
    taps, out = prod(kernel.size), prod(kernel.out)
    parts = offset.reshape(offset.shape[0] * kernel.groups, taps, 2, out)
    count = parts.shape[0]
    sides = []
    for side in (0, 1):
        at = (parts[:, :, side] + kernel.places(side, offset.dtype)).reshape(count, taps * out)
        low = np.floor(at)
        behind = at - low
        sides.append([(low, 1 - behind, -1), (low + 1, behind, 1)])
    start = np.arange(count)[:, None] * prod(space)
    for y, y_weight, y_slope in sides[0]:
        for x, x_weight, x_slope in sides[1]:
            exists = (y >= 0) & (y <= space[0] - 1) & (x >= 0) & (x <= space[1] - 1)
            row = np.where(exists, y * space[1] + x, 0).astype(np.int64) + start
            yield row, exists[..., None], (y_weight * x_weight)[..., None], (y_slope * x_weight, x_slope * y_weight)


@in_float32
def _patches(input: Array, offset: Array, kernel):
    rows = _rows(input, kernel.groups)
    found: Any = 0
    nothing = rows.dtype.type(0)
    for row, exists, weight, _ in _corners(offset, input.shape[2:], kernel):
        found = found + np.where(exists, index_at(rows, [row], (0,)) * weight, nothing)
    each, (taps, out) = input.shape[1] // kernel.groups, (prod(kernel.size), prod(kernel.out))
    parts = found.reshape(input.shape[0] * kernel.groups, taps, out, each)
    return parts.transpose(0, 3, 1, 2).reshape(input.shape[0], input.shape[1], taps, out)


@in_float32
def _gradients(g, input, offset, needed, kernel):
    n, channels = input.shape[:2]
    taps, out = prod(kernel.size), prod(kernel.out)
    arrived = g.reshape(n * kernel.groups, channels // kernel.groups, taps * out)
    arrived = np.swapaxes(arrived, 1, 2)
    rows = _rows(input, kernel.groups)
    nothing = g.dtype.type(0)
    g_rows: Any = 0
    g_sides: Any = [0, 0]
    for row, exists, weight, slopes in _corners(offset, input.shape[2:], kernel):
        if needed[0]:
            share = np.where(exists, arrived * weight, nothing)
            g_rows = g_rows + add_at(share.reshape(row.size, share.shape[-1]), row.reshape(-1), rows.shape[0])
        if needed[1]:
            along = total(np.where(exists, index_at(rows, [row], (0,)) * arrived, nothing), 2, False)
            g_sides = [found + along * slope for found, slope in zip(g_sides, slopes)]
    g_offset = None
    if needed[1]:
        g_offset = np.stack([side.reshape(n * kernel.groups, taps, out) for side in g_sides], 2).reshape(offset.shape)
    return _images(g_rows, input.shape, kernel.groups) if needed[0] else None, g_offset


deformed_patches = op(
    "deformed_patches", _patches, where="", fused=False, lies=IN_ORDER, joint="input offset",
    gradients={"input offset": _gradients},
    reads={"input": "g times the weights, added up at the pixels", "offset": "sum(g * pixels * derivatives of their weights)"},
    doc="Of images (N, C, H, W) and offsets (N, 2 * groups * taps, *out), y before x, the patches (N, C, taps, size of out).",
)  # fmt: skip
