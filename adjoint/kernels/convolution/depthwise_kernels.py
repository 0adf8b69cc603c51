"""Depthwise convolution: every plane by its own small kernel, vectors along the rows.

Where a vector reaches beyond a row, masks keep what is outside from being read; they are made once for all rows.
The kernel's size and the strides are known to the compiler, and a stride is 1 or 2 along the rows.
"""

from __future__ import annotations

from adjoint.kernels.machine import machine
from adjoint.kernels.native import *

LANES = machine().lanes(4)

# Words of the arguments.
(
    INPUT, WEIGHT, OUTPUT, BIAS, BATCH, CHANNELS, MULTIPLE, HEIGHT, WIDTH, OUT_HEIGHT, OUT_WIDTH, PAD_Y, PAD_X,
    DILATION_Y, DILATION_X, PLANES, PLANES_A_TASK,
) = range(17)  # fmt: skip
WORDS = 17
BAND = 25  # taps whose sums are kept in registers together


@native
def forward(args: ptr(i64), task: i64, worker: i64, height, width, stride_y, stride_x):
    """Some planes of the output."""
    filters = args[CHANNELS] * args[MULTIPLE]
    in_size, out_size = args[HEIGHT] * args[WIDTH], args[OUT_HEIGHT] * args[OUT_WIDTH]
    bias = cast(args[BIAS], ptr(f32))
    first = task * args[PLANES_A_TASK]
    for plane in range(first, minimum(first + args[PLANES_A_TASK], args[PLANES])):
        filter = plane % filters
        source = cast(args[INPUT], ptr(f32)) + plane // args[MULTIPLE] * in_size
        out = cast(args[OUTPUT], ptr(f32)) + plane * out_size
        start = f32(0.0)
        if args[BIAS] != 0:
            start = bias[filter]
        taps = splat_taps(cast(args[WEIGHT], ptr(f32)) + filter * height * width, height * width)
        for x in range(0, args[OUT_WIDTH], LANES):
            at = x * stride_x - args[PAD_X]
            masks = [masks_of(args[WIDTH], at + j * args[DILATION_X], stride_x) for j in unroll(width)]
            keep = first_lanes(args[OUT_WIDTH] - x, LANES)
            for y in range(args[OUT_HEIGHT]):
                total = splat(start, LANES)
                for i in unroll(height):
                    in_y = y * stride_y - args[PAD_Y] + i * args[DILATION_Y]
                    if in_y >= 0 and in_y < args[HEIGHT]:
                        row = source + (in_y * args[WIDTH] + at)
                        for j in unroll(width):
                            pixels = strided(row, j * args[DILATION_X], masks[j], stride_x)
                            total = fma(taps[i * width + j], pixels, total)
                store_masked(out, y * args[OUT_WIDTH] + x, total, keep)


@native
def input_gradient(args: ptr(i64), task: i64, worker: i64, height, width, stride_y, stride_x):
    """Some planes of the input's gradient; of a stride of 2, the even and the odd pixels have different taps."""
    in_size, out_size = args[HEIGHT] * args[WIDTH], args[OUT_HEIGHT] * args[OUT_WIDTH]
    out_width = args[OUT_WIDTH]
    first = task * args[PLANES_A_TASK]
    for plane in range(first, minimum(first + args[PLANES_A_TASK], args[PLANES])):
        gradient = cast(args[INPUT], ptr(f32)) + plane * in_size
        for multiple in range(args[MULTIPLE]):
            filter = plane % args[CHANNELS] * args[MULTIPLE] + multiple
            source = cast(args[OUTPUT], ptr(f32)) + (plane * args[MULTIPLE] + multiple) * out_size
            taps = splat_taps(cast(args[WEIGHT], ptr(f32)) + filter * height * width, height * width)
            for x in range(0, args[WIDTH], LANES * stride_x):
                # Where each tap of each phase begins to read, and the lanes in which there is a window.
                ats = [x + r + args[PAD_X] - j * args[DILATION_X] for r in unroll(stride_x) for j in unroll(width)]
                masks = [phase_mask(at, out_width, stride_x) for at in ats]
                keeps = [first_lanes(args[WIDTH] - x - r * LANES, LANES) for r in unroll(stride_x)]
                for y in range(args[HEIGHT]):
                    totals = [splat(f32(0.0), LANES) for _ in unroll(stride_x)]
                    for i in unroll(height):
                        at_y = y + args[PAD_Y] - i * args[DILATION_Y]
                        if at_y >= 0 and at_y % stride_y == 0 and at_y < args[OUT_HEIGHT] * stride_y:
                            row = source + at_y // stride_y * out_width
                            for r in unroll(stride_x):
                                for j in unroll(width):
                                    n = r * width + j
                                    pixels = load_masked(row, shifted(ats[n], stride_x), masks[n])
                                    totals[r] = fma(taps[i * width + j], pixels, totals[r])
                    made = totals if stride_x == 1 else interleaved(totals)
                    for r in unroll(stride_x):
                        place = y * args[WIDTH] + x + r * LANES
                        if multiple > 0:
                            store_masked(gradient, place, made[r] + load_masked(gradient, place, keeps[r]), keeps[r])
                        else:
                            store_masked(gradient, place, made[r], keeps[r])


