"""Packing: a block of a matrix rewritten as a panel, the order in which the micro kernel reads it.

A panel is [depth][width]: for every k its columns side by side, ``width`` a whole number of vectors.  A matrix whose
rows are contiguous is copied, one whose columns are is transposed in registers, any other is gathered.  The columns
that fill up the last vector may hold anything; what is computed with them is not stored.
"""

from __future__ import annotations

from functools import lru_cache

from adjoint.kernels.machine import machine
from adjoint.kernels.machine_code import address
from adjoint.kernels.native import *

VECTORS = 4  # the width of a full panel


def packer_address(of: Type, b_k: int, b_n: int) -> int:
    """The address of the packer for a matrix with these strides, which are in elements."""
    return _address(pack_rows if b_n == 1 else pack_columns if b_k == 1 else pack_scattered, of)


@lru_cache(maxsize=None)
def _address(packer: Native, of: Type) -> int:
    return address(packer, of=of)


@native
def pack_rows(source: i64, b_k: i64, b_n: i64, depth: i64, columns: i64, packed: i64, of):
    """Copy ``b[k * b_k + n * b_n]`` for ``k < depth``, ``n < columns`` to ``panel[k * width + n]``, where ``b_n`` is 1.

    ``width`` is ``columns`` rounded up to whole vectors.  The panel has room for ``depth`` rounded up to as many rows.
    """
    lanes = machine().lanes(of.bytes)
    b, panel, width = cast(source, ptr(of)), cast(packed, ptr(of)), panel_width(columns, lanes)
    if columns == VECTORS * lanes:
        for k in range(depth):
            for v in unroll(VECTORS):
                store(panel, (k * VECTORS + v) * lanes, load(b, k * b_k + v * lanes, lanes))
    else:
        rest = first_lanes(columns - (width - lanes), lanes)
        for k in range(depth):
            for n in range(0, width - lanes, lanes):
                store(panel, k * width + n, load(b, k * b_k + n, lanes))
            store(panel, k * width + width - lanes, load_masked(b, k * b_k + width - lanes, rest))


@native
def pack_columns(source: i64, b_k: i64, b_n: i64, depth: i64, columns: i64, packed: i64, of):
    """As :func:`pack_rows` where ``b_k`` is 1: by squares."""
    lanes = machine().lanes(of.bytes)
    b, panel, width = cast(source, ptr(of)), cast(packed, ptr(of)), panel_width(columns, lanes)
    for n in range(0, columns, lanes):
        for k in range(0, depth, lanes):
            square = load_square(b + n * b_n + k, b_n, columns - n, depth - k, lanes)
            for i in unroll(lanes):
                store(panel, (k + i) * width + n, square[i])


@native
def pack_scattered(source: i64, b_k: i64, b_n: i64, depth: i64, columns: i64, packed: i64, of):
    """As :func:`pack_rows` for any strides."""
    lanes = machine().lanes(of.bytes)
    b, panel, width = cast(source, ptr(of)), cast(packed, ptr(of)), panel_width(columns, lanes)
    for k in range(depth):
        for n in range(0, columns, lanes):
            places = (iota(i64, lanes) + splat(n, lanes)) * splat(b_n, lanes)
            store(panel, k * width + n, gather(b + k * b_k, places, first_lanes(columns - n, lanes)))


@inline
def panel_width(columns, lanes):
    """So many columns rounded up to whole vectors."""
    return (columns + (lanes - 1)) // lanes * lanes


@inline
def load_square(p, row, rows, columns, lanes):
    """``lanes`` x ``lanes`` elements, transposed: a list of vectors, one for each column of ``p``.

    Rows are ``row`` elements apart.  Where rows are missing the last one is repeated, missing columns are zeros.
    """
    mask = first_lanes(columns, lanes)
    return transpose_square([load_masked(p, smaller(i64(i), rows - 1) * row, mask) for i in unroll(lanes)], lanes)


@inline
def transpose_square(rows, lanes):
    """The transpose of a square of vectors.

    Interleaving the two halves of the rows turns an element's place, the bits of row and lane, by one bit; after as
    many turns as a lane has bits, rows and lanes have changed places.
    """
    low = [i // 2 + (i % 2) * lanes for i in unroll(lanes)]
    high = [i + lanes // 2 for i in low]
    for _ in unroll(lanes.bit_length() - 1):
        rows = [
            shuffle(rows[i // 2], rows[i // 2 + lanes // 2], high if i % 2 else low) for i in unroll(lanes)
        ]
    return rows
