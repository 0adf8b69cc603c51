"""Depthwise convolution: every plane by its own small kernel, vectors along the rows.

What is computed together is a block: some rows, of a vector's columns each (in the input's gradient as many vectors as
the stride). Every row that a block reads is loaded once: two vectors, of which shuffles make one for each column of the
kernel, and these meet all rows of the kernel that are over them. Kernel, strides, padding and dilation are known to the
compiler, and so is which pixel meets which tap where; a stride is 1 or 2.

The two vectors are a row's neighbours. Of planes that fill no more than half of a vector, two are computed on beside each
other, one in the lower and one in the upper half of the lanes, and then the two vectors are one row of each. Masks keep
what is outside of a row from being read.
"""

from __future__ import annotations

from adjoint.kernels.machine import machine
from adjoint.kernels.native import *

LANES = machine().lanes(4)
HALF = LANES // 2

# Words of the arguments.
(
    INPUT, WEIGHT, OUTPUT, BIAS, BATCH, CHANNELS, MULTIPLE, HEIGHT, WIDTH, OUT_HEIGHT, OUT_WIDTH, PLANES, PLANES_A_TASK,
) = range(13)  # fmt: skip
WORDS = 13
BAND = 25  # taps whose sums are kept in registers together
BLOCK_ROWS = 4  # in a block, at most
BLOCK_PRODUCTS = 100  # that are written out for a block, unless a row has more
AHEAD = 1024  # pixels after those that are loaded, which are asked for


