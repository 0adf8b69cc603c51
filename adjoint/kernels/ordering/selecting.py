"""Selecting: what is at certain ranks of rows, without ordering all of it.

A few of the smallest are kept in order while the row is looked through.  Others are narrowed down to by digits, the first one
first: only what shares its digit with an element in question is looked at again, and ordered when it is little.  Where equal
elements compete, the algorithms of :mod:`.equals` decide; of medians it is the order of the places.
"""

from __future__ import annotations

from adjoint.kernels.machine import machine
from adjoint.kernels.native import *
from adjoint.kernels.objects import pointer
from adjoint.kernels.ordering import equals
from adjoint.kernels.ordering.keys import *
from adjoint.kernels.ordering.layout import *
from adjoint.kernels.ordering.radix import by_wide_rank, digit, ordered, write_found


@native
def keep_few(args: ptr(i64), line: ptr(i8), n: i64, few: i64, keys: ptr(i64), places: ptr(i64), bits, floating):
    """The smallest elements' keys and places, as many as ``few``, in order."""
    of, lanes = WORD[bits], machine().vector_bytes * 8 // bits
    words = cast(line, ptr(of))
    first = scratch(i64, LITTLE + PADDING)
    begun = minimum(n, i64(LITTLE))
    write_wide_keys(args, line, first, begun, bits, floating)
    by_wide_rank(first, places, begun)
    for i in range(few):
        keys[i] = first[places[i]]
    worst = splat(of(keys[few - 1]), lanes)
    whole = begun + (n - begun) // lanes * lanes
    for start in range(begun, whole, lanes):
        if any_lane(keys_of(args, load(words, start, lanes), bits, floating) < worst):
            keep_better(args, line, start, start + lanes, few, keys, places, bits, floating)
            worst = splat(of(keys[few - 1]), lanes)
    keep_better(args, line, whole, n, few, keys, places, bits, floating)


@apart
def keep_better(
    args: ptr(i64), line: ptr(i8), first: i64, last: i64, few: i64, keys: ptr(i64), places: ptr(i64), bits, floating
):  # fmt: skip
    """Keep those of some elements that are smaller than the largest that is kept."""
    words = cast(line, ptr(WORD[bits]))
    for i in range(first, last):
        key = i64(keys_of(args, words[i], bits, floating))
        if key < keys[few - 1]:
            keep(keys, places, few - 1, key, i)


@inline
def keep(keys, places, count, key, place):
    """Insert what is behind all equal ones."""
    j = i64(0) + count
    while j > 0:
        before = keys[j - 1]
        if before <= key:
            break
        keys[j] = before
        places[j] = places[j - 1]
        j -= 1
    keys[j] = key
    places[j] = place


