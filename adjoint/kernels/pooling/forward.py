"""Forward: windows beside each other lie in the lanes of vectors, and each tap is a load for all of them."""

from __future__ import annotations

from adjoint.kernels.native import *
from adjoint.kernels.objects import pointer
from adjoint.kernels.pooling.layout import *


@native
def pool_rows(args: ptr(i64), task: i64, worker: i64, combine, kernel, padding, strides, dilations):
    """Some rows of the output: ``combine`` is ``largest`` or ``total``."""
    first = task * args[PER_TASK]
    last = minimum(first + args[PER_TASK], args[UNITS])
    high, wide = args[OUT + 1], args[OUT + 2]
    for row in range(first, last):
        h = row % high * strides[1] - args[PADDING + 1]
        d = row // high % args[OUT] * strides[0] - args[PADDING]
        plane = row // high // args[OUT]
        of = pointer(args[OF], 0, f32) + plane * (args[SPACE] * args[SPACE + 1] * args[SPACE + 2])
        for c in range(0, wide, W):
            mask = first_lanes(wide - c, W)
            combine(args, of, d, h, c, row * wide + c, mask, kernel, padding, strides, dilations)


@inline
def largest(args, of, d, h, c, place, mask, kernel, padding, strides, dilations):
    """The largest element of each window, and at which tap: the first of several, but the last NaN.

    Nearly always a comparison for each tap finds it; a second look is taken at windows with a NaN or of infinities only.
    """
    best = splat(f32(-INFINITY), W)
    at = splat(i32(-1), W)
    strange = mask & (at > 0)
    width = args[SPACE + 2]
    for i in range(args[KERNEL]):
        slab = d + i * dilations[0]
        for j in range(args[KERNEL + 1]):
            row = h + j * dilations[1]
            if below_unsigned(slab, args[SPACE]) and below_unsigned(row, args[SPACE + 1]):
                line = of + (slab * args[SPACE + 1] + row) * width
                tap = i32((i * args[KERNEL + 1] + j) * kernel)
                for k in unroll(kernel):
                    x = windows_in(line, c * strides[2] + (k * dilations[2] - padding), width, strides[2], -INFINITY)
                    better = x > best
                    strange = strange | (x != x)
                    best = where(better, x, best)
                    at = where(better, splat(tap + k, W), at)
    if any_lane(mask & (strange | (at < 0))):
        look_again(args, of, d, h, c, place, kernel, padding, strides, dilations)
    else:
        store_masked(pointer(args[TO], 0, f32), place, best, mask)
        keep_taps(pointer(args[TAPS], 0, i8) + place, at, args[OUT + 2] - c)


@native
def look_again(
    args: ptr(i64), of: ptr(f32), d: i64, h: i64, c: i64, place: i64, kernel, padding, strides, dilations
):  # fmt: skip
    """As ``largest``, whatever the elements are."""
    best = splat(f32(-INFINITY), W)
    at = splat(i32(-1), W)
    width = args[SPACE + 2]
    for i in range(args[KERNEL]):
        slab = d + i * dilations[0]
        for j in range(args[KERNEL + 1]):
            row = h + j * dilations[1]
            if below_unsigned(slab, args[SPACE]) and below_unsigned(row, args[SPACE + 1]):
                line = of + (slab * args[SPACE + 1] + row) * width
                tap = (i * args[KERNEL + 1] + j) * kernel
                for k in range(kernel):
                    start = c * strides[2] + (k * dilations[2] - padding)
                    x = windows_in(line, start, width, strides[2], -INFINITY)
                    better = lanes_inside(start, width, strides[2]) & ((x > best) | (x != x) | (at < 0))
                    best = where(better, x, best)
                    at = where(better, splat(i32(tap + k), W), at)
    store_masked(pointer(args[TO], 0, f32), place, best, first_lanes(args[OUT + 2] - c, W))
    keep_taps(pointer(args[TAPS], 0, i8) + place, where(at < 0, 0, at), args[OUT + 2] - c)


@inline
def keep_taps(to, taps, count):
    """Write the lanes that there are as bytes; processors with short vectors have no masks for bytes."""
    if count >= W:
        store(to, 0, i8(taps))
    else:
        kept = scratch(i8, W)
        store(kept, 0, i8(taps))
        for n in range(count):
            to[n] = kept[n]


@inline
def total(args, of, d, h, c, place, mask, kernel, padding, strides, dilations):
    """The sum of each window."""
    found = splat(f32(0.0), W)
    width = args[SPACE + 2]
    for i in range(args[KERNEL]):
        slab = d + i * dilations[0]
        for j in range(args[KERNEL + 1]):
            row = h + j * dilations[1]
            if below_unsigned(slab, args[SPACE]) and below_unsigned(row, args[SPACE + 1]):
                line = of + (slab * args[SPACE + 1] + row) * width
                for k in unroll(kernel):
                    found += windows_in(line, c * strides[2] + (k * dilations[2] - padding), width, strides[2], 0.0)
    store_masked(pointer(args[TO], 0, f32), place, found, mask)


@inline
def windows_in(line, start, width, stride, other):
    """Every ``stride``-th element of a row from ``start`` on; ``other`` outside of it."""
    if stride == 1:
        x = load_masked(line, start, lanes_inside(start, width, 1), other)
    elif stride == 2:
        a = load_masked(line, start, lanes_inside(start, width, 1), other)
        b = load_masked(line, start + W, lanes_inside(start + W, width, 1), other)
        x = shuffle(a, b, [2 * n for n in range(W)])
    else:
        inside = lanes_inside(start, width, stride)
        x = where(inside, gather(line, iota(i32, W) * stride + i32(start), inside), splat(f32(other), W))
    return x


@inline
def lanes_inside(start, width, stride):
    """Which lanes are places of a row, where the first one is ``start``."""
    return below_unsigned(iota(i32, W) * stride + i32(start), splat(i32(width), W))


@native
def flatten_taps(args: ptr(i64), task: i64, worker: i64, strides):
    """Taps as places in the flattened space."""
    first = task * args[PER_TASK]
    high, wide = args[OUT + 1], args[OUT + 2]
    steps = pointer(args[STEPS], 0, i64)
    for row in range(first, minimum(first + args[PER_TASK], args[UNITS])):
        h = row % high * strides[1] - args[PADDING + 1]
        d = row // high % args[OUT] * strides[0] - args[PADDING]
        start = (d * args[SPACE + 1] + h) * args[SPACE + 2] - args[PADDING + 2]
        taps = pointer(args[TAPS], 0, i8) + row * wide
        to = pointer(args[TO], 0, i64) + row * wide
        for c in range(wide):
            to[c] = start + c * strides[2] + steps[i64(taps[c]) & 255]


INFINITY = float("inf")
