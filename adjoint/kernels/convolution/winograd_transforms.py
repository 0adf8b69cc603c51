"""Winograd's transforms: tiles of an image to matrices and back, and filters to matrices and back.

An image (N, channels, height, width) is cut into tiles of m x m outputs, numbered by image, row and column.  Each of the
n x n places (n = m + 2) of the transformed tiles has a matrix [tile][channel]; a lane is a channel throughout.
A word list describes an image: see ``IMAGE`` below.
"""

from __future__ import annotations

from adjoint.kernels.convolution.layouts import LANES, turned
from adjoint.kernels.convolution.winograd_points import (
    TAPS,
    filter_matrix,
    input_matrix,
    output_matrix,
    symmetric,
    transposed_terms,
)
from adjoint.kernels.native import *

# Words that describe an image; its strides count elements, and a row's pixels lie side by side.  A row of tiles begins
# PAD_X pixels before the image.
IMAGE, BATCH_STEP, CHANNEL_STEP, ROW_STEP, CHANNELS, HEIGHT, WIDTH, PAD_Y, PAD_X, TILES_Y, TILES_X = range(11)
IMAGE_WORDS = 11

TAPS_2D = TAPS * TAPS
CACHE_LINE = 16  # elements
RUN = 14  # tiles side by side that are transformed together; their rows stay in the first cache
_COLUMNS = RUN * 4 + 2 + LANES
_SAMPLED = 3  # columns from one that is looked at to the next
_RANGE = 19  # binary digits that the mean square of a run's pixels may lie above the square of a usual one


@native
def read_tiles(
    image: ptr(i64), first: i64, count: i64, to: ptr(f32), place: i64, tile_step: i64, m, gradient
) -> i64:
    """Transform tiles: ``to[(i * n + j) * place + tile * tile_step + channel]``.

    The tiles of an input are n x n pixels and overlap; those of a gradient (``gradient``) are the m x m outputs.  Returns
    whether there are pixels so large that what is rounded of them would be most of their neighbours' results.
    """
    n = m + TAPS - 1
    window = m if gradient else n
    matrix = output_matrix(m) if gradient else input_matrix(m)
    rows = scratch(f32, n * _COLUMNS * LANES)
    at = first
    uneven = i64(0)
    while at < first + count:
        tile_x = at % image[TILES_X]
        run = minimum(minimum(image[TILES_X] - tile_x, first + count - at), RUN)
        columns = (run - 1) * m + window
        for channel in range(0, image[CHANNELS], LANES):
            read_rows(image, at, channel, columns, rows, i64(m), i64(window))
            usual = exponents(rows, columns, i64(window - 1))
            squares = transform_rows(columns, rows, matrix)
            if (bits_as(squares / cast(columns * (window * LANES), f32), i32) >> 23) - 127 > usual + _RANGE:
                uneven = i64(1)
            for t in range(run):
                out = to + ((at - first + t) * tile_step + channel)
                tile = rows + t * (m * LANES)
                transform(i64(n), tile, i64(_COLUMNS * LANES), i64(LANES), out, n * place, place, matrix)
        at += run
    return uneven


@apart
def exponents(rows: ptr(f32), columns: i64, last: i64) -> i32:
    """Twice the mean binary exponent of some pixels of the first and the last row, which neither of them is zero."""
    total, found = splat(i32(0), LANES), splat(i32(0), LANES)
    for x in range(0, columns, _SAMPLED):
        for row in unroll(2):
            bits = bits_as(load(rows, row * last * (_COLUMNS * LANES) + x * LANES, LANES), i32) & 0x7F800000
            total = total + (bits >> 23)
            found = found + where(bits > 0, splat(i32(1), LANES), splat(i32(0), LANES))
    count = hsum(cast(found, f32))
    usual = i32(255)  # of zeros: nothing is large beside them
    if count > 0.0:
        usual = cast(2.0 * (hsum(cast(total, f32)) / count - 127.0), i32)
    return usual


