"""Backward: gradients of the images, added up at the pixels, and of the coordinates, added up over channels."""

from __future__ import annotations

from adjoint.kernels.native import *
from adjoint.kernels.objects import pointer
from adjoint.kernels.sampling.places import *


@native
def add_to_images(args: ptr(i64), task: i64, worker: i64, dimensions, mode, padding, of):
    """The gradient of some channels of one image after the other: all points in their order."""
    lanes = lanes_of(of)
    first = task * args[PER_TASK]
    combinations = along(mode) ** dimensions
    places, shares = scratch(i32, combinations * lanes), scratch(of, combinations * lanes)
    for unit in range(first, minimum(first + args[PER_TASK], args[UNITS])):
        n = unit // args[BLOCKS]
        start = unit % args[BLOCKS] * args[BLOCK]
        end = minimum(start + args[BLOCK], args[CHANNELS])
        grid = pointer(args[GRID], 0, of) + n * args[GRID_STEP]
        g = pointer(args[G], 0, of) + n * args[CHANNELS] * args[POINTS]
        to = pointer(args[TO], 0, of) + n * args[CHANNELS] * args[PIXELS]
        fill_bytes(to + start * args[PIXELS], 0, (end - start) * args[PIXELS] * of.bytes)
        for p in range(0, args[POINTS], lanes):
            count = minimum(args[POINTS] - p, i64(lanes))
            each = taps(args, grid + p * dimensions, count, dimensions, mode, padding, of)
            pixels = [combined(args, each, digits(t, along(mode), dimensions)) for t in unroll(combinations)]
            kept = first_lanes(count, lanes)
            for t in unroll(combinations):
                there = both_hold(pixels[t][1], kept)
                store(places, t * lanes, where(there, pixels[t][0], splat(i32(-1), lanes)))
            for c in range(start, end):
                arrived = load_masked(g, c * args[POINTS] + p, kept)
                for share in unroll(combinations):
                    store(shares, share * lanes, arrived if mode == NEAREST else arrived * pixels[share][2])
                image = to + c * args[PIXELS]
                for at in range(combinations * lanes):
                    place = i64(places[at])
                    if place >= 0:
                        image[place] += shares[at]


@native
def add_to_points(args: ptr(i64), task: i64, worker: i64, dimensions, mode, padding, of):
    """The gradient of the coordinates of some blocks of points."""
    lanes = lanes_of(of)
    first = task * args[PER_TASK]
    combinations = along(mode) ** dimensions
    found = scratch(of, dimensions * lanes)
    for unit in range(first, minimum(first + args[PER_TASK], args[UNITS])):
        n = unit // args[BLOCKS]
        start = unit % args[BLOCKS] * args[BLOCK]
        end = minimum(start + args[BLOCK], args[POINTS])
        grid = pointer(args[GRID], 0, of) + n * args[GRID_STEP]
        g = pointer(args[G], 0, of) + n * args[CHANNELS] * args[POINTS]
        images = pointer(args[OF], 0, of) + n * args[CHANNELS] * args[PIXELS]
        to = pointer(args[TO], 0, of) + n * args[POINTS] * dimensions
        for p in range(start, end, lanes):
            count = minimum(end - p, i64(lanes))
            each = taps(args, grid + p * dimensions, count, dimensions, mode, padding, of)
            pixels = [combined(args, each, digits(t, along(mode), dimensions)) for t in unroll(combinations)]
            kept = first_lanes(count, lanes)
            sums = [splat(constant(of, 0.0), lanes) for _ in unroll(combinations)]
            for c in range(args[CHANNELS]):
                arrived = load_masked(g, c * args[POINTS] + p, kept)
                image = images + c * args[PIXELS]
                for t in unroll(combinations):
                    sums[t] += met(image, pixels[t], arrived, of)
            for k in unroll(dimensions):
                slope = sums[0] * derivative(each, digits(0, along(mode), dimensions), k)
                for t in unroll(1, combinations):
                    slope += sums[t] * derivative(each, digits(t, along(mode), dimensions), k)
                store(found, (dimensions - 1 - k) * lanes, slope)
            for i in range(count):
                for number in unroll(dimensions):
                    to[(p + i) * dimensions + number] = found[number * lanes + i]


@inline
def met(image, pixel, arrived, of):
    """A pixel times the gradient that arrives; nothing where there is no pixel."""
    if pixel[1] is None:
        found = gather(image, pixel[0]) * arrived
    else:
        found = where(pixel[1], gather(image, pixel[0], pixel[1]) * arrived, splat(constant(of, 0.0), lanes_of(of)))
    return found
