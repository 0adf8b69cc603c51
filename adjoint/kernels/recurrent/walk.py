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
def pack(args: ptr(i64), task: i64, worker: i64, of, packer, turned):
    """One panel of a weight."""
    piece = cast(args[PIECE], ptr(i64)) + task * PIECE_WORDS
    source = cast(pointer(args[piece[WEIGHT]], piece[SOURCE] * of.bytes, of), i64)
    place = cast(pointer(args[PACKED], piece[PLACE] * of.bytes, of), i64)
    if turned:
        packer(source, i64(1), piece[STRIDE], piece[DEPTH], piece[COLUMNS], place, of=of)
    else:
        packer(source, piece[STRIDE], i64(1), piece[DEPTH], piece[COLUMNS], place, of=of)


@native
def forth(args: ptr(i64), task: i64, worker: i64, of, cell):
    """The steps of some rows: for a block of steps the products of the input; at each the products of the state, and the cell."""
    first = task * args[PER_TASK]
    last = smaller(first + args[PER_TASK], args[BATCH])
    block, steps, backwards = args[BLOCK], args[STEPS], args[BACKWARDS] != 0
    blocks = (steps + block - 1) // block
    for b in range(blocks):
        low = where(backwards, blocks - 1 - b, b) * block
        high = smaller(low + block, steps)
        if args[INPUT_PIECES] > 0:
            share_of_input(args, low, high, first, last, of)
        for n in range(high - low):
            step = where(backwards, high - 1 - n, low + n)
            rows = smaller(cast(args[SIZES], ptr(i64))[step], last) - first
            slot = step % args[RING]
            if rows > 0:
                for p in range(args[INPUT_PIECES], args[PIECES]):
                    multiply(args, p, slot, first, rows, of)
            cell(args, step, slot, first, larger(rows, i64(0)), last - first, of)


@native
def share_of_input(args: ptr(i64), low: i64, high: i64, first: i64, last: i64, of):
    """What the input gives the gates of some rows, at some steps: panel by panel, each for all of them."""
    for p in range(args[INPUT_PIECES]):
        piece = cast(args[PIECE], ptr(i64)) + p * PIECE_WORDS
        a_row, c_row, at = args[INPUT_ROW], piece[TO_ROW], piece[TO_AT]
        steps, rows = high - low, last - first
        if args[MERGED] != 0:
            steps, rows = i64(1), (high - low) * rows
        for n in range(steps):
            slot = (low + n) % args[RING]
            a = pointer(args[INPUT], ((low + n) * args[INPUT_STEP] + first * a_row) * of.bytes, of)
            c = base(args, piece[TO], slot, first, c_row, of) + at
            strips_of(args, piece, a, a_row, c, rows, of)


@native
def back(args: ptr(i64), task: i64, worker: i64, of, cell):
    """The steps of some rows in the other order: the cell's gradients, then their products, the state's gradient."""
    first = task * args[PER_TASK]
    last = smaller(first + args[PER_TASK], args[BATCH])
    for n in range(args[STEPS]):
        step = where(args[BACKWARDS] != 0, n, args[STEPS] - 1 - n)
        rows = smaller(cast(args[SIZES], ptr(i64))[step], last) - first
        cell(args, step, step, first, larger(rows, i64(0)), last - first, of)
        if rows > 0:
            for p in range(args[PIECES]):
                multiply(args, p, step, first, rows, of)


@native
def multiply(args: ptr(i64), p: i64, step: i64, first: i64, rows: i64, of):
    """A panel of a step's products, for some rows."""
    piece = cast(args[PIECE], ptr(i64)) + p * PIECE_WORDS
    a = base(args, piece[FROM], step, first, piece[FROM_ROW], of)
    c = base(args, piece[TO], step, first, piece[TO_ROW], of) + piece[TO_AT]
    strips_of(args, piece, a, piece[FROM_ROW], c, rows, of)


@inline
def strips_of(args, piece, a, a_row, c, rows, of):
    """Some rows times a panel: whole tiles, and a last one with fewer rows."""
    c_row, tile = piece[TO_ROW], piece[ROWS]
    panel = cast(pointer(args[PACKED], piece[PLACE] * of.bytes, of), i64)
    strips = cast(piece[STRIPS], ptr(i64))
    start, bias = piece[START], i64(0)
    if start == FROM_BIAS:
        bias = cast(pointer(args[piece[BIAS_OF]], piece[TO_AT] * of.bytes, of), i64)
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
