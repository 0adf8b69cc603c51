"""Attention's gradients: the weights are computed again from the scores and each query's logsumexp, tile by tile.

With P the weights, D the sum of g * output over the values of a query, and dP = g v^T, the gradient of the scores is
dS = P (dP - D), so a tile gives its part of all three gradients: dV += P^T g, dK += dS^T q, dQ += dS k (Dao et al.
2022).  A task has the keys of one head, or a chunk of them, to itself; where there are chunks, each has a dQ of its
own, and these are added afterwards in their order.
"""

from __future__ import annotations

from adjoint.kernels.attention.layout import (
    BATCH,
    CAUSAL,
    CHUNK_KEYS,
    CHUNKS,
    DROPOUT,
    FEATURES,
    GRADIENT,
    GROUP,
    HEADS,
    KEY,
    LENGTH,
    LOGSUMEXP,
    OUTPUT,
    PARTS,
    QUERY,
    SCALE,
    SOURCE,
    TO_KEY,
    TO_QUERY,
    TO_VALUE,
    VALUE,
    VALUES,
    WORK,
    WORK_SIZE,
)
from adjoint.kernels.attention.scores import compute_scores, elements, keys_seen, row, row_of, turn_in_tile
from adjoint.kernels.attention.tiles import (
    INFINITY,
    KEYS,
    LOG2_E,
    QUERIES,
    VECTORS,
    W,
    block_product,
    call_product,
    fill,
    power,
    turn_in,
    turn_out,
)
from adjoint.kernels.native import (
    apart,
    cast,
    f32,
    f64,
    first_lanes,
    fma,
    hsum,
    i64,
    inline,
    load,
    load_masked,
    minimum,
    native,
    ptr,
    splat,
    store,
    store_masked,
    unroll,
    where,
)


