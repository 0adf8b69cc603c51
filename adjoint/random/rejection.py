"""Rejection: draws of which each takes as many words as chance has it, as PyTorch's CPU code makes them, one by one.

Each function fills ``out``, a one-dimensional contiguous array, from arrays of as many parameters.  Where PyTorch
computes in float32 what it computes from float32 parameters, so do these functions, for a comparison that comes out
otherwise makes all numbers that follow others.  Callers hold the generator's lock.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from adjoint.random.generator import Generator

Array = Any


class Stream:
    """A generator's float64 numbers in [0, 1) one at a time; those not taken are given back at the end of a ``with``."""

    def __init__(self, generator: Generator) -> None:
        self.generator = generator
        self._ahead: list[float] = []  # the last one is the next
        self._odd = np.empty(0, np.uint32)  # the first word of a pair whose second is in the next block

    def __enter__(self) -> Stream:
        return self

    def __exit__(self, *exc: object) -> None:
        self.generator.give_back(2 * len(self._ahead) + self._odd.size)

    def uniform(self) -> float:
        """A number in [0, 1)."""
        while not self._ahead:
            words = np.concatenate([self._odd, self.generator.rest()])
            even = words.size - words.size % 2
            pairs = words[:even].reshape(-1, 2)
            self._odd = words[even:]
            self._ahead = ((pairs[:, 0] & np.uint32(0x1FFFFF)) * 2.0**-21 + pairs[:, 1] * 2.0**-53)[::-1].tolist()
        return self._ahead.pop()

    def normal(self) -> float:
        """A standard normal number, of a pair by Box and Muller's method."""
        generator = self.generator
        found = generator.normal
        if found is not None:
            generator.normal = None
            return found
        theta = 2.0 * math.pi * self.uniform()
        radius = math.sqrt(-2.0 * math.log1p(-self.uniform()))
        generator.normal = radius * math.sin(theta)
        return radius * math.cos(theta)


def gamma(out: Array, generator: Generator, concentrations: Array) -> None:
    """Gamma-distributed numbers of rate 1, by Marsaglia and Tsang's method (2000), as float64."""
    dtype = concentrations.dtype.type
    small = concentrations < 1  # drawn with one more, and brought down by a power
    with np.errstate(all="ignore"):
        powers = (1 / concentrations).astype(np.float64)
        d = (concentrations + small.astype(dtype) - dtype(np.float32(1) / np.float32(3))).astype(np.float64)
        c = 1 / np.sqrt(9 * d)
    parameters = zip(concentrations.tolist(), small.tolist(), powers.tolist(), d.tolist(), c.tolist())
    with Stream(generator) as stream:
        out[...] = [_gamma(stream, *each) for each in parameters]


_SQUEEZE = float(np.float32(0.0331))


def _gamma(stream: Stream, concentration: float, small: bool, power: float, d: float, c: float) -> float:
    if not concentration > 0:
        return math.nan
    scale = (1 - stream.uniform()) ** power if small else 1.0
    while True:
        x = stream.normal()
        y = 1 + c * x
        while y <= 0:
            x = stream.normal()
            y = 1 + c * x
        v = y * y * y
        u = 1 - stream.uniform()
        square = x * x
        if u < 1 - _SQUEEZE * square * square or math.log(u) < 0.5 * square + d * (1 - v + math.log(v)):
            return scale * d * v


def poisson(out: Array, generator: Generator, rates: Array) -> None:
    """Poisson-distributed numbers of these rates."""
    with Stream(generator) as stream:
        out[...] = [_poisson(stream.uniform, rate) for rate in rates.tolist()]


