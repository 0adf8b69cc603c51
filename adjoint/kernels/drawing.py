"""Drawing: normal numbers of uniform ones, and the C library's functions, for many numbers.

:mod:`adjoint.random.single` says what is computed, and has the coefficients; the bits are the same.
"""

from __future__ import annotations

import struct
from functools import lru_cache
from typing import Any

import numpy as np

from adjoint.kernels import pool
from adjoint.kernels.cephes import COS, FOUR_OVER_PI, LN2_HIGH, LN2_LOW, LOG, QUARTERS, ROOT_HALF, SIN, TWO_PI
from adjoint.kernels.handed import handle
from adjoint.kernels.machine_code import address
from adjoint.kernels.mathematics.polynomial import horner
from adjoint.kernels.native import *
from adjoint.kernels.objects import pointer

Array = Any

# Words of the arguments.
OF, TO, UNITS, PER_TASK, MEAN, STD = range(6)
_TASKS = 64  # so many at most
_pack_normals = struct.Struct("4q2d").pack
_pack_function = struct.Struct("4q").pack
GROUP = 16
HALF = 8


def normals(drawn: Array, mean: float, std: float) -> Array:
    """Of every sixteen of the uniform float32 in ``drawn``, contiguous, as many normal ones; in place."""
    units = drawn.size // GROUP
    per_task = max(64, -(-units // _TASKS))
    single = np.float32
    words = _pack_normals(handle(drawn), handle(drawn), units, per_task, float(single(mean)), float(single(std)))
    pool.launch(_normals_address(), words, -(-units // per_task))
    return drawn


def c_function(x: Array, name: str) -> Array:
    """A function of the C library of every element of a float64 array."""
    x = np.ascontiguousarray(x)
    result = np.empty_like(x)
    per_task = max(512, -(-x.size // _TASKS))
    pool.launch(_function_address(name), _pack_function(handle(x), handle(result), x.size, per_task), -(-x.size // per_task))
    return result


@lru_cache(maxsize=None)
def _normals_address() -> int:
    return address(sixteens)


@lru_cache(maxsize=None)
def _function_address(name: str) -> int:
    return address(each, name=name)


@native
def each(args: ptr(i64), task: i64, worker: i64, name):
    """``to[i] = name(of[i])``."""
    of, to = pointer(args[OF], 0, f64), pointer(args[TO], 0, f64)
    first = task * args[PER_TASK]
    for i in range(first, minimum(first + args[PER_TASK], args[UNITS])):
        to[i] = call_c(name, f64, of[i])


@native
def sixteens(args: ptr(i64), task: i64, worker: i64):
    """Groups of sixteen: eight distances, eight angles."""
    of = pointer(args[OF], 0, f32)
    numbers = cast(args, ptr(f64))
    mean, std = splat(cast(numbers[MEAN], f32), HALF), splat(cast(numbers[STD], f32), HALF)
    first = task * args[PER_TASK]
    for unit in range(first, minimum(first + args[PER_TASK], args[UNITS])):
        place = unit * GROUP
        radius = sqrt(log(1.0 - load(of, place, HALF)) * -2.0)
        sine, cosine = sine_and_cosine(load(of, place + HALF, HALF) * TWO_PI)
        store(of, place, fma(radius * cosine, std, mean))
        store(of, place + HALF, fma(radius * sine, std, mean))


@inline
def log(x):
    """Of numbers in (0, 1]."""
    bits = bits_as(x, i32)
    above = cast((bits >> 23) - 126, f32)
    x = bits_as(bits & 0x7FFFFF | 0x3F000000, f32)
    small = x < ROOT_HALF
    exponent = where(small, above - 1.0, above)
    x = (x - 1.0) + where(small, x, 0.0)
    square = x * x
    y = fma(horner(x, LOG[::-1]) * x, square, exponent * LN2_LOW)
    return fma(exponent, LN2_HIGH, x + fma(square, -0.5, y))


@inline
def sine_and_cosine(x):
    """Of angles in [0, 2 pi]."""
    quarter = (cast(x * FOUR_OVER_PI, i32) + 1) & -2
    turns = cast(quarter, f32)
    x = fma(turns, QUARTERS[2], fma(turns, QUARTERS[1], fma(turns, QUARTERS[0], x)))
    square = x * x
    cosine = fma(horner(square, COS[::-1]) * square, square, square * -0.5) + 1.0
    sine = fma(horner(square, SIN[::-1]) * square, x, x)
    straight = (quarter & 2) == 0
    signs = (quarter & 4) << 29
    others = ((quarter - 2) & 4 ^ 4) << 29
    return (
        bits_as(bits_as(where(straight, sine, cosine), i32) ^ signs, f32),
        bits_as(bits_as(where(straight, cosine, sine), i32) ^ others, f32),
    )
