"""Small planes: lanes are images, and a weight meets all pairs of pixels that it connects, none of them padding.

With 2 x 2 pixels under a kernel of 3 x 3, five ninths of the products are with padding, and the weights are larger than
all images.  So which pixels each tap connects is known to the compiler, sums of all pixels are in registers, and each
weight is read once, where it lies.  ``Taps`` of a kernel of code are ``((tap, ((to, of), ...)), ...)``: places of pixels
in the sums and in the other operand.
"""

from __future__ import annotations

from adjoint.kernels.convolution import arguments, layouts
from adjoint.kernels.convolution.layouts import LANES
from adjoint.kernels.machine import machine
from adjoint.kernels.native import *

SUMS = 20 if machine().registers == 32 else 8
"""How many vectors of sums registers hold beside the other operands."""

# Words of a plan.
ROWS, ROW_STEP, K, K_STEP, IMAGES, PIXELS_OF, OUT_IMAGE, BLOCKS = range(layouts.WORDS, layouts.WORDS + 8)
WORDS = BLOCKS + 1

_AHEAD = 4  # products, whose weights are asked for


@native
def multiply(args: ptr(i64), task: i64, worker: i64, rows, pixels, groups):
    """A task: some blocks of rows (channels that come out), for all pixels and images.

    ``groups`` of pixels, each its pixels' numbers and taps, have their sums in registers at the same time.
    """
    plan = arguments.words(args)
    start = task * plan[BLOCKS] * rows
    count = minimum(plan[BLOCKS] * rows, plan[ROWS] - start)
    a = arguments.given(args, arguments.FIRST)
    b = arguments.prepared(args, arguments.SECOND, arguments.TURNED)
    c = arguments.scratch_of(args, worker)
    out = arguments.given(args, arguments.RESULT) + start * pixels
    for image in range(0, plan[IMAGES], LANES):
        images = b + image * plan[K] * plan[PIXELS_OF]
        for row in range(0, count, rows):
            for group in groups:
                block(plan, start + row, a, images, c + row * pixels * LANES, rows, pixels, group)
        lanes = minimum(plan[IMAGES] - image, LANES)
        if args[arguments.ADDED] != 0:
            for row in range(count):
                for i in range(row * pixels, (row + 1) * pixels):
                    store(c, i * LANES, load(c, i * LANES, LANES) + arguments.given(args, arguments.ADDED)[start + row])
        to, none = out + image * plan[OUT_IMAGE], i64(0)
        kernel = cast(plan[arguments.STORE], ptr(i8))
        call_pointer(kernel, c, i64(LANES), count * pixels, lanes, to, plan[OUT_IMAGE], none, none)


@native
def block(plan: ptr(i64), first: i64, a: ptr(f32), b: ptr(f32), c: ptr(f32), rows, pixels, group):
    """The sums of a few rows and a group of pixels."""
    numbers, taps = group
    last = plan[ROWS] - 1
    row = [a + minimum(first + r, last) * plan[ROW_STEP] for r in unroll(rows)]
    sums = [splat(f32(0.0), LANES) for _ in unroll(rows * len(numbers))]
    step = plan[K_STEP]
    for k in range(plan[K]):
        at = b + k * plan[PIXELS_OF] * LANES
        offset = k * step
        for r in unroll(rows):
            prefetch(row[r], offset + _AHEAD * step)
        for tap, pairs in taps:
            factors = [splat(row[r][offset + tap], LANES) for r in unroll(rows)]
            for to, of in pairs:
                x = load(at, of * LANES, LANES)
                for r in unroll(rows):
                    sums[to * rows + r] = fma(factors[r], x, sums[to * rows + r])
    for i in unroll(len(numbers)):
        for r in unroll(rows):
            store(c, (r * pixels + numbers[i]) * LANES, sums[i * rows + r])
