"""Products of few rows with a matrix whose columns are contiguous, as a linear layer's weight lies: ``a @ weight.T``.

Packing a matrix into panels costs as much as multiplying it with a dozen rows.  Here the matrix is read once, as it lies: every
element of the result is a dot product of two contiguous rows, ``TALL`` x ``wide()`` of them at a time, summed in vectors along k,
and what the lanes of these hold at the end is added up all together.  Only the few rows are copied, so that they begin where
the matrix's do within a vector: then no vector of either lies across two cache lines.
"""

from __future__ import annotations

from adjoint.kernels.contraction.micro import load_lanes
from adjoint.kernels.contraction.units import (
    A_K,
    A_ROW,
    B_N,
    BLOCK_K,
    BLOCKS,
    C_ROW,
    OFFSETS_A,
    OFFSETS_B,
    OFFSETS_C,
    PER_TASK,
    K,
    M,
    N,
    apply,
)
from adjoint.kernels.machine import machine
from adjoint.kernels.native import *

TALL = 3  # rows of a tile
FEW = 48  # rows at most
DEPTH = 1024  # of k at a time: a tile's worth of the matrix stays in the first cache while the few rows pass
GROUP = 64  # columns, after which what comes after the product is applied to them
AHEAD = 2  # lines of the next columns that a tile asks for


def wide() -> int:
    """The columns of a tile: as many as leave registers for a row of each operand."""
    return 8 if machine().registers >= 32 else 4


