"""Strip: a column of tiles that share one panel of B, computed one below the other."""

from __future__ import annotations

from functools import lru_cache

from adjoint.kernels.contraction.micro import (
    bias_row_tile,
    load_tile,
    multiply_add,
    store_tile,
    zero_tile,
)
from adjoint.kernels.machine import machine
from adjoint.kernels.machine_code import address
from adjoint.kernels.native import *

ZERO, ADD, BIAS = 0, 1, 2  # what a tile starts from


@lru_cache(maxsize=None)
def strip_address(of: Type, rows: int, vectors: int, masked: bool) -> int:
    """The address of :func:`strip` for tiles of a size."""
    return address(strip, of=of, rows=rows, vectors=vectors, masked=masked)


@native
def strip(a: i64, a_row: i64, a_k: i64, b: i64, b_k: i64, c: i64, c_row: i64, depth: i64, tiles: i64, columns: i64,
          start: i64, bias: i64, of, rows, vectors, masked):  # fmt: skip
    """``c = a @ b`` for ``tiles * rows`` rows; strides in elements, ``columns`` what the last vector holds if masked.

    A tile starts from zero, from what is in ``c``, or from the row ``bias``.
    """
    lanes = machine().lanes(of.bytes)
    of_a, of_b, of_c = cast(a, ptr(of)), cast(b, ptr(of)), cast(c, ptr(of))
    mask = first_lanes(columns, lanes) if masked else None
    for _ in range(tiles):
        tile = zero_tile(of, rows, vectors, lanes)
        if start == ADD:
            before = load_tile(of_c, c_row, rows, vectors, lanes, mask)
            for i in unroll(rows * vectors):
                tile[i] = before[i]
        if start == BIAS:
            biased = bias_row_tile(cast(bias, ptr(of)), rows, vectors, lanes, mask)
            for i in unroll(rows * vectors):
                tile[i] = biased[i]
        multiply_add(tile, of_a, a_row, a_k, of_b, b_k, depth, rows, vectors, lanes, mask)
        store_tile(tile, of_c, c_row, rows, vectors, lanes, mask)
        of_a += rows * a_row
        of_c += rows * c_row
