"""Few channels come out: a product whose lanes are pixels that follow each other in a padded plane.

Panels of channels would be mostly empty with three of them.  Here a row is a channel, read from the weights where they
lie, and a vector is a run of a padded plane of the other operand, read where it lies too: pixels of the padding between
the lines are computed in vain and left out when the rest is stored, at the places that a table names.
"""

from __future__ import annotations

from adjoint.kernels.convolution import arguments, layouts
from adjoint.kernels.convolution.layouts import LANES
from adjoint.kernels.machine import machine
from adjoint.kernels.native import *

VECTORS = {1: 8, 2: 8, 3: 8, 4: 6, 5: 4, 6: 4, 7: 3, 8: 3} if machine().registers == 32 else {1: 8, 2: 5, 3: 4, 4: 3}
"""Rows (channels that come out) to vectors of a block."""

# Words of a plan.
(PARTS, PART_TABLE, GROUPS, SPLITS, A_GROUP, B_GROUP, B_BATCH, OUT_GROUP, OUT_BATCH, ROWS, ROW_STEP,
 OUT_ROW) = range(layouts.WORDS, layouts.WORDS + 12)  # fmt: skip
WORDS = OUT_ROW + 1
# Words of a part's description: its products, and per block of pixels the runs of them to be stored, from STARTS on.
K, BLOCKS, STARTS, A_OFFSET, B_OFFSET, PIXEL, PLACE, LENGTH = range(8)
PART_WORDS = 8


@native
def sweep(args: ptr(i64), task: i64, worker: i64, rows):
    """A task: all parts of an image and group, or every so many blocks of them."""
    plan = arguments.words(args)
    split = task % plan[SPLITS]
    group = task // plan[SPLITS] % plan[GROUPS]
    batch = task // plan[SPLITS] // plan[GROUPS]
    a = arguments.given(args, arguments.SECOND) + group * plan[A_GROUP]
    b = arguments.prepared(args, arguments.FIRST, arguments.FRAMED) + (group * plan[B_GROUP] + batch * plan[B_BATCH])
    out = arguments.given(args, arguments.RESULT) + (group * plan[OUT_GROUP] + batch * plan[OUT_BATCH])
    for i in range(plan[PARTS]):
        part = cast(plan[PART_TABLE], ptr(i64)) + i * PART_WORDS
        for number in range(split, part[BLOCKS], plan[SPLITS]):
            for block in range(0, plan[ROWS], rows):
                row = minimum(block, plan[ROWS] - rows)  # the last block may do some rows again
                of, to = a + row * plan[ROW_STEP], out + row * plan[OUT_ROW]
                sweep_block(rows, args, part, number, of, b, to, group * plan[ROWS] + row)


@native
def sweep_block(rows, args: ptr(i64), part: ptr(i64), number: i64, a: ptr(f32), b: ptr(f32), out: ptr(f32),
                first_row: i64):  # fmt: skip
    """The rows' products with a block of pixels."""
    plan = arguments.words(args)
    vectors = VECTORS[rows]
    block = vectors * LANES
    start = number * block
    step = plan[ROW_STEP]
    sums = [splat(f32(0.0), LANES) for _ in unroll(rows * vectors)]
    if args[arguments.ADDED] != 0:
        for r in unroll(rows):
            for v in unroll(vectors):
                sums[r * vectors + v] = splat(arguments.given(args, arguments.ADDED)[first_row + r], LANES)
    a_offset, b_offset = cast(part[A_OFFSET], ptr(i32)), cast(part[B_OFFSET], ptr(i32))
    for k in range(part[K]):
        factors = a + a_offset[k]
        run = b + (start + i64(b_offset[k]))
        for v in unroll(vectors):
            pixels = load(run, v * LANES, LANES)
            for r in unroll(rows):
                sums[r * vectors + v] = fma(splat(factors[r * step], LANES), pixels, sums[r * vectors + v])
    c = scratch(f32, rows * block)
    for i in unroll(rows * vectors):
        store(c, i * LANES, sums[i])
    starts = cast(part[STARTS], ptr(i64))
    pixel, place, length = cast(part[PIXEL], ptr(i32)), cast(part[PLACE], ptr(i32)), cast(part[LENGTH], ptr(i32))
    for r in unroll(rows):
        to = out + r * plan[OUT_ROW]
        for i in range(starts[number], starts[number + 1]):
            if length[i] == 1:
                to[place[i]] = c[r * block + i64(pixel[i])]
            else:
                for j in range(0, i64(length[i]), LANES):
                    mask = first_lanes(i64(length[i]) - j, LANES)
                    value = load_masked(c, r * block + i64(pixel[i]) + j, mask)
                    store_masked(to, i64(place[i]) + j, value, mask)
