"""Buffers: the memory of arrays, kept warm when it is freed; the native half of :mod:`adjoint.kernels.memory`.

Capacities come in classes, eight to an octave, so that at most an eighth of a buffer is waste.  A free buffer is in two
lists, linked through headers that lie before the data: that of its class, from which the most recently freed one is
taken (its lines are in the cache still), and that of all free buffers by the time they were freed, from which the
coldest are given back to the system.

How much is kept: at most ``LIMIT`` bytes, or as much as was in use at once of late, which the next step of a training
will need again.  And before the pool takes new memory, it gives cold buffers back until what it holds is no more than
``SLACK`` bytes above the most that arrays ever needed at once: a process never needs much more memory than without a
pool, however its arrays' sizes change.

The four functions are called by NumPy, with the interpreter's lock held; the spin lock is for interpreters without one.
"""

from __future__ import annotations

import mmap
import sys

from adjoint.kernels.memory import (
    BUFFERS,
    FAILURES,
    HELD_PEAK,
    HITS,
    IN_USE,
    IN_USE_PEAK,
    KEPT,
    LIMIT,
    LISTS,
    LOCK,
    MISSES,
    MOST,
    PEAK_BEFORE,
    PEAK_NOW,
    RETRIES,
    SLACK,
    VOLUME,
)
from adjoint.kernels.native import *

NEWEST, OLDEST = LISTS, LISTS + 1  # of all free buffers
CLASSES = LISTS + 2  # the newest of each class

_LOWEST, _HIGHEST = 15, 46  # capacities of [2**15, 2**47]
WORDS = CLASSES + 8 * (_HIGHEST - _LOWEST + 1)
POOLED_FROM = 1 << 16  # smaller arrays are the C library's, which is fast enough there
_LARGEST = 1 << 47

_FLOOR = 256 << 20  # so much may be kept anyway
_WINDOW = 16  # times what is in use at most are allocated: some training steps

# A buffer's header: the eight words before its data.
CAPACITY, CLASS, BASE, NEXT, PREVIOUS, OLDER, NEWER = -8, -7, -6, -5, -4, -3, -2
_HEADER = 64
_SMALL = -1  # the class of buffers that are not pooled

_MAPS = sys.platform != "win32"
_MAPPED_FROM = 1 << 18  # from here on buffers are pages of their own: that of the header does not matter
_PAGE = mmap.PAGESIZE
_HUGE_FROM = 1 << 21
_HUGE_PAGE = 1 << 21
_HUGE = hasattr(mmap, "MADV_HUGEPAGE")


@native
def write_handlers(table: ptr(i64)):
    """Write the addresses of malloc, calloc, realloc and free, as NumPy calls them, and of ``shrink``."""
    table[0] = address_of(allocate, ptr(i64), i64)
    table[1] = address_of(allocate_zeros, ptr(i64), i64, i64)
    table[2] = address_of(reallocate, ptr(i64), i64, i64)
    table[3] = address_of(release, ptr(i64), i64, i64)
    table[4] = address_of(shrink, ptr(i64), i64)


@native
def allocate(state: ptr(i64), size: i64):
    """The address of memory for ``size`` bytes, 64-byte aligned; 0 where there is none."""
    if below_unsigned(size, POOLED_FROM):
        return small(size)
    if below_unsigned(_LARGEST, size):
        return i64(0)
    octave = 63 - ctlz(size - 1)
    step = octave - 3
    rank = (size - 1) >> step  # 8 ... 15
    which = (octave - _LOWEST) * 8 + rank - 8
    lock(state)
    data = reuse(state, which)
    if data == 0:
        data = take(state, (rank + 1) << step, which)
    if data != 0:
        state[BUFFERS] += 1
        state[IN_USE] += words(data)[CAPACITY]
        state[IN_USE_PEAK] = maximum(state[IN_USE_PEAK], state[IN_USE])
        observe(state, words(data)[CAPACITY])
        state[HELD_PEAK] = maximum(state[HELD_PEAK], state[IN_USE] + state[KEPT])
    unlock(state)
    return data


