"""Passes: weighted sums of rows, and of the columns in a row, in one go over some rows of the result.

A task has blocks of rows of a plane, or whole small planes.  Where columns are mixed, that is done first, for those rows that the
block needs, into memory of the worker's own, from where rows are mixed while they are in the cache.  Columns are mixed for as many
rows at once as a vector has lanes: these rows are turned so that a column is a vector, and the results turned back.  Where
elements that follow each other belong to one column (channels, or dimensions that stay), and are many, they are the lanes.

Sums are in the order of the weights.  Those of bytes are of integers, halves rounded up, and limited to a byte after each pass.
"""

from __future__ import annotations

from adjoint.kernels.machine import machine
from adjoint.kernels.moving import turned
from adjoint.kernels.native import *
from adjoint.kernels.objects import pointer

# Words of the arguments. USED has the rows of a block, of which USED_STARTS says where they begin; weights of row or column n are
# numbers STARTS[n] to STARTS[n + 1], each an element (OF) and a factor.
(OF, TO, WORK, WORK_STEP, TURNED, MIXED, UNITS, PER_TASK, PLANES, GROUP, BLOCKS, BLOCK_ROWS, ROWS, OUT_ROWS, COLUMNS, OUT_COLUMNS,
 INNER, USED_STARTS, USED, ROW_STARTS, ROW_OF, ROW_FACTORS, ROW_BITS,
 COLUMN_STARTS, COLUMN_OF, COLUMN_FACTORS, COLUMN_BITS) = range(27)  # fmt: skip
WORDS = 27

TOGETHER = 4  # vectors of a row that are added up at once


def lanes_of(kind: Type) -> int:
    """How many elements are mixed in a vector: those of bytes as 32-bit integers."""
    return machine().lanes(max(kind.bytes, 4))


FACTORS = {"i8": i16, "f32": f32, "f64": f64}


@native
def weigh(args: ptr(i64), task: i64, worker: i64, of, columns, rows):
    """Some units of the result; ``columns`` mixes those of some rows, and ``rows`` says whether rows are mixed."""
    starts, used = pointer(args[USED_STARTS], 0, i64), pointer(args[USED], 0, i64)
    width, out = args[COLUMNS] * args[INNER], args[OUT_COLUMNS] * args[INNER]
    work = pointer(args[WORK], worker * args[WORK_STEP], i8)
    first = task * args[PER_TASK]
    for unit in range(first, minimum(first + args[PER_TASK], args[UNITS])):
        block = unit % args[BLOCKS]
        plane = unit // args[BLOCKS] * args[GROUP]
        planes = minimum(args[GROUP], args[PLANES] - plane)
        top = block * args[BLOCK_ROWS]
        bottom = minimum(top + args[BLOCK_ROWS], args[OUT_ROWS])
        each = starts[block + 1] - starts[block]
        x = pointer(args[OF], 0, of) + plane * args[ROWS] * width
        y = pointer(args[TO], 0, of) + (plane * args[OUT_ROWS] + top) * out
        if not rows:
            columns(args, work, x, used + starts[block], each, planes * each, y, of)
        elif columns is None:
            for p in range(planes):
                mix_rows(args, x + p * args[ROWS] * width, y + p * args[OUT_ROWS] * out, top, bottom, width, of)
        else:
            mixed = cast(work + args[MIXED], ptr(of))
            columns(args, work, x, used + starts[block], each, planes * each, mixed, of)
            for p in range(planes):
                mix_rows(args, mixed + p * each * out, y + p * args[OUT_ROWS] * out, top, bottom, out, of)


@native
def mix_rows(args: ptr(i64), x, y, top: i64, bottom: i64, width: i64, of):
    """Rows from ``top`` to ``bottom`` of one plane: each is a weighted sum of rows of ``x``."""
    starts, places = pointer(args[ROW_STARTS], 0, i64), pointer(args[ROW_OF], 0, i64)
    factors = pointer(args[ROW_FACTORS], 0, FACTORS[of.name])
    for row in range(top, bottom):
        mix(x, width, starts[row], starts[row + 1], places, factors, args[ROW_BITS], y + (row - top) * width, width, of)


@inline
def mix(x, step, start, end, places, factors, bits, y, width, of):
    """One weighted sum of rows that are ``step`` elements apart."""
    lanes = lanes_of(of)
    whole = width // (TOGETHER * lanes) * (TOGETHER * lanes)
    for c in range(0, whole, TOGETHER * lanes):
        sums = [nothing(of, bits) for _ in unroll(TOGETHER)]
        for n in range(start, end):
            row = x + (places[n] * step + c)
            factor = splat(factors[n], lanes)
            for i in unroll(TOGETHER):
                sums[i] = added(sums[i], factor, load(row, i * lanes, lanes), of)
        for i in unroll(TOGETHER):
            store(y, c + i * lanes, finished(sums[i], bits, of))
    for c in range(whole, width, lanes):
        if c + lanes <= width:
            sum = nothing(of, bits)
            for n in range(start, end):
                sum = added(sum, splat(factors[n], lanes), load(x, places[n] * step + c, lanes), of)
            store(y, c, finished(sum, bits, of))
        else:
            for at in range(c, width):
                one = lane(nothing(of, bits), 0)
                for n in range(start, end):
                    one = added(one, factors[n], x[places[n] * step + at], of)
                y[at] = finished(one, bits, of)


