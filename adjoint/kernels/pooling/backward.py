"""Backward: the gradient of a window goes to one of its elements, or to all of them.

Where it goes to one, that is found by its tap and added to in memory, unless windows are apart and near each other: then
every element of the input looks at the tap of its only window, and is written once.  Where it goes to all, every element
adds up the gradients of the windows that it is in.  Elements that look lie in the lanes of vectors, those whose places differ
by the stride, for they are reached by the same taps.  In all ways the order of the sums is fixed.
"""

from __future__ import annotations

from adjoint.kernels.native import *
from adjoint.kernels.objects import pointer
from adjoint.kernels.pooling.layout import *


@native
def scatter_planes(args: ptr(i64), task: i64, worker: i64, scatter, kernel, strides, dilations):
    """Some planes of the input's gradient, of windows that give to one element; ``scatter`` computes one plane."""
    first = task * args[PER_TASK]
    windows = args[OUT] * args[OUT + 1] * args[OUT + 2]
    size = args[SPACE] * args[SPACE + 1] * args[SPACE + 2]
    for plane in range(first, minimum(first + args[PER_TASK], args[UNITS])):
        g = pointer(args[OF], 0, f32) + plane * windows
        taps = pointer(args[TAPS], 0, i8) + plane * windows
        scatter(args, g, taps, pointer(args[TO], 0, f32) + plane * size, kernel, strides, dilations)


@inline
def scatter_long_rows(args, g, taps, to, kernel, strides, dilations):
    """As ``scatter_windows``; the places of eight windows are found before these are added to, which short rows do not repay."""
    scatter_windows(args, g, taps, to, strides, 8)


@inline
def scatter_short_rows(args, g, taps, to, kernel, strides, dilations):
    """As ``scatter_windows``, one by one."""
    scatter_windows(args, g, taps, to, strides, 1)


@inline
def scatter_windows(args, g, taps, to, strides, together):
    """Add the gradients of windows in their order."""
    high, wide = args[OUT + 1], args[OUT + 2]
    steps = pointer(args[STEPS], 0, i64)
    fill_bytes(to, 0, args[SPACE] * args[SPACE + 1] * args[SPACE + 2] * 4)
    for d in range(args[OUT]):
        for h in range(high):
            slab = d * strides[0] - args[PADDING]
            line = h * strides[1] - args[PADDING + 1]
            start = (slab * args[SPACE + 1] + line) * args[SPACE + 2] - args[PADDING + 2]
            row = (d * high + h) * wide
            done = wide // together * together
            for c in range(0, done, together):
                places = [start + (c + n) * strides[2] + steps[i64(taps[row + c + n]) & 255] for n in unroll(together)]
                given = [g[row + c + n] for n in unroll(together)]
                for n in unroll(together):
                    to[places[n]] += given[n]
            for c in range(done, wide):
                to[start + c * strides[2] + steps[i64(taps[row + c]) & 255]] += g[row + c]


