"""Sizes that vary: what a number was in each of several traces, and other sizes at which to trace.

A model is traced at several sizes of its dynamic dimensions.  A number of the program that is the same in all traces is a
constant; one that differs is a :class:`Varying`, which remembers all that it was, and the exporter looks for the sizes that
explain it.  So it does not matter by which way of Python's a size went before it came to an operator.
"""

from __future__ import annotations

import itertools
import math
import operator
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from adjoint.onnx.errors import OnnxExporterError


class Varying:
    """A number that depends on sizes: ``seen`` is what it was in each of the traces.

    It computes as a number does, trace by trace.  Where the traces disagree on a comparison, or one number is asked for, it
    raises OnnxExporterError, for then a formula that was written for fixed sizes would be wrong at others.

    >>> from adjoint.onnx.sizes import Varying
    >>> Varying((2, 3)) * 4 - 1
    Varying(7, 11)
    >>> Varying((2, 3)) - Varying((1, 2))
    1
    """

    __slots__ = ("seen",)

    def __init__(self, seen: Iterable[Any]) -> None:
        self.seen = tuple(seen)

    def __repr__(self) -> str:
        return f"Varying({', '.join(map(repr, self.seen))})"

    def __hash__(self) -> int:
        return hash(self.seen)

    def __eq__(self, other: object) -> bool:
        return self.seen == other.seen if isinstance(other, Varying) else False

    def _refuse(self) -> Any:
        raise OnnxExporterError(
            f"a size that varies (it was {self.seen} in the traces) is used where ONNX needs a constant; make that dimension static"
        )

    __int__ = __float__ = __index__ = __bool__ = _refuse


def vary(seen: Sequence[Any]) -> Any:
    """The number itself where it is the same in all traces, else a :class:`Varying`."""
    return seen[0] if all(type(s) is type(seen[0]) and s == seen[0] for s in seen) else Varying(seen)


def _each(function: Callable[..., Any], *operands: Any) -> Any:
    count = next(len(o.seen) for o in operands if isinstance(o, Varying))
    rows = [o.seen if isinstance(o, Varying) else (o,) * count for o in operands]
    return vary([function(*row) for row in zip(*rows)])


def _agreed(function: Callable[..., bool]) -> Callable[..., bool]:
    def compare(self: Varying, other: Any) -> bool:
        found = _each(function, self, other)
        return self._refuse() if isinstance(found, Varying) else found  # type: ignore[no-any-return]

    return compare


def _computed(function: Callable[..., Any], reflected: bool = False) -> Callable[..., Any]:
    return lambda self, other: _each(function, other, self) if reflected else _each(function, self, other)


for _name in ("add", "sub", "mul", "floordiv", "truediv", "mod", "pow"):
    setattr(Varying, f"__{_name}__", _computed(getattr(operator, _name)))
    setattr(Varying, f"__r{_name}__", _computed(getattr(operator, _name), True))
for _name in ("lt", "le", "gt", "ge"):
    setattr(Varying, f"__{_name}__", _agreed(getattr(operator, _name)))
setattr(Varying, "__neg__", lambda self: _each(operator.neg, self))  # noqa: B010


def product(sizes: Iterable[Any]) -> Any:
    """The product of sizes, of which some may vary."""
    found: Any = 1
    for size in sizes:
        found = size * found if isinstance(size, Varying) else found * size
    return found


# Other sizes ----------------------------------------------------------------------------------------------------------------


class Symbol:
    """A dynamic dimension: its name, the size that it has in the example, and between which sizes it may be."""

    def __init__(self, name: str, size: int, least: int = 0, most: int | None = None, given: bool = True) -> None:
        self.name, self.size, self.given = name, size, given
        self.least, self.most = max(least, 2), most

    def fits(self, size: int) -> bool:
        """Whether it may have this size."""
        return size >= self.least and (self.most is None or size <= self.most)


# How far, or by which factor, the sizes of the first, second, ... traces are from the example's: for a symbol, and the next ones.
_STEPS = ((1, 4, 9, 5), (2, 7, 3, 11), (5, 1, 8, 3), (3, 9, 2, 7), (6, 2, 11, 4), (7, 5, 1, 8))
_NEAR = ((1, 3, 2, 4), (2, 1, 4, 3), (3, 4, 1, 2), (4, 2, 3, 1), (1, 2, 4, 3), (2, 4, 3, 1))
_FACTORS = ((2, 3, 5, 4), (3, 2, 4, 6), (5, 4, 2, 3), (4, 6, 3, 2), (2, 5, 3, 6), (3, 4, 6, 5))


def _above(symbol: Symbol, at: int) -> list[int]:
    return [symbol.size + step for step in _STEPS[at % len(_STEPS)]]


def _multiples(symbol: Symbol, at: int) -> list[int]:
    return [symbol.size * factor for factor in _FACTORS[at % len(_FACTORS)]]


