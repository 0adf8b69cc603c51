"""Tiles of attention: blocks of queries lie in the lanes of vectors, keys and features in rows.

A block of ``QUERIES`` queries is turned once, so that a row holds one feature of all its queries.  Scores then are rows
too, one for each key, the largest score and the sum of every query are vectors, and both products of a head read keys
and values where they are, element by element, at any strides.
"""

from __future__ import annotations

from adjoint.kernels.attention.layout import PRODUCT, TURN_SQUARE
from adjoint.kernels.contraction.micro import load_tile, multiply_add, store_tile
from adjoint.kernels.contraction.packing import transpose_square
from adjoint.kernels.machine import machine
from adjoint.kernels.mathematics.exponential import EXP2, ONE, ROUND
from adjoint.kernels.mathematics.polynomial import polynomial
from adjoint.kernels.native import (
    apart,
    bits_as,
    call_pointer,
    cast,
    f32,
    first_lanes,
    fma,
    i8,
    i32,
    i64,
    inline,
    load_masked,
    minimum,
    native,
    ptr,
    scratch,
    splat,
    store,
    store_masked,
    unroll,
    vec,
    where,
)

W = machine().lanes(4)
VECTORS = 2
QUERIES = VECTORS * W  # of a block
KEYS = 64  # of a tile: its scores, keys and values stay in the first cache
ROWS = 8 if machine().registers >= 32 else 4  # of a product that are kept in registers

LOG2_E = 1.4426950408889634
LN_2 = 0.6931471805599453
INFINITY = float("inf")


@native
def product(
    rows: i64, depth: i64, a: ptr(f32), a_row: i64, a_k: i64, b: ptr(f32), b_k: i64, c: ptr(f32), c_row: i64, add: i64
):
    """``c[m][n] = sum_k a[m * a_row + k * a_k] * b[k * b_k + n]`` for the lanes n of a block; with ``add``, plus c."""
    whole = rows - rows % ROWS
    for m in range(0, whole, ROWS):
        product_rows(depth, a + m * a_row, a_row, a_k, b, b_k, c + m * c_row, c_row, add, ROWS)
    for m in range(whole, rows):
        product_rows(depth, a + m * a_row, a_row, a_k, b, b_k, c + m * c_row, c_row, add, 1)


@inline
def call_product(args, rows, depth, a, a_row, a_k, b, b_k, c, c_row, add):
    """Call ``product``, which is compiled apart."""
    sizes = i64(a_row), i64(a_k)
    call_pointer(cast(args[PRODUCT], ptr(i8)), rows, depth, a, *sizes, b, i64(b_k), c, i64(c_row), i64(add))


@inline
def block_product(args, rows, depth, a, a_row, a_k, b, c, add):
    """As ``product``, where the rows of b and c are blocks."""
    call_product(args, rows, depth, a, a_row, a_k, b, QUERIES, c, QUERIES, add)


@inline
def product_rows(depth, a, a_row, a_k, b, b_k, c, c_row, add, rows):
    """As ``product``, for a number of rows that the compiler knows."""
    tile = [where(add != 0, x, 0.0) for x in load_tile(c, c_row, rows, VECTORS, W)]
    multiply_add(tile, a, a_row, a_k, b, b_k, depth, rows, VECTORS, W)
    store_tile(tile, c, c_row, rows, VECTORS, W)


@native
def turn_square(
    rows: i64, columns: i64, x: ptr(f32), x_row: i64, factors: ptr(f32), to: ptr(f32), to_row: i64, lanes: i64
):
    """``to[j * to_row + i] = factors[j] * x[i * x_row + j]`` for up to W rows and columns.

    Rows that are missing are the last one; ``lanes`` of a row are written.
    """
    there = first_lanes(columns, W)
    factor = load_masked(factors, 0, there)
    given = [load_masked(x, minimum(i64(r), rows - 1) * x_row, there) * factor for r in unroll(W)]
    square = transpose_square(given, W)
    written = first_lanes(lanes, W)
    for r in unroll(W):
        if r < columns:
            store_masked(to, r * to_row, square[r], written)


@apart
def turn_in(args: ptr(i64), rows: i64, columns: i64, x: ptr(f32), x_row: i64, factor: f32, to: ptr(f32)):
    """``to[j * QUERIES + i] = factor * x[i * x_row + j]`` for a block of rows; those that it lacks are some row."""
    factors = scratch(f32, W)
    store(factors, 0, splat(factor, W))
    turn = cast(args[TURN_SQUARE], ptr(i8))
    for i in range(0, QUERIES, W):
        at = minimum(i, rows - 1)
        for j in range(0, columns, W):
            of, place = x + at * x_row + j, to + j * QUERIES + i
            call_pointer(turn, rows - at, columns - j, of, x_row, factors, place, i64(QUERIES), i64(W))


@apart
def turn_out(args: ptr(i64), rows: i64, columns: i64, x: ptr(f32), factors: ptr(f32), to: ptr(f32), to_row: i64):
    """``to[i * to_row + j] = factors[i] * x[j * QUERIES + i]`` for the first rows of a block."""
    turn = cast(args[TURN_SQUARE], ptr(i8))
    for i in range(0, rows, W):
        for j in range(0, columns, W):
            of, place = x + j * QUERIES + i, to + i * to_row + j
            call_pointer(turn, columns - j, rows - i, of, i64(QUERIES), factors + i, place, to_row, columns - j)


@apart
def fill(count: i64, value: f32, to: ptr(f32)):
    """``to[:count] = value``; ``count`` is a multiple of W."""
    for i in range(0, count, W):
        store(to, i, splat(value, W))


@native
def power(x: vec(f32, W)):
    """2 ** x for x up to 127; zero below -126, of minus infinity too."""
    shifted = x + ROUND
    part = x - (shifted - ROUND)
    result = fma(polynomial(part, EXP2), part, 1.0)
    return where(x < -126.0, 0.0, result * bits_as((bits_as(shifted, i32) << 23) + ONE, f32))
