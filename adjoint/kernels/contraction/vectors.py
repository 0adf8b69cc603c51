"""Products with a vector, and sums of rows: each element of a matrix is read once, in the order of memory.

Both kernels take the words of a plan with the matrix as B, ``c[n] = sum_k x[k] * b[k * B_K + n * B_N]``; a matrix times
a vector is the same with the matrix transposed.
"""

from __future__ import annotations

from adjoint.kernels.contraction.units import A_K, B_K, B_N, CHUNK_K, CHUNKS, OFFSETS_CHUNK, PER_TASK, K, N
from adjoint.kernels.machine import machine
from adjoint.kernels.native import *

ROWS = 8  # added to the sums at a time, so that these are read and written less often than the matrix
DOTS = 4  # rows whose products with the vector are summed side by side
SECTION = 256  # rows that are summed in the array's own precision; what these come to is added up in double
DEPTH = 4096  # as many elements of a dot product
BROAD = 4096  # columns whose sums stay in the first cache


@native
def weigh_rows(args: ptr(i64), task: i64, worker: i64, of, weighted):
    """The sum of a chunk of rows, each times its element of x (or as it is), for a block of ``PER_TASK`` columns."""
    plan = cast(args[0], ptr(i64))
    lanes = machine().lanes(of.bytes)
    chunk, column = task % plan[CHUNKS], task // plan[CHUNKS] * plan[PER_TASK]
    columns = smaller(plan[N] - column, plan[PER_TASK])
    first = chunk * plan[CHUNK_K]
    end = smaller(first + plan[CHUNK_K], plan[K])
    x, x_k, b_k = cast(args[1], ptr(of)), plan[A_K], plan[B_K]
    b = cast(args[2], ptr(of)) + column
    c = cast(args[3], ptr(of)) + chunk * plan[OFFSETS_CHUNK] + column

    sums = scratch(f64, BROAD)
    sections = (end - first + (SECTION - 1)) // SECTION
    for section in range(sections):
        begin = first + section * SECTION
        stop = smaller(begin + SECTION, end)
        fill_bytes(cast(c, ptr(i8)), 0, columns * of.bytes)
        whole = stop - (stop - begin) % ROWS
        for k in range(begin, whole, ROWS):
            add_rows(c, x + k * x_k, x_k, b + k * b_k, b_k, columns, ROWS, lanes, weighted)
        for k in range(whole, stop):
            add_rows(c, x + k * x_k, x_k, b + k * b_k, b_k, columns, 1, lanes, weighted)
        if sections > 1:
            add_section(sums, c, columns, lanes, section, section == sections - 1, of)
    if args[4] != 0:
        ones = scratch(of, 1)
        ones[0] = 1.0
        add_rows(c, ones, 0, cast(args[4], ptr(of)) + column, 0, columns, 1, lanes, False)


@inline
def add_section(sums, c, columns, lanes, section, last, of):
    """Add what a section came to; after the last one the sums are put in its place."""
    for n in range(0, columns, lanes):
        mask = first_lanes(columns - n, lanes)
        found = cast(load_masked(c, n, mask), f64)
        if section > 0:
            found += load_masked(sums, n, mask)
        store_masked(sums, n, found, mask)
        if last:
            store_masked(c, n, cast(found, of), mask)


@inline
def add_rows(c, x, x_k, b, b_k, columns, rows, lanes, weighted):
    """``c[n] += sum of x[k] * b[k][n]`` over ``rows`` rows."""
    weights = [splat(x[k * x_k], lanes) if weighted else None for k in unroll(rows)]
    whole = columns - columns % lanes
    for n in range(0, whole, lanes):
        terms = [load(b, k * b_k + n, lanes) for k in unroll(rows)]
        store(c, n, load(c, n, lanes) + weighted_sum(weights, terms, weighted))
    if whole < columns:
        mask = first_lanes(columns - whole, lanes)
        last = [load_masked(b, k * b_k + whole, mask) for k in unroll(rows)]
        store_masked(c, whole, load_masked(c, whole, mask) + weighted_sum(weights, last, weighted), mask)


@inline
def weighted_sum(weights, terms, weighted):
    """The sum of all terms, in pairs that do not wait for each other."""
    sums = [terms[k] * weights[k] if weighted else terms[k] for k in unroll(max(1, len(terms) // 2))]
    for k in unroll(len(sums), len(terms)):
        j = k - len(sums)
        sums[j] = fma(terms[k], weights[k], sums[j]) if weighted else sums[j] + terms[k]
    for _ in unroll((len(sums) - 1).bit_length()):
        half = len(sums) // 2
        sums = [sums[j] + sums[j + half] for j in unroll(half)]
    return sums[0]


@native
def dot_columns(args: ptr(i64), task: i64, worker: i64, of):
    """The products of x with ``PER_TASK`` columns, which are contiguous as x is."""
    plan = cast(args[0], ptr(i64))
    lanes = machine().lanes(of.bytes)
    x, b, c = cast(args[1], ptr(of)), cast(args[2], ptr(of)), cast(args[3], ptr(of))
    apart, depth = plan[B_N], plan[K]
    first = task * plan[PER_TASK]
    end = smaller(first + plan[PER_TASK], plan[N])
    whole = end - (end - first) % DOTS
    for n in range(first, whole, DOTS):
        dots(x, b + n * apart, apart, depth, c + n, DOTS, lanes, of)
    for n in range(whole, end):
        dots(x, b + n * apart, apart, depth, c + n, 1, lanes, of)
    if args[4] != 0:
        for n in range(first, end):
            c[n] += cast(args[4], ptr(of))[n]


@inline
def dots(x, b, apart, depth, c, count, lanes, of):
    """``count`` dot products with x, of rows that are ``apart``."""
    totals = [f64(0.0) for _ in unroll(count)]
    for begin in range(0, depth, DEPTH):
        end = smaller(begin + DEPTH, depth)
        sums = [splat(constant(of, 0), lanes) for _ in unroll(2 * count)]
        for k in range(begin, end - (2 * lanes - 1), 2 * lanes):
            for half in unroll(2):
                weights = load(x, k + half * lanes, lanes)
                for j in unroll(count):
                    term = load(b, j * apart + k + half * lanes, lanes)
                    sums[half * count + j] = fma(weights, term, sums[half * count + j])
        for k in range(begin + (end - begin) // (2 * lanes) * (2 * lanes), end, lanes):
            mask = first_lanes(end - k, lanes)
            rest = load_masked(x, k, mask)
            for j in unroll(count):
                sums[j] = fma(rest, load_masked(b, j * apart + k, mask), sums[j])
        for j in unroll(count):
            totals[j] += f64(hsum(sums[j] + sums[count + j]))
    for j in unroll(count):
        c[j] = of(totals[j])
