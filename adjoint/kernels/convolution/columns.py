"""Few pixels: a convolution as products of the weights, read once where they lie, with small matrices.

With a few pixels the weights are most of what is read and written, and to pack them would cost more than to multiply by
them.  A weight is a matrix (filters, depth), its depth the taps of all channels; the columns are a matrix (pixels, depth)
of what each window meets; a gradient that comes in is one (pixels, filters).  All products are vectors along the depth:

- forward, a weight's row times a column, summed over the lanes in the end;
- a weight's gradient, rows that are sums of columns, weighted by the gradient;
- an input's gradient, columns that are sums of the weight's rows, added where each window met the input.
"""

from __future__ import annotations

from adjoint.kernels.convolution import arguments, layouts
from adjoint.kernels.convolution.layouts import LANES, pad, picked, stages
from adjoint.kernels.machine import machine
from adjoint.kernels.native import *

TOGETHER = 4
"""Pixels whose products with a filter are summed at the same time."""
FILTERS_TOGETHER = LANES // TOGETHER  # so that their sums fill a vector

# Words of a plan: sizes (FRAMES are 0 where images need none); and tables, of where a pixel and a filter are in the
# output, where a window begins in an image's frame, and where the runs of taps that lie side by side are in a window.
(PIXELS, PLANE, CHANNELS, FILTERS, K, CHUNK, IMAGES, FRAMES, COLUMN_STEP, PLACES, ROWS, WINDOWS,
 RUNS) = range(layouts.WORDS, layouts.WORDS + 13)  # fmt: skip
WORDS = RUNS + 1

DEPTH = 1024  # of a few weights' rows that stay in the first cache, while all columns pass by
BLOCK = 4  # rows of sums that registers hold, of ...
_VECTORS = 4 if machine().registers == 32 else 2  # ... so many vectors
_DEEP = 16  # rows of the weight that are added to sums at a time; the next ones are asked for meanwhile
_AHEAD = 256  # floats of a weight's row, that are asked for


@native
def columns_of(args: ptr(i64), worker: i64, runs, width) -> ptr(f32):
    """A worker's columns, which it makes for its first task; ``runs`` of ``width`` taps are a window.

    Each worker has its own, for to fetch what another wrote takes longer than to make them.
    """
    plan = arguments.words(args)
    made = arguments.scratch_of(args, worker)
    frames = made + LANES
    columns = frames + plan[FRAMES]
    if made[0] == 0.0:
        made[0] = 1.0
        if plan[FRAMES] > 0:
            pad(plan, arguments.given(args, arguments.FIRST), frames, i64(0))
            make_columns(plan, frames, columns, runs, width)
        else:
            make_columns(plan, arguments.given(args, arguments.FIRST), columns, runs, width)
    return columns


@apart
def make_columns(plan: ptr(i64), frames: ptr(f32), columns: ptr(f32), runs, width):
    """What each window of all images meets."""
    windows = cast(plan[WINDOWS], ptr(i64))
    run = [cast(plan[RUNS], ptr(i64))[r] for r in unroll(runs)]
    for image in range(plan[IMAGES]):
        for pixel in range(plan[PLANE]):
            of = frames + (image * plan[CHANNELS] * plan[layouts.OUTER] + windows[pixel])
            to = columns + (image * plan[PLANE] + pixel) * plan[COLUMN_STEP]
            for _ in range(plan[CHANNELS]):
                for r in unroll(runs):
                    store(to, r * width, load(of, run[r], width))
                of += plan[layouts.OUTER]
                to += runs * width


