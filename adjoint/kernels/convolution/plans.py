"""Plans of the three functions: what their rows, lanes and products are, and where those lie."""

from __future__ import annotations

from functools import lru_cache
from itertools import product
from math import gcd, prod
from typing import Any

import numpy as np

from adjoint.kernels.convolution import column_plans, plane_plans, small_plans
from adjoint.kernels.convolution.geometry import (
    Frame,
    Geometry,
    Ints,
    Phase,
    geometry,
    gradient_frame,
    grid,
    input_frame,
    phases,
)
from adjoint.kernels.convolution.implicit import PANEL_LANES
from adjoint.kernels.convolution.layouts import LANES
from adjoint.kernels.convolution.plan import Part, Plan

Array = Any

_LARGEST = 2**31 - 1  # offsets are 32 bits wide
_WORTH_SWAP = 0.7  # of the lanes filled otherwise, for the rows and lanes of a weight's gradient to change places
_WORTH_PARTS = 0.8  # of the products, those with the padding left out


@lru_cache(maxsize=256)
def forward(input: Ints, weight: Ints, stride: Ints, padding: Ints, dilation: Ints, groups: int) -> Plan | None:
    """Rows are windows, lanes filters, products run over (channel, tap)."""
    g = geometry(input, weight, stride, padding, dilation, groups)
    frame = input_frame(g)
    c, f = g.channels // groups, g.filters // groups
    if g.batch * g.channels * frame.size > _LARGEST:
        return None
    out = (g.batch, g.filters, *g.out[5 - len(input) :])
    if plane_plans.applies_forward(g):
        return plane_plans.forward(g, out)
    if small_plans.applies(g):
        return small_plans.forward(g, out)
    if column_plans.applies(g):
        return column_plans.Forward(g, out)
    plan = Plan()
    plan.frame(frame, g.batch * g.channels)
    k = c * g.taps
    width = plan.lanes(f, k, groups)
    some = gcd(c, LANES)  # channels at a time, so that threads share the turning
    columns = some * g.taps
    plan.turn(f, columns, k, (f * k, columns), (groups, c // some), columns * width)
    row, a = _window_offsets(g, frame), _tap_offsets(g, frame, c)
    plan.multiply([Part(row, a, np.arange(k) * width)], c * frame.size)
    plan.store(out, f * g.pixels, g.pixels, g.filters * g.pixels, g.pixels)
    return plan


@lru_cache(maxsize=256)
def input_gradient(
    input: Ints, weight: Ints, stride: Ints, padding: Ints, dilation: Ints, groups: int, out: Ints
) -> Plan | None:
    """Rows are the input's pixels (by phase), lanes its channels, products run over (filter, tap)."""
    g = geometry(input, weight, stride, padding, dilation, groups, out)
    found = phases(g)
    frame = gradient_frame(g, found)
    c, f = g.channels // groups, g.filters // groups
    channels, pixels = g.channels, g.pixels_of_input
    if max(g.batch * g.filters * frame.size, g.batch * channels * pixels) > _LARGEST:
        return None
    if plane_plans.applies_to_input_gradient(g):
        return plane_plans.input_gradient(g, input)
    if small_plans.applies(g):
        return small_plans.input_gradient(g, input)
    if column_plans.applies(g):
        return column_plans.InputGradient(g, input)
    plan = Plan()
    plan.frame(frame, g.batch * g.filters)
    width = plan.lanes(c, f * g.taps, groups)
    plan.turn(c, g.taps, g.taps, (f * c * g.taps, c * g.taps), (groups, f), g.taps * width)
    parts = []
    for phase in found:
        row, a = _phase_offsets(g, frame, phase)
        b = np.add.outer(np.arange(f) * g.taps, np.array([tap for tap, _ in phase.taps], np.int64)).ravel() * width
        s = g.space
        first = (phase.first[0] * s[1] + phase.first[1]) * s[2] + phase.first[2]
        steps = (pixels, g.stride[0] * s[1] * s[2], g.stride[1] * s[2], g.stride[2])
        parts.append(Part(row, a, b, first + grid((g.batch, *phase.count), steps)))
    plan.multiply(parts, f * frame.size)
    plan.store(input, c * pixels, pixels, channels * pixels, pixels)
    return plan


@lru_cache(maxsize=256)
def weight_gradient(
    input: Ints, weight: Ints, stride: Ints, padding: Ints, dilation: Ints, groups: int, out: Ints
) -> Plan | None:
    """Rows are (channel, tap), lanes filters, products run over the windows of all images."""
    g = geometry(input, weight, stride, padding, dilation, groups, out)
    if column_plans.applies_to_weight_gradient(g):
        return column_plans.WeightGradient(g, weight)
    if set(g.stride) == {1} and _filled(g.filters // groups) < _WORTH_SWAP * _filled(g.channels // groups):
        return _weight_gradient_swapped(g, weight)
    frame = input_frame(g)
    c, f = g.channels // groups, g.filters // groups
    k = g.batch * g.pixels
    if max(g.batch * g.channels * frame.size, k * PANEL_LANES) > _LARGEST:
        return None
    plan = Plan()
    plan.frame(frame, g.batch * g.channels)
    width = plan.lanes(f, k, groups)
    plan.turn(f, g.pixels, g.pixels, (f * g.pixels, g.filters * g.pixels), (groups, g.batch), g.pixels * width)
    parts = _parts_by_tap(g, frame, c, width)
    if not parts:
        parts = [Part(_tap_offsets(g, frame, c), _window_offsets(g, frame), np.arange(k) * width)]
    plan.multiply(parts, c * frame.size)
    rows = c * g.taps
    plan.store(weight, f * rows, rows, 0, rows)
    return plan


def _weight_gradient_swapped(g: Geometry, weight: Ints) -> Plan | None:
    """Rows are (filter, tap), lanes channels, products run over the pixels of all images."""
    (phase,) = phases(g)
    frame = gradient_frame(g, [phase])
    c, f, pixels = g.channels // g.groups, g.filters // g.groups, g.pixels_of_input
    k = g.batch * pixels
    if max(g.batch * g.filters * frame.size, k * PANEL_LANES) > _LARGEST:
        return None
    plan = Plan()
    plan.swapped = True
    plan.frame(frame, g.batch * g.filters)
    width = plan.lanes(c, k, g.groups)
    plan.turn(c, pixels, pixels, (c * pixels, g.channels * pixels), (g.groups, g.batch), pixels * width)
    row, a = _phase_offsets(g, frame, phase)
    plan.multiply([Part(a, row, np.arange(k) * width)], f * frame.size)
    plan.store(weight, f * c * g.taps, g.taps, c * g.taps, g.taps)
    return plan


def _filled(lanes: int) -> float:
    """The share of vectors' lanes that so many channels fill."""
    return lanes / (-(-lanes // LANES) * LANES)


def _parts_by_tap(g: Geometry, frame: Frame, channels: int, width: int) -> list[Part]:
    """Per tap, the windows in which it meets no padding; none where that would save little."""
    met = [
        [(at, [o for o in range(out) if 0 <= o * s + tap * d - p < n]) for tap, at in zip(range(k), range(0, k * d, d))]
        for n, out, k, s, p, d in zip(g.space, g.out, g.kernel, g.stride, g.padding, g.dilation)
    ]
    meetings = [sum(len(windows) for _, windows in dimension) for dimension in met]
    if prod(meetings) > _WORTH_PARTS * g.taps * g.pixels:
        return []
    windows = _window_offsets(g, frame).reshape(g.batch, *g.out)
    numbers = np.arange(windows.size).reshape(windows.shape) * width
    parts = []
    for tap, chosen in enumerate(product(*met)):
        inside = np.ix_(range(g.batch), *(windows for _, windows in chosen))
        row = np.arange(channels) * frame.size + frame.offset(tuple(at for at, _ in chosen))
        place = np.arange(channels) * g.taps + tap
        parts.append(Part(row, windows[inside].ravel(), numbers[inside].ravel(), place))
    return parts


def _phase_offsets(g: Geometry, frame: Frame, phase: Phase) -> tuple[Array, Array]:
    """Where the padded gradient's elements lie that a phase's first tap meets, and how far on (filter, tap) are."""
    outer = frame.outer
    row = grid((g.batch, *phase.count), (g.filters * frame.size, outer[1] * outer[2], outer[2], 1))
    taps = [frame.offset(tuple(x + b for x, b in zip(window, frame.before))) for _, window in phase.taps]
    return row, np.add.outer(np.arange(g.filters // g.groups) * frame.size, np.array(taps, np.int64)).ravel()


def _window_offsets(g: Geometry, frame: Frame) -> Array:
    """Where each image's windows begin."""
    s, outer = g.stride, frame.outer
    return grid((g.batch, *g.out), (g.channels * frame.size, s[0] * outer[1] * outer[2], s[1] * outer[2], s[2]))


def _tap_offsets(g: Geometry, frame: Frame, channels: int) -> Array:
    """Where a window's elements lie."""
    d, outer = g.dilation, frame.outer
    return grid((channels, *g.kernel), (frame.size, d[0] * outer[1] * outer[2], d[1] * outer[2], d[2]))
