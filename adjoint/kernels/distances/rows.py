"""The kernels of distances: of one row of the first array from many of the second, whose columns are the lanes.

The second array is transposed, (batch, size, others), so that the differences of one element from many rows are a vector.
"""

from __future__ import annotations

from adjoint.kernels.machine import machine
from adjoint.kernels.native import *
from adjoint.kernels.objects import pointer

# Words of the arguments: the first array, the second transposed, the distances, their gradients, the result of gradients, memory of
# the workers' own; how many units (rows of the first array) there are and a task has; and sizes.
OF, OTHERS, AWAY, GRADIENTS, TO, WORK, WORK_STEP, UNITS, PER_TASK, ROWS, COLUMNS, SIZE = range(12)
WORDS = 12
TOGETHER = 4  # vectors that are computed at once
TILE = 8  # rows that the same columns are read for, from the first cache


@native
def distances(args: ptr(i64), task: i64, worker: i64, kind, half, of):
    """``away[b, i, j]`` of row ``i`` from row ``j``; with ``half`` of later rows ``j`` only, one after the other."""
    lanes = machine().lanes(of.bytes)
    rows, columns, size = args[ROWS], args[COLUMNS], args[SIZE]
    tile = task * args[PER_TASK]
    last = minimum(tile + args[PER_TASK], args[UNITS])
    while tile < last:
        batch = tile // rows
        end = minimum(minimum(tile + TILE, last), (batch + 1) * rows)
        others = pointer(args[OTHERS], 0, of) + batch * (size * columns)
        least = i64(0)
        if half:
            least = (tile + 1) // (TOGETHER * lanes) * (TOGETHER * lanes)
        for j in range(least, columns, TOGETHER * lanes):
            for i in range(tile, end):
                x = pointer(args[OF], 0, of) + i * size
                start = i64(0)
                to = pointer(args[AWAY], 0, of) + i * columns
                if half:
                    start = i + 1
                    to = pointer(args[AWAY], 0, of) + (i * columns - i * (i + 1) // 2 - start)
                if j >= start and j + TOGETHER * lanes <= columns:
                    sums = [splat(of(0), lanes) for _ in unroll(TOGETHER)]
                    for k in range(size):
                        own = splat(x[k], lanes)
                        for t in unroll(TOGETHER):
                            sums[t] = kind.added(sums[t], own - load(others, k * columns + j + t * lanes, lanes))
                    for t in unroll(TOGETHER):
                        store(to, j + t * lanes, kind.finished(sums[t]))
                else:
                    for c in range(maximum(j, start), minimum(j + TOGETHER * lanes, columns), lanes):
                        mask = first_lanes(minimum(j + TOGETHER * lanes, columns) - c, lanes)
                        found = splat(of(0), lanes)
                        for k in range(size):
                            found = kind.added(found, splat(x[k], lanes) - load_masked(others, k * columns + c, mask))
                        store_masked(to, c, kind.finished(found), mask)
        tile = end


@native
def gradients(args: ptr(i64), task: i64, worker: i64, kind, half, of):
    """``to[b, i]``, the sum over ``j`` (with ``half`` over others than ``i``) of ``g[b, i, j]`` times the distance's slope."""
    lanes = machine().lanes(of.bytes)
    rows, columns, size = args[ROWS], args[COLUMNS], args[SIZE]
    work = pointer(args[WORK], worker * args[WORK_STEP], of)
    tile = task * args[PER_TASK]
    last = minimum(tile + args[PER_TASK], args[UNITS])
    whole = columns // (TOGETHER * lanes) * (TOGETHER * lanes)
    while tile < last:
        batch = tile // rows
        end = minimum(minimum(tile + TILE, last), (batch + 1) * rows)
        others = pointer(args[OTHERS], 0, of) + batch * (size * columns)
        for k in range((end - tile) * size):
            store(work, k * lanes, splat(of(0), lanes))
        for j in range(0, columns, TOGETHER * lanes):
            for i in range(tile, end):
                x = pointer(args[OF], 0, of) + i * size
                g = pointer(args[GRADIENTS], 0, of) + i * columns
                away = pointer(args[AWAY], 0, of) + i * columns
                sums = work + (i - tile) * size * lanes
                own_block = i64(0)
                if half:
                    own_block = where((i >= j) & (i < j + TOGETHER * lanes), i64(1), i64(0))
                if j < whole and own_block == 0:
                    far = [load(away, j + t * lanes, lanes) for t in unroll(TOGETHER)]
                    share = [kind.share(load(g, j + t * lanes, lanes), far[t]) for t in unroll(TOGETHER)]
                    for k in range(size):
                        own = splat(x[k], lanes)
                        sum = load(sums, k * lanes, lanes)
                        for t in unroll(TOGETHER):
                            sum += kind.slope(share[t], far[t], own - load(others, k * columns + j + t * lanes, lanes))
                        store(sums, k * lanes, sum)
                else:
                    for c in range(j, minimum(j + TOGETHER * lanes, columns), lanes):
                        mask = first_lanes(columns - c, lanes)
                        if half:
                            mask = mask & (iota(i64, lanes) != splat(i - c, lanes))
                        last_far = load_masked(away, c, mask)
                        part = kind.share(load_masked(g, c, mask), last_far)
                        for k in range(size):
                            slope = kind.slope(part, last_far, splat(x[k], lanes) - load_masked(others, k * columns + c, mask))
                            store(sums, k * lanes, load(sums, k * lanes, lanes) + where(mask, slope, 0))
        to = pointer(args[TO], 0, of) + tile * size
        for k in range((end - tile) * size):
            to[k] = hsum(load(work, k * lanes, lanes))
        tile = end


@native
def spread_pairs(args: ptr(i64), task: i64, worker: i64, of):
    """What is given for every two rows, at ``[i, j]`` and ``[j, i]`` of a square, whose diagonal is 0."""
    n = args[ROWS]
    pairs, square = pointer(args[OF], 0, of), pointer(args[TO], 0, of)
    first = task * args[PER_TASK]
    last = minimum(first + args[PER_TASK], n)
    for i in range(first, last):
        square[i * n + i] = of(0)
        line = pairs + (i * n - i * (i + 1) // 2 - (i + 1))
        for j in range(i + 1, n):
            square[i * n + j] = line[j]
    for j in range(last):
        line = pairs + (j * n - j * (j + 1) // 2 - (j + 1))
        for i in range(maximum(first, j + 1), last):
            square[i * n + j] = line[i]


class Absolute:
    """Sums of absolute differences: p = 1."""

    @inline
    def added(sum, away):
        return sum + fabs(away)

    @inline
    def finished(sum):
        return sum

    @inline
    def share(g, far):
        return g

    @inline
    def slope(share, far, away):
        return where(away > 0, share, where(away < 0, -share, away))  # 0 of 0, and NaN of NaN


class Squares:
    """Roots of sums of squares: p = 2; the slope at 0 is 0."""

    @inline
    def added(sum, away):
        return fma(away, away, sum)

    @inline
    def finished(sum):
        return sqrt(sum)

    @inline
    def share(g, far):
        return where(far == 0, 0 * far, g / far)

    @inline
    def slope(share, far, away):
        return share * away


class Largest(Absolute):
    """The largest absolute difference, which is no NaN: p is infinite; of equal ones each has all of the gradient."""

    @inline
    def added(sum, away):
        return larger(fabs(away), sum)

    @inline
    def slope(share, far, away):
        beyond = fabs(away) - far
        signed = where(away > 0, share, where(away < 0, -share, 0 * share))
        return where(beyond == 0, signed, where(beyond == beyond, 0 * signed, beyond))


class LargestOrNaN(Largest):
    """As :class:`Largest`, but NaN where a difference is."""

    @inline
    def added(sum, away):
        return maximum(sum, fabs(away))


KINDS = {1.0: Absolute, 2.0: Squares, float("inf"): Largest}