@native
def turned_columns(args: ptr(i64), work: ptr(i8), x, used: ptr(i64), each: i64, count: i64, y, of):
    """The columns of ``count`` rows, ``used`` of each plane, mixed into ``y``, as many at a time as a vector has lanes."""
    lanes = lanes_of(of)
    inner = args[INNER]
    width, out = args[COLUMNS] * inner, args[OUT_COLUMNS] * inner
    turned_in, turned_out = cast(work, ptr(of)), cast(work + args[TURNED], ptr(of))
    starts, places = pointer(args[COLUMN_STARTS], 0, i64), pointer(args[COLUMN_OF], 0, i64)
    factors = pointer(args[COLUMN_FACTORS], 0, FACTORS[of.name])
    bits = args[COLUMN_BITS]
    rows_in, rows_out, vectors = scratch(i64, lanes), scratch(i64, lanes), scratch(i64, lanes)
    for i in range(lanes):
        vectors[i] = i * lanes
    for r in range(0, count, lanes):
        for i in range(lanes):
            row = minimum(r + i, count - 1)  # the last row again where there are no more
            rows_in[i] = (row // each * args[ROWS] + used[row % each]) * width
            rows_out[i] = row * out
        if width >= lanes:
            turn(x, rows_in, i64(1), turned_in, vectors, i64(lanes), width, of)
        else:
            for i in range(lanes):
                for c in range(width):
                    turned_in[c * lanes + i] = x[rows_in[i] + c]
        for c in range(args[OUT_COLUMNS]):
            for i in range(inner):
                sum = nothing(of, bits)
                for n in range(starts[c], starts[c + 1]):
                    sum = added(sum, splat(factors[n], lanes), load(turned_in, (places[n] * inner + i) * lanes, lanes), of)
                store(turned_out, (c * inner + i) * lanes, finished(sum, bits, of))
        if out >= lanes:
            turn(turned_out, vectors, i64(lanes), y, rows_out, i64(1), out, of)
        else:
            for i in range(lanes):
                for c in range(out):
                    y[rows_out[i] + c] = turned_out[c * lanes + i]


@native
def columns_of_many(args: ptr(i64), work: ptr(i8), x, used: ptr(i64), each: i64, count: i64, y, of):
    """As ``turned_columns``, of columns of many elements."""
    inner = args[INNER]
    width, out = args[COLUMNS] * inner, args[OUT_COLUMNS] * inner
    starts, places = pointer(args[COLUMN_STARTS], 0, i64), pointer(args[COLUMN_OF], 0, i64)
    factors = pointer(args[COLUMN_FACTORS], 0, FACTORS[of.name])
    for r in range(count):
        row = x + (r // each * args[ROWS] + used[r % each]) * width
        for c in range(args[OUT_COLUMNS]):
            mix(row, inner, starts[c], starts[c + 1], places, factors, args[COLUMN_BITS], y + (r * out + c * inner), inner, of)


@apart
def turn(x, of_rows: ptr(i64), of_step: i64, y, to_rows: ptr(i64), to_step: i64, width: i64, of):
    """Exchange rows and columns, square by square: vectors of ``width`` columns are at ``of_rows`` in ``x``, or come to be at
    ``to_rows`` in ``y``; from one column to the next these move by the steps.  The last square may overlap that before."""
    lanes = lanes_of(of)
    for block in range(0, width, lanes):
        c = minimum(block, width - lanes)
        square = turned([load(x, of_rows[i] + c * of_step, lanes) for i in unroll(lanes)], lanes)
        for i in unroll(lanes):
            store(y, to_rows[i] + c * to_step, square[i])


@inline
def nothing(of, bits):
    """What sums begin with: no number for floats, for the first product is to keep its sign of zero; for bytes a half."""
    if of.kind == "float":
        start = splat(constant(of, -0.0), lanes_of(of))
    else:
        start = splat(i32(1) << (i32(bits) - 1), lanes_of(of))
    return start


@inline
def added(sum, factor, x, of):
    """A sum and a product."""
    if of.kind == "float":
        result = fma(factor, x, sum)
    else:
        result = sum + i32(factor) * (i32(x) & 255)
    return result


@inline
def finished(sum, bits, of):
    """A sum as an element."""
    if of.kind == "float":
        result = sum
    else:
        result = i8(minimum(maximum(sum >> i32(bits), 0), 255))
    return result
