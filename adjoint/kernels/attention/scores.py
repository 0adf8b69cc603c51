"""The scores of a tile: a block of queries against some keys, masked."""

from __future__ import annotations

from adjoint.kernels.attention.layout import CAUSAL, FEATURES, GROUP, KEY, LENGTH, MASK, SOURCE, STRIDES
from adjoint.kernels.attention.tiles import INFINITY, LOG2_E, QUERIES, VECTORS, W, block_product, turn_in
from adjoint.kernels.native import (
    apart,
    f32,
    i32,
    i64,
    inline,
    iota,
    load,
    maximum,
    minimum,
    native,
    ptr,
    splat,
    store,
    unroll,
    where,
)
from adjoint.kernels.objects import pointer


@inline
def row(args, which, batch, head, at):
    """The row ``at`` of the array ``which``, of one head of one example."""
    strides = args + (STRIDES + 3 * which)
    return elements(args, which) + batch * strides[0] + head * strides[1] + at * strides[2]


@inline
def row_of(args, which):
    """From a row of the array ``which`` to the next."""
    return args[STRIDES + 3 * which + 2]


@inline
def elements(args, which):
    """Where the elements of the array ``which`` begin."""
    return pointer(args[which], 0, f32)


@inline
def keys_seen(args, at):
    """How many keys some query of the block from ``at`` on may look at."""
    return where(args[CAUSAL] != 0, minimum(args[SOURCE], at + QUERIES), args[SOURCE])


@apart
def compute_scores(
    args: ptr(i64), batch: i64, head: i64, at: i64, j: i64, keys: i64,
    turned: ptr(f32), spare: ptr(f32), scores: ptr(f32),
):  # fmt: skip
    """Scores of the block of queries ``at`` for keys from ``j`` on, in units of log 2, as the turned queries are."""
    k = row(args, KEY, batch, head // args[GROUP], j)
    block_product(args, keys, args[FEATURES], k, row_of(args, KEY), 1, turned, scores, False)
    if args[MASK] != 0:
        turn_in_tile(args, i64(MASK), batch, head, at, j, keys, f32(LOG2_E), spare)
        for n in range(0, keys * QUERIES, W):
            store(scores, n, load(scores, n, W) + load(spare, n, W))
    if args[CAUSAL] != 0 and j + keys > at + 1:
        hide_later(at - j, keys, scores)


@apart
def turn_in_tile(
    args: ptr(i64), which: i64, batch: i64, head: i64, at: i64, j: i64, keys: i64, factor: f32, to: ptr(f32)
):
    """A tile of an array over queries and keys, turned."""
    x = row(args, which, batch, head, at) + j
    turn_in(args, minimum(args[LENGTH] - at, i64(QUERIES)), keys, x, row_of(args, which), factor, to)


@native
def hide_later(first: i64, keys: i64, scores: ptr(f32)):
    """Minus infinity for the keys after a query's own place, ``first`` places after the tile's first key."""
    for j in range(maximum(first + 1, i64(0)), keys):
        for i in unroll(VECTORS):
            visible = iota(i32, W) + i32(first + i * W) >= splat(i32(j), W)
            store(scores, j * QUERIES + i * W, where(visible, load(scores, j * QUERIES + i * W, W), -INFINITY))
