"""Moving: the kernels that copy a block of rows and columns from some strides to others.

Strides are in bytes.  The target's columns are as near each other as elements can be, unless only ``copy_elements`` is
called.
"""

from __future__ import annotations

from adjoint.kernels.machine import machine
from adjoint.kernels.native import *
from adjoint.kernels.objects import pointer

BYTES = machine().vector_bytes
OUTER = 5  # dimensions around rows and columns
LONG = 512  # bytes of a row from which on the C library's copy is worth its call

# Words of the arguments: where from and to, how the work is divided, then (size, target's stride, source's stride) of rows
# and of columns, and sizes and strides of the dimensions around them.
(TO, OF, TO_OFFSET, OF_OFFSET, UNITS, PER_TASK, ROW_BLOCKS, COLUMN_BLOCKS, BLOCK_ROWS, BLOCK_COLUMNS,
 ROWS, TO_ROW, OF_ROW, COLUMNS, TO_COLUMN, OF_COLUMN, SIZES) = range(17)  # fmt: skip
TO_STEPS, OF_STEPS, WORDS = SIZES + OUTER, SIZES + 2 * OUTER, SIZES + 3 * OUTER

TYPES = {1: i8, 2: i16, 4: i32, 8: i64}


@native
def move(args: ptr(i64), task: i64, worker: i64, block, size):
    """Copy some blocks: ``block`` is the kernel, ``size`` that of an element."""
    first = task * args[PER_TASK]
    for unit in range(first, minimum(first + args[PER_TASK], args[UNITS])):
        columns = args[COLUMN_BLOCKS]
        rows = args[ROW_BLOCKS]
        c = unit % columns * args[BLOCK_COLUMNS]
        r = unit // columns % rows * args[BLOCK_ROWS]
        place = unit // columns // rows
        to = pointer(args[TO], args[TO_OFFSET] + r * args[TO_ROW] + c * args[TO_COLUMN], i8)
        of = pointer(args[OF], args[OF_OFFSET] + r * args[OF_ROW] + c * args[OF_COLUMN], i8)
        for d in unroll(OUTER - 1, -1, -1):
            i = place % args[SIZES + d]
            place = place // args[SIZES + d]
            to = to + i * args[TO_STEPS + d]
            of = of + i * args[OF_STEPS + d]
        height = minimum(args[ROWS] - r, args[BLOCK_ROWS])
        width = minimum(args[COLUMNS] - c, args[BLOCK_COLUMNS])
        block(args, to, of, height, width, size)


@inline
def copy_rows(args, to, of, rows, columns, size):
    """Rows whose elements follow each other in both memories."""
    count = columns * size
    for r in range(rows):
        a = to + r * args[TO_ROW]
        b = of + r * args[OF_ROW]
        if count >= LONG:
            copy_bytes(a, b, count)
        else:
            copy_short(a, b, count)


@inline
def copy_short(to, of, count):
    """Copy some bytes: vectors as long as they fit, the last one over the one before."""
    done = count < 0
    for power in unroll(BYTES.bit_length() - 1, -1, -1):
        chunk = 1 << power
        if count >= chunk and not done:
            if power == BYTES.bit_length() - 1:
                for i in range(0, count - chunk, chunk):
                    store(to, i, load(of, i, chunk))
            else:
                store(to, 0, load(of, 0, chunk))
            store(to, count - chunk, load(of, count - chunk, chunk))
            done = count >= 0


@inline
def spread_rows(args, to, of, rows, columns, size):
    """Rows of which all elements are the same."""
    lanes = BYTES // size
    for r in range(rows):
        a = cast(to + r * args[TO_ROW], ptr(TYPES[size]))
        x = cast(of + r * args[OF_ROW], ptr(TYPES[size]))[0]
        value = splat(x, lanes)
        if columns >= lanes:
            for i in range(0, columns - lanes, lanes):
                store(a, i, value)
            store(a, columns - lanes, value)
        else:
            for i in range(columns):
                a[i] = x


@inline
def reverse_rows(args, to, of, rows, columns, size):
    """Rows whose elements follow each other in both memories, in the target the other way round."""
    lanes = BYTES // size
    for r in range(rows):
        a = cast(to + r * args[TO_ROW], ptr(TYPES[size]))
        b = cast(of + r * args[OF_ROW], ptr(TYPES[size]))
        if columns >= lanes:
            for block in range(0, columns, lanes):
                c = minimum(block, columns - lanes)
                x = load(b, 1 - lanes - c, lanes)
                store(a, c, shuffle(x, x, [lanes - 1 - i for i in range(lanes)]))
        else:
            for c in range(columns):
                a[c] = b[0 - c]


@inline
def copy_elements(args, to, of, rows, columns, size):
    """One by one, at any strides."""
    of_step = args[OF_COLUMN]
    to_step = args[TO_COLUMN]
    for r in range(rows):
        a = to + r * args[TO_ROW]
        b = of + r * args[OF_ROW]
        for c in range(columns):
            cast(a + c * to_step, ptr(TYPES[size]))[0] = cast(b + c * of_step, ptr(TYPES[size]))[0]


@inline
def turn_squares(args, to, of, rows, columns, size):
    """Rows and columns of which one are near each other in the target and the other in the source."""
    lanes = BYTES // size
    of_type = ptr(TYPES[size])
    for r in range(0, rows, lanes):
        for c in range(0, columns, lanes):
            x = of + (c * args[OF_COLUMN] + r * size)
            y = to + (r * args[TO_ROW] + c * size)
            if r + lanes <= rows and c + lanes <= columns:
                square = turned([load(cast(x + i * args[OF_COLUMN], of_type), 0, lanes) for i in unroll(lanes)], lanes)
                for i in unroll(lanes):
                    store(cast(y + i * args[TO_ROW], of_type), 0, square[i])
            else:
                turn_edge(y, args[TO_ROW], x, args[OF_COLUMN], rows - r, columns - c, size)


@native
def turn_edge(to: ptr(i8), to_row: i64, of: ptr(i8), of_column: i64, rows: i64, columns: i64, size):
    """A square of which some rows or columns are missing."""
    for i in range(minimum(rows, i64(BYTES // size))):
        for j in range(minimum(columns, i64(BYTES // size))):
            y = cast(to + i * to_row, ptr(TYPES[size]))
            y[j] = cast(of + j * of_column, ptr(TYPES[size]))[i]


@inline
def turned(square, lanes):
    """Rows and columns of a square exchanged: at each distance, lanes swap places with those of the partner."""
    distance = lanes // 2
    for _ in unroll(lanes.bit_length() - 1):
        for i in unroll(lanes):
            if i & distance == 0:
                a, b = square[i], square[i + distance]
                square[i] = shuffle(a, b, [lanes + n - distance if n & distance else n for n in range(lanes)])
                square[i + distance] = shuffle(a, b, [lanes + n if n & distance else n + distance for n in range(lanes)])
        distance = distance // 2
    return square
