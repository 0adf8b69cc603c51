"""Units: the independent parts of a matrix product, and the native code that computes them.

A unit is one panel of columns, one block of rows, one chunk of k and one matrix of the batch.  It packs its panel of B,
a thousand rows of k at a time, runs strips of tiles over it, and applies what comes after the product (``after``, an
elementwise function of vectors) to its part of the result while that is in the cache.  A unit's result depends on its
number only, so it does not matter which thread computes it.
"""

from __future__ import annotations

from adjoint.kernels.contraction.packing import VECTORS, panel_width
from adjoint.kernels.contraction.strip import ADD, BIAS, ZERO
from adjoint.kernels.machine import machine
from adjoint.kernels.native import *
from adjoint.kernels.objects import pointer
from adjoint.kernels.pool import run

# The words of a plan: sizes, strides in elements, and addresses of kernels.  The EDGE is what full panels leave; MAIN
# strips are of whole tiles, a TAIL is the last tile with fewer rows.  Without PACK, B is read as it is; CHUNKS of k are
# computed apart, OFFSETS_CHUNK elements from each other, and added up by SUM.  With GATHER A is
# rewritten first, for full panels: [tile][k][row].
(
    M, N, K, A_ROW, A_K, B_K, B_N, C_ROW, OFFSETS_A, OFFSETS_B, OFFSETS_C, OFFSETS_CHUNK,
    UNITS, PER_TASK, PANELS, BLOCKS, BLOCK_ROWS, CHUNKS, CHUNK_K, BLOCK_K, PACK,
    FULL_ROWS, FULL_MAIN, FULL_TAIL, EDGE_ROWS, EDGE_MAIN, EDGE_TAIL,
    POOL, COMPUTE, TASKS, SUM, SUMMED, SUM_TASKS, GATHER, GATHER_TASKS,
    WORDS,
) = range(36)  # fmt: skip

AT_ONCE = 4  # tiles, after which what comes after the product is applied to them: they are in the first cache
DEPTH = 1024  # how much of k a packed panel holds: 256 KB, which stay in a core's second cache
BESIDE = 8  # tiles of which rows of A are rewritten together


@native
def multiply(plan: ptr(i64), a: i64, b: i64, c: i64, bias: i64, parts: i64, final: i64, gathered: i64):
    """Run a plan on the pool; operands are array objects (``id(a)``), 0 where there is none.

    ``gathered`` is memory for A's rewriting, ``final`` is where what comes after the product goes; without one it goes to ``c``.
    """
    args = scratch(i64, 8)
    state = cast(plan[POOL], ptr(i64))
    args[0] = cast(plan, i64)
    args[1] = data_of(a)
    args[2] = data_of(b)
    args[4] = i64(0)
    if bias != 0 and parts == 0:
        args[4] = data_of(bias)
    args[3] = data_of(where(parts != 0, parts, c))
    args[5] = i64(0)
    if final != 0:
        args[5] = data_of(final) - data_of(c)
    args[6] = i64(0)
    if gathered != 0:
        args[6] = data_of(gathered)
        run(state, plan[GATHER], args, plan[GATHER_TASKS])
    run(state, plan[COMPUTE], args, plan[TASKS])
    if parts != 0:
        args[1] = args[3]
        args[3] = data_of(c)
        if bias != 0:
            args[4] = data_of(bias)
        run(state, plan[SUM], args, plan[SUM_TASKS])


@inline
def data_of(array):
    """Where an array's elements begin."""
    return cast(pointer(array, 0, i8), i64)


@native
def compute_units(args: ptr(i64), task: i64, worker: i64, of, after):
    """The units of one task."""
    plan = cast(args[0], ptr(i64))
    packed = scratch(of, DEPTH * VECTORS * machine().lanes(of.bytes))
    first = task * plan[PER_TASK]
    for unit in range(first, smaller(first + plan[PER_TASK], plan[UNITS])):
        compute_unit(plan, args[1], args[2], args[3], args[4], args[5], args[6], packed, unit, of, after)