@native
def forward(args: ptr(i64), task: i64, worker: i64, kernel, stride, padding, dilation, beside):
    """Some planes of the output."""
    rows = block_rows(kernel[0] * kernel[1], stride[0])
    offsets = [j * dilation[1] for j in range(kernel[1])]
    height, width, out_height, out_width = args[HEIGHT], args[WIDTH], args[OUT_HEIGHT], args[OUT_WIDTH]
    first = task * args[PLANES_A_TASK]
    for plane in range(first, minimum(first + args[PLANES_A_TASK], args[PLANES]), beside):
        planes = [minimum(plane + n, args[PLANES] - 1) for n in unroll(beside)]  # the last one may be its own neighbour
        sources = [cast(args[INPUT], ptr(f32)) + p // args[MULTIPLE] * (height * width) for p in planes]
        outs = [cast(args[OUTPUT], ptr(f32)) + p * (out_height * out_width) for p in planes]
        filters = [p % (args[CHANNELS] * args[MULTIPLE]) for p in planes]
        start = splat(f32(0.0), LANES)
        if args[BIAS] != 0:
            start = halves([cast(args[BIAS], ptr(f32))[f] for f in filters])
        taps = taps_of(args, filters, kernel)
        for y in range(0, out_height, rows):
            for x in range(0, out_width, LANES):
                left = x * stride[1] - padding[1]
                masks = masks_of(left, width, offsets, stride[1], beside)
                totals = [start for _ in unroll(rows)]
                for down, meetings in rows_read(rows, kernel[0], stride[0], dilation[0]):
                    at = y * stride[0] + (down - padding[0])
                    if below_unsigned(at, height):
                        row = [source + (at * width + left) for source in sources]
                        pixels = pixels_of(row, masks, offsets, stride[1])
                        for r, i in meetings:
                            for j in unroll(kernel[1]):
                                totals[r] = fma(taps[i * kernel[1] + j], pixels[j], totals[r])
                for r in unroll(rows):
                    if y + r < out_height:
                        write_pixels(outs, (y + r) * out_width + x, [totals[r]], x, out_width, False)


@native
def input_gradient(args: ptr(i64), task: i64, worker: i64, kernel, stride, padding, dilation, beside):
    """Some planes of the input's gradient; of a stride of 2, the even and the odd pixels have different taps."""
    rows = max(1, block_rows(kernel[0] * kernel[1], stride[0]) // stride[0]) * stride[0]
    height, width, out_height, out_width = args[HEIGHT], args[WIDTH], args[OUT_HEIGHT], args[OUT_WIDTH]
    columns = windows_read(stride[1], kernel[1], stride[1], padding[1], dilation[1])
    offsets = [right for right, _ in columns]
    first = task * args[PLANES_A_TASK]
    for plane in range(first, minimum(first + args[PLANES_A_TASK], args[PLANES]), beside):
        planes = [minimum(plane + n, args[PLANES] - 1) for n in unroll(beside)]
        gradients = [cast(args[INPUT], ptr(f32)) + p * (height * width) for p in planes]
        for multiple in range(args[MULTIPLE]):
            outs = [p * args[MULTIPLE] + multiple for p in planes]
            sources = [cast(args[OUTPUT], ptr(f32)) + p * (out_height * out_width) for p in outs]
            taps = taps_of(args, [p % (args[CHANNELS] * args[MULTIPLE]) for p in outs], kernel)
            for y in range(0, height, rows):
                for x in range(0, width, LANES * stride[1]):
                    left = x // stride[1]
                    masks = masks_of(left, out_width, offsets, 1, beside)
                    sums = [splat(f32(0.0), LANES) for _ in unroll(rows * stride[1])]
                    for down, row_meetings in windows_read(rows, kernel[0], stride[0], padding[0], dilation[0]):
                        at = y // stride[0] + down
                        if below_unsigned(at, out_height):
                            row = [source + (at * out_width + left) for source in sources]
                            pixels = pixels_of(row, masks, offsets, 1)
                            for c in unroll(len(columns)):
                                for r, i in row_meetings:
                                    for q, j in columns[c][1]:
                                        n = r * stride[1] + q
                                        sums[n] = fma(taps[i * kernel[1] + j], pixels[c], sums[n])
                    for r in unroll(rows):
                        if y + r < height:
                            made = sums[r * stride[1] : (r + 1) * stride[1]]
                            write_pixels(gradients, (y + r) * width + x, made, x, width, multiple > 0)


@native
def weight_gradient(args: ptr(i64), task: i64, worker: i64, kernel, stride, padding, dilation, beside):
    """The gradient of some rows of one filter: sums over all images."""
    band_rows = band(*kernel)
    rows = block_rows(band_rows * kernel[1], stride[0])
    bands = (kernel[0] + band_rows - 1) // band_rows
    filter = task // bands
    first = task % bands * band_rows
    height, width, out_height, out_width = args[HEIGHT], args[WIDTH], args[OUT_HEIGHT], args[OUT_WIDTH]
    filters = args[CHANNELS] * args[MULTIPLE]
    offsets = [j * dilation[1] for j in range(kernel[1])]
    sums = [splat(f32(0.0), LANES) for _ in unroll(band_rows * kernel[1])]
    for image in range(0, args[BATCH], beside):
        planes = [minimum(image + n, args[BATCH] - 1) * filters + filter for n in unroll(beside)]
        sources = [cast(args[INPUT], ptr(f32)) + p // args[MULTIPLE] * (height * width) for p in planes]
        gradients = [cast(args[OUTPUT], ptr(f32)) + p * (out_height * out_width) for p in planes]
        for y in range(0, out_height, rows):
            for x in range(0, out_width, LANES):
                left = x * stride[1] - padding[1]
                masks = masks_of(left, width, offsets, stride[1], beside)
                widths = [where(y + r < out_height, out_width, i64(0)) for r in unroll(rows)]
                g = [row_of(gradients, (y + r) * out_width, x, widths[r]) for r in unroll(rows)]
                # What is no window is left out, and not multiplied by zero, for pixels may be infinite.
                there = [windows_of(x, widths[r], image + beside > args[BATCH], beside) for r in unroll(rows)]
                for down, meetings in rows_read(rows, band_rows, stride[0], dilation[0]):
                    at = y * stride[0] + first * dilation[0] + (down - padding[0])
                    if below_unsigned(at, height):
                        row = [source + (at * width + left) for source in sources]
                        pixels = pixels_of(row, masks, offsets, stride[1])
                        for r, i in meetings:
                            for j in unroll(kernel[1]):
                                n = i * kernel[1] + j
                                sums[n] = where(there[r], fma(g[r], pixels[j], sums[n]), sums[n])
    weight = cast(args[WEIGHT], ptr(f32)) + filter * (kernel[0] * kernel[1])
    for i in unroll(band_rows):
        if first + i < kernel[0]:
            for j in unroll(kernel[1]):
                weight[(first + i) * kernel[1] + j] = hsum(sums[i * kernel[1] + j])


# What is known to the compiler


def band(height: int, width: int) -> int:
    """How many rows of a filter are summed together."""
    return min(height, max(1, BAND // width))


def block_rows(taps: int, stride: int) -> int:
    """How many rows of windows a block has; the farther apart they are, the fewer rows of the input they share."""
    return max(1, min(BLOCK_ROWS, BLOCK_PRODUCTS // (taps * stride)))


def rows_read(rows: int, taps: int, stride: int, dilation: int) -> list[tuple[int, list[tuple[int, int]]]]:
    """Where a block of windows reads, and which window's which tap is there."""
    found: dict[int, list[tuple[int, int]]] = {}
    for r in range(rows):
        for i in range(taps):
            found.setdefault(r * stride + i * dilation, []).append((r, i))
    return sorted(found.items())


def windows_read(
    pixels: int, taps: int, stride: int, padding: int, dilation: int
) -> list[tuple[int, list[tuple[int, int]]]]:
    """Which windows a block of pixels is in, counted from the first pixel's place, and which pixel is under what tap."""
    found: dict[int, list[tuple[int, int]]] = {}
    for r in range(pixels):
        for i in range(taps):
            window, between = divmod(r + padding - i * dilation, stride)
            if not between:
                found.setdefault(window, []).append((r, i))
    return sorted(found.items())


def loads(offsets: list[int], stride: int, beside: int) -> list[int]:
    """Where pairs of vectors are loaded from, so that each offset's pixels are in the last pair up to there."""
    spare = 2 * LANES - 1 - (LANES - 1) * stride if beside == 1 else LANES - 1 - (HALF - 1) * stride
    begins: list[int] = []
    for offset in sorted(offsets):
        if not begins or offset > begins[-1] + spare:
            begins.append(offset)
    return begins


def picked(skipped: int, stride: int, beside: int) -> list[int]:
    """The lanes of pixels ``stride`` apart in two vectors, of a row or of two planes' rows beside each other."""
    if beside == 1:
        return [skipped + n * stride for n in range(LANES)]
    return [plane * LANES + skipped + n * stride for plane in range(2) for n in range(HALF)]


# Vectors and their parts


@inline
def part(pointers, index, n):
    """Where a part begins: in the same row, or in the other plane's."""
    return pointers[0] + (index + n * LANES) if len(pointers) == 1 else pointers[n] + index


@inline
def mask_of_part(at, n, width, beside):
    """The lanes of a part, the first of which is at ``at``, that are pixels 0 to ``width``."""
    first = at + n * LANES if beside == 1 else at
    return below_unsigned(iota(i32, LANES) + i32(first), splat(i32(width), LANES))


@inline
def masks_of(left, width, offsets, stride, beside):
    """For each of the loads, the masks of its parts."""
    begins = loads(offsets, stride, beside)
    return [[mask_of_part(left + begin, n, width, beside) for n in unroll(2)] for begin in begins]


@inline
def pixels_of(row, masks, offsets, stride):
    """For each offset a vector of pixels that are ``stride`` apart; what is a few rows on is asked for."""
    begins = loads(offsets, stride, len(row))
    for n in unroll(max(stride, len(row))):
        prefetch(part(row, AHEAD, n), 0)
    parts = [[load_masked(part(row, begins[i], n), 0, masks[i][n]) for n in unroll(2)] for i in unroll(len(begins))]
    return [pixels_at(parts, begins, offset, stride, len(row)) for offset in offsets]


@inline
def pixels_at(parts, begins, offset, stride, beside):
    """A vector of pixels out of what was loaded."""
    load = len([begin for begin in begins if begin <= offset]) - 1
    return shuffle(parts[load][0], parts[load][1], picked(offset - begins[load], stride, beside))


@inline
def row_of(pointers, row, x, width):
    """A vector of a row of that width from ``x`` on."""
    masks = masks_of(x, width, [0], 1, len(pointers))
    return pixels_of([pointer + (row + x) for pointer in pointers], masks, [0], 1)[0]


@inline
def windows_of(x, width, alone, beside):
    """The lanes of a row's windows from ``x`` on; a plane that is ``alone`` has none beside it."""
    if beside == 1:
        return mask_of_part(x, 0, width, 1)
    places = vector(i32, [lane % HALF for lane in range(LANES)])
    return below_unsigned(places, halves([i32(width), i32(where(alone, i64(0), width))]))


@inline
def halves(numbers):
    """One number in all lanes, or two in half of them each."""
    if len(numbers) == 1:
        return splat(numbers[0], LANES)
    return where(first_lanes(HALF, LANES), splat(numbers[0], LANES), splat(numbers[1], LANES))


@inline
def taps_of(args, filters, kernel):
    """The elements of the planes' filters, as vectors."""
    size = kernel[0] * kernel[1]
    weights = [cast(args[WEIGHT], ptr(f32)) + f * size for f in filters]
    return [halves([weight[i] for weight in weights]) for i in unroll(size)]


@inline
def write_pixels(to, index, made, x, width, more):
    """Write a row's pixels from ``x`` on, or add to them; if there are two vectors, their lanes in turns."""
    parts = max(len(made), len(to))
    keeps = [mask_of_part(x, n, width, len(to)) for n in unroll(parts)]
    places = [part(to, index, n) for n in unroll(parts)]
    written = [made[0]] if parts == 1 else parted(made)
    if more:  # all are read before one is written, for both may be the same plane's
        before = [load_masked(places[n], 0, keeps[n]) for n in unroll(parts)]
        for n in unroll(parts):
            written[n] += before[n]
    for n in unroll(parts):
        store_masked(places[n], 0, written[n], keeps[n])


@inline
def parted(made):
    """Two vectors' lanes in turns, or the halves of one, as two vectors."""
    low = [lane // len(made) + lane % len(made) * LANES for lane in range(LANES)]
    return [shuffle(made[0], made[len(made) - 1], [lane + half * HALF for lane in low]) for half in unroll(2)]
