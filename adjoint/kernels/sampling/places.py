"""Places: the words that kernels are handed, and from the coordinates of points to the pixels around them and their weights.

Points lie in the lanes of vectors.  What a dimension's size and ``align_corners`` make of its coordinates is in numbers of the
arguments: the place is ``(x + 1) * SCALE + SHIFT``, reflected at ``LOW`` and ``LOW + SPAN``.  All is rounded where
PyTorch rounds it, whose code for two dimensions is compiled with fused products and sums, and that for three without: bytes made of
bilinear samples would differ otherwise, where these are halves.
"""

from __future__ import annotations

from adjoint.kernels.machine import machine
from adjoint.kernels.native import *

OF, GRID, G, TO, UNITS, PER_TASK, BLOCK, BLOCKS, CHANNELS, POINTS, GRID_STEP, SPACE, PIXELS = *range(12), 14
NUMBERS = 15  # and from there on, for each of the dimensions, four of them
SCALE, SHIFT, LOW, SPAN = range(4)
WORDS = NUMBERS + 12

BILINEAR, NEAREST, BICUBIC = range(3)
ZEROS, BORDER, REFLECTION = range(3)


def lanes_of(kind: Type) -> int:
    """How many points are computed at once."""
    return machine().lanes(kind.bytes)


def along(mode: int) -> int:
    """How many pixels along a dimension a point's value is made of."""
    return {BILINEAR: 2, NEAREST: 1, BICUBIC: 4}[mode]


