"""Running sums, products and logarithms of sums, from the first element or from the last, in double precision.

Along a row a vector of elements is combined with itself at distances of 1, 2, 4 ..., and then with all before it.  Along any
other axis the lanes are neighbouring columns, of which a task has a block.
"""

from __future__ import annotations

from adjoint.kernels.machine import machine
from adjoint.kernels.mathematics import double
from adjoint.kernels.native import *
from adjoint.kernels.objects import pointer

OF, TO, UNITS, PER_TASK, BLOCKS, N, INNER = range(7)
WORDS = 7
LANES = machine().lanes(8)
INFINITY = float("inf")
FAR = -150.0
"""Less than an element by so much is nothing beside it; processors are slow with the squares of such exponentials."""
TOGETHER = 2
"""Vectors of a row that are combined at once."""
COLUMNS = 512
"""Columns of a block: their sums are in the first cache."""


@inline
def add(a, b):
    """The sum."""
    return a + b


@inline
def multiply(a, b):
    """The product."""
    return a * b


@inline
def logaddexp(a, b):
    """The logarithm of the sum of exponentials."""
    apart = where(a == b, constant(a.type, 0.0), -fabs(a - b))
    little = larger(constant(a.type, FAR), apart)
    return larger(a, b) + where(apart < FAR, constant(a.type, 0.0), double.log1p(double.exp_below(little)))


COMBINE = {"add": add, "multiply": multiply, "logaddexp": logaddexp}
IDENTITY = {"add": 0, "multiply": 1, "logaddexp": float("-inf")}


@inline
def read(x, n, i, wide, back):
    """A vector of elements in the order in which they are combined."""
    if back:
        part = wide(load(x, n - LANES - i, LANES))
        part = shuffle(part, part, list(range(LANES - 1, -1, -1)))
    else:
        part = wide(load(x, i, LANES))
    return part


@inline
def write(to, n, i, of, part, back):
    """Write what :func:`read` would read."""
    if back:
        store(to, n - LANES - i, of(shuffle(part, part, list(range(LANES - 1, -1, -1)))))
    else:
        store(to, i, of(part))


@native
def along_rows(args: ptr(i64), task: i64, worker: i64, of, wide, how, back):
    """What is combined of some rows up to each element, or, ``back``, from it on."""
    n, combine = args[N], COMBINE[how]
    whole = n - n % (TOGETHER * LANES)
    if of == f64 and how == "multiply":  # in double precision itself, an order of its own would overflow where PyTorch's does not
        whole = i64(0)
    first = task * args[PER_TASK]
    none = splat(constant(wide, IDENTITY[how]), LANES)
    for row in range(first, minimum(first + args[PER_TASK], args[UNITS])):
        x = pointer(args[OF], 0, of) + row * n
        to = pointer(args[TO], 0, of) + row * n
        sofar = none
        for i in range(0, whole, TOGETHER * LANES):
            parts = [read(x, n, i + p * LANES, wide, back) for p in unroll(TOGETHER)]
            for power in unroll((LANES - 1).bit_length()):
                lanes = [LANES + m if m < (1 << power) else m - (1 << power) for m in range(LANES)]
                for p in unroll(TOGETHER):
                    parts[p] = combine(parts[p], shuffle(parts[p], none, lanes))
            for p in unroll(1, TOGETHER):
                parts[p] = combine(parts[p], shuffle(parts[p - 1], parts[p - 1], [LANES - 1] * LANES))
            for p in unroll(TOGETHER):
                write(to, n, i + p * LANES, of, combine(parts[p], sofar), back)
            last = combine(parts[TOGETHER - 1], sofar)
            sofar = shuffle(last, last, [LANES - 1] * LANES)
        total = lane(sofar, 0)
        for i in range(whole, n):
            if back:
                place = n - 1 - i
            else:
                place = i
            total = combine(total, wide(x[place]))
            to[place] = of(total)


@native
def logarithms_along_rows(args: ptr(i64), task: i64, worker: i64, of, wide, how, back):
    """As :func:`along_rows` with ``logaddexp``: the sums of exponentials, less the largest element so far, of which the
    logarithm is taken for a vector at once.  Where elements are too far apart, or not finite, it is one after the other."""
    n = args[N]
    whole = n - n % LANES
    first = task * args[PER_TASK]
    none = splat(f64(0.0), LANES)
    for row in range(first, minimum(first + args[PER_TASK], args[UNITS])):
        x = pointer(args[OF], 0, of) + row * n
        to = pointer(args[TO], 0, of) + row * n
        most, total = f64(-INFINITY), f64(0.0)
        for i in range(0, whole, LANES):
            part = read(x, n, i, wide, back)
            top = maximum(hmax(part), most)
            below = part - splat(top, LANES)
            far = (below < FAR) & (part != -INFINITY)
            if top - top == 0.0 and not any_lane(far) and (top - most < -FAR or total == 0.0):
                if top != most:
                    if total != 0.0:
                        total = total * double.exp_below(most - top)
                    most = top
                e = where(part == -INFINITY, 0.0, double.exp_below(larger(splat(f64(FAR), LANES), below)))
                for power in unroll((LANES - 1).bit_length()):
                    lanes = [LANES + m if m < (1 << power) else m - (1 << power) for m in range(LANES)]
                    e = e + shuffle(e, none, lanes)
                e = e + splat(total, LANES)
                total = lane(e, LANES - 1)
                write(to, n, i, of, splat(top, LANES) + double.log(e), back)
            else:
                sofar = logarithms(x, to, n, i, i + LANES, sum_of(most, total), of, back)
                most = sofar
                total = where(sofar == -INFINITY, 0.0, 1.0)
        logarithms(x, to, n, whole, n, sum_of(most, total), of, back)


@inline
def sum_of(most, total):
    """The logarithm of a sum that was divided by ``e^most``."""
    return where(total == 1.0, most, where(total == 0.0, f64(-INFINITY), most + double.log(total)))


@native
def logarithms(x, to, n: i64, first: i64, last: i64, sofar: f64, of, back) -> f64:
    """Some elements one after the other."""
    for i in range(first, last):
        if back:
            place = n - 1 - i
        else:
            place = i
        sofar = logaddexp(sofar, f64(x[place]))
        to[place] = of(sofar)
    return sofar


@native
def along_columns(args: ptr(i64), task: i64, worker: i64, of, wide, how, back):
    """As :func:`along_rows`, along an axis that has others within."""
    n, inner, blocks, combine = args[N], args[INNER], args[BLOCKS], COMBINE[how]
    kept = scratch(wide, COLUMNS)
    first = task * args[PER_TASK]
    for unit in range(first, minimum(first + args[PER_TASK], args[UNITS])):
        start = unit // blocks * n * inner + unit % blocks * COLUMNS
        width = minimum(inner - unit % blocks * COLUMNS, i64(COLUMNS))
        for c in range(0, width, LANES):
            store(kept, c, splat(constant(wide, IDENTITY[how]), LANES))
        for j in range(n):
            if back:
                row = start + (n - 1 - j) * inner
            else:
                row = start + j * inner
            x = pointer(args[OF], 0, of) + row
            to = pointer(args[TO], 0, of) + row
            whole = width - width % LANES
            for c in range(0, whole, LANES):
                found = combine(load(kept, c, LANES), wide(load(x, c, LANES)))
                store(kept, c, found)
                store(to, c, of(found))
            if whole < width:
                inside = first_lanes(width - whole, LANES)
                found = combine(load(kept, whole, LANES), wide(load_masked(x, whole, inside)))
                store(kept, whole, found)
                store_masked(to, whole, of(found), inside)
