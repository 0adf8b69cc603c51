"""Guards: what checks the loads and stores of the debug build, in native code that is not checked itself.

The state is memory that :mod:`adjoint.kernels.handed` owns: the first violation, the table of what was handed to native code,
and what was noted of pointers that went about as integers.
"""

from __future__ import annotations

from adjoint.kernels.native import *

SYMBOL = "adjoint_handed"
"""The name under which native code finds the state."""

# The words of the state: the first violation (FAILED says that there is one), then the table, whose rows are
# (array object, first byte, byte after the last one), the latest last.
FAILED, PLACE, HOW, ADDRESS, SIZE, LOW, HIGH, TABLE, COUNT, NOTED, NOTING = range(11)
ROW = 3
NOTES, MOST_NOTES = 16, 512  # of two words each
ELSEWHERE = NOTES + 2 * MOST_NOTES  # from here on: zeros that are read, and as many words that are written
SPARE = 2048  # words of either
WORDS = ELSEWHERE + 2 * SPARE

READ, WRITE = 0, 1


@inline
def state():
    """The state."""
    return cast(external(SYMBOL), ptr(i64))


@apart
def guarded(address: i64, size: i64, low: i64, high: i64, how: i64, aligned: i64, place: i64):
    """The address, if so many bytes from there on are within the bounds, or are none; else one that is for nothing else."""
    found = address
    right = (address & (aligned - 1)) == 0
    if (below_unsigned(address, low) | below_unsigned(high, address + size) | ~right) & (size > 0):
        report_if(i64(1), address, size, low, high, how, place)
        found = cast(state() + ELSEWHERE + how * SPARE, i64)
        found = (found + 63) & -64
    return found


@apart
def report_if(wrong: i64, address: i64, size: i64, low: i64, high: i64, how: i64, place: i64):
    """Note a violation, the first one, if it is one."""
    if wrong != 0:
        s = state()
        if atomic_compare_swap(s, FAILED, 0, 1):
            s[PLACE], s[HOW], s[ADDRESS], s[SIZE], s[LOW], s[HIGH] = place, how, address, size, low, high


@apart
def place_of_object(array: i64):
    """Where in memory the bounds of an array object are; 0 if it was not handed over."""
    s = state()
    table = cast(s[TABLE], ptr(i64))
    found = i64(0)
    n = s[COUNT] - 1
    while (n >= 0) & (found == 0):
        if table[n * ROW] == array:
            found = cast(table + (n * ROW + 1), i64)
        n -= 1
    return found


@apart
def place_of_address(address: i64):
    """Where in memory the bounds are within which an address is; 0 if it is in nothing that was handed over."""
    s = state()
    table = cast(s[TABLE], ptr(i64))
    found = i64(0)
    n = s[COUNT] - 1
    while (n >= 0) & (found == 0):
        if ~below_unsigned(address, table[n * ROW + 1]) & below_unsigned(address, table[n * ROW + 2]):
            found = cast(table + (n * ROW + 1), i64)
        n -= 1
    n = s[NOTED] - 1
    while (n >= 0) & (found == 0):
        at = s + (NOTES + 2 * n)
        if ~below_unsigned(address, at[0]) & below_unsigned(address, at[1]):
            found = cast(at, i64)
        n -= 1
    return found


@apart
def low_of(place: i64):
    """The lower of the bounds at a place."""
    low = i64(0)
    if place != 0:
        low = cast(place, ptr(i64))[0]
    return low


@apart
def high_of(place: i64):
    """The upper of the bounds at a place."""
    high = i64(0)
    if place != 0:
        high = cast(place, ptr(i64))[1]
    return high


@apart
def note(low: i64, high: i64):
    """Keep bounds that no array has: those of memory on a stack, and not what was there before."""
    s = state()
    table = cast(s[TABLE], ptr(i64))
    found = low >= high
    n = s[COUNT] - 1
    while (n >= 0) & ~found:
        found = (table[n * ROW + 1] <= low) & (table[n * ROW + 2] >= high)
        n -= 1
    if not found:
        while atomic_swap(s, NOTING, 1) != 0:
            pause()
        free = i64(-1)
        for n in range(s[NOTED]):
            at = s + (NOTES + 2 * n)
            if at[0] == low and at[1] == high:
                found = low < high
            elif at[0] < high and at[1] > low:
                at[0] = i64(0)
                at[1] = i64(0)
            if at[1] == 0:
                free = n + 0
        if not found:
            if free < 0:
                free = minimum(s[NOTED], i64(MOST_NOTES - 1))
                s[NOTED] = free + 1
            s[NOTES + 2 * free] = low
            s[NOTES + 2 * free + 1] = high
        atomic_store(s, NOTING, 0)
