"""Equals: which of equal elements a selection returns.

Any is right, but gradients go to the one that is returned, so it is PyTorch's: the one that the algorithm which finds it
has left in that place.  PyTorch has a quickselect for the k-th value (the one of Numerical Recipes, section 8.5, with the
median of three as pivot) and C++'s standard algorithms, of which the order of equal elements is the library's, for medians,
modes and the top k: here they are as libstdc++ has them (Musser's introselect and introsort, and heaps).

All of them order what is keys of 32 bits above places, and look at the keys only.
"""

from __future__ import annotations

from adjoint.kernels.native import *

STABLE = 16
"""Elements that sorting leaves for insertion, which keeps equal ones in their order."""


@inline
def key(x):
    """What is compared."""
    return x >> 32


@inline
def swap(order, i, j):
    """Exchange two places."""
    one = order[i]
    other = order[j]
    order[i] = other
    order[j] = one


@inline
def swap_above(order, i, j):
    """Exchange two places if the first one's key is the larger."""
    one = order[i]
    other = order[j]
    above = key(one) > key(other)
    order[i] = where(above, other, one)
    order[j] = where(above, one, other)


@inline
def depth_of(n):
    """How often a range of ``n`` may be parted: twice the logarithm."""
    return 2 * (63 - ctlz(n))


@apart
def quickselect(order: ptr(i64), n: i64, k: i64):
    """Bring the place of the k-th smallest key (from 0) to where it belongs."""
    low, high = i64(0), n - 1
    while high > low + 1:
        swap(order, (low + high) // 2, low + 1)
        swap_above(order, low + 1, high)
        swap_above(order, low, high)
        swap_above(order, low + 1, low)
        i, j, pivot = low + 1, high, key(order[low])
        while True:
            i += 1
            while key(order[i]) < pivot:
                i += 1
            j -= 1
            while key(order[j]) > pivot:
                j -= 1
            if j < i:
                break
            swap(order, i, j)
        swap(order, low, j)
        if j <= k:
            low = i
        if j >= k:
            high = j - 1
    if high == low + 1:
        swap_above(order, low, high)


@apart
def nth_element(order: ptr(i64), end: i64, n: i64):
    """Order the places so that the n-th is where it belongs, with no larger key before it and no smaller one behind."""
    first, last = i64(0), end
    depth = depth_of(end)
    done = i64(0)
    while last - first > 3 and done == 0:
        if depth == 0:
            heap_select(order, n + 1, first, last)
            swap(order, first, n)
            done = i64(1)
        else:
            depth -= 1
            cut = partition(order, first, last)
            if cut <= n:
                first = cut
            else:
                last = cut
    if done == 0:
        insertion_sort(order, first, last)


@apart
def partition(order: ptr(i64), first: i64, last: i64) -> i64:
    """Bring what is not above the median of three before what is not below it; where the latter begins."""
    a, b, c = first + 1, (first + last) // 2, last - 1
    x, y, z = key(order[a]), key(order[b]), key(order[c])
    rising = where(y < z, b, where(x < z, c, a))
    falling = where(x < z, a, where(y < z, c, b))
    swap(order, first, where(x < y, rising, falling))
    pivot = key(order[first])
    i, j = first + 1, last
    while True:
        while key(order[i]) < pivot:
            i += 1
        j -= 1
        while pivot < key(order[j]):
            j -= 1
        if i >= j:
            break
        swap(order, i, j)
        i += 1
    return i


@apart
def insertion_sort(order: ptr(i64), first: i64, last: i64):
    """Order a few."""
    for i in range(first + 1, last):
        x = order[i]
        j = i
        while j > first:
            before = order[j - 1]
            if key(before) <= key(x):
                break
            order[j] = before
            j -= 1
        order[j] = x


@apart
def sort(order: ptr(i64), end: i64):
    """C++'s sort of what is before ``end``."""
    waiting = scratch(i64, 3 * 128)
    count = i64(0)
    if end > 0:
        waiting[0], waiting[1], waiting[2] = i64(0), end, depth_of(end)
        count = i64(1)
    while count > 0:
        count -= 1
        first, last, depth = waiting[3 * count], waiting[3 * count + 1], waiting[3 * count + 2]
        while last - first > STABLE:
            if depth == 0:
                heap_select(order, last, first, last)
                sort_heap(order, first, last)
                break
            depth -= 1
            cut = partition(order, first, last)
            waiting[3 * count], waiting[3 * count + 1], waiting[3 * count + 2] = cut, last, depth
            count += 1
            last = cut
    insertion_sort(order, i64(0), end)


@apart
def heap_select(order: ptr(i64), middle: i64, first: i64, last: i64):
    """Make a heap, the largest key at its top, of the smallest keys: from ``first`` up to ``middle``."""
    length = middle - first
    for parent in range((length - 2) // 2, -1, -1):
        sift(order, first, parent, length, order[first + parent])
    for i in range(middle, last):
        if key(order[i]) < key(order[first]):
            value = order[i]
            order[i] = order[first]
            sift(order, first, i64(0), length, value)


@apart
def sort_heap(order: ptr(i64), first: i64, last: i64):
    """Order a heap."""
    for end in range(last - 1, first, -1):
        value = order[end]
        order[end] = order[first]
        sift(order, first, i64(0), end - first, value)


@apart
def sift(order: ptr(i64), first: i64, start: i64, length: i64, value: i64):
    """Put a value into a heap with a hole: the hole goes down to a leaf, and the value up from there."""
    hole, child = start, start
    while child < (length - 1) // 2:
        child = 2 * (child + 1)
        if key(order[first + child]) < key(order[first + child - 1]):
            child -= 1
        order[first + hole] = order[first + child]
        hole = child
    if length % 2 == 0 and child == (length - 2) // 2:
        child = 2 * (child + 1) - 1
        order[first + hole] = order[first + child]
        hole = child
    parent = (hole - 1) // 2
    while hole > start:
        above = order[first + parent]
        if key(above) >= key(value):
            break
        order[first + hole] = above
        hole = parent
        parent = (hole - 1) // 2
    order[first + hole] = value
