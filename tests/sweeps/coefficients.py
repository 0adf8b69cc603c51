"""Where the coefficients in adjoint/kernels/mathematics come from: Remez' exchange, in 40 digits.

``python tests/sweeps/coefficients.py [NAME ...]`` prints them, lowest degree first; it needs mpmath.
A fit approximates ``target`` by the polynomial for which the largest ``weight * (polynomial - target)`` is the least;
that is the relative error of the function that the polynomial is a part of.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import mpmath as mp
import numpy as np

mp.mp.dps = 40


@dataclass(frozen=True)
class Fit:
    """One polynomial: what it approximates where."""

    target: Callable[[Any], Any]
    weight: Callable[[Any], Any]
    low: Any
    high: Any
    degree: int
    single: bool = True  # coefficients are printed as float32 numbers, else as float64


def remez(fit: Fit, points: int = 1200) -> tuple[list[Any], Any]:
    """The coefficients, and the largest weighted error."""
    low, high, count = mp.mpf(fit.low), mp.mpf(fit.high), fit.degree + 2
    middle, half = (high + low) / 2, (high - low) / 2
    grid = [middle - half * mp.cos(mp.pi * i / (points - 1)) for i in range(points)]
    targets, weights = [fit.target(x) for x in grid], [fit.weight(x) for x in grid]
    chosen = [round(i * (points - 1) / (count - 1)) for i in range(count)]
    coefficients: list[Any] = []
    worst = mp.mpf(0)
    for _ in range(30):
        rows = mp.matrix(count, count)
        right = mp.matrix(count, 1)
        for i, at in enumerate(chosen):
            u = (grid[at] - middle) / half
            for j in range(fit.degree + 1):
                rows[i, j] = u**j
            rows[i, count - 1] = (-1) ** i / weights[at]
            right[i] = targets[at]
        solved = mp.lu_solve(rows, right)
        scaled = [solved[j] for j in range(fit.degree + 1)]
        errors = [w * (mp.polyval(scaled[::-1], (x - middle) / half) - t) for x, t, w in zip(grid, targets, weights)]
        coefficients, worst = _unscaled(scaled, middle, half), max(abs(e) for e in errors)
        chosen = _extrema(errors, count)
        if worst <= abs(solved[count - 1]) * mp.mpf("1.002"):
            break
    return coefficients, worst


def _unscaled(scaled: list[Any], middle: Any, half: Any) -> list[Any]:
    """A polynomial in (x - middle) / half as one in x."""
    result = [mp.mpf(0)] * len(scaled)
    for c in reversed(scaled):
        result = [(a - middle * b) / half for a, b in zip([mp.mpf(0), *result[:-1]], result)]
        result[0] += c
    return result


def _extrema(errors: list[Any], count: int) -> list[int]:
    """The places of ``count`` extrema of alternating signs, the largest ones."""
    found: list[int] = []
    for i, e in enumerate(errors):
        if found and (errors[found[-1]] > 0) == (e > 0):
            if abs(e) > abs(errors[found[-1]]):
                found[-1] = i
        else:
            found.append(i)
    while len(found) > count:
        if len(found) == count + 1:
            found.pop(0 if abs(errors[found[0]]) < abs(errors[found[-1]]) else -1)
        else:
            smallest = min(range(len(found) - 1), key=lambda i: abs(errors[found[i]]) + abs(errors[found[i + 1]]))
            del found[smallest : smallest + 2]
    while len(found) < count:  # too few where the error is flat at first: any further point
        found = sorted({*found, next(i for i in range(len(errors)) if i not in found)})
    return found


def _odd(function: Any, first: Any, second: Any, high: Any, degree: int, single: bool = True) -> Fit:
    """f(x) = first x + x^3 P(x^2) for an odd f; ``second`` is P(0)."""

    def target(s: Any) -> Any:
        return second if s == 0 else (function(mp.sqrt(s)) / mp.sqrt(s) - first) / s

    def weight(s: Any) -> Any:
        return (s * mp.sqrt(s) / function(mp.sqrt(s)) if s else 0) + TINY

    return Fit(target, weight, 0, mp.mpf(high) ** 2, degree, single)


def _after(function: Any, bound: Any, whole: Any, degree: int, single: bool = True) -> Fit:
    """f(x) = x + x^2 P(x) on an interval, where ``whole`` is what the error is relative to."""

    def target(x: Any) -> Any:
        return mp.taylor(function, 0, 2)[2] if x == 0 else (function(x) - x) / x**2

    return Fit(target, lambda x: (x**2 / abs(whole(x)) if x else 0) + TINY, *bound, degree, single)


def _erfcx(u: Any) -> Any:
    """e^(x^2) erfc x at x = 4 (1 + u) / (1 - u)."""
    x = 4 * (1 + u) / (1 - u)
    return mp.exp(x * x) * mp.erfc(x)


def _erf_quotient(s: Any) -> Any:
    """erf(x) / x - 1 at x^2 = s."""
    return (2 / mp.sqrt(mp.pi) if s == 0 else mp.erf(mp.sqrt(s)) / mp.sqrt(s)) - 1


TINY = mp.mpf("1e-6")  # a weight of nothing would leave the equations unsolvable
LN2 = mp.log(2)
EXP = (-0.505 * LN2, 0.505 * LN2)
LOG = (mp.sqrt(0.5) - 1, mp.sqrt(2) - 1)
EIGHTH = mp.pi / 4 * mp.mpf("1.01")

FITS: dict[str, Fit] = {
    # e^r = 1 + r + r^2 P(r)
    "exponential.EXP": _after(mp.expm1, EXP, mp.exp, 4),
    "exponential.EXPM1": _after(mp.expm1, EXP, mp.expm1, 5),
    "double.EXP": _after(mp.expm1, EXP, mp.exp, 10, False),
    # 2^r = 1 + r P(r)
    "exponential.EXP2": Fit(lambda r: (2**r - 1) / r if r else LN2, lambda r: abs(r) / 2**r + TINY, -0.505, 0.505, 5),
    "powers.EXP2": Fit(lambda r: mp.mpf(2) ** r, lambda r: mp.mpf(2) ** -r, -0.5001, 0.5001, 7, False),
    # log(1 + f) = f + f^2 P(f)
    "logarithm.LOG": _after(mp.log1p, LOG, mp.log1p, 8),
    # log2(1 + f) = f P(f)
    "powers.LOG2": Fit(lambda f: (mp.log1p(f) / f if f else 1) / LN2,
                       lambda f: (f / mp.log1p(f) if f else 1) * LN2, *LOG, 14, False),
    # log((1 + s) / (1 - s)) = 2 s + s^3 P(s^2)
    "double.LOG": _odd(lambda s: 2 * mp.atanh(s), 2, mp.mpf(2) / 3, 0.1718, 7, False),
    "hyperbolic.TANH": _odd(mp.tanh, 1, -mp.mpf(1) / 3, 0.5625, 4),
    "double.TANH": _odd(mp.tanh, 1, -mp.mpf(1) / 3, 0.5625, 10, False),
    "hyperbolic.SINH": _odd(mp.sinh, 1, mp.mpf(1) / 6, 1, 3),
    "trigonometric.SIN": _odd(mp.sin, 1, -mp.mpf(1) / 6, EIGHTH, 3),
    "trigonometric.TAN": _odd(mp.tan, 1, mp.mpf(1) / 3, EIGHTH, 7, False),
    "inverse_trigonometric.ASIN": _odd(mp.asin, 1, mp.mpf(1) / 6, 0.5505, 5),
    "inverse_trigonometric.ATAN": _odd(mp.atan, 1, -mp.mpf(1) / 3, 1, 8),
    # cos r = 1 - r^2 / 2 + r^4 P(r^2)
    "trigonometric.COS": Fit(lambda s: (mp.cos(mp.sqrt(s)) - 1 + s / 2) / s**2 if s else mp.mpf(1) / 24,
                             lambda s: s**2 + TINY, 0, EIGHTH**2, 2),
    # erf x = x + x P(x^2)
    "error_function.NEAR": Fit(_erf_quotient, lambda s: mp.mpf(1), 0, 1, 6),
    "double.ERF_NEAR": Fit(_erf_quotient, lambda s: mp.mpf(1), 0, 1, 12, False),
    # erfc x = e^P(x)
    "error_function.FAR": Fit(lambda x: mp.log(mp.erfc(x)), mp.erfc, 0.95, 4, 8),
    # e^(x^2) erfc x = P((x - 4) / (x + 4)), the errors relative to erfc x, and to erf x
    "error_function.SCALED": Fit(_erfcx, lambda u: 1 / _erfcx(u), -1, mp.mpf("6.2") / mp.mpf("14.2"), 11, False),
    "double.ERF_FAR": Fit(_erfcx, lambda u: mp.erfc(4 * (1 + u) / (1 - u)), -0.61, 0.21, 11, False),
}  # fmt: skip


def main(names: list[str]) -> None:
    """Print fits as Python tuples."""
    for name in names or FITS:
        fit = FITS[name]
        coefficients, worst = remez(fit)
        kind = np.float32 if fit.single else np.float64
        print(f"{name}: {', '.join(str(kind(c)) for c in coefficients)}  # error 2^{float(mp.log(worst, 2)):.1f}")


if __name__ == "__main__":
    main(sys.argv[1:])
