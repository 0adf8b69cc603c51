"""Backward: every element of the input adds up the gradients of the windows that it is in (or the largest of).

Elements whose places differ by the stride lie in the lanes of a vector, for they are reached by the same taps.  Nothing is
added in memory, so planes need no clearing, and the order of the sums is fixed.
"""

from __future__ import annotations

from adjoint.kernels.moving import copy_short
from adjoint.kernels.native import *
from adjoint.kernels.objects import pointer
from adjoint.kernels.pooling.layout import *


@native
def spread_planes(args: ptr(i64), task: i64, worker: i64, by_tap, flat, kernel, padding, strides, dilations):
    """Some planes of the input's gradient; ``by_tap`` windows give to one of their elements only, else to all.

    Where planes are ``flat`` there is one slab.
    """
    first = task * args[PER_TASK]
    taps = pointer(args[WORK], worker * args[WORK_SIZE], i8)
    if by_tap:
        fill_bytes(taps, NO_TAP, args[WORK_SIZE])
    for plane in range(first, minimum(first + args[PER_TASK], args[UNITS])):
        g = pointer(args[OF], 0, f32) + plane * (args[OUT] * args[OUT + 1] * args[OUT + 2])
        to = pointer(args[TO], 0, f32) + plane * (args[SPACE] * args[SPACE + 1] * args[SPACE + 2])
        if by_tap:
            frame_taps(args, pointer(args[TAPS], 0, i8) + plane * (args[OUT] * args[OUT + 1] * args[OUT + 2]), taps,
                       before(kernel, strides, dilations))  # fmt: skip
        for d in range(args[SPACE]):
            for h in range(args[SPACE + 1]):
                row = to + (d * args[SPACE + 1] + h) * args[SPACE + 2]
                for c in range(0, args[SPACE + 2], strides[2] * W):
                    if flat:
                        sums = [splat(f32(0.0), W) for _ in unroll(strides[2])]
                        add_slab(args, sums, g, taps, 0, 0, h, c, by_tap, kernel, padding, strides, dilations)
                        write_block(args[SPACE + 2] - c, row + c, sums, strides[2])
                    else:
                        spread_block(args, g, taps, d, h, c, row, by_tap, kernel, padding, strides, dilations)


@native
def frame_taps(args: ptr(i64), of: ptr(i8), to: ptr(i8), left: i64):
    """Copy the taps of a plane to where there is room on both sides of every row."""
    pitch, wide = args[PITCH], args[OUT + 2]
    for row in range(args[OUT] * args[OUT + 1]):
        copy_short(to + (row * pitch + left), of + row * wide, wide)


def before(kernel, strides, dilations):
    """How many windows to the left of the one that begins at its place an element may be in."""
    return (kernel - 1) * dilations[2] // strides[2] + 1


@inline
def spread_block(args, g, taps, d, h, c, row, by_tap, kernel, padding, strides, dilations):
    """As many vectors of a row as the stride, each of elements that are that far apart."""
    sums = [splat(f32(0.0), W) for _ in unroll(strides[2])]
    for i in range(args[KERNEL]):
        deep = d + args[PADDING] - i * dilations[0]
        slab = deep // strides[0]
        if slab * strides[0] == deep and below_unsigned(slab, args[OUT]):
            add_slab(args, sums, g, taps, slab, i, h, c, by_tap, kernel, padding, strides, dilations)
    write_block(args[SPACE + 2] - c, row + c, sums, strides[2])


@inline
def add_slab(args, sums, g, taps, slab, i, h, c, by_tap, kernel, padding, strides, dilations):
    """Add what comes from the windows of one depth, of which this is the slab ``i``."""
    wide, pitch = args[OUT + 2], args[PITCH]
    first = c // strides[2]
    for j in range(args[KERNEL + 1]):
        low = h + args[PADDING + 1] - j * dilations[1]
        line = low // strides[1]
        if line * strides[1] == low and below_unsigned(line, args[OUT + 1]):
            place = slab * args[OUT + 1] + line
            tap = (i * args[KERNEL + 1] + j) * kernel
            for phase in unroll(strides[2]):
                for k in unroll(kernel):
                    shift = phase + padding - k * dilations[2]
                    if shift % strides[2] == 0:
                        at = first + shift // strides[2]
                        if by_tap:
                            here = taps + (place * pitch + before(kernel, strides, dilations) + at)
                            given = load(here, 0, W) == splat(i8(tap + k), W)
                        else:
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
