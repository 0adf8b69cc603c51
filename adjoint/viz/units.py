"""Units: numbers, bytes, seconds and shapes as people read them, the same in every rendering."""

from __future__ import annotations

import math
from collections.abc import Iterable


def number(x: float | None, digits: int = 3) -> str:
    """A number in a few characters: ``0.333``, ``4``, ``1.2e-05``, ``nan``; an en dash for None.

    >>> number(1 / 3), number(4.0), number(-0.0000123), number(1234567.0)
    ('0.333', '4', '−1.2e−05', '1.2e+06')
    """
    if x is None:
        return "–"
    if not math.isfinite(x):
        return "NaN" if math.isnan(x) else "∞" if x > 0 else "−∞"
    size = abs(x)
    if size == int(size) and size < 1e6:
        text = str(int(size))
    elif size >= 1e5 or size < 1e-3:
        text = f"{size:.1e}"
    else:
        text = f"{size:.0f}" if size >= 10 ** (digits - 1) else f"{size:.{digits}g}"
    return ("−" if x < 0 else "") + text.replace("e-", "e−")


def size(n: float | None) -> str:
    """Bytes: ``12 bytes``, ``1.5 kB``, ``46.8 MB`` (of 1,000)."""
    return "–" if n is None else _scaled(n, ("bytes", "kB", "MB", "GB", "TB"))


def count(n: float | None) -> str:
    """How many: ``9,408``; from 100,000 on with three digits, ``1.81 G``.

    >>> count(9408), count(1_814_073_344)
    ('9,408', '1.81 G')
    """
    if n is None:
        return "–"
    return f"{n:,.0f}" if n < 100_000 else _scaled(n, ("", "k", "M", "G", "T", "P"))


def seconds(t: float | None) -> str:
    """A duration: ``12.3 µs``, ``4.56 ms``, ``1.23 s``."""
    if t is None:
        return "–"
    if t < 1e-3:
        return f"{_three(t * 1e6)} µs"
    return f"{_three(t * 1e3)} ms" if t < 1 else f"{_three(t)} s"


def shape(dimensions: Iterable[int] | None) -> str:
    """A shape as Python writes it: ``(64, 3, 7, 7)``, ``(5,)``, ``()``."""
    return "–" if dimensions is None else str(tuple(dimensions))


def _scaled(n: float, units: tuple[str, ...]) -> str:
    unit = 0
    while n >= 999.5 and unit < len(units) - 1:
        n /= 1000
        unit += 1
    return f"{_three(n) if unit else round(n)} {units[unit]}".rstrip()


def _three(x: float) -> str:
    """Three digits: 1.90, 19.0, 190; all of those before the point."""
    return f"{x:,.0f}" if x >= 99.95 else f"{x:#.3g}".rstrip(".")
