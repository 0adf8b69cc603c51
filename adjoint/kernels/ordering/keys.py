"""Keys: integers that are in the order of the elements, whatever these are.

A float's bits, as an integer, are in its order once those of the negative ones are turned round; both zeros get one key, and so
do all NaNs, the largest.  In descending order all bits of a key are turned round, so that what is equal stays in its order.
"""

from __future__ import annotations

from adjoint.kernels.native import *
from adjoint.kernels.ordering.layout import *

WORD = {8: i8, 16: i16, 32: i32, 64: i64}
LOW_HALF = (1 << 32) - 1
TOP = -(1 << 63)


@inline
def keys_of(args, words, bits, floating):
    """The keys of elements' bits: in lanes, or of one.  Those from ``LEAST_NAN`` on are not numbers."""
    of = WORD[bits]
    largest = (1 << (bits - 1)) - 1
    if floating:
        turned = words ^ ((words >> (bits - 1)) & largest)
        found = turned - where(turned == -1, constant(of, -1), constant(of, 0))
        if words.type.lanes:
            missing = (words & largest) >= splat(of(args[LEAST_NAN]), words.type.lanes)
        else:
            missing = (words & largest) >= of(args[LEAST_NAN])
        key = where(missing, constant(of, largest), found)
    elif words.type.lanes:
        key = words ^ splat(of(args[SIGN]), words.type.lanes)
    else:
        key = words ^ of(args[SIGN])
    if words.type.lanes:
        key = key ^ splat(of(args[FLIP]), words.type.lanes)
    else:
        key = key ^ of(args[FLIP])
    return key


@inline
def upper(key, bits, place):
    """A key's upper 32 bits above a place: the integers that are ordered."""
    if bits == 64:
        kept = key & ~LOW_HALF
    else:
        kept = i64(key) << (64 - bits)
    return kept | place


@inline
def lower(key, place):
    """The lower half of a key of 64 bits, above a place."""
    return ((key << 32) ^ TOP) | place


@native
def write_keys(args: ptr(i64), line: ptr(i8), to: ptr(i64), n: i64, bits, floating) -> i64:
    """The keys of a row, or their upper halves, above their places; nonzero if it is halves."""
    halves = i64(bits == 64)
    if bits == 64 and not floating:
        halves = write_short_keys(args, line, to, n)
    if halves != 0 or bits != 64 or floating:
        write_upper_keys(args, line, to, n, bits, floating)
    return halves


@native
def write_upper_keys(args: ptr(i64), line: ptr(i8), to: ptr(i64), n: i64, bits, floating):
    """The keys of a row, or their upper halves, above their places."""
    words = cast(line, ptr(WORD[bits]))
    whole = n - n % LANES
    for i in range(0, whole, LANES):
        places = iota(i64, LANES) + i
        store(to, i, upper(keys_of(args, load(words, i, LANES), bits, floating), bits, places))
    for i in range(whole, n):
        to[i] = upper(keys_of(args, words[i], bits, floating), bits, i)


@native
def write_wide_keys(args: ptr(i64), line: ptr(i8), to: ptr(i64), n: i64, bits, floating):
    """The keys of a row as integers of 64 bits."""
    words = cast(line, ptr(WORD[bits]))
    whole = n - n % LANES
    for i in range(0, whole, LANES):
        store(to, i, i64(keys_of(args, load(words, i, LANES), bits, floating)))
    for i in range(whole, n):
        to[i] = i64(keys_of(args, words[i], bits, floating))


@native
def write_short_keys(args: ptr(i64), line: ptr(i8), to: ptr(i64), n: i64) -> i64:
    """As :func:`write_keys`, of integers of 64 bits that fit 32; nonzero if they do not."""
    words = cast(line, ptr(i64))
    beyond = splat(i64(0), LANES)
    whole = n - n % LANES
    for i in range(0, whole, LANES):
        key = keys_of(args, load(words, i, LANES), 64, False)
        beyond = beyond | (((key << 32) >> 32) ^ key)
        store(to, i, (key << 32) | (iota(i64, LANES) + i))
    wrong = i64(any_lane(beyond != 0))
    for i in range(whole, n):
        last = keys_of(args, words[i], 64, False)
        wrong = wrong | (((last << 32) >> 32) ^ last)
        to[i] = (last << 32) | i
    return wrong


@native
def count_missing(args: ptr(i64), line: ptr(i8), n: i64, bits) -> i64:
    """How many elements of a row are NaN."""
    words = cast(line, ptr(WORD[bits]))
    largest = (1 << (bits - 1)) - 1
    found = i64(0)
    for i in range(n):
        found += where((words[i] & largest) >= WORD[bits](args[LEAST_NAN]), i64(1), i64(0))
    return found
