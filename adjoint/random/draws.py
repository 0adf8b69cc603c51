"""Draws: from a generator's words to numbers of a distribution, as PyTorch's CPU code makes them.

Each function fills ``out``, a one-dimensional contiguous array of the dtype that the numbers are to have.  The number
of words that a draw takes, and their order, are PyTorch's, and on x86 so is every bit: logarithms and sines are the C
library's (:mod:`.clib`), or for groups of float32 those of :mod:`.single`.  Callers hold the generator's lock.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from adjoint.random import clib
from adjoint.random.generator import BLOCK, Generator
from adjoint.random.single import sixteens

Array = Any

CHUNK = 100 * BLOCK  # as many numbers at a time as fit into a core's cache; a multiple of 16
_SIXTEEN = 16
_TO_UNIT = 2.0**-53


def _in_chunks(out: Array, draw: Callable[[int], Array]) -> None:
    """Fill ``out`` with what ``draw(n)`` makes, a cache full at a time."""
    n = out.size
    for start in range(0, n, CHUNK):
        part = out[start : start + CHUNK]
        drawn = draw(part.size)
        if out.dtype.itemsize == 2 and drawn.dtype == np.float64 and out.dtype.kind not in "iu":
            drawn = drawn.astype(np.float32)  # as C++ does on the way from a double to a half
        part[...] = drawn


def multiply_add(x: Array, factor: float, addend: float) -> Array:
    """``x * factor + addend`` in float64, rounded once, as a processor's fused instruction does.

    The product's and the sum's rounding errors are computed exactly (Dekker 1971, Knuth) and added last.
    """
    if addend == 0:
        return x * factor
    if factor == 1:
        return x + addend
    product = x * factor
    x_high = _upper_half(x)
    factor_high = _upper_half(factor)
    x_low, factor_low = x - x_high, factor - factor_high
    error = ((x_high * factor_high - product) + x_high * factor_low + x_low * factor_high) + x_low * factor_low
    total = product + addend
    back = total - product
    found = total + (((product - (total - back)) + (addend - back)) + error)
    return np.where(np.isfinite(total), found, total)  # of what is infinite the errors are no numbers


def _upper_half(x: Array) -> Array:
    shifted = x * 134217729.0  # 2^27 + 1
    return shifted - (shifted - x)


def uniform(out: Array, generator: Generator, low: float = 0.0, high: float = 1.0) -> None:
    """Numbers in [low, high).  float64 takes two words each, the other dtypes one."""
    if out.dtype == np.float64:
        if low == 0 and high == 1:
            _in_chunks(out, generator.doubles)
        else:
            _in_chunks(out, lambda n: _below(multiply_add(generator.doubles(n), high - low, low), low, high))
        return
    if out.dtype == np.float32 and low == 0 and high == 1:
        _in_chunks(out, generator.floats)
        return
    # The arithmetic is in float32, fused: in float64 the product is exact and the sum next to it.
    first = np.float32(low)
    width = float(np.float32(high) - first)
    last = out.dtype.type(high)
    if out.size == 1 and out.dtype == np.float32 and width != 1:  # the same, in a third of the time
        value = np.float32(float(generator.floats(1)[0]) * width + float(first))
        out[...] = first if value == last else value
        return

    def draw(n: int) -> Array:
        drawn = generator.floats(n) * width if width == 1 else generator.floats(n).astype(np.float64) * width
        return _below((drawn + float(first)).astype(np.float32).astype(out.dtype), first, last)

    _in_chunks(out, draw)


def _below(drawn: Array, low: Any, high: Any) -> Array:
    """What rounding took up to ``high`` is ``low`` instead."""
    reached = drawn == high
    if reached.any():
        drawn[reached] = low
    return drawn


def normal(out: Array, generator: Generator, mean: float = 0.0, std: float = 1.0, in_order: bool = True) -> None:
    """Normally distributed numbers, by Box and Muller's method.

    From 16 on (unless ``in_order`` is false: the tensor is not contiguous) they are made in groups of 16 from uniform
    numbers of ``out``'s own precision; if some are left over, the last 16 are made once more from new ones.  Fewer are
    made in pairs, in double precision, and the second of a pair that is not needed is kept for the next draw.
    """
    if out.size < _SIXTEEN or not in_order:
        if out.size <= _SIXTEEN:
            out[...] = few_normals(generator, out.size, mean, std)
        else:
            _in_chunks(out, lambda n: many_normals(generator, n, mean, std))
        return
    if out.dtype == np.float64:
        draw, transform = generator.doubles, _groups_of_doubles
    else:
        draw, transform = generator.floats, _groups_of_floats
    n = out.size
    whole = n - n % _SIXTEEN
    for start in range(0, whole, CHUNK):
        part = out[start : min(start + CHUNK, whole)]
        transform(part, draw(part.size), mean, std)
    if whole < n:
        if out.dtype.itemsize > 2:  # the left-over ones had been drawn before they were drawn once more
            generator.words((n - whole) * out.dtype.itemsize // 4)
        transform(out[-_SIXTEEN:], draw(_SIXTEEN), mean, std)


def _groups_of_floats(out: Array, drawn: Array, mean: float, std: float) -> None:
    out[...] = sixteens(drawn, mean, std)


def _groups_of_doubles(out: Array, drawn: Array, mean: float, std: float) -> None:
    drawn = drawn.reshape(-1, 2, _SIXTEEN // 2)
    radius = np.sqrt(-2 * clib.log(1 - drawn[:, 0]))
    theta = 2 * math.pi * drawn[:, 1]
    grouped = out.reshape(drawn.shape)
    grouped[:, 0] = multiply_add(radius * clib.cos(theta), std, mean)
    grouped[:, 1] = multiply_add(radius * clib.sin(theta), std, mean)


def few_normals(generator: Generator, n: int, mean: float = 0.0, std: float = 1.0) -> list[float]:
    """``n`` normally distributed numbers made in pairs, for a handful of them."""
    drawn = []
    if generator.normal is not None and n:
        drawn.append(generator.normal)
        generator.normal = None
    words = generator.words(4 * ((n - len(drawn) + 1) // 2)).tolist()
    for i in range(0, len(words), 4):
        theta = 2.0 * math.pi * (((words[i] & 0x1FFFFF) << 32 | words[i + 1]) * _TO_UNIT)
        radius = math.sqrt(-2.0 * math.log1p(-(((words[i + 2] & 0x1FFFFF) << 32 | words[i + 3]) * _TO_UNIT)))
        drawn.append(radius * math.cos(theta))
        drawn.append(radius * math.sin(theta))
    if len(drawn) > n:
        generator.normal = drawn.pop()
    if std != 1 or mean != 0:
        drawn = [multiply_add(x, std, mean) for x in drawn]
    return drawn


def many_normals(generator: Generator, n: int, mean: float = 0.0, std: float = 1.0) -> Array:
    """As :func:`few_normals`, for many: a float64 array."""
    drawn = np.empty(n)
    begun = 0
    if generator.normal is not None and n:
        drawn[0] = generator.normal
        generator.normal = None
        begun = 1
    pairs = (n - begun + 1) // 2
    made = generator.doubles(2 * pairs).reshape(-1, 2)
    theta = 2.0 * math.pi * made[:, 0]
    radius = np.sqrt(-2.0 * clib.log1p(-made[:, 1]))
    made[:, 0] = radius * clib.cos(theta)
    made[:, 1] = radius * clib.sin(theta)
    flat = made.reshape(-1)
    drawn[begun:] = flat[: n - begun]
    if 2 * pairs > n - begun:
        generator.normal = float(flat[-1])
    return drawn if std == 1 and mean == 0 else multiply_add(drawn, std, mean)


def integers(out: Array, generator: Generator, low: int, width: int) -> None:
    """Integers in [low, low + width): a word modulo the width, or two words from a width of 2^28 on.

    A width of 2^64 stands for all there are.
    """
    if width < 2**28:
        divisor = np.uint32(width)
        _in_chunks(out, lambda n: _from(generator.words(n) % divisor, low))
    elif width == 2**64:
        _in_chunks(out, lambda n: generator.integers(n).view(np.int64))
    else:
        divisor64 = np.uint64(width)
        _in_chunks(out, lambda n: _from(generator.integers(n) % divisor64, low))


def _from(drawn: Array, low: int) -> Array:
    """``drawn + low`` as int64, around the end where it has to be."""
    drawn = drawn.astype(np.uint64, copy=False).view(np.int64)
    return drawn + np.int64(low - 2**64 if low >= 2**63 else low) if low else drawn


def any_integers(out: Array, generator: Generator, width: int) -> None:
    """Integers in [0, width), of one word or, for the wide dtypes, of two, whatever the width."""
    if out.dtype.itemsize == 8:
        divisor64 = np.uint64(width)
        _in_chunks(out, lambda n: generator.integers(n) % divisor64)
    else:
        divisor = np.uint32(width)
        _in_chunks(out, lambda n: generator.words(n) % divisor)


def shuffled(generator: Generator, n: int) -> list[int]:
    """The numbers from 0 to ``n - 1`` in a random order: each place in turn gets one of those not yet placed."""
    if n < 2:
        return list(range(n))
    words = generator.words(n - 1) if n < (2**32 - 1) // 20 else generator.integers(n - 1)
    targets = (words % np.arange(n, 1, -1, dtype=words.dtype)).astype(np.int64)
    targets += np.arange(n - 1)
    order = list(range(n))
    for place, target in enumerate(targets.tolist()):
        order[place], order[target] = order[target], order[place]
    return order


def coin(out: Array, generator: Generator, p: float) -> None:
    """1 with probability ``p``, else 0."""
    # u < p where u is k / 2^53: compare k, first its higher half.
    threshold = math.ceil(p * 2.0**53)
    high, low = np.uint32(threshold >> 32), np.uint32(threshold & 0xFFFFFFFF)

    def draw(n: int) -> Array:
        pairs = generator.words(2 * n).reshape(-1, 2)
        drawn = pairs[:, 0] & np.uint32(0x1FFFFF)
        heads = drawn < high
        if low:
            undecided = drawn == high
            if undecided.any():
                heads |= undecided & (pairs[:, 1] < low)
        return heads

    _in_chunks(out, draw)


def coins(out: Array, generator: Generator, p: Array) -> None:
    """1 with the probability that ``p``, of ``out``'s shape, gives for each, else 0."""
    n = out.size
    for start in range(0, n, CHUNK):
        part = p[start : start + CHUNK]
        drawn = generator.doubles(part.size) if p.dtype == np.float64 else generator.floats(part.size)
        out[start : start + CHUNK] = drawn < part


def exponential(out: Array, generator: Generator, rate: float = 1.0) -> None:
    """Exponentially distributed numbers."""
    _in_chunks(out, lambda n: clib.log1p(-generator.doubles(n)) * (-1.0 / rate))


def geometric(out: Array, generator: Generator, p: float) -> None:
    """How many trials of probability ``p`` the first success takes."""
    _in_chunks(out, lambda n: np.ceil(clib.log(generator.doubles(n)) / math.log1p(-p)))


def log_normal(out: Array, generator: Generator, mean: float = 1.0, std: float = 2.0) -> None:
    """Numbers whose logarithm is normally distributed."""
    _in_chunks(out, lambda n: clib.exp(many_normals(generator, n, mean, std)))


def cauchy(out: Array, generator: Generator, median: float = 0.0, sigma: float = 1.0) -> None:
    """Cauchy-distributed numbers."""
    _in_chunks(out, lambda n: multiply_add(clib.tan(math.pi * (generator.doubles(n) - 0.5)), sigma, median))
