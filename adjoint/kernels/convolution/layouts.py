"""Layouts: a convolution's operands as its kernel reads them, with zeros around and with lanes side by side.

One parallel region prepares both operands: its first tasks copy images into a frame of zeros, the others turn matrices
so that what was a row becomes a lane.
"""

from __future__ import annotations

from adjoint.kernels.convolution import arguments
from adjoint.kernels.machine import machine
from adjoint.kernels.native import *

LANES = machine().lanes(4)

# Words of a plan: planes (depth, height, width) copied into larger ones.
(PADS, PLANES_A_TASK, PLANES, DEPTH, HEIGHT, WIDTH, OUTER_HEIGHT, OUTER_WIDTH, OUTER,
 CORNER) = range(arguments.WORDS, arguments.WORDS + 10)  # fmt: skip
# Matrices whose rows become lanes, in panels of so many lanes; two levels of batches.
(ROWS, COLUMNS, ROW_STEP, PANEL, PANEL_STEP, INNER, OF_OUTER, OF_INNER, TO_OUTER, TO_INNER, BATCHES_A_TASK,
 BATCHES) = range(CORNER + 1, CORNER + 13)  # fmt: skip
WORDS = BATCHES + 1


@native
def prepare(args: ptr(i64), task: i64, worker: i64):
    """A task of preparing: some planes padded, or some matrices turned."""
    plan = arguments.words(args)
    if task < plan[PADS]:
        pad(plan, arguments.given(args, arguments.FIRST), arguments.workspace(args, plan[arguments.FRAMED]), task)
    else:
        source = arguments.given(args, arguments.SECOND)
        turn(plan, source, arguments.workspace(args, plan[arguments.TURNED]), task - plan[PADS])


@native
def pad(plan: ptr(i64), source: ptr(f32), target: ptr(f32), task: i64):
    """Copy planes into the middle of larger ones that are zero around."""
    depth, height, width = plan[DEPTH], plan[HEIGHT], plan[WIDTH]
    outer_height, outer_width = plan[OUTER_HEIGHT], plan[OUTER_WIDTH]
    first = task * plan[PLANES_A_TASK]
    last = minimum(first + plan[PLANES_A_TASK], plan[PLANES])
    for plane in range(first, last):
        of = source + plane * depth * height * width
        to = target + plane * plan[OUTER]
        fill_bytes(to, 0, plan[OUTER] * 4)
        for d in range(depth):
            for h in range(height):
                row = of + (d * height + h) * width
                out = to + (plan[CORNER] + (d * outer_height + h) * outer_width)
                whole = width - width % LANES
                for w in range(0, whole, LANES):
                    store(out, w, load(row, w, LANES))
                if whole < width:
                    mask = first_lanes(width - whole, LANES)
                    store_masked(out, whole, load_masked(row, whole, mask), mask)


@native
def turn(plan: ptr(i64), source: ptr(f32), target: ptr(f32), task: i64):
    """Turn matrices: a row becomes a lane, a column becomes a row of a panel; missing lanes are zero."""
    rows, columns, inner = plan[ROWS], plan[COLUMNS], plan[INNER]
    first = task * plan[BATCHES_A_TASK]
    last = minimum(first + plan[BATCHES_A_TASK], plan[BATCHES])
    for batch in range(first, last):
        of = source + (batch // inner * plan[OF_OUTER] + batch % inner * plan[OF_INNER])
        to = target + (batch // inner * plan[TO_OUTER] + batch % inner * plan[TO_INNER])
        for row in range(0, rows, LANES):
            panel = to + (row // plan[PANEL] * plan[PANEL_STEP] + row % plan[PANEL])
            if columns == 1 and plan[ROW_STEP] == 1:  # lanes lie side by side already
                store(panel, 0, load_masked(of, row, first_lanes(rows - row, LANES)))
                continue
            for column in range(0, columns, LANES):
                tile = of + (row * plan[ROW_STEP] + column)
                wide = minimum(columns - column, LANES)
                lanes = load_turned(tile, plan[ROW_STEP], minimum(rows - row, LANES), wide)
                for i in unroll(LANES):
                    if i < wide:
                        store(panel, (column + i) * plan[PANEL], lanes[i])


@inline
def load_turned(of, step, rows, columns):
    """A square of ``LANES`` rows, turned in registers; zero where there are fewer rows or columns."""
    masks = [first_lanes(where(i < rows, columns, 0), LANES) for i in unroll(LANES)]
    return turned([load_masked(of, i * step, masks[i]) for i in unroll(LANES)])


@inline
def turned(square):
    """The transpose of a square of vectors: in each step, pairs of rows exchange blocks of half the size."""
    stage = square
    for step in stages():
        stage = [exchanged(stage, i, step) for i in range(LANES)]
    return stage


def stages():
    """Sizes of the blocks that are exchanged: LANES / 2, ..., 2, 1."""
    return [LANES >> (i + 1) for i in range(LANES.bit_length() - 1)]


@inline
def exchanged(rows, i, size):
    """Row ``i`` after blocks off the diagonal of each square of ``2 * size`` were exchanged."""
    return shuffle(rows[i & ~size], rows[i | size], picked(i, size))


def picked(i, size):
    """The lanes of row ``i``: from the upper row of its pair and (from LANES on) from the lower one."""
    side = size if i & size else 0
    return [(lane & ~size | side) + (LANES if lane & size else 0) for lane in range(LANES)]
