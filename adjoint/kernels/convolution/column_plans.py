"""Plans for few pixels: the weights are read once, see ``columns``."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np

from adjoint.kernels.convolution import arguments, columns, layouts
from adjoint.kernels.convolution.geometry import Frame, Geometry, Ints, grid, input_frame
from adjoint.kernels.convolution.layouts import LANES
from adjoint.kernels.convolution.plan import Plan
from adjoint.kernels.handed import elements
from adjoint.kernels.machine_code import address

Array = Any

_TASKS = 16
_MOST_TAPS = 49  # of a window, which are written out
_LEAST_WEIGHTS = 2**13
_FEW_PIXELS = 32  # of all images: the weights are what costs
_SEVERAL_PIXELS = 64  # where there are ...
_MANY_WEIGHTS = 2**18  # ... in one megabyte
_MOST_PIXELS = 128  # that a weight's gradient is summed over


def applies(g: Geometry) -> bool:
    """Whether this is the way to an output, and to an input's gradient: few pixels, many weights."""
    most = _SEVERAL_PIXELS if _weights(g) >= _MANY_WEIGHTS else _FEW_PIXELS
    return g.batch * g.pixels <= most and _served(g)


def applies_to_weight_gradient(g: Geometry) -> bool:
    """Whether this is the way to a weight's gradient."""
    return g.batch * g.pixels <= _MOST_PIXELS and _served(g)


def _served(g: Geometry) -> bool:
    side_by_side = g.dilation[2] == 1 or g.kernel[2] == 1
    return g.groups == 1 and g.taps <= _MOST_TAPS and side_by_side and _weights(g) >= _LEAST_WEIGHTS


def _weights(g: Geometry) -> int:
    return g.filters * g.channels * g.taps


class ColumnPlan(Plan):
    """What the three functions' plans have in common."""

    kernel_words = columns.WORDS

    def __init__(self, g: Geometry) -> None:
        super().__init__()
        frame, w = input_frame(g), self.words
        d, s, outer = g.dilation, g.stride, frame.outer
        self.runs, self.width = g.kernel[0] * g.kernel[1], g.kernel[2]
        self.tables = (
            grid((g.batch, g.pixels), (g.filters * g.pixels, 1)),
            np.arange(g.filters) * g.pixels,
            grid(g.out, (s[0] * outer[1] * outer[2], s[1] * outer[2], s[2])),
            grid(g.kernel[:2], (d[0] * outer[1] * outer[2], d[1] * outer[2])),
        )
        w[[columns.PLACES, columns.ROWS, columns.WINDOWS, columns.RUNS]] = [elements(table) for table in self.tables]
        w[columns.PIXELS], w[columns.PLANE], w[columns.IMAGES] = g.batch * g.pixels, g.pixels, g.batch
        w[columns.CHANNELS], w[columns.FILTERS], w[columns.K] = g.channels, g.filters, g.channels * g.taps
        w[[layouts.DEPTH, layouts.HEIGHT, layouts.WIDTH]] = frame.inner
        w[[layouts.OUTER_HEIGHT, layouts.OUTER_WIDTH]] = frame.outer[1:]
        w[layouts.OUTER], w[layouts.CORNER] = frame.size, frame.corner

    def make_columns(self, g: Geometry, frame: Frame, sums: int) -> None:
        """Make room for the columns, and for so many floats behind them."""
        w = self.words
        w[layouts.PLANES_A_TASK] = w[layouts.PLANES] = planes = g.batch * g.channels
        w[columns.FRAMES] = frames = 0 if frame.bare else _rounded(planes * frame.size)
        w[columns.COLUMN_STEP] = step = _rounded(g.channels * g.taps) + LANES
        w[arguments.SCRATCH_STEP] = LANES + frames + g.batch * g.pixels * step + sums

    def run(self, call: bytes, workspace: Array, threads: int) -> None:
        workspace[:: self.words[arguments.SCRATCH_STEP]] = 0.0  # no worker has columns yet
        super().run(call, workspace, threads)

    def divide(self, count: int, least: int) -> int:
        """Have so many rows done in tasks, which are of as many rows each as are done together, or multiples of those."""
        chunk = -(-count // (_TASKS * least)) * least
        self.words[columns.CHUNK] = chunk
        self.tasks = -(-count // chunk)
        return chunk


class Forward(ColumnPlan):
    """Of an output."""

    def __init__(self, g: Geometry, out: Ints) -> None:
        super().__init__(g)
        self.make_columns(g, input_frame(g), -(-g.batch * g.pixels // columns.TOGETHER) * LANES * LANES)
        self.divide(g.filters, columns.FILTERS_TOGETHER)
        self.out = out

    @cached_property
    def code(self) -> int:
        return address(columns.forward, runs=self.runs, width=self.width)


class WeightGradient(ColumnPlan):
    """Of a weight's gradient."""

    def __init__(self, g: Geometry, weight: Ints) -> None:
        super().__init__(g)
        self.make_columns(g, input_frame(g), 0)
        self.divide(g.filters, columns.BLOCK)
        self.out = weight

    @cached_property
    def code(self) -> int:
        return address(columns.weight_gradient, runs=self.runs, width=self.width)


class InputGradient(ColumnPlan):
    """Of an input's gradient."""

    def __init__(self, g: Geometry, input: Ints) -> None:
        super().__init__(g)
        frame = input_frame(g)
        channels = self.divide(g.channels, 1)
        self.words[columns.COLUMN_STEP] = step = _rounded(channels * g.taps)
        self.words[arguments.SCRATCH_STEP] = g.batch * g.pixels * step + _rounded(channels * frame.size)
        self.out = input

    @cached_property
    def code(self) -> int:
        return address(columns.input_gradient, runs=self.runs, width=self.width)


def _rounded(floats: int) -> int:
    """Up to whole vectors."""
    return -(-floats // LANES) * LANES
