"""Forward: the values of images at points, for some points of one image after the other, all channels."""

from __future__ import annotations

from adjoint.kernels.native import *
from adjoint.kernels.objects import pointer
from adjoint.kernels.sampling.places import *


@native
def sample(args: ptr(i64), task: i64, worker: i64, dimensions, mode, padding, of):
    """Some blocks of points."""
    lanes = lanes_of(of)
    first = task * args[PER_TASK]
    combinations = along(mode) ** dimensions
    for unit in range(first, minimum(first + args[PER_TASK], args[UNITS])):
        n = unit // args[BLOCKS]
        start = unit % args[BLOCKS] * args[BLOCK]
        end = minimum(start + args[BLOCK], args[POINTS])
        grid = pointer(args[GRID], 0, of) + n * args[GRID_STEP]
        images = pointer(args[OF], 0, of) + n * args[CHANNELS] * args[PIXELS]
        to = pointer(args[TO], 0, of) + n * args[CHANNELS] * args[POINTS]
        for p in range(start, end, lanes):
            count = end - p
            each = taps(args, grid + p * dimensions, count, dimensions, mode, padding, of)
            pixels = [combined(args, each, digits(t, along(mode), dimensions)) for t in unroll(combinations)]
            if dimensions > 2:  # in two, a coordinate that is no number gives none, as in PyTorch
                pixels = [[i, m, w if m is None else where(m, w, splat(constant(of, 0.0), lanes))] for i, m, w in pixels]
            kept = first_lanes(count, lanes)
            for c in range(args[CHANNELS]):
                image = images + c * args[PIXELS]
                value = found(image, pixels[0])
                if mode != NEAREST:
                    value = value * pixels[0][2]
                for t in unroll(1, combinations):
                    value = joined(found(image, pixels[t]), pixels[t][2], value, dimensions)
                store_masked(to, c * args[POINTS] + p, value, kept)


@inline
def found(image, pixel):
    """The values of pixels; 0 where there is none."""
    return gather(image, pixel[0]) if pixel[1] is None else gather(image, pixel[0], pixel[1])