@inline
def scatter_apart(args, g, taps, to, kernel, strides, dilations):
    """Write the rows of the input: at most one row of windows, and there one row of the kernel, reaches each of them."""
    width = args[SPACE + 2]
    for d in range(args[SPACE]):
        slab = (d + args[PADDING]) // strides[0]
        i = d + args[PADDING] - slab * strides[0]
        deep = i % dilations[0] == 0 and i // dilations[0] < args[KERNEL] and slab < args[OUT]
        for h in range(args[SPACE + 1]):
            line = (h + args[PADDING + 1]) // strides[1]
            j = h + args[PADDING + 1] - line * strides[1]
            row = to + (d * args[SPACE + 1] + h) * width
            if deep and j % dilations[1] == 0 and j // dilations[1] < args[KERNEL + 1] and line < args[OUT + 1]:
                place = (slab * args[OUT + 1] + line) * args[OUT + 2]
                tap = (i // dilations[0] * args[KERNEL + 1] + j // dilations[1]) * kernel
                scatter_row(args, g + place, taps + place, row, tap, kernel, strides[2])
            else:
                fill_bytes(row, 0, width * 4)


@inline
def scatter_row(args, g, taps, row, tap, kernel, stride):
    """Write a row from the windows of a row, of which there are a vector at least: the last one may overlap that before."""
    wide, width = args[OUT + 2], args[SPACE + 2]
    for block in range(0, wide, W):
        c = minimum(block, wide - W)
        given = load(g, c, W)
        at = load(taps, c, W)
        found = [splat(f32(0.0), W) for _ in unroll(stride)]
        for k in unroll(kernel):
            found[k] = where(at == splat(i8(tap + k), W), given, found[k])
        write_block(width - c * stride, row + c * stride, found, stride)
    for c in range(wide * stride, width):
        row[c] = f32(0.0)


@native
def spread_planes(args: ptr(i64), task: i64, worker: i64, flat, kernel, padding, strides, dilations):
    """Some planes of the input's gradient, of windows that give to all their elements; one slab where they are ``flat``."""
    first = task * args[PER_TASK]
    for plane in range(first, minimum(first + args[PER_TASK], args[UNITS])):
        g = pointer(args[OF], 0, f32) + plane * (args[OUT] * args[OUT + 1] * args[OUT + 2])
        to = pointer(args[TO], 0, f32) + plane * (args[SPACE] * args[SPACE + 1] * args[SPACE + 2])
        for d in range(args[SPACE]):
            for h in range(args[SPACE + 1]):
                row = to + (d * args[SPACE + 1] + h) * args[SPACE + 2]
                for c in range(0, args[SPACE + 2], strides[2] * W):
                    if flat:
                        sums = [splat(f32(0.0), W) for _ in unroll(strides[2])]
                        add_slab(args, sums, g, 0, h, c, kernel, padding, strides, dilations)
                        write_block(args[SPACE + 2] - c, row + c, sums, strides[2])
                    else:
                        spread_block(args, g, d, h, c, row, kernel, padding, strides, dilations)


@inline
def spread_block(args, g, d, h, c, row, kernel, padding, strides, dilations):
    """As many vectors of a row as the stride, each of elements that are that far apart."""
    sums = [splat(f32(0.0), W) for _ in unroll(strides[2])]
    for i in range(args[KERNEL]):
        deep = d + args[PADDING] - i * dilations[0]
        slab = deep // strides[0]
        if slab * strides[0] == deep and below_unsigned(slab, args[OUT]):
            add_slab(args, sums, g, slab, h, c, kernel, padding, strides, dilations)
    write_block(args[SPACE + 2] - c, row + c, sums, strides[2])


@inline
def add_slab(args, sums, g, slab, h, c, kernel, padding, strides, dilations):
    """Add what comes from the windows of one depth."""
    wide = args[OUT + 2]
    first = c // strides[2]
    for j in range(args[KERNEL + 1]):
        low = h + args[PADDING + 1] - j * dilations[1]
        line = low // strides[1]
        if line * strides[1] == low and below_unsigned(line, args[OUT + 1]):
            place = slab * args[OUT + 1] + line
            for phase in unroll(strides[2]):
                for k in unroll(kernel):
                    shift = phase + padding - k * dilations[2]
                    if shift % strides[2] == 0:
                        at = first + shift // strides[2]
                        given = below_unsigned(iota(i32, W) + i32(at), splat(i32(wide), W))
                        sums[phase] += load_masked(g, place * wide + at, given)


@inline
def write_block(count, to, sums, stride):
    """The vectors' lanes in turns, as many as there are."""
    if stride == 1:
        store_masked(to, 0, sums[0], first_lanes(count, W))
    elif stride == 2:
        for half in unroll(2):
            lanes = [n // 2 + half * (W // 2) + W * (n % 2) for n in range(W)]
            store_masked(to, half * W, shuffle(sums[0], sums[1], lanes), first_lanes(count - half * W, W))
    else:
        kept = scratch(f32, stride * W)
        for phase in unroll(stride):
            store(kept, phase * W, sums[phase])
            for n in range(minimum((count - phase + (stride - 1)) // stride, i64(W))):
                to[n * stride + phase] = kept[phase * W + n]