@apart
def transform_rows(count, rows: ptr(f32), matrix) -> f32:
    """The matrix times the columns of ``rows``, in their place; the sum of the squares of what was there."""
    squares = [splat(f32(0.0), LANES) for _ in unroll(2)]
    for i in range(count):
        x = [load(rows, i * LANES + j * (_COLUMNS * LANES), LANES) for j in unroll(len(matrix[0]))]
        for j in unroll(len(matrix[0])):
            squares[j % 2] = fma(x[j], x[j], squares[j % 2])
        made = combined(matrix, x)
        for j in unroll(len(matrix)):
            store(rows, i * LANES + j * (_COLUMNS * LANES), made[j])
    return hsum(squares[0] + squares[1])


@apart
def transform(count, of: ptr(f32), of_next, of_step, to: ptr(f32), to_next, to_step, matrix):
    """The matrix times ``count`` vectors, whose elements (vectors of the machine) are a step apart; to others."""
    for i in range(count):
        made = combined(matrix, [load(of, i * of_next + j * of_step, LANES) for j in unroll(len(matrix[0]))])
        for j in unroll(len(matrix)):
            store(to, i * to_next + j * to_step, made[j])


@apart
def transform_back(count, of: ptr(f32), of_next, of_step, to: ptr(f32), to_next, to_step, matrix):
    """As ``transform`` by the matrix transposed."""
    for i in range(count):
        made = combined_back(matrix, [load(of, i * of_next + j * of_step, LANES) for j in unroll(len(matrix))])
        for j in unroll(len(matrix[0])):
            store(to, i * to_next + j * to_step, made[j])


@native
def read_rows(image: ptr(i64), tile: i64, channel: i64, columns: i64, rows: ptr(f32), m: i64, window: i64):
    """The pixels of a run of tiles, [row][column][channel], zero outside of the image."""
    tile_x = tile % image[TILES_X]
    tile_y = tile // image[TILES_X] % image[TILES_Y]
    batch = tile // image[TILES_X] // image[TILES_Y]
    x0 = tile_x * m - image[PAD_X]
    y0 = tile_y * m - image[PAD_Y]
    step = image[CHANNEL_STEP]
    last = image[CHANNELS] - 1 - channel
    left = minimum(maximum(-x0, 0), columns)
    right = maximum(minimum(image[WIDTH] - x0, columns), left)
    source = cast(image[IMAGE], ptr(f32)) + (batch * image[BATCH_STEP] + channel * step + x0)
    for i in range(window):
        row = rows + i * _COLUMNS * LANES
        y = y0 + i
        inside = i64(0)
        if y >= 0 and y < image[HEIGHT]:
            inside = right
            pixels = source + y * image[ROW_STEP]
            for x in range(left, right, LANES):
                # A channel that is missing repeats the last one: nothing reads it.
                turn_in(pixels + x, step, last, right - x, row + x * LANES, i64(LANES))
            fill_zeros(row, left)
        fill_zeros(row + inside * LANES, columns - inside)


@apart
def turn_in(of: ptr(f32), of_step: i64, last: i64, columns: i64, to: ptr(f32), to_step: i64):
    """``to[j * to_step + i] = of[minimum(i, last) * of_step + j]`` for a square; zero where there are fewer columns."""
    there = first_lanes(columns, LANES)
    square = turned([load_masked(of, minimum(last, i) * of_step, there) for i in unroll(LANES)])
    for i in unroll(LANES):
        store(to, i * to_step, square[i])


@apart
def turn_out(of: ptr(f32), added: vec(f32, LANES), to: ptr(f32), to_step: i64, rows: i64, columns: i64):
    """``to[i * to_step + j] = of[j * LANES + i] + added[i]`` for a square, or what there is of it."""
    square = turned([load(of, j * LANES, LANES) + added for j in unroll(LANES)])
    for i in unroll(LANES):
        store_masked(to, i * to_step, square[i], first_lanes(where(rows > i, columns, i64(0)), LANES))