def padded(columns: int) -> int:
    """Columns rounded up to whole blocks of lanes."""
    return -(-columns // QUERIES) * QUERIES


def backward_workspace(features: int, values: int, keys: int) -> int:
    """How many floats a worker needs, for so many keys at a time."""
    wide = padded(features) + padded(values)
    block = QUERIES * (2 * features + values + wide + 3 * KEYS + 3)
    return block + -(-keys // KEYS) * KEYS * wide


@native
def backward(args: ptr(i64), task: i64, worker: i64):
    """The gradients of one head's chunk of keys, and its part of the queries' gradients."""
    heads = args[HEADS] // args[GROUP]
    chunk = task % args[CHUNKS]
    place = task // args[CHUNKS]
    batch = place // heads
    head = place % heads
    first = chunk * args[CHUNK_KEYS]
    count = minimum(args[SOURCE] - first, args[CHUNK_KEYS])
    wide = round_up(args[FEATURES])
    to_keys = elements(args, WORK) + worker * args[WORK_SIZE]
    to_values = to_keys + args[CHUNK_KEYS] * wide
    work = to_values + args[CHUNK_KEYS] * round_up(args[VALUES])
    fill(count * wide, f32(0.0), to_keys)
    fill(count * round_up(args[VALUES]), f32(0.0), to_values)
    for member in range(args[GROUP]):
        for at in range(where(args[CAUSAL] != 0, first - first % QUERIES, 0), args[LENGTH], QUERIES):
            backward_block(args, batch, head * args[GROUP] + member, at, chunk, to_keys, to_values, work)
    scale = f32(cast(args, ptr(f64))[SCALE])
    k = row(args, TO_KEY, batch, head, first)
    v = row(args, TO_VALUE, batch, head, first)
    copy_rows(count, args[FEATURES], to_keys, wide, scale, k, row_of(args, TO_KEY), args[FEATURES])
    copy_rows(count, args[VALUES], to_values, round_up(args[VALUES]), f32(1.0), v, row_of(args, TO_VALUE), args[VALUES])


@native
def backward_block(
    args: ptr(i64), batch: i64, head: i64, at: i64, chunk: i64, to_keys: ptr(f32), to_values: ptr(f32), work: ptr(f32)
):
    """What the block of queries ``at`` adds to the gradients of a chunk of keys."""
    features = args[FEATURES]
    values = args[VALUES]
    queries = minimum(args[LENGTH] - at, i64(QUERIES))
    first = chunk * args[CHUNK_KEYS]
    scale = cast(args, ptr(f64))[SCALE]
    wide = round_up(features)
    value_wide = round_up(values)

    turned = work  # queries, their gradient and the output's: a feature of all queries in a row
    to_turned = turned + features * QUERIES
    g_turned = to_turned + features * QUERIES
    rows = g_turned + values * QUERIES  # queries and the output's gradient, a query in a row
    g_rows = rows + wide * QUERIES
    weights = g_rows + value_wide * QUERIES
    to_scores = weights + KEYS * QUERIES
    spare = to_scores + KEYS * QUERIES
    logsumexp = spare + KEYS * QUERIES
    dots = logsumexp + QUERIES
    factors = dots + QUERIES

    q = row(args, QUERY, batch, head, at)
    g = row(args, GRADIENT, batch, head, at)
    output = row(args, OUTPUT, batch, head, at)
    turn_in(args, queries, features, q, row_of(args, QUERY), f32(scale * LOG2_E), turned)
    turn_in(args, queries, values, g, row_of(args, GRADIENT), f32(1.0), g_turned)
    copy_rows(queries, features, q, row_of(args, QUERY), f32(1.0), rows, wide, wide)
    copy_rows(queries, values, g, row_of(args, GRADIENT), f32(1.0), g_rows, value_wide, value_wide)
    row_dots(queries, values, g_rows, value_wide, output, row_of(args, OUTPUT), dots)
    load_logsumexp(queries, elements(args, LOGSUMEXP) + (batch * args[HEADS] + head) * args[LENGTH] + at, logsumexp)
    fill(features * QUERIES, f32(0.0), to_turned)
    end = minimum(keys_seen(args, at), first + args[CHUNK_KEYS])
    for j in range(first, end, KEYS):
        keys = minimum(end - j, i64(KEYS))
        compute_scores(args, batch, head, at, j, keys, turned, spare, weights)
        k = row(args, KEY, batch, head // args[GROUP], j)
        v = row(args, VALUE, batch, head // args[GROUP], j)
        block_product(args, keys, values, v, row_of(args, VALUE), 1, g_turned, to_scores, False)
        if args[DROPOUT] != 0:
            turn_in_tile(args, i64(DROPOUT), batch, head, at, j, keys, f32(1.0), spare)
        weigh(keys, logsumexp, dots, weights, to_scores, spare, args[DROPOUT])
        add_rows(args, keys, queries, weights, g_rows, to_values + (j - first) * value_wide, value_wide)
        add_rows(args, keys, queries, to_scores, rows, to_keys + (j - first) * wide, wide)
        block_product(args, features, keys, k, 1, row_of(args, KEY), to_scores, to_turned, True)
    fill(i64(QUERIES), f32(scale), factors)
    if args[CHUNKS] == 1:
        to = row(args, TO_QUERY, batch, head, at)
        turn_out(args, queries, features, to_turned, factors, to, row_of(args, TO_QUERY))
    else:
        part = ((chunk * args[BATCH] + batch) * args[HEADS] + head) * args[LENGTH] + at
        turn_out(args, queries, features, to_turned, factors, elements(args, PARTS) + part * features, features)


@native
def add_parts(args: ptr(i64), task: i64, worker: i64):
    """The queries' gradient of one head: the sum of what the chunks of keys gave."""
    features = args[FEATURES]
    size = args[LENGTH] * features
    stride = args[BATCH] * args[HEADS] * size
    parts = elements(args, PARTS) + task * size
    to = row(args, TO_QUERY, task // args[HEADS], task % args[HEADS], 0)
    for i in range(args[LENGTH]):
        seen = keys_seen(args, i - i % QUERIES)
        for e in range(0, features, W):
            mask = first_lanes(features - e, W)
            total = load_masked(parts, i * features + e, mask)
            for chunk in range(1, args[CHUNKS]):
                if chunk * args[CHUNK_KEYS] < seen:
                    total += load_masked(parts, chunk * stride + i * features + e, mask)
            store_masked(to, i * row_of(args, TO_QUERY) + e, total, mask)


@inline
def add_rows(args, keys, queries, tile, x, to, wide):
    """``to[j] += sum_i tile[j][i] * x[i]`` for the keys j and the queries i of a tile."""
    for c in range(0, wide, QUERIES):
        call_product(args, keys, queries, tile, QUERIES, 1, x + c, wide, to + c, wide, True)


@apart
def weigh(
    keys: i64, logsumexp: ptr(f32), dots: ptr(f32), weights: ptr(f32), to_scores: ptr(f32), kept: ptr(f32), dropout: i64
):
    """From scores and the weights' gradient, in place: the weights as they met the values, and the scores' gradient."""
    shift = [load(logsumexp, c * W, W) for c in unroll(VECTORS)]
    dot = [load(dots, c * W, W) for c in unroll(VECTORS)]
    for n in range(keys):
        for i in unroll(VECTORS):
            at = n * QUERIES + i * W
            weight = power(load(weights, at, W) - shift[i])
            keep = splat(f32(1.0), W)
            if dropout != 0:
                keep = load(kept, at, W)
            store(weights, at, weight * keep)
            store(to_scores, at, weight * (load(to_scores, at, W) * keep - dot[i]))


@apart
def load_logsumexp(queries: i64, logsumexp: ptr(f32), to: ptr(f32)):
    """In units of log 2; infinity, which gives weights of zero, for queries that look nowhere or are missing."""
    for i in unroll(VECTORS):
        mask = first_lanes(queries - i * W, W)
        found = load_masked(logsumexp, i * W, mask, INFINITY)
        store(to, i * W, where(found == -INFINITY, INFINITY, found * LOG2_E))


@apart
def row_dots(rows: i64, columns: i64, a: ptr(f32), a_row: i64, b: ptr(f32), b_row: i64, to: ptr(f32)):
    """``to[i] = sum_j a[i][j] * b[i][j]``, and zero for rows that a block lacks; ``a`` is padded with zeros."""
    fill(i64(QUERIES), f32(0.0), to)
    for i in range(rows):
        total = splat(f32(0.0), W)
        for j in range(0, columns, W):
            total = fma(load(a, i * a_row + j, W), load_masked(b, i * b_row + j, first_lanes(columns - j, W)), total)
        to[i] = hsum(total)


@apart
def copy_rows(rows: i64, columns: i64, x: ptr(f32), x_row: i64, factor: f32, to: ptr(f32), to_row: i64, wide: i64):
    """``to[i][j] = factor * x[i][j]``, and zeros for the columns up to ``wide``."""
    for i in range(rows):
        for j in range(0, wide, W):
            row = load_masked(x, i * x_row + j, first_lanes(columns - j, W))
            store_masked(to, i * to_row + j, row * factor, first_lanes(wide - j, W))


@inline
def round_up(columns):
    """Columns rounded up to whole blocks of lanes."""
    return (columns + (QUERIES - 1)) // QUERIES * QUERIES
