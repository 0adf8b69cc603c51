"""Rows by number: reading them, and adding to them.

Rows are elements that follow each other.  A task that reads has some of the indices, one that adds has some rows of the
result, for which it looks through all indices: every sum is in the order of the indices, whatever the tasks.
"""

from __future__ import annotations

from adjoint.kernels.machine import machine
from adjoint.kernels.native import *
from adjoint.kernels.objects import pointer

BYTES = machine().vector_bytes

# Words of the arguments. FAILED counts indices that are out of bounds.
OF, TO, INDEX, FAILED, UNITS, PER_TASK, COUNT, ROWS, WIDTH, OF_ROW, OF_OUTER = range(11)
WORDS = 11
AHEAD = 4  # rows that are asked for before they are read
BLOCK = 1024  # indices that are checked at once


@native
def take_rows(args: ptr(i64), task: i64, worker: i64, of, integer):
    """``to[o, n] = of[o, index[n]]``; an index may count from the end."""
    count, rows, width = args[COUNT], args[ROWS], args[WIDTH]
    index = pointer(args[INDEX], 0, integer)
    first = task * args[PER_TASK]
    last = minimum(first + args[PER_TASK], args[UNITS])
    n = first % count
    table = pointer(args[OF], first // count * args[OF_OUTER], i8)
    for unit in range(first, last):
        prefetch(table + from_start(i64(index[minimum(n + AHEAD, count - 1)]), rows) * args[OF_ROW], 0)
        row = from_start(i64(index[n]), rows)
        if below_unsigned(row, rows):
            copy_row(cast(table + row * args[OF_ROW], ptr(of)), pointer(args[TO], 0, of) + unit * width, width, of)
        else:
            atomic_add(pointer(args[FAILED], 0, i64), 0, 1)
        n += 1
        if n == count:
            n = i64(0)
            table = table + args[OF_OUTER]


@native
def take_elements(args: ptr(i64), task: i64, worker: i64, of, integer):
    """As ``take_rows`` of one element each; a task has some of the ``o``."""
    count, rows, step = args[COUNT], args[ROWS], args[OF_ROW] // of.bytes
    index = pointer(args[INDEX], 0, integer)
    first = task * args[PER_TASK]
    last = minimum(first + args[PER_TASK], args[UNITS])
    places = scratch(i64, BLOCK)
    wrong = i64(0)
    for start in range(0, count, BLOCK):
        block = minimum(count - start, i64(BLOCK))
        for n in range(block):
            i = from_start(i64(index[start + n]), rows)
            inside = below_unsigned(i, rows)
            places[n] = where(inside, i, 0) * step
            wrong += where(inside, i64(0), i64(1))
        for o in range(first, last):
            line = pointer(args[OF], o * args[OF_OUTER], of)
            to = pointer(args[TO], 0, of) + (o * count + start)
            for n in range(block):
                to[n] = line[places[n]]
    if wrong > 0:
        atomic_add(pointer(args[FAILED], 0, i64), 0, wrong)


@inline
def from_start(index, rows):
    """An index that may count from the end, from the start."""
    return where(index < 0, index + rows, index)


@inline
def copy_row(of, to, width, kind):
    """Copy some elements: vectors, the last one over the one before, or one by one."""
    lanes = BYTES // kind.bytes
    if width >= lanes:
        for i in range(0, width - lanes, lanes):
            store(to, i, load(of, i, lanes))
        store(to, width - lanes, load(of, width - lanes, lanes))
    else:
        for i in range(width):
            to[i] = of[i]


@native
def add_rows(args: ptr(i64), task: i64, worker: i64, clear, of, integer):
    """``to[index[n]] += of[n]`` for some rows of ``to``, which with ``clear`` are set to zero before."""
    width = args[WIDTH]
    index = pointer(args[INDEX], 0, integer)
    first = task * args[PER_TASK]
    rows = minimum(args[PER_TASK], args[UNITS] - first)
    to = pointer(args[TO], 0, of) + first * width
    if clear:
        fill_bytes(to, 0, rows * width * of.bytes)
    for n in range(args[COUNT]):
        row = i64(index[n]) - first
        if below_unsigned(row, rows):
            add_row(pointer(args[OF], n * args[OF_ROW], of), to + row * width, width, of)


@inline
def add_row(of, to, width, kind):
    """Add some elements to others."""
    lanes = BYTES // kind.bytes
    whole = width - width % lanes
    for i in range(0, whole, lanes):
        store(to, i, load(to, i, lanes) + load(of, i, lanes))
    for i in range(whole, width):
        to[i] = to[i] + of[i]


@native
def scatter_rows(args: ptr(i64), task: i64, worker: i64, of, integer):
    """``to[r, index[r, n]] += of[r, n]`` onto zeros; what belongs elsewhere is left out."""
    count, width = args[COUNT], args[ROWS]
    first = task * args[PER_TASK]
    for row in range(first, minimum(first + args[PER_TASK], args[UNITS])):
        g = pointer(args[OF], 0, of) + row * count
        index = pointer(args[INDEX], 0, integer) + row * count
        to = pointer(args[TO], 0, of) + row * width
        fill_bytes(to, 0, width * of.bytes)
        for n in range(count):
            place = i64(index[n])
            if below_unsigned(place, width):
                to[place] = to[place] + g[n]