@inline
def fill_zeros(to, vectors):
    """Zeros in so many vectors."""
    for i in range(vectors):
        store(to, i * LANES, splat(f32(0.0), LANES))


@native
def write_tiles(
    image: ptr(i64), first: i64, count: i64, of: ptr(f32), place: i64, tile_step: i64, channel: i64, bias: ptr(f32), m
) -> i64:
    """Outputs of one vector of channels from products ``of[(i * n + j) * place + tile * tile_step + lane]``.

    Returns whether one of them is not finite.
    """
    n = m + TAPS - 1
    matrix = output_matrix(m)
    rows = scratch(f32, m * _COLUMNS * LANES)
    part = scratch(f32, n * m * LANES)
    step = image[CHANNEL_STEP]
    present = image[CHANNELS] - channel
    addend = splat(f32(0.0), LANES)
    if cast(bias, i64) != 0:
        addend = load_masked(bias, channel, first_lanes(present, LANES))
    odd = [splat(f32(0.0), LANES) for _ in unroll(m)]
    at = first
    while at < first + count:
        tile_x = at % image[TILES_X]
        tile_y = at // image[TILES_X] % image[TILES_Y]
        batch = at // image[TILES_X] // image[TILES_Y]
        run = minimum(minimum(image[TILES_X] - tile_x, first + count - at), RUN)
        for t in range(run):
            tile = of + (at - first + t) * tile_step
            to = rows + t * (m * LANES)
            transform_back(i64(n), tile, n * place, place, part, i64(m * LANES), i64(LANES), matrix)
            transform_back(i64(m), part, i64(LANES), i64(m * LANES), to, i64(LANES), i64(_COLUMNS * LANES), matrix)
        columns = minimum(run * m, image[WIDTH] - tile_x * m)
        for x in range(columns):
            for i in unroll(m):
                odd[i] = fma(load(rows, (i * _COLUMNS + x) * LANES, LANES), 0.0, odd[i])
        corner = cast(image[IMAGE], ptr(f32)) + (batch * image[BATCH_STEP] + channel * step + tile_x * m)
        for i in range(minimum(i64(m), image[HEIGHT] - tile_y * m)):
            pixels = corner + (tile_y * m + i) * image[ROW_STEP]
            for x in range(0, columns, LANES):
                turn_out(rows + (i * _COLUMNS + x) * LANES, addend, pixels + x, step, present, columns - x)
        at += run
    return not_zero(odd, present)


@native
def read_filters(weight: ptr(f32), filters: i64, channels: i64, filter: i64, channel: i64, to: ptr(f32), place: i64,
                 depth_step: i64, m, turn):  # fmt: skip
    """Transform the filters of a square of ``LANES`` filters and channels: ``to[place of n x n][depth][lane]``.

    Lanes are filters, and the depth is channels; for the input's gradient (``turn``), the other way round, and the
    filters are turned by half a circle.
    """
    n = m + TAPS - 1
    matrix = filter_matrix(m)
    taps = scratch(f32, TAPS_2D * LANES * LANES)
    source = weight + (filter * channels + channel) * TAPS_2D
    step = channels * TAPS_2D
    ahead = LANES * (step if turn else i64(TAPS_2D))  # to the square that is next in the depth
    for x in range(0, TAPS_2D * LANES, LANES):
        for k in range(LANES):
            prefetch(source, k * step + x + ahead)
        wide = (channels - channel) * TAPS_2D - x
        turn_in(source + x, step, filters - 1 - filter, wide, taps + x * LANES, i64(LANES))
    if turn:
        upright = taps
        taps = scratch(f32, TAPS_2D * LANES * LANES)
        for tap in range(TAPS_2D):
            of, turned_tap = upright + tap * LANES, taps + (TAPS_2D - 1 - tap) * LANES
            turn_in(of, i64(TAPS_2D * LANES), i64(LANES), i64(LANES), turned_tap, i64(TAPS_2D * LANES))
    part = scratch(f32, n * TAPS * LANES)
    for d in range(minimum(i64(LANES), filters - filter if turn else channels - channel)):
        of = taps + d * (TAPS_2D * LANES)
        transform(TAPS, of, LANES, TAPS * LANES, part, LANES, TAPS * LANES, matrix)
        transform(n, part, TAPS * LANES, LANES, to + d * depth_step, n * place, place, matrix)


