"""Geometry: a convolution's sizes in three dimensions of space, and where its pixels and taps lie in padded planes."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from math import prod
from typing import Any

import numpy as np

Ints = tuple[int, ...]


@dataclass(frozen=True)
class Geometry:
    """A convolution of (batch, channels, *space) by ``filters`` kernels; all dimensions of space are three."""

    batch: int
    channels: int
    filters: int
    groups: int
    space: Ints
    kernel: Ints
    out: Ints
    stride: Ints
    padding: Ints
    dilation: Ints

    @property
    def taps(self) -> int:
        """How many elements a kernel has."""
        return prod(self.kernel)

    @property
    def pixels(self) -> int:
        """How many windows an image has."""
        return prod(self.out)

    @property
    def pixels_of_input(self) -> int:
        """How many pixels a plane of the input has."""
        return prod(self.space)


def windows_of(space: Ints, kernel: Ints, stride: Ints, padding: Ints, dilation: Ints) -> Ints:
    """How many windows there are along each dimension."""
    return tuple((n + 2 * p - d * (k - 1) - 1) // s + 1 for n, k, s, p, d in zip(space, kernel, stride, padding, dilation))


def geometry(
    input: Ints, weight: Ints, stride: Ints, padding: Ints, dilation: Ints, groups: int, out: Ints | None = None
) -> Geometry:
    """The geometry of a convolution of arrays of these shapes; of its first windows, ``out``, where not of all.

    A kernel as large as the image meets each element once: they are channels then, of an image of one pixel.
    """
    missing = 5 - len(input)
    ones, zeros = (1,) * missing, (0,) * missing
    space, kernel = ones + tuple(input[2:]), ones + tuple(weight[2:])
    stride, padding, dilation = ones + tuple(stride), zeros + tuple(padding), ones + tuple(dilation)
    most = windows_of(space, kernel, stride, padding, dilation)
    out = most if out is None else ones + tuple(out)
    if any(not 0 < n <= m for n, m in zip(out, most)):
        raise ValueError(f"{out} windows where there are {most}")
    channels = input[1]
    if kernel == space and not any(padding):
        channels *= prod(space)
        space = kernel = stride = dilation = (1, 1, 1)
    return Geometry(input[0], channels, weight[0], groups, space, kernel, out, stride, padding, dilation)


@dataclass(frozen=True)
class Frame:
    """Planes with zeros before and after in each dimension."""

    inner: Ints
    before: Ints
    after: Ints

    @property
    def outer(self) -> Ints:
        """The size with the zeros."""
        return tuple(n + b + a for n, b, a in zip(self.inner, self.before, self.after))

    @property
    def size(self) -> int:
        """How many elements a plane has with the zeros."""
        return prod(self.outer)

    @property
    def bare(self) -> bool:
        """Whether there are no zeros."""
        return self.outer == self.inner

    @property
    def corner(self) -> int:
        """Where the first element is that is not of the zeros."""
        return self.offset(self.before)

    def offset(self, place: Ints) -> int:
        """Where an element lies."""
        d, h, w = place
        return (d * self.outer[1] + h) * self.outer[2] + w


def grid(sizes: Ints, steps: Ints) -> Any:
    """The offsets of a grid of elements, the last dimension fastest."""
    offsets = np.zeros(1, np.int64)
    for size, step in zip(sizes, steps):
        offsets = (offsets[:, None] + np.arange(size) * step).ravel()
    return offsets


def input_frame(g: Geometry) -> Frame:
    """The input's planes with the padding, as far as windows reach."""
    reach = [(o - 1) * s + d * (k - 1) + 1 for o, s, d, k in zip(g.out, g.stride, g.dilation, g.kernel)]
    after = tuple(max(0, r - n - p) for r, n, p in zip(reach, g.space, g.padding))
    return Frame(g.space, g.padding, after)


@dataclass(frozen=True)
class Phase:
    """The input's pixels that lie alike to the windows: the taps that meet them are the same."""

    first: Ints  # the first such pixel; the next is a stride further
    count: Ints
    taps: list[tuple[int, Ints]]  # each tap's number, and the window in which it meets the first pixel


def phases(g: Geometry) -> list[Phase]:
    """The input's pixels by phase, so that a gradient needs no products with zeros between windows."""
    found = []
    for first in product(*(range(min(s, n)) for s, n in zip(g.stride, g.space))):
        per_dimension = [
            [(tap, (at + p - tap * d) // s) for tap in range(k) if (at + p - tap * d) % s == 0]
            for at, p, d, s, k in zip(first, g.padding, g.dilation, g.stride, g.kernel)
        ]
        taps = [
            ((a * g.kernel[1] + b) * g.kernel[2] + c, (x, y, z)) for (a, x), (b, y), (c, z) in product(*per_dimension)
        ]
        count = tuple(-(-(n - at) // s) for n, at, s in zip(g.space, first, g.stride))
        found.append(Phase(first, count, taps))
    return found


def gradient_frame(g: Geometry, found: list[Phase]) -> Frame:
    """The output's planes with as many zeros around as the phases' taps reach."""
    before, after = [0, 0, 0], [0, 0, 0]
    for phase in found:
        for _, window in phase.taps:
            for i in range(3):
                before[i] = max(before[i], -window[i])
                after[i] = max(after[i], window[i] + phase.count[i] - g.out[i])
    return Frame(g.out, tuple(before), tuple(after))
