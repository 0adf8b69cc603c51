"""Plans for few channels that come out: lanes are pixels of the padded planes, see ``planes``."""

from __future__ import annotations

from functools import cached_property
from math import prod
from typing import Any

import numpy as np

from adjoint.kernels.convolution import planes
from adjoint.kernels.convolution.geometry import Frame, Geometry, Ints, gradient_frame, grid, input_frame, phases
from adjoint.kernels.convolution.layouts import LANES
from adjoint.kernels.convolution.plan import Plan
from adjoint.kernels.handed import elements
from adjoint.kernels.machine_code import address

Array = Any

_LEAST_TASKS = 8
_PANEL_COST = 1.25  # of a panel that is a single vector wide, to that of a block of pixels


class PlanePlan(Plan):
    """How to run a convolution whose lanes are pixels."""

    kernel_words = planes.WORDS

    def __init__(self, g: Geometry, frame: Frame, channels: int, rows: int) -> None:
        super().__init__()
        most = max(planes.VECTORS)
        self.rows = -(-rows // -(-rows // most))  # of a block
        self.reach = 0
        self.parts: list[tuple[Array, ...]] = []
        self.grid = frame
        w = self.words
        w[planes.GROUPS], w[planes.ROWS] = g.groups, rows
        w[planes.B_BATCH], w[planes.B_GROUP] = channels * frame.size, channels // g.groups * frame.size
        self.frame(frame, g.batch * channels, always=True)

    @cached_property
    def code(self) -> int:
        """The address of the kernel for so many rows."""
        return address(planes.sweep, rows=self.rows)

    def part(self, a: Array, b: Array, pixels: Array, places: Array) -> None:
        """Add a part: offsets of its products, and where its pixels lie and are stored (without batch and channel)."""
        block = planes.VECTORS[self.rows] * LANES
        blocks = int(pixels[-1]) // block + 1
        jumps = (np.diff(pixels) != 1) | (np.diff(places) != 1) | (pixels[1:] % block == 0)
        runs = np.concatenate([[0], np.flatnonzero(jumps) + 1])
        length = np.diff(np.append(runs, len(pixels)))
        pixels, places = pixels[runs], places[runs]
        starts = np.searchsorted(pixels, np.arange(blocks + 1) * block)
        self.reach = max(self.reach, blocks * block + int(b.max(initial=0)))
        narrow = (x.astype(np.int32) for x in (a, b, pixels % block, places, length))
        self.parts.append((starts.astype(np.int64), *narrow))

    def finish(self, batch: int) -> None:
        """Set up what the parts are made of, and the tasks."""
        w = self.words
        self.take(max(0, self.reach - self.grid.size))  # read behind the last plane
        self.table = np.zeros((len(self.parts), planes.PART_WORDS), np.int64)
        for words, (starts, a, *others) in zip(self.table, self.parts):
            words[:] = len(a), len(starts) - 1, *(elements(x) for x in (starts, a, *others))
        w[planes.PARTS], w[planes.PART_TABLE] = len(self.parts), elements(self.table)
        w[planes.SPLITS] = splits = -(-_LEAST_TASKS // (batch * int(w[planes.GROUPS])))
        self.tasks = batch * int(w[planes.GROUPS]) * splits


def applies_forward(g: Geometry) -> bool:
    """Whether this is the way to convolve."""
    return set(g.stride) == {1} and _worth(g.filters // g.groups, input_frame(g))


def forward(g: Geometry, out: Ints) -> Plan:
    """Rows are filters; a run of the padded input's plane, moved by a tap, is what that tap meets."""
    frame = input_frame(g)
    c, f = g.channels // g.groups, g.filters // g.groups
    plan = PlanePlan(g, frame, g.channels, f)
    k = c * g.taps
    d, outer = g.dilation, frame.outer
    b = grid((c, *g.kernel), (frame.size, d[0] * outer[1] * outer[2], d[1] * outer[2], d[2]))
    pixels = grid(g.out, (outer[1] * outer[2], outer[2], 1))
    plan.part(np.arange(k), b, pixels, np.arange(g.pixels))
    _steps(plan, k, f * k, g.pixels, f * g.pixels, g.filters * g.pixels)
    plan.finish(g.batch)
    plan.out = out
    return plan


def applies_to_input_gradient(g: Geometry) -> bool:
    """Whether this is the way to the input's gradient."""
    return _worth(g.channels // g.groups, gradient_frame(g, phases(g)))


def input_gradient(g: Geometry, out: Ints) -> Plan:
    """Rows are the input's channels; a phase's pixels follow each other in the padded gradient's plane."""
    found = phases(g)
    frame = gradient_frame(g, found)
    c, f = g.channels // g.groups, g.filters // g.groups
    plan = PlanePlan(g, frame, g.filters, c)
    space, outer = g.space, frame.outer
    for phase in found:
        tap = np.array([tap for tap, _ in phase.taps], np.int64)
        windows = [frame.offset(tuple(x + b for x, b in zip(window, frame.before))) for _, window in phase.taps]
        a = np.add.outer(np.arange(f) * c * g.taps, tap).ravel()
        b = np.add.outer(np.arange(f) * frame.size, np.array(windows, np.int64)).ravel()
        pixels = grid(phase.count, (outer[1] * outer[2], outer[2], 1))
        first = (phase.first[0] * space[1] + phase.first[1]) * space[2] + phase.first[2]
        steps = (g.stride[0] * space[1] * space[2], g.stride[1] * space[2], g.stride[2])
        plan.part(a, b, pixels, first + grid(phase.count, steps))
    pixels = prod(space)
    _steps(plan, g.taps, f * c * g.taps, pixels, c * pixels, g.channels * pixels)
    plan.finish(g.batch)
    plan.out = out
    return plan


def _steps(plan: Plan, row: int, group: int, out_row: int, out_group: int, out_batch: int) -> None:
    w = plan.words
    w[planes.ROW_STEP], w[planes.A_GROUP], w[planes.OUT_ROW] = row, group, out_row
    w[planes.OUT_GROUP], w[planes.OUT_BATCH] = out_group, out_batch


def _worth(lanes: int, frame: Frame) -> bool:
    """Whether a panel of so few lanes would be emptier than a padded plane."""
    if lanes > LANES:
        return False
    return 2 * LANES <= frame.size < _PANEL_COST * prod(frame.inner) * LANES / lanes