def _near(symbol: Symbol, at: int) -> list[int]:
    return [symbol.size + step for step in _NEAR[at % len(_NEAR)]]


def _below(symbol: Symbol, at: int) -> list[int]:
    return [symbol.size - step for step in sorted(_STEPS[at % len(_STEPS)])]


def other_sizes(symbols: Sequence[Symbol]) -> Iterator[list[list[int]]]:
    """Ways of choosing other sizes, the likeliest first: per symbol the sizes that it has in four further traces."""
    kinds = (_above, _multiples, _near, _below)
    ways = [(kind,) * len(symbols) for kind in kinds]
    if 1 < len(symbols) <= 3:
        ways += [way for way in itertools.product(kinds, repeat=len(symbols)) if way not in ways]
    scarce = []
    for way in ways:
        chosen = [kind(symbol, i) for i, (kind, symbol) in enumerate(zip(way, symbols))]
        usable = [[size for size in sizes if symbol.fits(size)] for symbol, sizes in zip(symbols, chosen)]
        count = min(map(len, usable), default=0)
        if count >= 3:
            yield [sizes[:count] for sizes in usable]
        elif count == 2:
            scarce.append(usable)
    yield from ([sizes[:2] for sizes in usable] for usable in scarce)


# What explains a number -----------------------------------------------------------------------------------------------------

Term = tuple[str, tuple[Any, ...]]  # what is done, with indices of sources and constants


def explain(target: Varying, sources: Sequence[tuple[int, ...]]) -> Term | None:
    """How a number comes about from sizes: an operation on indices of ``sources``; None where nothing explains it.

    ``("is", (i,))``, ``("times", (p, i, q, c))`` for ``(p * s + c) // q``, ``("product", (k, i, j, ...))``,
    ``("floor", (c, i, q, sign, d))`` for ``sign * ((s + c) // q) + d``, ``("fraction", (k, i, j, ...))`` for a product divided by
    ``k``, ``("sum", (i, j, sign, c))``, and for floating-point numbers ``("power", (c, i, e))`` for ``c * s ** e``.
    """
    t = target.seen
    for i, s in enumerate(sources):
        if s == t:
            return "is", (i,)
    if any(isinstance(v, float) for v in t):
        return _explain_float(t, sources)
    for i, s in enumerate(sources):
        term = _affine(t, s, i)
        if term:
            return term
    for count in (2, 3):
        for chosen in itertools.combinations_with_replacement(range(min(len(sources), 16)), count):
            products = [math.prod(row) for row in zip(*[sources[i] for i in chosen])]
            if all(p and v % p == 0 for p, v in zip(products, t)):
                factors = {v // p for p, v in zip(products, t)}
                if len(factors) == 1:
                    return "product", (factors.pop(), *chosen)
            if all(v and p % v == 0 for p, v in zip(products, t)):
                factors = {p // v for p, v in zip(products, t)}
                if len(factors) == 1:
                    return "fraction", (factors.pop(), *chosen)
    for i, j in itertools.permutations(range(min(len(sources), 16)), 2):
        for sign in (1, -1):
            rest = {v - a - sign * b for v, a, b in zip(t, sources[i], sources[j])}
            if len(rest) == 1:
                return "sum", (i, j, sign, rest.pop())
    return None


def _affine(t: tuple[int, ...], s: tuple[int, ...], i: int) -> Term | None:
    """``(p * s + c) // q`` where that is what it is."""
    a, b = next(((a, b) for a in range(len(s)) for b in range(a) if s[a] != s[b]), (0, 0))
    if a == b:
        return None
    p, q = t[a] - t[b], s[a] - s[b]
    common = math.gcd(p, q) * (1 if q > 0 else -1)
    p, q = p // common, q // common
    c = q * t[a] - p * s[a]
    if p and all(q * v == p * w + c for v, w in zip(t, s)):
        return "times", (p, i, q, c)
    for q in (2, 4, 8, 16, 32, 64, 3, 5, 6):
        for c in range(q):
            floors = [(w + c) // q for w in s]
            for sign in (1, -1):
                rest = {v - sign * floor for v, floor in zip(t, floors)}
                if len(rest) == 1:
                    return "floor", (c, i, q, sign, rest.pop())
    return None


def _explain_float(t: tuple[float, ...], sources: Sequence[tuple[int, ...]]) -> Term | None:
    for exponent in (1.0, -1.0, 0.5, -0.5, 2.0, -2.0):
        for i, s in enumerate(sources):
            if min(s) <= 0:
                continue
            factors = [v / w**exponent for v, w in zip(t, s)]
            if factors[0] and all(math.isclose(f, factors[0], rel_tol=1e-12) for f in factors):
                return "power", (factors[0], i, exponent)
    return None
