"""Equals: which of equal elements a selection returns.

Any is right, but gradients go to the one that is returned, so it is PyTorch's: the one that the algorithm which finds it
has left in that place.  PyTorch has a quickselect for the k-th value (the one of Numerical Recipes, section 8.5, with the
median of three as pivot) and C++'s standard algorithms, of which the order of equal elements is the library's, for medians
and the top k: here they are as libstdc++ has them (Musser's introselect and introsort, and heaps).

All of them work on ``keys``, a list of integers (or floats), and order places in it.  They are Python, element by element:
:data:`MANY` says up to where that is worth its time.
"""

from __future__ import annotations

from collections.abc import Sequence

Keys = Sequence[float]

MANY = 1 << 12  # elements of lines with equal ones, from which on the first of these is returned
STABLE = 16  # elements that sorting leaves for insertion, which keeps equal ones in their order


def quickselected(keys: Keys, k: int) -> int:
    """The place of the k-th smallest key (from 0)."""
    order = list(range(len(keys)))
    low, high = 0, len(keys) - 1

    def swap(i: int, j: int) -> None:
        order[i], order[j] = order[j], order[i]

    def above(i: int, j: int) -> bool:
        return keys[order[i]] > keys[order[j]]

    while high > low + 1:
        swap((low + high) // 2, low + 1)
        if above(low + 1, high):
            swap(low + 1, high)
        if above(low, high):
            swap(low, high)
        if above(low + 1, low):
            swap(low + 1, low)
        i, j, pivot = low + 1, high, keys[order[low]]
        while True:
            i += 1
            while keys[order[i]] < pivot:
                i += 1
            j -= 1
            while keys[order[j]] > pivot:
                j -= 1
            if j < i:
                break
            swap(i, j)
        swap(low, j)
        if j <= k:
            low = i
        if j >= k:
            high = j - 1
    if high == low + 1 and above(low, high):
        swap(low, high)
    return order[k]


def top(keys: Keys, k: int, sort: bool) -> list[int]:
    """The places of the k smallest keys, as PyTorch's ``topk`` orders them."""
    order = list(range(len(keys)))
    if k * 64 <= len(keys):
        _heap_select(keys, order, k, 0, len(keys))
        _sort_heap(keys, order, 0, k)
    elif k:
        _nth_element(keys, order, k - 1)
        if sort:
            _sort(keys, order, k - 1)
    return order[:k]


def in_order(keys: Keys) -> list[int]:
    """All places, as C++'s sort orders them; a NaN is below nothing, nor is anything below it."""
    order = list(range(len(keys)))
    _sort(keys, order, len(keys))
    return order


def _nth_element(keys: Keys, order: list[int], n: int) -> None:
    """Order the places so that the n-th is where it belongs, with no larger key before it and no smaller one behind."""
    first, last = 0, len(order)
    depth = 2 * (last.bit_length() - 1)
    while last - first > 3:
        if not depth:
            _heap_select(keys, order, n + 1, first, last)
            order[first], order[n] = order[n], order[first]
            return
        depth -= 1
        cut = _partition(keys, order, first, last)
        if cut <= n:
            first = cut
        else:
            last = cut
    _insertion_sort(keys, order, first, last)


def _partition(keys: Keys, order: list[int], first: int, last: int) -> int:
    """Bring what is not above the median of three before what is not below it; where the latter begins."""
    a, b, c = first + 1, (first + last) // 2, last - 1
    x, y, z = keys[order[a]], keys[order[b]], keys[order[c]]
    middle = (b if y < z else c if x < z else a) if x < y else (a if x < z else c if y < z else b)
    order[first], order[middle] = order[middle], order[first]
    pivot = keys[order[first]]
    i, j = first + 1, last
    while True:
        while keys[order[i]] < pivot:
            i += 1
        j -= 1
        while pivot < keys[order[j]]:
            j -= 1
        if i >= j:
            return i
        order[i], order[j] = order[j], order[i]
        i += 1


def _insertion_sort(keys: Keys, order: list[int], first: int, last: int) -> None:
    for i in range(first + 1, last):
        place = order[i]
        key, j = keys[place], i
        if key < keys[order[first]]:
            order[first + 1 : i + 1] = order[first:i]
            order[first] = place
            continue
        while key < keys[order[j - 1]]:
            order[j] = order[j - 1]
            j -= 1
        order[j] = place


def _sort(keys: Keys, order: list[int], end: int) -> None:
    """C++'s sort of what is before ``end``."""
    waiting = [(0, end, 2 * (end.bit_length() - 1))] if end else []
    while waiting:
        first, last, depth = waiting.pop()
        while last - first > STABLE:
            if not depth:
                _heap_select(keys, order, last, first, last)
                _sort_heap(keys, order, first, last)
                break
            depth -= 1
            cut = _partition(keys, order, first, last)
            waiting.append((cut, last, depth))
            last = cut
    _insertion_sort(keys, order, 0, min(end, STABLE))
    for i in range(STABLE, end):
        place = order[i]
        key, j = keys[place], i
        while j and key < keys[order[j - 1]]:  # (C++ does not look where it ends: the least is among the first)
            order[j] = order[j - 1]
            j -= 1
        order[j] = place


def _heap_select(keys: Keys, order: list[int], middle: int, first: int, last: int) -> None:
    """Make a heap, the largest key at its top, of the smallest keys: from ``first`` up to ``middle``."""
    length = middle - first
    for parent in range((length - 2) // 2, -1, -1):
        _sift(keys, order, first, parent, length, order[first + parent])
    for i in range(middle, last):
        if keys[order[i]] < keys[order[first]]:
            value, order[i] = order[i], order[first]
            _sift(keys, order, first, 0, length, value)


def _sort_heap(keys: Keys, order: list[int], first: int, last: int) -> None:
    for end in range(last - 1, first, -1):
        value, order[end] = order[end], order[first]
        _sift(keys, order, first, 0, end - first, value)


def _sift(keys: Keys, order: list[int], first: int, hole: int, length: int, value: int) -> None:
    """Put a value into a heap with a hole: the hole goes down to a leaf, and the value up from there."""
    top, child, key = hole, hole, keys[value]
    while child < (length - 1) // 2:
        child = 2 * (child + 1)
        if keys[order[first + child]] < keys[order[first + child - 1]]:
            child -= 1
        order[first + hole] = order[first + child]
        hole = child
    if length % 2 == 0 and child == (length - 2) // 2:
        child = 2 * (child + 1) - 1
        order[first + hole] = order[first + child]
        hole = child
    parent = (hole - 1) // 2
    while hole > top and keys[order[first + parent]] < key:
        order[first + hole] = order[first + parent]
        hole = parent
        parent = (hole - 1) // 2
    order[first + hole] = value