@inline
def compute_unit(plan, a, b, c, bias, apart, gathered, packed, unit, of, after):
    """One unit: panels are counted first, then blocks of rows, chunks of k, and matrices."""
    lanes = machine().lanes(of.bytes)
    width = VECTORS * lanes
    column = unit % plan[PANELS] * width
    rest = unit // plan[PANELS]
    row = rest % plan[BLOCKS] * plan[BLOCK_ROWS]
    rest = rest // plan[BLOCKS]
    chunk = rest % plan[CHUNKS]
    batch = rest // plan[CHUNKS]

    columns = smaller(plan[N] - column, i64(width))
    rows = smaller(plan[M] - row, plan[BLOCK_ROWS])
    a_row, a_k, b_k, b_n, c_row = plan[A_ROW], plan[A_K], plan[B_K], plan[B_N], plan[C_ROW]
    of_a = cast(a, ptr(of)) + cast(plan[OFFSETS_A], ptr(i64))[batch] + row * a_row
    of_b = cast(b, ptr(of)) + cast(plan[OFFSETS_B], ptr(i64))[batch] + column * b_n
    of_c = cast(c, ptr(of)) + cast(plan[OFFSETS_C], ptr(i64))[batch] + chunk * plan[OFFSETS_CHUNK]
    of_c = of_c + row * c_row + column
    of_bias = bias + column * of.bytes

    kind = where(columns == width, i64(FULL_ROWS), i64(EDGE_ROWS))
    tile_rows = plan[kind]
    tiles = rows // tile_rows
    tail = tiles * tile_rows
    filled = columns - (columns - 1) // lanes * lanes  # of the last vector

    end = smaller((chunk + 1) * plan[CHUNK_K], plan[K])
    start = where(bias != 0, i64(BIAS), i64(ZERO))
    for k in range(chunk * plan[CHUNK_K], end, plan[BLOCK_K]):
        depth = smaller(end - k, plan[BLOCK_K])
        panel = cast(of_b + k * b_k, i64)
        panel_k = b_k + 0
        if plan[PACK] != 0:
            pack = cast(plan[PACK], ptr(i8))
            call_pointer(pack, panel, b_k, b_n, depth, columns, cast(packed, i64))
            panel = cast(packed, i64)
            panel_k = panel_width(columns, lanes)
        beside = of_a + k * a_k
        group, last = larger(tiles, i64(1)), False
        if after is not None:
            last = (k + plan[BLOCK_K] >= end) & (plan[CHUNKS] == 1)
            group = where(last, i64(AT_ONCE), group)
        gathers = (gathered != 0) & (kind == FULL_ROWS)
        if gathers:
            group = i64(1)
        for tile in range(0, tiles, group):
            down = tile * tile_rows
            count = smaller(group, tiles - tile)
            rows_of_a, k_step = cast(beside + down * a_row, i64), a_k + 0
            if gathers:
                rows_of_a, k_step = gathered + place_of(row + down, k, tile_rows, plan[K], lanes) * of.bytes, tile_rows + 0
            call_pointer(cast(plan[kind + 1], ptr(i8)), rows_of_a, a_row, k_step, panel, panel_k,
                         cast(of_c + down * c_row, i64), c_row, depth, count, filled, start, of_bias)  # fmt: skip
            if last:
                apply(of_c + down * c_row, apart, c_row, count * tile_rows, columns, lanes, after)
        if tail < rows:
            rows_of_a, k_step = cast(beside + tail * a_row, i64), a_k + 0
            if gathers:
                rows_of_a, k_step = gathered + place_of(row + tail, k, tile_rows, plan[K], lanes) * of.bytes, tile_rows + 0
            call_pointer(cast(plan[kind + 2], ptr(i8)), rows_of_a, a_row, k_step, panel, panel_k,
                         cast(of_c + tail * c_row, i64), c_row, depth, i64(1), filled, start, of_bias)  # fmt: skip
            if last:
                apply(of_c + tail * c_row, apart, c_row, rows - tail, columns, lanes, after)
        start = i64(ADD)


@inline
def place_of(row, k, tile_rows, depth, lanes):
    """Where, among rewritten tiles of A, the one that begins with a row is; behind each there is room for a vector."""
    return row // tile_rows * (depth * tile_rows + lanes) + k * tile_rows


@native
def gather_tiles(args: ptr(i64), task: i64, worker: i64, of, rows):
    """The rows of some tiles of A: what is for one k is beside each other there, and what is for the next then follows it.

    What a vector writes beyond the rows of a tile the next k writes over.
    """
    plan = cast(args[0], ptr(i64))
    lanes, depth, a_k = machine().lanes(of.bytes), plan[K], plan[A_K]
    first = task * (BESIDE * rows)
    a, to = cast(args[1], ptr(of)) + first, cast(args[6], ptr(of)) + place_of(first, i64(0), rows, depth, lanes)
    masks = [first_lanes(smaller(plan[M] - first - n * rows, i64(rows)), lanes) for n in unroll(BESIDE)]
    for k in range(depth):
        for n in unroll(BESIDE):
            store(to, n * (depth * rows + lanes) + k * rows, load_masked(a, k * a_k + n * rows, masks[n]))


@apart
def apply(c, distance, c_row, rows, columns, lanes, after):
    """``after`` of a block of rows and columns, to be found so many bytes further on."""
    final = cast(cast(c, i64) + distance, c.type)
    whole = columns - columns % lanes
    mask = first_lanes(columns - whole, lanes)
    for row in range(rows):
        at = row * c_row
        for n in range(0, whole, lanes):
            store(final, at + n, after(load(c, at + n, lanes), lanes))
        if whole < columns:
            store_masked(final, at + whole, after(load_masked(c, at + whole, mask), lanes), mask)


@native
def sum_chunks(args: ptr(i64), task: i64, worker: i64, of, after):
    """Add up what the chunks of k came to, and the bias, and apply what comes after it: rows ``task``, ``task + tasks`` ...
    of the result."""
    plan = cast(args[0], ptr(i64))
    lanes = machine().lanes(of.bytes)
    part, c, bias = cast(args[1], ptr(of)), cast(args[3], ptr(of)), cast(args[4], ptr(of))
    n, apart = plan[N], plan[OFFSETS_CHUNK]
    for row in range(task, plan[SUMMED], plan[SUM_TASKS]):
        for j in range(0, n, lanes):
            mask = first_lanes(n - j, lanes)
            sums = splat(f64(0.0), lanes)
            for chunk in range(plan[CHUNKS]):
                sums += cast(load_masked(part, chunk * apart + row * n + j, mask), f64)
            total = cast(sums, of)
            if args[4] != 0:
                total += load_masked(bias, j, mask)
            store_masked(c, row * n + j, total, mask)
            if after is not None:
                store_masked(cast(args[3] + args[5], ptr(of)), row * n + j, after(total, lanes), mask)