@native
def write_filters(weight: ptr(f32), filters: i64, channels: i64, filter: i64, channel: i64, of: ptr(f32), place: i64,
                  depth_step: i64, m) -> i64:  # fmt: skip
    """The gradient of a square of filters and channels from products ``of[place of n x n][channel][filter]``.

    Returns whether one of them is not finite.
    """
    n = m + TAPS - 1
    matrix = filter_matrix(m)
    taps = scratch(f32, TAPS_2D * LANES * LANES)
    part = scratch(f32, n * TAPS * LANES)
    gradient = weight + (filter * channels + channel) * TAPS_2D
    step = channels * TAPS_2D
    for k in range(minimum(i64(LANES), filters - filter)):
        for x in range(0, TAPS_2D * LANES, CACHE_LINE):
            prefetch(gradient, k * step + x)
    odd = [splat(f32(0.0), LANES) for _ in unroll(TAPS)]
    for d in range(minimum(i64(LANES), channels - channel)):
        to = taps + d * (TAPS_2D * LANES)
        transform_back(n, of + d * depth_step, n * place, place, part, TAPS * LANES, LANES, matrix)
        transform_back(TAPS, part, LANES, TAPS * LANES, to, LANES, TAPS * LANES, matrix)
        for i in unroll(TAPS_2D):
            odd[i % TAPS] = fma(load(to, i * LANES, LANES), 0.0, odd[i % TAPS])
    none = splat(f32(0.0), LANES)
    for x in range(0, TAPS_2D * LANES, LANES):
        wide = (channels - channel) * TAPS_2D - x
        turn_out(taps + x * LANES, none, gradient + x, step, filters - filter, wide)
    return not_zero(odd, filters - filter)


@inline
def not_zero(vectors, present):
    """Whether one of the lanes that are present is not zero: a NaN, where zero times what is not finite was added."""
    total = vectors[0]
    for vector in vectors[1:]:
        total += vector
    return i64(hsum(where(first_lanes(present, LANES), total, splat(f32(0.0), LANES))) != 0.0)


@inline
def combined(matrix, x):
    """``matrix @ x``."""
    out = [x[0] for _ in unroll(len(matrix))]
    for first, second, even, odd in symmetric(matrix):
        if second is None:
            out[first] = weighted(even, x)
        else:
            sum_of_even, sum_of_odd = weighted(even, x), weighted(odd, x)
            out[first] = sum_of_even + sum_of_odd
            out[second] = sum_of_even - sum_of_odd
    return out


@inline
def combined_back(matrix, x):
    """``matrix.T @ x``."""
    pairs = symmetric(matrix)
    sums = [x[i] if j is None else x[i] + x[j] for i, j, even, odd in pairs]
    differences = [x[i] - x[j] for i, j, even, odd in pairs if j is not None]
    return [weighted(terms, sums + differences) for terms in transposed_terms(matrix)]


@inline
def weighted(terms, x):
    """The sum of elements times their coefficients."""
    index, coefficient = terms[0]
    total = x[index] if coefficient == 1.0 else x[index] * coefficient
    for index, coefficient in terms[1:]:
        if coefficient == 1.0:
            total = total + x[index]
        elif coefficient == -1.0:
            total = total - x[index]
        else:
            total = fma(x[index], coefficient, total)
    return total