@native
def allocate_zeros(state: ptr(i64), count: i64, size: i64):
    """As :func:`allocate`, of ``count * size`` bytes that are zero."""
    if below_unsigned(_LARGEST, count) or below_unsigned(_LARGEST, size):
        return i64(0)
    if size != 0:
        if count > _LARGEST // size:
            return i64(0)
    data = allocate(state, count * size)
    if data != 0:
        fill_bytes(cast(data, ptr(i8)), 0, count * size)
    return data


@native
def reallocate(state: ptr(i64), data: i64, size: i64):
    """The address of memory for ``size`` bytes that begins with what ``data`` held; 0, and nothing done, without memory."""
    if data == 0:
        return allocate(state, size)
    capacity = words(data)[CAPACITY]
    if below_unsigned(size, capacity + 1) and size >= capacity // 2:
        return data
    moved = allocate(state, size)
    if moved != 0:
        copy_bytes(cast(moved, ptr(i8)), cast(data, ptr(i8)), minimum(capacity, size))
        release(state, data, capacity)
    return moved


@native
def release(state: ptr(i64), data: i64, size: i64):
    """Take memory back.  ``size`` is what NumPy believes; the header knows better."""
    if data == 0:
        return
    if words(data)[CLASS] == _SMALL:
        call_c("free", void, words(data)[BASE])
        return
    lock(state)
    capacity = words(data)[CAPACITY]
    state[BUFFERS] -= 1
    state[IN_USE] -= capacity
    limit = state[LIMIT]
    if limit < 0:
        limit = minimum(maximum(i64(_FLOOR), maximum(state[PEAK_BEFORE], state[PEAK_NOW])), state[MOST])
    if capacity > limit:
        give_back(data, capacity)
    else:
        link(state, data, capacity)
        drop_to(state, limit)
    unlock(state)


@native
def shrink(state: ptr(i64), limit: i64):
    """Give the coldest free buffers back to the system, until no more than ``limit`` bytes are kept."""
    lock(state)
    drop_to(state, limit)
    unlock(state)


@inline
def words(data):
    """Memory as words, the header at negative places."""
    return cast(data, ptr(i64))


@inline
def lock(state):
    """Wait for the state, and have it alone."""
    while atomic_swap(state, LOCK, 1) != 0:
        pause()


@inline
def unlock(state):
    """Let others have the state."""
    atomic_store(state, LOCK, 0)


@native
def small(size: i64):
    """A buffer from the C library, which is not pooled; 0 where there is none."""
    return from_library(size, _SMALL)


@inline
def from_library(capacity, which):
    """Memory and a header from the C library's heap."""
    base = call_c("malloc", i64, capacity + 2 * _HEADER)
    data = i64(0)
    if base != 0:
        data = (base + 2 * _HEADER - 1) & -_HEADER
        words(data)[CAPACITY] = capacity
        words(data)[CLASS] = which
        words(data)[BASE] = base
    return data


@native
def reuse(state: ptr(i64), which: i64):
    """The warmest free buffer of a class, or of the two above it (at most a quarter larger); 0 where there is none."""
    for found in range(which, minimum(which + 3, WORDS - CLASSES)):
        data = state[CLASSES + found]
        if data != 0:
            unlink(state, data)
            state[HITS] += 1
            return data
    return i64(0)


@inline
def observe(state, capacity):
    """Note what was in use at most of late: in this window and the one before."""
    state[PEAK_NOW] = maximum(state[PEAK_NOW], state[IN_USE])
    state[VOLUME] += capacity
    if state[VOLUME] > _WINDOW * state[PEAK_NOW]:
        state[PEAK_BEFORE] = state[PEAK_NOW]
        state[PEAK_NOW] = state[IN_USE]
        state[VOLUME] = 0


