"""Micro kernel: one tile of a matrix product, kept in registers.

A tile is ``rows`` x ``vectors`` vectors of ``lanes`` elements: a list of values, row by row, that the functions here
make, add products to, and write back.  They are written out in place of the call, so a kernel may add several products
to one tile (a convolution: one for each place of its window) before it stores it::

    tile = zero_tile(f32, ROWS, VECTORS, LANES)
    multiply_add(tile, a, a_row, a_k, b, b_k, depth, ROWS, VECTORS, LANES)
    store_tile(tile, c, c_row, ROWS, VECTORS, LANES)

computes ``c[m * c_row + n] = sum_k a[m * a_row + k * a_k] * b[k * b_k + n]`` for ``m < ROWS``, ``n < VECTORS * LANES``.
Strides count elements and are numbers of the compiler or values of the machine.  A packed panel of A ([K][ROWS]) has
``a_row = 1, a_k = ROWS``; a packed panel of B ([K][VECTORS * LANES]) has ``b_k = VECTORS * LANES``.

``rows``, ``vectors`` and ``lanes`` are known to the compiler.  ``rows * vectors`` should be :func:`accumulators`:
6 x 4, 8 x 3, 12 x 2 or 24 x 1 with 32 registers (fewer than 8 cannot hide the latency of a multiply-add), 3 x 4 or
6 x 2 with 16.  ``mask`` (``first_lanes(count, LANES)``) is for the last vector of every row, where columns are missing;
without one all lanes are read and written.
"""

from __future__ import annotations

from adjoint.kernels.machine import machine
from adjoint.kernels.native import *


def accumulators() -> int:
    """How many vectors a tile has at most; the other registers are for a row of B and an element of A."""
    return 24 if machine().registers >= 32 else 12


def tile_rows(vectors: int) -> int:
    """The rows of the largest tile that is so many vectors wide (1 to 4)."""
    return accumulators() // vectors


@inline
def zero_tile(of, rows, vectors, lanes):
    """A tile of zeros; ``of`` is f32 or f64."""
    return [splat(constant(of, 0), lanes) for _ in unroll(rows * vectors)]


@inline
def bias_row_tile(bias, rows, vectors, lanes, mask=None):
    """A tile with ``bias[n]`` in column n."""
    row = [load_lanes(bias, v * lanes, lanes, mask if v == vectors - 1 else None) for v in unroll(vectors)]
    return [row[v] for _ in unroll(rows) for v in unroll(vectors)]


@inline
def load_tile(c, c_row, rows, vectors, lanes, mask=None):
    """The tile at ``c``, to be added to."""
    return [
        load_lanes(c, m * c_row + v * lanes, lanes, mask if v == vectors - 1 else None)
        for m in unroll(rows)
        for v in unroll(vectors)
    ]


@inline
def multiply_add(tile, a, a_row, a_k, b, b_k, depth, rows, vectors, lanes, mask=None):
    """``tile[m][n] += sum_k a[m * a_row + k * a_k] * b[k * b_k + n]`` over ``depth`` values of k, in their order."""
    for k in range(depth):
        row = [
            load_lanes(b, k * b_k + v * lanes, lanes, mask if v == vectors - 1 else None) for v in unroll(vectors)
        ]
        for m in unroll(rows):
            x = splat(a[k * a_k + m * a_row], lanes)
            for v in unroll(vectors):
                tile[m * vectors + v] = fma(x, row[v], tile[m * vectors + v])


@inline
def store_tile(tile, c, c_row, rows, vectors, lanes, mask=None):
    """Write the tile to ``c``."""
    for m in unroll(rows):
        for v in unroll(vectors):
            if mask is not None and v == vectors - 1:
                store_masked(c, m * c_row + v * lanes, tile[m * vectors + v], mask)
            else:
                store(c, m * c_row + v * lanes, tile[m * vectors + v])


@inline
def load_lanes(p, index, lanes, mask=None):
    """A vector, or what a mask admits of it and zeros."""
    if mask is None:
        return load(p, index, lanes)
    return load_masked(p, index, mask)
