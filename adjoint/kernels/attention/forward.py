"""Attention: one pass over the keys for each block of queries, with a softmax that is corrected as it goes.

The softmax needs the largest score and the sum of the exponentials over all keys; both are kept for the keys so far,
and what is there is scaled down whenever a larger score turns up (Milakov and Gimelshein 2018; Dao et al. 2022).
"""

from __future__ import annotations

from adjoint.kernels.attention.layout import (
    BATCH,
    BLOCKS,
    BLOCKS_PER_TASK,
    DROPOUT,
    FEATURES,
    GROUP,
    HEADS,
    LENGTH,
    LOGSUMEXP,
    OUTPUT,
    QUERY,
    SCALE,
    VALUE,
    VALUES,
    WORK,
    WORK_SIZE,
)
from adjoint.kernels.attention.scores import compute_scores, elements, keys_seen, row, row_of, turn_in_tile
from adjoint.kernels.attention.tiles import (
    INFINITY,
    KEYS,
    LN_2,
    LOG2_E,
    QUERIES,
    VECTORS,
    W,
    block_product,
    power,
    turn_in,
    turn_out,
)
from adjoint.kernels.mathematics.logarithm import log
from adjoint.kernels.native import (
    apart,
    cast,
    f32,
    f64,
    first_lanes,
    fma,
    i64,
    larger,
    load,
    minimum,
    native,
    ptr,
    splat,
    store,
    store_masked,
    unroll,
    vec,
    where,
)


def forward_workspace(features: int, values: int) -> int:
    """How many floats a worker needs: a turned block of queries, a tile of scores (twice) and the turned output."""
    return QUERIES * (features + 2 * KEYS + values + 2)


@native
def forward(args: ptr(i64), task: i64, worker: i64):
    """Some blocks of queries, each of one head."""
    first = task * args[BLOCKS_PER_TASK]
    for u in range(first, minimum(first + args[BLOCKS_PER_TASK], args[BLOCKS] * args[BATCH] * args[HEADS])):
        place = u // args[BLOCKS]
        block = args[BLOCKS] - 1 - u % args[BLOCKS]  # under a causal mask the last ones take longest
        forward_block(args, worker, place // args[HEADS], place % args[HEADS], block * QUERIES)


@native
def forward_block(args: ptr(i64), worker: i64, batch: i64, head: i64, at: i64):
    """The output of a block of queries, from ``at`` on."""
    features = args[FEATURES]
    values = args[VALUES]
    queries = minimum(args[LENGTH] - at, i64(QUERIES))
    scale = cast(args, ptr(f64))[SCALE]
    work = elements(args, WORK) + worker * args[WORK_SIZE]
    turned = work
    scores = turned + features * QUERIES
    spare = scores + KEYS * QUERIES
    result = spare + KEYS * QUERIES
    factors = result + values * QUERIES

    q = row(args, QUERY, batch, head, at)
    turn_in(args, queries, features, q, row_of(args, QUERY), f32(scale * LOG2_E), turned)
    largest = [splat(f32(-INFINITY), W) for _ in unroll(VECTORS)]
    total = [splat(f32(0.0), W) for _ in unroll(VECTORS)]
    for j in range(0, keys_seen(args, at), KEYS):
        keys = minimum(keys_seen(args, at) - j, i64(KEYS))
        compute_scores(args, batch, head, at, j, keys, turned, spare, scores)
        before = [largest[c] for c in unroll(VECTORS)]
        for n in range(keys):
            for i in unroll(VECTORS):
                largest[i] = larger(load(scores, n * QUERIES + i * W, W), largest[i])
        # Of a query that has seen nothing yet the largest score is minus infinity; any finite number gives it zeros.
        shift = [where(largest[c] == -INFINITY, 0.0, largest[c]) for c in unroll(VECTORS)]
        for c in unroll(VECTORS):
            fade = power(before[c] - shift[c])
            total[c] = total[c] * fade
            store(factors, c * W, fade)
        for n in range(keys):
            for i in unroll(VECTORS):
                weight = power(load(scores, n * QUERIES + i * W, W) - shift[i])
                total[i] += weight
                store(scores, n * QUERIES + i * W, weight)
        if args[DROPOUT] != 0:
            turn_in_tile(args, i64(DROPOUT), batch, head, at, j, keys, f32(1.0), spare)
            for n in range(0, keys * QUERIES, W):
                store(scores, n, load(scores, n, W) * load(spare, n, W))
        if j > 0:
            scale_columns(values, factors, result)
        v = row(args, VALUE, batch, head // args[GROUP], j)
        block_product(args, values, keys, v, 1, row_of(args, VALUE), scores, result, j > 0)

    logsumexp = elements(args, LOGSUMEXP) + (batch * args[HEADS] + head) * args[LENGTH] + at
    for i in unroll(VECTORS):
        finish(queries - i * W, largest[i], total[i], logsumexp + i * W, factors + i * W)
    turn_out(args, queries, values, result, factors, row(args, OUTPUT, batch, head, at), row_of(args, OUTPUT))


@native
def scale_columns(rows: i64, factors: ptr(f32), x: ptr(f32)):
    """``x[r][i] *= factors[i]`` for the queries i of a block."""
    factor = [load(factors, i * W, W) for i in unroll(VECTORS)]
    for r in range(rows):
        for i in unroll(VECTORS):
            store(x, r * QUERIES + i * W, load(x, r * QUERIES + i * W, W) * factor[i])


@apart
def finish(queries: i64, largest: vec(f32, W), total: vec(f32, W), logsumexp: ptr(f32), factors: ptr(f32)):
    """Some queries' logsumexp, and 1 / the sum of their weights: minus infinity and 0 where they look nowhere."""
    store_masked(logsumexp, 0, fma(largest, LN_2, log(total)), first_lanes(queries, W))
    store(factors, 0, where(total == 0.0, 0.0, 1.0 / total))