def _poisson(draw: Callable[[], float], rate: float) -> int:
    """Knuth's multiplication of uniform numbers below a rate of 10, above it transformed rejection (Hörmann 1993)."""
    if rate < 10:
        if rate == 0:
            return 0
        limit = math.exp(-rate)
        count, product = 0, draw()
        while product > limit:
            count += 1
            product *= draw()
        return count
    root = math.sqrt(rate)
    log_rate = math.log(rate)
    b = 0.931 + 2.53 * root
    a = -0.059 + 0.02483 * b
    inverse_alpha = 1.1239 + 1.1328 / (b - 3.4)
    squeeze = 0.9277 - 3.6224 / (b - 2)
    while True:
        u = draw() - 0.5
        v = draw()
        distance = 0.5 - abs(u)
        count = math.floor((2 * a / distance + b) * u + rate + 0.43)
        if distance >= 0.07 and v <= squeeze:
            return count
        if count < 0 or (distance < 0.013 and v > distance):
            continue
        if math.log(v) + math.log(inverse_alpha) - math.log(a / (distance * distance) + b) <= (
            -rate + count * log_rate - math.lgamma(count + 1)
        ):
            return count


def binomial(out: Array, generator: Generator, counts: Array, chances: Array) -> None:
    """Binomially distributed numbers: of ``counts`` trials, how many succeed, each with one of the ``chances``."""
    dtype = chances.dtype.type
    often = chances > 0.5  # the failures are drawn
    with np.errstate(all="ignore"):
        rare = np.where(often, (1 - chances.astype(np.float64)).astype(dtype), chances)
        rest = dtype(1) - rare
        means = counts * rare
        parameters = [
            counts, rare, means, np.log1p(-rare), np.sqrt(means * rest), rare / rest, np.floor((counts + dtype(1)) * rare)
        ]  # fmt: skip
    with Stream(generator) as stream:
        drawn = [_binomial(stream.uniform, *each) for each in zip(*(p.tolist() for p in parameters))]
    out[...] = drawn
    np.subtract(counts, out, out=out, where=often)


def _binomial(
    draw: Callable[[], float],
    count: float,
    chance: float,
    mean: float,
    log_failure: float,
    deviation: float,
    odds: float,
    mode: float,
) -> float:
    """The count of what is the rarer of success and failure."""
    if count <= 0 or chance <= 0:
        return 0.0
    if not chance <= 1:
        return math.nan
    if not mean >= 10:
        return _inversion(draw, count, log_failure)
    return _transformed(draw, count, chance, mean, deviation, odds, mode)


def _inversion(draw: Callable[[], float], count: float, log_failure: float) -> float:
    """How many successes there are, by adding up the geometrically distributed distances between them."""
    trials, successes = 0.0, 0.0
    while True:
        u = draw()
        trials += math.ceil(math.log(u) / log_failure) if u else math.inf
        if not trials <= count:
            return successes
        successes += 1


def _transformed(
    draw: Callable[[], float], n: float, chance: float, mean: float, deviation: float, odds: float, mode: float
) -> float:
    """Transformed rejection, BTRS (Hörmann 1993)."""
    b = 1.15 + 2.53 * deviation
    a = -0.0873 + 0.0248 * b + 0.01 * chance
    c = mean + 0.5
    squeeze = 0.92 - 4.2 / b
    alpha = (2.83 + 5.1 / b) * deviation
    while True:
        u = draw() - 0.5
        v = draw()
        distance = 0.5 - abs(u)
        k = math.floor((2 * a / distance + b) * u + c) if distance else -1
        if k < 0 or k > n:
            continue
        if distance >= 0.07 and v <= squeeze:
            return k
        v = math.log(v * alpha / (a / (distance * distance) + b)) if v else -math.inf
        if v <= (
            (mode + 0.5) * math.log((mode + 1) / (odds * (n - mode + 1)))
            + (n + 1) * math.log((n - mode + 1) / (n - k + 1))
            + (k + 0.5) * math.log(odds * (n - k + 1) / (k + 1))
            + _stirling_tail(mode)
            + _stirling_tail(n - mode)
            - _stirling_tail(k)
            - _stirling_tail(n - k)
        ):
            return k


def _stirling_tail(k: float) -> float:
    """What Stirling's formula leaves of ``log(k!)``."""
    if k <= 9:
        return _TAILS[int(k)]
    square = (k + 1) * (k + 1)
    return (1 / 12 - (1 / 360 - 1 / 1260 / square) / square) / (k + 1)


_TAILS = [math.lgamma(k + 1) - (k + 0.5) * math.log(k + 1) + (k + 1) - 0.5 * math.log(2 * math.pi) for k in range(10)]