@native
def weight_gradient(args: ptr(i64), task: i64, worker: i64, height, width, stride_y, stride_x):
    """The gradient of some rows of one filter: sums over all images."""
    rows = band(height, width)
    bands = (height + rows - 1) // rows
    filter = task // bands
    first = task % bands * rows
    in_size, out_size = args[HEIGHT] * args[WIDTH], args[OUT_HEIGHT] * args[OUT_WIDTH]
    filters = args[CHANNELS] * args[MULTIPLE]
    sums = [splat(f32(0.0), LANES) for _ in unroll(rows * width)]
    for x in range(0, args[OUT_WIDTH], LANES):
        at = x * stride_x - args[PAD_X]
        masks = [masks_of(args[WIDTH], at + j * args[DILATION_X], stride_x) for j in unroll(width)]
        keep = first_lanes(args[OUT_WIDTH] - x, LANES)
        for image in range(args[BATCH]):
            source = cast(args[INPUT], ptr(f32)) + (image * filters + filter) // args[MULTIPLE] * in_size
            gradient = cast(args[OUTPUT], ptr(f32)) + (image * filters + filter) * out_size
            for y in range(args[OUT_HEIGHT]):
                g = load_masked(gradient, y * args[OUT_WIDTH] + x, keep)
                for i in unroll(rows):
                    in_y = y * stride_y - args[PAD_Y] + (first + i) * args[DILATION_Y]
                    if in_y >= 0 and in_y < args[HEIGHT] and first + i < height:
                        row = source + (in_y * args[WIDTH] + at)
                        for j in unroll(width):
                            n = i * width + j
                            sums[n] = fma(g, strided(row, j * args[DILATION_X], masks[j], stride_x), sums[n])
    weight = cast(args[WEIGHT], ptr(f32)) + filter * height * width
    for i in unroll(rows):
        if first + i < height:
            for j in unroll(width):
                weight[(first + i) * width + j] = hsum(sums[i * width + j])


def band(height: int, width: int) -> int:
    """How many rows of a filter are summed together."""
    return min(height, max(1, BAND // width))


@inline
def splat_taps(weight, count):
    """A filter's elements, each in all lanes."""
    return [splat(weight[i], LANES) for i in unroll(count)]


@inline
def masks_of(width, at, stride):
    """Of ``stride`` vectors that begin at a pixel: the lanes inside of the row."""
    return [inside(at + r * LANES, width) for r in unroll(stride)]


@inline
def inside(at, width):
    """The lanes, from ``at`` on, of pixels 0 to ``width``."""
    return first_lanes(width - at, LANES) & ~first_lanes(-at, LANES)


@inline
def strided(row, index, masks, stride):
    """Pixels ``stride`` apart, as a vector."""
    parts = [load_masked(row, index + r * LANES, masks[r]) for r in unroll(stride)]
    return parts[0] if stride == 1 else shuffle(parts[0], parts[1], range(0, 2 * LANES, 2))


@inline
def phase_mask(at, out_width, stride):
    """The lanes in which a window begins ``at / stride`` and on, if the stride divides that."""
    divides = i64(1) if stride == 1 else i64(at % stride == 0)
    return inside(shifted(at, stride), where(divides != 0, out_width, i64(0)))


@inline
def shifted(at, stride):
    """``at / stride`` of a multiple of the stride."""
    return at if stride == 1 else at >> 1


@inline
def interleaved(pair):
    """Even and odd pixels side by side."""
    low = [lane // 2 + lane % 2 * LANES for lane in range(LANES)]
    high = [pick + LANES // 2 for pick in low]
    return [shuffle(pair[0], pair[1], low), shuffle(pair[0], pair[1], high)]