@native
def take(state: ptr(i64), capacity: i64, which: i64):
    """A new buffer, for which cold ones are given back; 0 where the system has no memory."""
    state[MISSES] += 1
    needed = state[IN_USE] + capacity
    drop_to(state, maximum(needed, state[IN_USE_PEAK]) + state[SLACK] - needed)
    data = fresh(capacity, which)
    if data == 0 and state[KEPT] != 0:
        state[RETRIES] += 1
        drop_to(state, i64(0))
        data = fresh(capacity, which)
    if data == 0:
        state[FAILURES] += 1
    return data


@native
def drop_to(state: ptr(i64), limit: i64):
    """Give the coldest free buffers back, until no more than ``limit`` bytes are kept."""
    while state[KEPT] > maximum(limit, i64(0)):
        coldest = state[OLDEST]
        unlink(state, coldest)
        give_back(coldest, words(coldest)[CAPACITY])


@native
def link(state: ptr(i64), data: i64, capacity: i64):
    """Put a buffer at the head of its class's list, and of the list of all."""
    at = CLASSES + words(data)[CLASS]
    after = state[at]
    words(data)[NEXT] = after
    words(data)[PREVIOUS] = 0
    if after != 0:
        words(after)[PREVIOUS] = data
    state[at] = data
    older = state[NEWEST]
    words(data)[OLDER] = older
    words(data)[NEWER] = 0
    if older != 0:
        words(older)[NEWER] = data
    else:
        state[OLDEST] = data
    state[NEWEST] = data
    state[KEPT] += capacity


@native
def unlink(state: ptr(i64), data: i64):
    """Take a free buffer out of both lists."""
    after = words(data)[NEXT]
    before = words(data)[PREVIOUS]
    if after != 0:
        words(after)[PREVIOUS] = before
    if before != 0:
        words(before)[NEXT] = after
    else:
        state[CLASSES + words(data)[CLASS]] = after
    older = words(data)[OLDER]
    newer = words(data)[NEWER]
    if older != 0:
        words(older)[NEWER] = newer
    else:
        state[OLDEST] = newer
    if newer != 0:
        words(newer)[OLDER] = older
    else:
        state[NEWEST] = older
    state[KEPT] -= words(data)[CAPACITY]


@native
def fresh(capacity: i64, which: i64):
    """A buffer of memory from the system; 0 where it has none."""
    if not _MAPS or capacity < _MAPPED_FROM:
        return from_library(capacity, which)
    length = mapped_length(capacity)
    base = i64(0)
    if _HUGE and capacity >= _HUGE_FROM:
        base = map_huge_pages(length)
    else:
        base = map_pages(length)
    if base == 0:
        return base
    data = base + _PAGE
    words(data)[CAPACITY] = capacity
    words(data)[CLASS] = which
    words(data)[BASE] = base
    return data


@inline
def mapped_length(capacity):
    """How many bytes are mapped for a buffer: a page for the header, and whole pages of data."""
    return _PAGE + ((capacity + _PAGE - 1) & -_PAGE)


@native
def map_pages(length: i64):
    """Pages of zeros from the system; 0 where it has none."""
    protection = i32(mmap.PROT_READ | mmap.PROT_WRITE)
    flags = i32(mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    base = call_c("mmap", i64, i64(0), length, protection, flags, i32(-1), i64(0))
    return where(base == -1, i64(0), base)


@native
def map_huge_pages(length: i64):
    """As :func:`map_pages`, where what follows the first page is aligned to huge pages, and is made of them."""
    whole = length + _HUGE_PAGE
    found = map_pages(whole)
    if found == 0:
        return found
    base = ((found + _PAGE + _HUGE_PAGE - 1) & -_HUGE_PAGE) - _PAGE
    if base > found:
        call_c("munmap", i32, found, base - found)
    call_c("munmap", i32, base + length, found + whole - base - length)
    call_c("madvise", i32, base + _PAGE, length - _PAGE, i32(mmap.MADV_HUGEPAGE))
    return base


@native
def give_back(data: i64, capacity: i64):
    """Return a buffer to the system."""
    base = words(data)[BASE]
    if not _MAPS or capacity < _MAPPED_FROM:
        call_c("free", void, base)
    else:
        call_c("munmap", i32, base, mapped_length(capacity))
