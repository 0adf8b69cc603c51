"""Plans for small planes: lanes are images, see ``small``."""

from __future__ import annotations

from functools import cached_property
from itertools import product
from math import gcd

from adjoint.kernels.convolution import arguments, implicit, layouts, small
from adjoint.kernels.convolution.geometry import Geometry, Ints
from adjoint.kernels.convolution.layouts import LANES
from adjoint.kernels.convolution.plan import Plan
from adjoint.kernels.machine_code import address

Pairs = tuple[tuple[int, int], ...]

_MOST_TOGETHER = 8  # pixels
_LEAST_WEIGHTS = 2**15
_TASKS = 16


class SmallPlan(Plan):
    """How to run a convolution whose lanes are images."""

    kernel_words = small.WORDS
    swapped = True

    def __init__(self, taps: tuple[Pairs, ...], rows: int, k: int, images: int, of: int, to: int) -> None:
        super().__init__()
        together = -(-to // -(-to // _MOST_TOGETHER))
        self.block_rows = max(1, small.SUMS // together)
        self.pixels = to
        self.groups_of_pixels = tuple(
            _group(taps, tuple(range(first, min(first + together, to)))) for first in range(0, to, together)
        )
        w = self.words
        w[small.ROWS], w[small.K], w[small.IMAGES], w[small.PIXELS_OF] = rows, k, images, of
        w[small.OUT_IMAGE] = rows * to
        blocks = -(-rows // self.block_rows)
        w[small.BLOCKS] = each = -(-blocks // _TASKS)
        w[arguments.SCRATCH_STEP] = (each * self.block_rows * to + LANES) * LANES
        self.tasks = -(-blocks // each)
        self.turn_images(images, k, of)

    def turn_images(self, images: int, channels: int, pixels: int) -> None:
        """Have images side by side for every channel and pixel, in panels."""
        p = self.words
        together = gcd(channels, max(1, LANES // pixels))  # channels, to fill squares
        columns, count = together * pixels, channels // together
        p[layouts.ROWS], p[layouts.COLUMNS], p[layouts.ROW_STEP] = images, columns, channels * pixels
        p[layouts.PANEL], p[layouts.PANEL_STEP] = LANES, channels * pixels * LANES
        p[layouts.INNER], p[layouts.OF_INNER], p[layouts.TO_INNER] = count, columns, columns * LANES
        p[layouts.BATCHES], p[layouts.BATCHES_A_TASK] = count, -(-count // _TASKS)
        self.prepare_tasks = -(-count // int(p[layouts.BATCHES_A_TASK]))
        p[arguments.TURNED] = self.take(-(-images // LANES) * channels * pixels * LANES)

    @cached_property
    def code(self) -> int:
        """The address of the kernel for these taps."""
        self.words[arguments.STORE] = address(implicit.store_turned)
        return address(small.multiply, rows=self.block_rows, pixels=self.pixels, groups=self.groups_of_pixels)


def _group(taps: tuple[Pairs, ...], pixels: Ints) -> tuple[Ints, tuple[tuple[int, Pairs], ...]]:
    """Some of the pixels that sums are made of, with what taps connect them to."""
    chosen = (
        (tap, tuple((pixels.index(to), of) for to, of in pairs if to in pixels)) for tap, pairs in enumerate(taps)
    )
    return pixels, tuple((tap, pairs) for tap, pairs in chosen if pairs)


def connected(g: Geometry) -> tuple[Pairs, ...]:
    """Per tap, the pairs of a window and the input's pixel that it meets there."""
    d, s = g.dilation, g.stride
    found = []
    for tap in product(*map(range, g.kernel)):
        pairs = []
        for number, window in enumerate(product(*map(range, g.out))):
            at = [o * s[i] + t * d[i] - g.padding[i] for i, (o, t) in enumerate(zip(window, tap))]
            if all(0 <= x < n for x, n in zip(at, g.space)):
                pairs.append((number, (at[0] * g.space[1] + at[1]) * g.space[2] + at[2]))
        found.append(tuple(pairs))
    return tuple(found)


def applies(g: Geometry) -> bool:
    """Whether this is the way: lanes are filled by images, planes small, weights large."""
    small_enough = max(g.pixels, g.pixels_of_input) <= 16 and g.taps > 1 and g.groups == 1
    full = g.batch % LANES == 0 or g.batch > 4 * LANES
    return small_enough and full and g.channels * g.filters >= _LEAST_WEIGHTS and g.taps * g.pixels <= 256


def forward(g: Geometry, out: Ints) -> Plan:
    """Sums are of windows; rows are filters."""
    plan = SmallPlan(connected(g), g.filters, g.channels, g.batch, g.pixels_of_input, g.pixels)
    plan.words[small.ROW_STEP], plan.words[small.K_STEP] = g.channels * g.taps, g.taps
    plan.out = out
    return plan


def input_gradient(g: Geometry, out: Ints) -> Plan:
    """Sums are of the input's pixels; rows are its channels."""
    turned = tuple(tuple((of, to) for to, of in pairs) for pairs in connected(g))
    plan = SmallPlan(turned, g.channels, g.filters, g.batch, g.pixels, g.pixels_of_input)
    plan.words[small.ROW_STEP], plan.words[small.K_STEP] = g.taps, g.channels * g.taps
    plan.out = out
    return plan
