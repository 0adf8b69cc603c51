"""Extremes with their places: running ones, and those of columns.

Nearly always none of a vector's elements is beyond what was found before it, and then nothing is computed.  A NaN is beyond all.
"""

from __future__ import annotations

from adjoint.kernels.machine import machine
from adjoint.kernels.native import *
from adjoint.kernels.objects import pointer

OF, TO, INDEX, UNITS, PER_TASK, BLOCKS, N, INNER = range(8)
WORDS = 8
COLUMNS = 256
"""Columns of a block: what was found of them is in the first cache."""


@inline
def reaches(x, found, largest):
    """Whether an element is the extreme of it and what was found, the later one of equals; every NaN is."""
    if largest:
        beyond = x >= found
    else:
        beyond = x <= found
    return beyond | (x != x)


@inline
def exceeds(x, found, largest):
    """Whether an element is beyond what was found, which a NaN is but for the first one."""
    if largest:
        beyond = x > found
    else:
        beyond = x < found
    return beyond | ((x != x) & (found == found))


@native
def running_rows(args: ptr(i64), task: i64, worker: i64, of, largest):
    """The extremes up to each element of some rows, and the last places that have them."""
    n, lanes = args[N], machine().lanes(of.bytes)
    first = task * args[PER_TASK]
    for row in range(first, minimum(first + args[PER_TASK], args[UNITS])):
        x = pointer(args[OF], 0, of) + row * n
        to = pointer(args[TO], 0, of) + row * n
        index = pointer(args[INDEX], 0, i64) + row * n
        found, place = x[0], i64(0)
        whole = n - n % lanes
        for i in range(0, whole, lanes):
            if any_lane(reaches(load(x, i, lanes), splat(found, lanes), largest)):
                for j in range(i, i + lanes):
                    y = x[j]
                    if reaches(y, found, largest):
                        found, place = y, j
                    to[j] = found
                    index[j] = place
            else:
                store(to, i, splat(found, lanes))
                store(index, i, splat(place, lanes))
        for j in range(whole, n):
            y = x[j]
            if reaches(y, found, largest):
                found, place = y, j
            to[j] = found
            index[j] = place


@native
def running_columns(args: ptr(i64), task: i64, worker: i64, of, largest):
    """As :func:`running_rows`, along an axis that has others within."""
    n, inner, blocks, lanes = args[N], args[INNER], args[BLOCKS], machine().lanes(8)
    kept = scratch(of, COLUMNS)
    places = scratch(i64, COLUMNS)
    first = task * args[PER_TASK]
    for unit in range(first, minimum(first + args[PER_TASK], args[UNITS])):
        start = unit // blocks * n * inner + unit % blocks * COLUMNS
        width = minimum(inner - unit % blocks * COLUMNS, i64(COLUMNS))
        for j in range(n):
            x = pointer(args[OF], 0, of) + (start + j * inner)
            to = pointer(args[TO], 0, of) + (start + j * inner)
            index = pointer(args[INDEX], 0, i64) + (start + j * inner)
            for c in range(0, width, lanes):
                inside = first_lanes(width - c, lanes)
                y = load_masked(x, c, inside)
                better = reaches(y, load(kept, c, lanes), largest) | splat(j == 0, lanes)
                found = where(better, y, load(kept, c, lanes))
                place = where(better, splat(j, lanes), load(places, c, lanes))
                store(kept, c, found)
                store(places, c, place)
                store_masked(to, c, found, inside)
                store_masked(index, c, place, inside)


@native
def of_columns(args: ptr(i64), task: i64, worker: i64, of, largest):
    """The extremes of columns, and the first places that have them; a NaN is beyond all."""
    n, inner, blocks, lanes = args[N], args[INNER], args[BLOCKS], machine().lanes(8)
    kept = scratch(of, COLUMNS)
    places = scratch(i64, COLUMNS)
    first = task * args[PER_TASK]
    for unit in range(first, minimum(first + args[PER_TASK], args[UNITS])):
        outer = unit // blocks
        column = unit % blocks * COLUMNS
        width = minimum(inner - column, i64(COLUMNS))
        x = pointer(args[OF], 0, of) + (outer * n * inner + column)
        for c in range(0, width, lanes):
            inside = first_lanes(width - c, lanes)
            store(kept, c, load_masked(x, c, inside))
            store(places, c, splat(i64(0), lanes))
        for j in range(1, n):
            x = x + inner
            for c in range(0, width, lanes):
                inside = first_lanes(width - c, lanes)
                y = load_masked(x, c, inside)
                before = load(kept, c, lanes)
                better = exceeds(y, before, largest)
                if any_lane(better):
                    store(kept, c, where(better, y, before))
                    store(places, c, where(better, splat(j, lanes), load(places, c, lanes)))
        to = pointer(args[TO], 0, of) + (outer * inner + column)
        index = pointer(args[INDEX], 0, i64) + (outer * inner + column)
        for c in range(width):
            to[c] = kept[c]
            index[c] = places[c]
