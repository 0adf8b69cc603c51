"""Places along a dimension: the kernels that read and write one element for every number of an array of indices.

Every array is seen with three dimensions, those before, the one that the indices are along, and those after; strides are in bytes,
and 0 where one element stands for many.  A task that reads has some of the result, one that writes has some of the target:
places meet in the order of the indices, whatever the tasks.
"""

from __future__ import annotations

from adjoint.kernels.machine import machine
from adjoint.kernels.native import *
from adjoint.kernels.objects import pointer

LANES = machine().lanes(8)  # numbers that are looked at together

# Words of the arguments: what has the places, what goes there or comes from there, the numbers, how many of them are out of
# bounds; how many units there are and a task has; and then sizes and strides.  END is added to numbers below 0.
(AT, VALUES, INDEX, FAILED, UNITS, PER_TASK, PARTS, PER_PART, BLOCKS, PER_BLOCK, OUTER, COUNT, INNER, SIZE, END,
 AT_OUTER, AT_STEP, AT_INNER, VALUES_OUTER, VALUES_STEP, VALUES_INNER,
 INDEX_OUTER, INDEX_STEP, INDEX_INNER) = range(24)  # fmt: skip
WORDS = 24


@native
def read(args: ptr(i64), task: i64, worker: i64, of, integer):
    """``values[o, k, i] = at[o, index[o, k, i], i]``; a unit has some of the ``k`` and of the ``i``."""
    at_step, size = args[AT_STEP], args[SIZE]
    values_step, index_step = args[VALUES_STEP], args[INDEX_STEP]
    at_inner, values_inner, index_inner = args[AT_INNER], args[VALUES_INNER], args[INDEX_INNER]
    end = args[END]
    wrong = i64(0)
    first = task * args[PER_TASK]
    for unit in range(first, minimum(first + args[PER_TASK], args[UNITS])):
        column = unit % args[BLOCKS] * args[PER_BLOCK]
        start = unit // args[BLOCKS] % args[PARTS] * args[PER_PART]
        o = unit // args[BLOCKS] // args[PARTS]
        columns = minimum(args[PER_BLOCK], args[INNER] - column)
        at = pointer(args[AT], o * args[AT_OUTER] + column * at_inner, i8)
        for k in range(start, minimum(start + args[PER_PART], args[COUNT])):
            to = pointer(args[VALUES], o * args[VALUES_OUTER] + k * values_step + column * values_inner, i8)
            index = pointer(args[INDEX], o * args[INDEX_OUTER] + k * index_step + column * index_inner, i8)
            done = i64(0)
            if of.bytes >= 4:
                if index_inner == integer.bytes and values_inner == of.bytes:
                    wrong += read_vectors(to, at, index, columns, size, end, at_step, at_inner, of, integer)
                    done = columns - columns % LANES
            for i in range(done, columns):
                number = i64(cast(index + i * index_inner, ptr(integer))[0])
                place = number + where(number < 0, end, 0)
                inside = below_unsigned(place, size)
                wrong += where(inside, i64(0), i64(1))
                cast(to + i * values_inner, ptr(of))[0] = cast(at + (where(inside, place, 0) * at_step + i * at_inner), ptr(of))[0]
    if wrong > 0:
        atomic_add(pointer(args[FAILED], 0, i64), 0, wrong)


@inline
def read_vectors(to, at, index, columns, size, end, at_step, at_inner, of, integer):
    """As many columns as make whole vectors; how many of their numbers are out of bounds."""
    numbers, values = cast(index, ptr(integer)), cast(to, ptr(of))
    step = at_step // of.bytes
    steps = iota(i64, LANES) * (at_inner // of.bytes)
    wrongs = splat(i64(0), LANES)
    for i in range(0, columns - LANES + 1, LANES):
        places = i64(load(numbers, i, LANES))
        places += where(places < 0, splat(end, LANES), splat(i64(0), LANES))
        inside = below_unsigned(places, splat(size, LANES))
        wrongs += where(inside, splat(i64(0), LANES), splat(i64(1), LANES))
        line = cast(at + i * at_inner, ptr(of))
        store(values, i, gather(line, places * splat(step, LANES) + steps, inside))
    return hsum(wrongs)


@native
def write(args: ptr(i64), task: i64, worker: i64, combine, of, integer):
    """``at[o, index[o, k, i], i]`` combined with ``values[o, k, i]``; a unit has some of the places and of the ``i``."""
    at_step, size = args[AT_STEP], args[SIZE]
    values_step, index_step = args[VALUES_STEP], args[INDEX_STEP]
    at_inner, values_inner, index_inner = args[AT_INNER], args[VALUES_INNER], args[INDEX_INNER]
    end = args[END]
    wrong = i64(0)
    first = task * args[PER_TASK]
    for unit in range(first, minimum(first + args[PER_TASK], args[UNITS])):
        column = unit % args[BLOCKS] * args[PER_BLOCK]
        low = unit // args[BLOCKS] % args[PARTS] * args[PER_PART]
        high = minimum(args[PER_PART], size - low)
        o = unit // args[BLOCKS] // args[PARTS]
        columns = minimum(args[PER_BLOCK], args[INNER] - column)
        at = pointer(args[AT], o * args[AT_OUTER] + low * at_step + column * at_inner, i8)
        for k in range(args[COUNT]):
            values = pointer(args[VALUES], o * args[VALUES_OUTER] + k * values_step + column * values_inner, i8)
            index = pointer(args[INDEX], o * args[INDEX_OUTER] + k * index_step + column * index_inner, i8)
            done = i64(0)
            if index_inner == integer.bytes and values_inner == of.bytes and at_inner == 0 and high == size:
                wrong += write_row(at, cast(values, ptr(of)), cast(index, ptr(integer)), columns, size, end, at_step, combine, of)
                done = columns
            for i in range(done, columns):
                number = i64(cast(index + i * index_inner, ptr(integer))[0])
                place = number + where(number < 0, end, 0)
                wrong += where(below_unsigned(place, size), i64(0), i64(1))
                if below_unsigned(place - low, high):
                    to = cast(at + ((place - low) * at_step + i * at_inner), ptr(of))
                    to[0] = combine(to[0], cast(values + i * values_inner, ptr(of))[0])
    if wrong > 0:
        atomic_add(pointer(args[FAILED], 0, i64), 0, wrong)


@inline
def write_row(at, values, index, columns, size, end, at_step, combine, of):
    """What is one row in every array; how many numbers are out of bounds."""
    wrong = i64(0)
    if at_step == of.bytes:
        to = cast(at, ptr(of))
        for i in range(columns):
            number = i64(index[i])
            place = number + where(number < 0, end, 0)
            if below_unsigned(place, size):
                to[place] = combine(to[place], values[i])
            else:
                wrong += 1
    else:
        for i in range(columns):
            number = i64(index[i])
            place = number + where(number < 0, end, 0)
            if below_unsigned(place, size):
                there = cast(at + place * at_step, ptr(of))
                there[0] = combine(there[0], values[i])
            else:
                wrong += 1
    return wrong


@inline
def put(old, new):
    """The later one."""
    return new


@inline
def add(old, new):
    """The sum."""
    return old + new


@inline
def multiply(old, new):
    """The product."""
    return old * new


@inline
def greatest(old, new):
    """The greater one, or NaN."""
    return where((new > old) | (new != new), new, old)


@inline
def least(old, new):
    """The lesser one, or NaN."""
    return where((new < old) | (new != new), new, old)