@native
def between(
    args: ptr(i64), line: ptr(i8), a: ptr(i64), b: ptr(i64), n: i64, low: i64, high: i64, halves: i64, bits,
    floating,
) -> ptr(i64):  # fmt: skip
    """Of keys above places in ``a``, those at the ranks from ``low`` up to ``high``, in order: where the first one is."""
    counts = scratch(i32, 256)
    of, to, count, base = a, b, n, i64(0)
    shift = where(high - low < n // 2, i64(56), i64(0))
    while count > LITTLE and shift >= 32:
        fill_bytes(counts, 0, 1024)
        for i in range(count):
            d = digit(of[i], shift, 255)
            counts[d] = counts[d] + 1
        first = i64(0)
        while base + i64(counts[first]) <= low:
            base += i64(counts[first])
            first += 1
        last, below = first, base
        while below + i64(counts[last]) < high:
            below += i64(counts[last])
            last += 1
        kept = i64(0)
        for i in range(count):
            x = of[i]
            to[kept] = x
            kept += i64(not below_unsigned(last - first, digit(x, shift, 255) - first))
        of, to, count = to, of, kept
        shift = where(first == last, shift - 8, i64(0))
    return ordered(args, line, of, to, count, halves, bits, floating) + (low - base)


@native
def compete(args: ptr(i64), line: ptr(i8), found: ptr(i64), count: i64, bits, floating) -> i64:
    """How many of some elements in order are equal to the one before."""
    words = cast(line, ptr(WORD[bits]))
    same = i64(0)
    for i in range(1, count):
        if bits == 64:
            one = keys_of(args, words[found[i - 1] & LOW_HALF], bits, floating)
            other = keys_of(args, words[found[i] & LOW_HALF], bits, floating)
            same += i64(one == other)
        else:
            same += i64((found[i - 1] >> 32) == (found[i] >> 32))
    return same


@native
def set_out(args: ptr(i64), line: ptr(i8), a: ptr(i64), b: ptr(i64), n: i64, bits, floating) -> ptr(i64):
    """Integers of 32 bits in the order of the keys, above their places: where they are."""
    found = a
    if write_keys(args, line, a, n, bits, floating) != 0:
        found = set_out_ranks(args, line, a, b, n, bits, floating)
    return found


@native
def set_out_ranks(args: ptr(i64), line: ptr(i8), a: ptr(i64), b: ptr(i64), n: i64, bits, floating) -> ptr(i64):
    """As :func:`set_out`, by ordering all of them."""
    words = cast(line, ptr(WORD[bits]))
    of = ordered(args, line, a, b, n, i64(1), bits, floating)
    to = a
    if of == a:
        to = b
    rank, before = i64(0), keys_of(args, words[of[0] & LOW_HALF], bits, floating)
    for i in range(n):
        place = of[i] & LOW_HALF
        key = keys_of(args, words[place], bits, floating)
        rank += i64(key != before)
        before = key
        to[place] = (rank << 32) | place
    return to


@native
def top_rows(args: ptr(i64), task: i64, worker: i64, bits, floating):
    """The smallest elements of some rows and their places: in order, or, without ``AHEAD``, as they are found.

    ``HIGH`` of them are looked at, one more than are returned, if there is one: it may be equal to the last."""
    n, count, high = args[N], args[COUNT], args[HIGH]
    a = pointer(args[ROOM], worker * 16 * args[SPAN], i64)
    b = a + args[SPAN]
    first = task * args[PER_TASK]
    for row in range(first, minimum(first + args[PER_TASK], args[UNITS])):
        line = pointer(args[OF], row * args[OF_ROW], i8)
        found = b
        unsettled = i64(args[AHEAD] == 0)
        if unsettled == 0:
            if n > FEW_WIDE and high <= LITTLE and high * high <= 4 * n:
                keep_few(args, line, n, high, a, b, bits, floating)
                for i in range(1, high):
                    unsettled += i64(a[i] == a[i - 1])
            else:
                halves = write_keys(args, line, a, n, bits, floating)
                found = between(args, line, a, b, n, i64(0), high, halves, bits, floating)
                unsettled = compete(args, line, found, high, bits, floating)
        if unsettled > 0:
            found = set_out(args, line, a, b, n, bits, floating)
            if count * 64 <= n:
                equals.heap_select(found, count, i64(0), n)
                equals.sort_heap(found, i64(0), count)
            else:
                equals.nth_element(found, n, count - 1)
                if args[AHEAD] != 0:
                    equals.sort(found, count - 1)
        write_found(args, line, row, found, count, bits)


@native
def pick_rows(args: ptr(i64), task: i64, worker: i64, bits, floating, middle):
    """The element at a rank of some rows, and its place: at ``LOW``, or in the ``middle``, which is the first NaN if there is
    one, or, with ``AHEAD``, that of the others."""
    n = args[N]
    a = pointer(args[ROOM], worker * 16 * args[SPAN], i64)
    b = a + args[SPAN]
    first = task * args[PER_TASK]
    for row in range(first, minimum(first + args[PER_TASK], args[UNITS])):
        line = pointer(args[OF], row * args[OF_ROW], i8)
        rank = args[LOW]
        if middle and floating:
            missing = count_missing(args, line, n, bits)
            if args[AHEAD] != 0:
                rank = maximum(n - missing - 1, 0) // 2
            else:
                rank = where(missing > 0, n - missing, rank)
        halves = write_keys(args, line, a, n, bits, floating)
        if middle:
            found = between(args, line, a, b, n, rank, rank + 1, halves, bits, floating)
        else:
            low, high = maximum(rank - 1, 0), minimum(rank + 2, n)
            found = between(args, line, a, b, n, low, high, halves, bits, floating)
            unsettled = compete(args, line, found, high - low, bits, floating)
            found = found + (rank - low)
            if unsettled > 0:
                found = set_out(args, line, a, b, n, bits, floating)
                equals.quickselect(found, n, rank)
                found = found + rank
        write_found(args, line, row, found, i64(1), bits)