@native
def forward(args: ptr(i64), task: i64, worker: i64, runs, width):
    """A task: some filters' products with all columns."""
    plan = arguments.words(args)
    columns = columns_of(args, worker, runs, width)
    sums = columns + plan[PIXELS] * plan[COLUMN_STEP]
    first = task * plan[CHUNK]
    for row in range(first, minimum(first + plan[CHUNK], plan[FILTERS]), FILTERS_TOGETHER):
        for k in range(0, plan[K], DEPTH):
            for pixel in range(0, plan[PIXELS], TOGETHER):
                add_products(args, columns, row, pixel, k, sums + pixel // TOGETHER * (LANES * LANES))
        for pixel in range(0, plan[PIXELS], TOGETHER):
            write_sums(args, row, pixel, sums + pixel // TOGETHER * (LANES * LANES))


@native
def add_products(args: ptr(i64), columns: ptr(f32), row: i64, pixel: i64, k: i64, to: ptr(f32)):
    """Add a part of the depth to the sums of a few filters and pixels, lane by lane."""
    plan = arguments.words(args)
    step, column_step = plan[K], plan[COLUMN_STEP]
    weight = arguments.given(args, arguments.SECOND) + k
    weights = [weight + minimum(row + r, plan[FILTERS] - 1) * step for r in unroll(FILTERS_TOGETHER)]
    windows = [columns + (k + minimum(pixel + p, plan[PIXELS] - 1) * column_step) for p in unroll(TOGETHER)]
    sums = [splat(f32(0.0), LANES) for _ in unroll(LANES)]
    if k > 0:
        for i in unroll(LANES):
            sums[i] = load(to, i * LANES, LANES)
    depth = minimum(step - k, DEPTH)
    whole = depth - depth % LANES
    for at in range(0, whole, LANES):
        for r in unroll(FILTERS_TOGETHER):
            prefetch(weights[r], at + _AHEAD)
        window = [load(windows[p], at, LANES) for p in unroll(TOGETHER)]
        for r in unroll(FILTERS_TOGETHER):
            factors = load(weights[r], at, LANES)
            for p in unroll(TOGETHER):
                sums[r * TOGETHER + p] = fma(factors, window[p], sums[r * TOGETHER + p])
    if whole < depth:
        mask = first_lanes(depth - whole, LANES)
        window = [load_masked(windows[p], whole, mask) for p in unroll(TOGETHER)]
        for r in unroll(FILTERS_TOGETHER):
            factors = load_masked(weights[r], whole, mask)
            for p in unroll(TOGETHER):
                sums[r * TOGETHER + p] = fma(factors, window[p], sums[r * TOGETHER + p])
    for i in unroll(LANES):
        store(to, i * LANES, sums[i])


@native
def write_sums(args: ptr(i64), row: i64, pixel: i64, of: ptr(f32)):
    """Write the outputs of a few filters and pixels."""
    plan = arguments.words(args)
    found = scratch(f32, LANES)
    store(found, 0, lane_sums([load(of, i * LANES, LANES) for i in unroll(LANES)]))
    places = cast(plan[PLACES], ptr(i64)) + pixel
    for r in range(minimum(plan[FILTERS] - row, FILTERS_TOGETHER)):
        out = arguments.given(args, arguments.RESULT) + (row + r) * plan[PLANE]
        bias = f32(0.0)
        if args[arguments.ADDED] != 0:
            bias = arguments.given(args, arguments.ADDED)[row + r]
        for p in range(minimum(plan[PIXELS] - pixel, TOGETHER)):
            out[places[p]] = found[r * TOGETHER + p] + bias


@inline
def lane_sums(vectors):
    """A vector of the sums of each vector's lanes: halves are added, then halves of these, two vectors at a time."""
    for step in stages():
        low, high = picked(0, step), picked(step, step)
        pairs = [(vectors[i], vectors[i + step]) for i in range(step)]
        vectors = [shuffle(a, b, low) + shuffle(a, b, high) for a, b in pairs]
    return vectors[0]


@native
def weight_gradient(args: ptr(i64), task: i64, worker: i64, runs, width):
    """A task: the gradient of some filters."""
    plan = arguments.words(args)
    first = task * plan[CHUNK]
    rows = minimum(plan[CHUNK], plan[FILTERS] - first)
    add_rows(
        arguments.given(args, arguments.SECOND), cast(plan[ROWS], ptr(i64)) + first, rows,
        cast(plan[PLACES], ptr(i64)), plan[PIXELS],
        columns_of(args, worker, runs, width), plan[COLUMN_STEP],
        arguments.given(args, arguments.RESULT) + first * plan[K], plan[K], plan[K], i64(0), 0,
    )  # fmt: skip


@native
def input_gradient(args: ptr(i64), task: i64, worker: i64, runs, width):
    """A task: the gradient of some channels of all images."""
    plan = arguments.words(args)
    first = task * plan[CHUNK]
    channels = minimum(plan[CHUNK], plan[CHANNELS] - first)
    columns = arguments.scratch_of(args, worker)
    weight = arguments.given(args, arguments.SECOND) + first * (runs * width)
    for row in range(0, plan[FILTERS], _DEEP):
        add_rows(
            arguments.given(args, arguments.FIRST), cast(plan[PLACES], ptr(i64)), plan[PIXELS],
            cast(plan[ROWS], ptr(i64)) + row, minimum(plan[FILTERS] - row, _DEEP),
            weight + row * plan[K], plan[K],
            columns, plan[COLUMN_STEP], channels * (runs * width), row, _DEEP,
        )  # fmt: skip
    frames = columns + plan[PIXELS] * plan[COLUMN_STEP]
    for image in range(plan[IMAGES]):
        add_columns(plan, columns + image * plan[PLANE] * plan[COLUMN_STEP], channels, frames, runs, width)
        size = plan[layouts.DEPTH] * plan[layouts.HEIGHT] * plan[layouts.WIDTH]
        out = arguments.given(args, arguments.RESULT) + (image * plan[CHANNELS] + first) * size
        unframe(plan, frames, channels, out)


@native
def add_rows(a: ptr(f32), rows: ptr(i64), count: i64, steps: ptr(i64), depth: i64, b: ptr(f32), b_step: i64,
             c: ptr(f32), c_step: i64, width: i64, add: i64, ahead):  # fmt: skip
    """``c[i] = (add to it) sum_j a[rows[i] + steps[j]] * b[j]``, where ``b[j]`` and ``c[i]`` are rows of ``width``."""
    wide = _VECTORS * LANES
    whole = width - width % wide
    for i in range(0, count, BLOCK):
        # Rows that are missing repeat the last one.
        factors = [a + rows[minimum(i + r, count - 1)] for r in unroll(BLOCK)]
        to = [c + minimum(i + r, count - 1) * c_step for r in unroll(BLOCK)]
        for k in range(0, whole, wide):
            mask = [None for _ in unroll(_VECTORS)]
            add_block(factors, steps, depth, b + k, b_step, [to[r] + k for r in unroll(BLOCK)], add, mask, ahead)
        for k in range(whole, width, LANES):
            mask = [first_lanes(width - k, LANES)]
            add_block(factors, steps, depth, b + k, b_step, [to[r] + k for r in unroll(BLOCK)], add, mask, ahead)


@inline
def add_block(factors, steps, depth, b, b_step, to, add, masks, ahead):
    """A block of a few rows and vectors, which is in registers meanwhile."""
    vectors = len(masks)
    sums = [splat(f32(0.0), LANES) for _ in unroll(BLOCK * vectors)]
    if add != 0:
        for r in unroll(BLOCK):
            for v in unroll(vectors):
                sums[r * vectors + v] = part(to[r], v * LANES, masks[v])
    for j in range(depth):
        offset, row = steps[j], b + j * b_step
        if ahead:
            for v in unroll(vectors):
                prefetch(row, ahead * b_step + v * LANES)
        terms = [part(row, v * LANES, masks[v]) for v in unroll(vectors)]
        for r in unroll(BLOCK):
            factor = splat(factors[r][offset], LANES)
            for v in unroll(vectors):
                sums[r * vectors + v] = fma(factor, terms[v], sums[r * vectors + v])
    for r in unroll(BLOCK):
        for v in unroll(vectors):
            if masks[v] is None:
                store(to[r], v * LANES, sums[r * vectors + v])
            else:
                store_masked(to[r], v * LANES, sums[r * vectors + v], masks[v])


@inline
def part(of, at, mask):
    """A vector of a row, or what the mask leaves of it."""
    return load(of, at, LANES) if mask is None else load_masked(of, at, mask)


@inline
def add_columns(plan, columns, channels, frames, runs, width):
    """Add an image's columns to the channels' frames, which are zero before."""
    fill_bytes(frames, 0, channels * plan[layouts.OUTER] * 4)
    windows = cast(plan[WINDOWS], ptr(i64))
    run = [cast(plan[RUNS], ptr(i64))[r] for r in unroll(runs)]
    for pixel in range(plan[PLANE]):
        of = columns + pixel * plan[COLUMN_STEP]
        to = frames + windows[pixel]
        for _ in range(channels):  # in this order, what was written just now is not read yet
            for r in unroll(runs):
                store(to, run[r], load(to, run[r], width) + load(of, r * width, width))
            of += runs * width
            to += plan[layouts.OUTER]


@inline
def unframe(plan, frames, channels, out):
    """Copy what the frames are around."""
    depth, height, width = plan[layouts.DEPTH], plan[layouts.HEIGHT], plan[layouts.WIDTH]
    for channel in range(channels):
        for d in range(depth):
            for h in range(height):
                row = frames + (channel * plan[layouts.OUTER] + plan[layouts.CORNER])
                row += (d * plan[layouts.OUTER_HEIGHT] + h) * plan[layouts.OUTER_WIDTH]
                to = out + ((channel * depth + d) * height + h) * width
                for w in range(0, width, LANES):
                    mask = first_lanes(width - w, LANES)
                    store_masked(to, w, load_masked(row, w, mask), mask)
