"""The walk through time: all steps of a recurrent layer, for some rows of the batch.

The weight of the state is packed into panels once.  Then, at every step, these are multiplied with the state (in a backward,
with the gradient of the gates), and what is to be done with each element (the *cell*) follows while all is in the cache.
Rows of a batch do not depend on each other, so each task takes some of them through all of time.
"""

from __future__ import annotations

from adjoint.kernels.contraction.strip import BIAS as FROM_BIAS
from adjoint.kernels.native import *
from adjoint.kernels.objects import pointer
from adjoint.kernels.pool import run
from adjoint.kernels.recurrent.layout import *


@native
def walk(args: ptr(i64)):
    """Pack the weight, and take all tasks through time."""
    state = cast(args[POOL], ptr(i64))
    run(state, args[PACK], args, args[PIECES])
    run(state, args[STEPS_OF], args, args[TASKS])


@native
def pack(args: ptr(i64), task: i64, worker: i64, of, packer):
    """One panel of the weight."""
    piece = cast(args[PIECE], ptr(i64)) + task * PIECE_WORDS
    source = pointer(args[WEIGHT], piece[SOURCE] * of.bytes, of)
    place = pointer(args[PACKED], piece[PLACE] * of.bytes, of)
    packer(cast(source, i64), args[WEIGHT_K], args[WEIGHT_N], piece[DEPTH], piece[COLUMNS], cast(place, i64), of=of)


@native
def forth(args: ptr(i64), task: i64, worker: i64, of, cell):
    """The steps of some rows: the products of the state, then the cell."""
    first = task * args[PER_TASK]
    last = smaller(first + args[PER_TASK], args[BATCH])
    for n in range(args[STEPS]):
        step = where(args[BACKWARDS] != 0, args[STEPS] - 1 - n, n)
        rows = smaller(cast(args[SIZES], ptr(i64))[step], last) - first
        if rows > 0:
            multiply(args, step, first, rows, of)
        cell(args, step, first, larger(rows, i64(0)), last - first, of)


@native
def back(args: ptr(i64), task: i64, worker: i64, of, cell):
    """The steps of some rows in the other order: the cell's gradients, then their products, the state's gradient."""
    first = task * args[PER_TASK]
    last = smaller(first + args[PER_TASK], args[BATCH])
    for n in range(args[STEPS]):
        step = where(args[BACKWARDS] != 0, n, args[STEPS] - 1 - n)
        rows = smaller(cast(args[SIZES], ptr(i64))[step], last) - first
        cell(args, step, first, larger(rows, i64(0)), last - first, of)
        if rows > 0:
            multiply(args, step, first, rows, of)


@native
def multiply(args: ptr(i64), step: i64, first: i64, rows: i64, of):
    """All of a step's products for some rows."""
    for n in range(args[PIECES]):
        piece = cast(args[PIECE], ptr(i64)) + n * PIECE_WORDS
        a_row, c_row, tile = piece[FROM_ROW], piece[TO_ROW], piece[ROWS]
        a = base(args, piece[FROM], step, first, a_row, of) + piece[FROM_AT]
        c = base(args, piece[TO], step, first, c_row, of) + piece[TO_AT]
        panel = cast(pointer(args[PACKED], piece[PLACE] * of.bytes, of), i64)
        strips = cast(piece[STRIPS], ptr(i64))
        start, bias = piece[START], i64(0)
        if start == FROM_BIAS:
            bias = cast(pointer(args[BIAS], piece[TO_AT] * of.bytes, of), i64)
        tiles = rows // tile
        if tiles > 0:
            call_pointer(cast(strips[tile], ptr(i8)), cast(a, i64), a_row, i64(1), panel, piece[WIDTH],
                         cast(c, i64), c_row, piece[DEPTH], tiles, piece[FILLED], start, bias)  # fmt: skip
        rest = rows - tiles * tile
        if rest > 0:
            call_pointer(cast(strips[rest], ptr(i8)), cast(a + tiles * tile * a_row, i64), a_row, i64(1), panel, piece[WIDTH],
                         cast(c + tiles * tile * c_row, i64), c_row, piece[DEPTH], i64(1), piece[FILLED], start, bias)  # fmt: skip


@inline
def base(args, array, step, first, row, of):
    """Where a task's rows of an array begin at a step."""
    at = first
    if array >= BY_STEP:
        at = step * args[BATCH] + first
    return pointer(args[array & (BY_STEP - 1)], at * row * of.bytes, of)