def digits(number: int, base: int, count: int) -> list[int]:
    """The digits of a combination: which pixel it has along each dimension, the first dimension's first."""
    return [number // base ** (count - 1 - k) % base for k in range(count)]


@inline
def number_of(args, dimension, which, of):
    """One of the numbers of a dimension, in all lanes."""
    return splat(of(cast(args, ptr(f64))[NUMBERS + 4 * dimension + which]), lanes_of(of))


@inline
def coordinates(grid, count, dimensions, of):
    """The coordinates of the next points, those of the first dimension first; of points that are not there, 0."""
    lanes = lanes_of(of)
    if dimensions == 2:
        both = load_masked(grid, 0, first_lanes(count * 2, 2 * lanes))
        found = [shuffle(both, both, [2 * n + 1 for n in range(lanes)]), shuffle(both, both, [2 * n for n in range(lanes)])]
    else:
        there = first_lanes(count, lanes)
        found = [gather(grid, iota(i32, lanes) * dimensions + (dimensions - 1 - k), there) for k in unroll(dimensions)]
    return found


@inline
def taps(args, grid, count, dimensions, mode, padding, of):
    """Of each dimension, the pixels around the points: (numbers, which are there, or None for all, weights, slopes of these)."""
    x = coordinates(grid, count, dimensions, of)
    return [taps_of(args, k, x[k], dimensions, mode, padding, of) for k in unroll(dimensions)]


@inline
def taps_of(args, dimension, coordinate, dimensions, mode, padding, of):
    """The pixels around coordinates of one dimension."""
    one = splat(constant(of, 1.0), lanes_of(of))
    place = joined(coordinate + one, number_of(args, dimension, SCALE, of), number_of(args, dimension, SHIFT, of), dimensions)
    factor = number_of(args, dimension, SCALE, of)
    if mode == BICUBIC:
        low = floor(place)
        weights, slopes = cubic(place - low, of)
        numbers = [padded(args, dimension, low + splat(constant(of, k - 1.0), lanes_of(of)), padding, of)[0] for k in unroll(4)]
        found = [pixel(args, dimension, numbers[k], weights[k], slopes[k] * factor, padding, of) for k in unroll(4)]
    else:
        place, slope = padded(args, dimension, place, padding, of)
        slope = slope * factor
        if mode == NEAREST:
            found = [pixel(args, dimension, rint(place), one, slope, padding, of)]
        else:
            low = floor(place)
            t = place - low
            found = [
                pixel(args, dimension, low, one - t if dimensions == 2 else low + one - place, -slope, padding, of),
                pixel(args, dimension, low + one, t, slope, ZEROS, of),  # behind the last one, there is none
            ]
    return found


@inline
def joined(a, b, c, dimensions):
    """A product and a sum, which in two dimensions are rounded once."""
    return fma(a, b, c) if dimensions == 2 else a * b + c


@inline
def pixel(args, dimension, number, weight, slope, padding, of):
    """A pixel of each point: its number, whether there is such a one (also where it is not a number), its weight and slope."""
    lanes = lanes_of(of)
    if padding == ZEROS:
        last = splat(of(args[SPACE + dimension] - 1), lanes)
        zero = splat(constant(of, 0.0), lanes)
        there = (number >= zero) & (number <= last)
        found = [i32(where(there, number, zero)), there, weight, slope]
    else:
        found = [i32(number), None, weight, slope]
    return found


@inline
def padded(args, dimension, x, padding, of):
    """Places brought inside of the image, and the slope of that; as they are where ``padding`` is with zeros."""
    lanes = lanes_of(of)
    one = splat(constant(of, 1.0), lanes)
    slope = one
    if padding == REFLECTION:
        low, span = number_of(args, dimension, LOW, of), number_of(args, dimension, SPAN, of)
        zero = splat(constant(of, 0.0), lanes)
        two, half = splat(constant(of, 2.0), lanes), splat(constant(of, 0.5), lanes)
        away = x - low
        left = away < zero
        away = fabs(away)
        flips = floor(away / span)
        rest = away - flips * span
        odd = flips != two * floor(flips * half)
        x = where(odd, span - rest, rest) + low
        slope = where(left != odd, -one, one)
    if padding != ZEROS:
        zero = splat(constant(of, 0.0), lanes)
        last = splat(of(args[SPACE + dimension] - 1), lanes)
        inside = (x > zero) & (x < last)
        x = where(inside, x, where(x > zero, last, zero))
        slope = where(inside, slope, zero)
    return x, slope


@inline
def cubic(t, of):
    """Weights of the four pixels around places that are ``t`` behind the second, and their slopes (Keys' kernel, a = -0.75)."""
    one, two = splat(constant(of, 1.0), lanes_of(of)), splat(constant(of, 2.0), lanes_of(of))
    far_before, before = far(t + one, of), near(t, of)
    after, far_after = near(one - t, of), far(two - t, of)
    weights = [far_before[0], before[0], after[0], far_after[0]]
    slopes = [far_before[1], before[1], -after[1], -far_after[1]]
    return weights, slopes


@inline
def near(x, of):
    """Keys' kernel and its slope at distances up to 1."""
    lanes = lanes_of(of)
    weight = (splat(constant(of, 1.25), lanes) * x - splat(constant(of, 2.25), lanes)) * x * x + splat(constant(of, 1.0), lanes)
    slope = (splat(constant(of, 3.75), lanes) * x - splat(constant(of, 4.5), lanes)) * x
    return weight, slope


@inline
def far(x, of):
    """Keys' kernel and its slope at distances from 1 to 2."""
    lanes = lanes_of(of)
    a, six = splat(constant(of, -0.75), lanes), splat(constant(of, 6.0), lanes)
    weight = ((a * x + splat(constant(of, 3.75), lanes)) * x - six) * x + splat(constant(of, 3.0), lanes)
    slope = (splat(constant(of, -2.25), lanes) * x + splat(constant(of, 7.5), lanes)) * x - six
    return weight, slope


@inline
def combined(args, each, which):
    """Of one combination of pixels: the number of the pixel that it is, whether it is there, and its weight."""
    index, there = each[0][which[0]][0], each[0][which[0]][1]
    for k in unroll(1, len(which)):
        chosen = each[k][which[k]]
        index = index * i32(args[SPACE + k]) + chosen[0]
        there = both_hold(there, chosen[1])
    last = len(which) - 1
    weight = each[last][which[last]][2]
    for k in unroll(last - 1, -1, -1):  # in PyTorch's order
        weight = weight * each[k][which[k]][2]
    return index, there, weight


@inline
def both_hold(a, b):
    """Where both masks hold; None holds everywhere."""
    return b if a is None else a if b is None else a & b


@inline
def derivative(each, which, dimension):
    """The derivative of a combination's weight by the coordinate of a dimension."""
    found = each[0][which[0]][3 if dimension == 0 else 2]
    for k in unroll(1, len(which)):
        found = found * each[k][which[k]][3 if dimension == k else 2]
    return found
