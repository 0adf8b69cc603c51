"""The implicit product: rows (pixels, or taps of weights) times panels of lanes (channels), read where they lie.

A row's element ``k`` is ``a[row_offset[row] + a_offset[k]]``, broadcast; its lanes' is the vector at
``b + b_offset[k]``; the offsets of a ``k`` are one word, the upper half ``b``'s.  With these tables a window is never
copied: strides, dilations, and the taps that an input's pixel has met are offsets.  Results gather in a small matrix
(rows, lanes), are turned, and stored with the lanes outermost.
"""

from __future__ import annotations

from adjoint.kernels.convolution import arguments, layouts
from adjoint.kernels.convolution.layouts import LANES, turned
from adjoint.kernels.machine import machine
from adjoint.kernels.native import *
from adjoint.kernels.objects import pointer

BLOCKS = {4: 6, 3: 6, 2: 8, 1: 8} if machine().registers == 32 else {2: 6, 1: 8}
"""Vectors of a panel to rows of a block: as many sums as registers hold beside the panel's vectors."""
PANEL_LANES = max(BLOCKS) * LANES

# Words of a plan.  From PRODUCTS on there are the addresses of the kernels for panels of 1, 2 ... vectors.
(PARTS, PART_TABLE, A_GROUP, B_GROUP, B_PANEL, PANELS, WIDTH, LANES_TOTAL, CHUNK, CHUNKS, ROWS, K_BLOCK, OUT_GROUP,
 OUT_LANE, OUT_BATCH, SEGMENT, PRODUCTS) = range(layouts.WORDS, layouts.WORDS + 17)  # fmt: skip
WORDS = PRODUCTS + max(BLOCKS)
# Words of a part's description.  A part is a set of rows with the same products; a row's PLACE is its number among
# all parts' rows, and the part's rows in a chunk of those begin at STARTS.
K, ROW_OFFSET, OFFSETS, PLACE, STARTS = range(5)
PART_WORDS = 5


@native
def multiply(args: ptr(i64), task: i64, worker: i64):
    """A task: a chunk of rows times one panel of lanes of one group."""
    plan = arguments.words(args)
    chunk = task % plan[CHUNKS]
    panel = task // plan[CHUNKS] % plan[PANELS]
    group = task // plan[CHUNKS] // plan[PANELS]
    start = chunk * plan[CHUNK]
    rows = minimum(plan[CHUNK], plan[ROWS] - start)
    width = plan[WIDTH]
    lanes = minimum(plan[LANES_TOTAL] - panel * width, width)
    a = arguments.prepared(args, arguments.FIRST, arguments.FRAMED) + group * plan[A_GROUP]
    b = arguments.prepared(args, arguments.SECOND, arguments.TURNED) + (group * plan[B_GROUP] + panel * plan[B_PANEL])
    c = arguments.scratch_of(args, worker)
    for i in range(plan[PARTS]):
        part = cast(plan[PART_TABLE], ptr(i64)) + i * PART_WORDS
        kernel = cast(plan[PRODUCTS + (lanes - 1) // LANES], ptr(i8))
        call_pointer(kernel, part, chunk, plan[K_BLOCK], a, b, c, start, width)
    first_lane = group * plan[LANES_TOTAL] + panel * width
    out = arguments.given(args, arguments.RESULT) + (group * plan[OUT_GROUP] + panel * width * plan[OUT_LANE])
    row = i64(0)
    while row < rows:
        batch = (start + row) // plan[SEGMENT]
        at = (start + row) % plan[SEGMENT]
        run = minimum(plan[SEGMENT] - at, rows - row)
        to = out + (batch * plan[OUT_BATCH] + at)
        store = cast(plan[arguments.STORE], ptr(i8))
        call_pointer(store, c + row * width, width, run, lanes, to, plan[OUT_LANE], args[arguments.ADDED], first_lane)
        row += run


@native
def products(
    part: ptr(i64), chunk: i64, k_block: i64, a: ptr(f32), b: ptr(f32), c: ptr(f32), start: i64, width: i64, vectors
):  # fmt: skip
    """A part's products in a chunk, in blocks of K that leave the panel in the cache; ``c`` begins with the row ``start``."""
    rows = BLOCKS[vectors]
    starts = cast(part[STARTS], ptr(i64))
    first, last = starts[chunk], starts[chunk + 1]
    row_offset, place = cast(part[ROW_OFFSET], ptr(i32)), cast(part[PLACE], ptr(i32))
    factors = cast(part[OFFSETS], ptr(i64))
    offsets, places = scratch(i32, rows), scratch(i32, rows)  # of a block with rows missing: the last one repeated
    done = i64(0)
    while done == 0 or done < part[K]:
        count = minimum(part[K] - done, k_block)
        for row in range(first, last, rows):
            of, to = row_offset + row, place + row
            if last - row < rows:
                for r in unroll(rows):
                    offsets[r] = row_offset[minimum(row + r, last - 1)]
                    places[r] = place[minimum(row + r, last - 1)]
                of, to = offsets, places
            block(vectors, count, factors + done, a, of, b, c - start * width, to, width, done)
        done += maximum(count, 1)


@apart
def block(vectors, count: i64, factors: ptr(i64), a: ptr(f32), row_offset: ptr(i32), b: ptr(f32), c: ptr(f32),
          place: ptr(i32), width: i64, before: i64):  # fmt: skip
    """Add ``count`` products to a block of rows and vectors: their sums, found in registers, to those ``before``, if any."""
    rows = BLOCKS[vectors]
    sums = [splat(f32(0.0), LANES) for _ in unroll(rows * vectors)]
    row = [a + row_offset[r] for r in unroll(rows)]
    for i in range(count):
        offset, at = factors[i] & 0xFFFFFFFF, b + (factors[i] >> 32)
        panel = [load(at, v * LANES, LANES) for v in unroll(vectors)]
        for r in unroll(rows):
            factor = splat(row[r][offset], LANES)
            for v in unroll(vectors):
                sums[r * vectors + v] = fma(factor, panel[v], sums[r * vectors + v])
    if before > 0:
        for r in unroll(rows):
            of = c + i64(place[r]) * width
            for v in unroll(vectors):
                sums[r * vectors + v] += load(of, v * LANES, LANES)
    for r in unroll(rows):
        of = c + i64(place[r]) * width
        for v in unroll(vectors):
            store(of, v * LANES, sums[r * vectors + v])


@native
def store_turned(c: ptr(f32), c_step: i64, rows: i64, lanes: i64, out: ptr(f32), out_step: i64, bias: i64, first: i64):
    """Store a matrix (rows, lanes) with the lanes outermost, each lane's element of an array object added."""
    for j in range(0, lanes, LANES):
        added = splat(f32(0.0), LANES)
        if bias != 0:
            added = load_masked(pointer(bias, 0, f32), first + j, first_lanes(lanes - j, LANES))
        for i in range(0, rows, LANES):
            square = turned([load(c, (i + r) * c_step + j, LANES) + added for r in unroll(LANES)])
            mask = first_lanes(rows - i, LANES)
            for lane_number in unroll(LANES):
                if j + lane_number < lanes:
                    store_masked(out, (j + lane_number) * out_step + i, square[lane_number], mask)
