"""Radix: ordering integers of 64 bits, of which the upper half is a key and the lower one a place.

All are different, so any way to order them leaves equal keys in the order of their places.  Few are ordered by comparing each
with all, more by their digits, the last one first; a digit that all share costs nothing but the counting.
"""

from __future__ import annotations

from adjoint.kernels.native import *
from adjoint.kernels.objects import pointer
from adjoint.kernels.ordering.keys import *
from adjoint.kernels.ordering.layout import *

MANY = 1 << 15
"""From so many on digits have eleven bits, in three passes."""


@apart
def by_rank(of: ptr(i64), to: ptr(i64), n: i64):
    """Order a few: each goes to the place that says how many are below it."""
    ranks = scratch(i64, LANES)
    for i in range(0, n, LANES):
        x = load(of, i, LANES)
        below = splat(i64(0), LANES)
        for j in range(n):
            below += where(splat(of[j], LANES) < x, splat(i64(1), LANES), splat(i64(0), LANES))
        store(ranks, 0, below)
        for which in range(minimum(n - i, i64(LANES))):
            to[ranks[which]] = of[i + which]


@apart
def by_wide_rank(of: ptr(i64), to: ptr(i64), n: i64):
    """As :func:`by_rank`, of keys that fill 64 bits: their places in order."""
    ranks = scratch(i64, LANES)
    for i in range(0, n, LANES):
        x, at = load(of, i, LANES), iota(i64, LANES) + i
        below = splat(i64(0), LANES)
        for j in range(n):
            y = splat(of[j], LANES)
            before = (y < x) | ((y == x) & (splat(j, LANES) < at))
            below += where(before, splat(i64(1), LANES), splat(i64(0), LANES))
        store(ranks, 0, below)
        for which in range(minimum(n - i, i64(LANES))):
            to[ranks[which]] = i + which


@apart
def in_order(a: ptr(i64), b: ptr(i64), n: i64) -> i64:
    """Order any number, in either buffer: 0 if they end up in ``a``, 1 in ``b``."""
    turned = i64(1)
    if n <= FEW:
        by_rank(a, b, n)
    else:
        turned = by_digits(a, b, n, where(n < MANY, i64(8), i64(11)))
    return turned


@inline
def digit(x, shift, mask):
    """Some of an integer's bits, the first of them turned round."""
    return ((x ^ TOP) >> shift) & mask


@apart
def by_digits(a: ptr(i64), b: ptr(i64), n: i64, bits: i64) -> i64:
    """As :func:`in_order`, by digits of so many bits."""
    size = i64(1) << bits
    counts = scratch(i32, 3 << 11)
    passes = (31 + bits) // bits
    fill_bytes(counts, 0, passes * size * 4)
    for i in range(n):
        x = a[i]
        for p in unroll(3):
            d = digit(x, 32 + p * bits, size - 1) + p * size
            counts[d] = counts[d] + 1
        if passes > 3:
            d = digit(x, 32 + 3 * bits, size - 1) + 3 * size
            counts[d] = counts[d] + 1
    of, to, turned = a, b, i64(0)
    for p in range(passes):
        count, shift = counts + p * size, 32 + p * bits
        if i64(count[digit(of[0], shift, size - 1)]) != n:
            sofar = i32(0)
            for d in range(size):
                here = count[d]
                count[d] = sofar
                sofar += here
            for i in range(n):
                x = of[i]
                d = digit(x, shift, size - 1)
                place = count[d]
                to[i64(place)] = x
                count[d] = place + 1
            of, to, turned = to, of, 1 - turned
    return turned


@native
def settle(args: ptr(i64), line: ptr(i8), a: ptr(i64), b: ptr(i64), n: i64, floating):
    """Of what is ordered by the upper half of keys of 64 bits, order those that share it by the lower half."""
    words = cast(line, ptr(i64))
    i = i64(0)
    while i < n:
        end = i + 1
        top = a[i] >> 32
        while end < n and (a[minimum(end, n - 1)] >> 32) == top:
            end += 1
        if end > i + 1:
            for j in range(i, end):
                place = a[j] & LOW_HALF
                a[j] = lower(keys_of(args, words[place], 64, floating), place)
            if in_order(a + i, b + i, end - i) != 0:
                copy_bytes(a + i, b + i, (end - i) * 8)
        i = end


@native
def ordered(
    args: ptr(i64), line: ptr(i8), a: ptr(i64), b: ptr(i64), n: i64, halves: i64, bits, floating
) -> ptr(i64):  # fmt: skip
    """What is in ``a``, keys or their upper halves above places, in order: the buffer in which it is."""
    found, other = a, b
    if in_order(a, b, n) != 0:
        found, other = b, a
    if bits == 64:
        if halves != 0:
            settle(args, line, found, other, n, floating)
    return found


@native
def sort_rows(args: ptr(i64), task: i64, worker: i64, bits, floating):
    """Some rows in order, and the places at which their elements were."""
    n = args[N]
    a = pointer(args[ROOM], worker * 16 * args[SPAN], i64)
    b = a + args[SPAN]
    first = task * args[PER_TASK]
    for row in range(first, minimum(first + args[PER_TASK], args[UNITS])):
        line = pointer(args[OF], row * args[OF_ROW], i8)
        found = ordered_row(args, line, a, b, n, bits, floating)
        write_found(args, line, row, found, n, bits)


@native
def ordered_row(args: ptr(i64), line: ptr(i8), a: ptr(i64), b: ptr(i64), n: i64, bits, floating) -> ptr(i64):
    """The places of a row's elements in order (below their keys, if anything): the buffer in which they are."""
    found = b
    if n <= FEW_WIDE * (bits // 64):
        write_wide_keys(args, line, a, n, bits, floating)
        by_wide_rank(a, b, n)
    else:
        halves = write_keys(args, line, a, n, bits, floating)
        found = ordered(args, line, a, b, n, halves, bits, floating)
    return found


@native
def write_found(args: ptr(i64), line: ptr(i8), row: i64, found: ptr(i64), count: i64, bits):
    """The elements at places, and the places."""
    words = cast(line, ptr(WORD[bits]))
    to = pointer(args[TO], 0, WORD[bits]) + row * count
    index = pointer(args[INDEX], 0, i64) + row * count
    for i in range(count):
        place = found[i] & LOW_HALF
        index[i] = place
        to[i] = words[place]