@native
def dot_rows(args: ptr(i64), task: i64, worker: i64, of, after):
    """``PER_TASK`` columns of one matrix of the batch; these are counted first."""
    plan = cast(args[0], ptr(i64))
    lanes = machine().lanes(of.bytes)
    batch, first = task // plan[BLOCKS], task % plan[BLOCKS] * plan[PER_TASK]
    a = cast(args[1], ptr(of)) + cast(plan[OFFSETS_A], ptr(i64))[batch]
    b = cast(args[2], ptr(of)) + cast(plan[OFFSETS_B], ptr(i64))[batch]
    c = cast(args[3], ptr(of)) + cast(plan[OFFSETS_C], ptr(i64))[batch]
    end = smaller(first + plan[PER_TASK], plan[N])
    apart = DEPTH + 48
    rows = scratch(of, FEW * apart)
    across = lanes * of.bytes
    lead = where(plan[B_N] % lanes == 0, cast(b, i64) % across // of.bytes, i64(0))
    for k in range(0, plan[K], plan[BLOCK_K]):
        depth = smaller(plan[K] - k, plan[BLOCK_K])
        put_rows(a + k * plan[A_K], plan, rows, apart, lead, depth, lanes)
        for group in range(first, end, GROUP):
            stop = smaller(group + GROUP, end)
            for n in range(group, stop, wide()):
                columns_dotted(plan, rows, apart, lead, b + k, c, args[4], n, stop, depth, k, lanes, of)
            if after is not None:
                if k + depth == plan[K]:
                    apply(c + group, args[5], plan[C_ROW], plan[M], stop - group, lanes, after)


@inline
def put_rows(a, plan, rows, apart, lead, depth, lanes):
    """Copy ``depth`` of k of A: a row ``apart`` elements after another, each ``lead`` elements after the beginning of a vector."""
    zeros = splat(constant(rows.type.of, 0), lanes)
    for m in range(plan[M]):
        to, of_a = rows + m * apart, a + m * plan[A_ROW]
        store(to, 0, zeros)
        if plan[A_K] == 1:
            for k in range(0, depth, lanes):
                mask = first_lanes(depth - k, lanes)
                store_masked(to, lead + k, load_masked(of_a, k, mask), mask)
        else:
            for k in range(depth):
                to[lead + k] = of_a[k * plan[A_K]]


@inline
def columns_dotted(plan, rows, apart, lead, b, c, bias, n, stop, depth, k, lanes, of):
    """``depth`` of k of up to ``wide()`` columns, added to what is there unless ``k``, what came before, is 0."""
    columns = smaller(stop - n, i64(wide()))
    lines = [b + (smaller(n + j, stop - 1) * plan[B_N] - lead) for j in unroll(wide())]
    next = b + larger(smaller(n + wide(), plan[N] - wide()), i64(0)) * plan[B_N]
    whole = plan[M] - plan[M] % TALL
    for m in range(0, whole, TALL):
        ahead = next + m // TALL * AHEAD % wide() * plan[B_N]
        tile_dotted(plan, rows + m * apart, apart, lead, lines, ahead, c, bias, m, n, columns, depth, k, TALL, lanes, of)
    for m in range(whole, plan[M]):
        tile_dotted(plan, rows + m * apart, apart, lead, lines, next, c, bias, m, n, columns, depth, k, 1, lanes, of)


@inline
def tile_dotted(plan, a, a_row, lead, lines, ahead, c, bias, m, n, columns, depth, before, rows, lanes, of):
    """A tile: the dot products of ``rows`` rows of A and the given lines of B."""
    across = len(lines)
    end = lead + depth
    tile = [splat(constant(of, 0), lanes) for _ in unroll(rows * across)]
    start = where(lead > 0, i64(lanes), i64(0))
    if lead > 0:
        mask = first_lanes(end, lanes) & (first_lanes(lead, lanes) ^ first_lanes(lanes, lanes))
        add_products(tile, a, a_row, lines, 0, rows, mask, lanes)
    whole = end - end % lanes
    for k in range(start, whole, lanes):
        for r in unroll(AHEAD):
            prefetch(ahead, r * plan[B_N] + k, near=2)
        add_products(tile, a, a_row, lines, k, rows, None, lanes)
    if larger(whole, start) < end:
        add_products(tile, a, a_row, lines, whole, rows, first_lanes(end - whole, lanes), lanes)
    kept = first_lanes(columns, across)
    for i in unroll(rows):
        at = (m + i) * plan[C_ROW] + n
        sums = lanes_added([tile[i * across + j] for j in unroll(across)], lanes)
        if before > 0:
            sums += load_masked(c, at, kept)
        elif bias != 0:
            sums += load_masked(cast(bias, ptr(of)), n, kept)
        store_masked(c, at, sums, kept)


@inline
def add_products(tile, a, a_row, lines, k, rows, mask, lanes):
    """Add one vector's worth of k to a tile."""
    across = len(lines)
    x = [load_lanes(a, i * a_row + k, lanes, mask) for i in unroll(rows)]
    for j in unroll(across):
        y = load_lanes(lines[j], k, lanes, mask)
        for i in unroll(rows):
            tile[i * across + j] = fma(x[i], y, tile[i * across + j])


@inline
def lanes_added(vectors, lanes):
    """A vector with the sum of each vector's lanes; there is a power of two of them.

    The halves of two vectors are added, as one vector of two groups of lanes; then the halves of groups, until each vector's
    group is one lane.
    """
    groups = 1
    for _ in unroll(lanes.bit_length() - 1):
        half = lanes // (2 * groups)
        if len(vectors) > 1:
            low = [g * 2 * half + i for g in unroll(2 * groups) for i in unroll(half)]
            high = [i + half for i in low]
            vectors = [
                shuffle(vectors[2 * v], vectors[2 * v + 1], low) + shuffle(vectors[2 * v], vectors[2 * v + 1], high)
                for v in unroll(len(vectors) // 2)
            ]
            groups = 2 * groups
        else:
            low = [g * 2 * half + i for g in unroll(groups) for i in unroll(half)]
            high = [i + half for i in low]
            vectors = [shuffle(vectors[0], vectors[0], low) + shuffle(vectors[0], vectors[0], high)]
            lanes = lanes // 2
    for _ in unroll((len(vectors) - 1).bit_length()):
        vectors = [shuffle(vectors[2 * v], vectors[2 * v + 1], unroll(2 * lanes)) for v in unroll(len(vectors) // 2)]
        lanes = 2 * lanes
    return vectors[0]
