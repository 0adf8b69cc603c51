"""The operands of the sweep's rows: what an expression's names stand for, at about a number of elements.

Floating operands have a dtype of the reader's choice and require grad; labels, places and masks do not.
"""

from __future__ import annotations

from collections.abc import Callable
from math import isqrt
from typing import Any

import numpy as np

LARGEST_SQUARE = 256  # rows of a square matrix of the linear algebra; more elements are more matrices


def rows_and_columns(n: int) -> tuple[int, int]:
    """The two factors of n that are nearest to each other, the smaller one first.

    >>> rows_and_columns(1000)
    (25, 40)
    """
    rows = next(d for d in range(isqrt(n), 0, -1) if n % d == 0)
    return rows, n // rows


def three(n: int) -> tuple[int, int, int]:
    """Three factors of n: sequences, their length, and features.

    >>> three(65536)
    (32, 32, 64)
    """
    first = next(d for d in range(round(n ** (1 / 3)), 0, -1) if n % d == 0)
    return first, *rows_and_columns(n // first)


def images(n: int) -> tuple[int, int, int, int]:
    """How many images of how many channels, square ones, have n elements.

    >>> images(65536)
    (4, 16, 32, 32)
    """
    most = isqrt(round(1.6 * n ** (2 / 3)))
    side = next(d for d in range(most, 0, -1) if n % (d * d) == 0)
    rest = n // (side * side)
    channels = next(d for d in range(min(16, rest), 0, -1) if rest % d == 0)
    return rest // channels, channels, side, side


def squares(n: int) -> tuple[int, int, int]:
    """How many square matrices of how many rows have about n elements."""
    rows = min(isqrt(n), LARGEST_SQUARE)
    return n // (rows * rows), rows, rows


class Operands:
    """The operands for n elements of a dtype, each made when it is asked for, alike for every peer."""

    def __init__(self, n: int, dtype: str) -> None:
        self.n, self.dtype = n, dtype
        self.rows, self.columns = rows_and_columns(n)

    def named(self, torch: Any, names: Any) -> tuple[dict[str, Any], list[Any]]:
        """The operands of these names as a peer's, and those of them, and parameters of modules, that require grad."""
        found: dict[str, Any] = {}
        leaves = []
        for name in names:
            if name in MODULES:
                found[name] = MODULES[name](torch, three(self.n)[-1]).to(self._dtype(torch))
                leaves += list(found[name].parameters())
            elif name in SIZES:
                found[name] = SIZES[name](self)
            elif name in PLACES:
                found[name] = torch.tensor(PLACES[name](self, np.random.default_rng(len(name))))
            elif name in NUMBERS:
                found[name] = self._floating(torch, NUMBERS[name](self, np.random.default_rng(sum(map(ord, name)))))
                if found[name].requires_grad:
                    leaves.append(found[name])
        return found, leaves

    def _dtype(self, torch: Any) -> Any:
        return getattr(torch, self.dtype)

    def _floating(self, torch: Any, values: Any) -> Any:
        dtype = self._dtype(torch)
        if not dtype.is_floating_point and not dtype.is_complex:
            values = values * 10 + 3  # some integers of either sign, and few zeros
        made = torch.tensor(values).to(dtype)
        return made.requires_grad_() if dtype.is_floating_point or dtype.is_complex else made


SIZES: dict[str, Callable[[Operands], int]] = {
    "n": lambda o: o.n,
    "rows": lambda o: o.rows,
    "columns": lambda o: o.columns,
    "side": lambda o: images(o.n)[-1],
}

NUMBERS: dict[str, Callable[[Operands, Any], Any]] = {
    **dict.fromkeys("xyz", lambda o, draw: draw.standard_normal((o.rows, o.columns))),
    "p": lambda o, draw: draw.uniform(0.4, 2.2, (o.rows, o.columns)),
    "q": lambda o, draw: draw.uniform(0.5, 2.4, (o.rows, o.columns)),
    "u": lambda o, draw: draw.uniform(0.1, 0.9, (o.rows, o.columns)),
    "c": lambda o, draw: draw.uniform(-0.9, 0.9, (o.rows, o.columns)),
    "big": lambda o, draw: draw.uniform(1.2, 3.1, (o.rows, o.columns)),
    "row": lambda o, draw: draw.uniform(0.4, 1.4, o.columns),
    "column": lambda o, draw: draw.uniform(0.4, 1.4, (o.rows, 1)),
    "s": lambda o, draw: draw.uniform(0.3, 1.1, ()),
    "v": lambda o, draw: draw.standard_normal(o.n),
    "v2": lambda o, draw: draw.standard_normal(o.n),
    "t": lambda o, draw: draw.standard_normal(three(o.n)),
    "t2": lambda o, draw: draw.standard_normal(three(o.n)),
    "features": lambda o, draw: draw.uniform(0.5, 1.5, three(o.n)[-1]),
    "i": lambda o, draw: draw.standard_normal(images(o.n)),
    "channels": lambda o, draw: draw.uniform(0.5, 1.5, images(o.n)[1]),
    "k1": lambda o, draw: draw.standard_normal((8, three(o.n)[1], 3)) / 4,
    "k2": lambda o, draw: draw.standard_normal((16, images(o.n)[1], 3, 3)) / 4,
    "kt": lambda o, draw: draw.standard_normal((images(o.n)[1], 8, 2, 2)) / 4,
    "kd": lambda o, draw: draw.standard_normal((images(o.n)[1], 1, 3, 3)) / 4,
    "grid": lambda o, draw: draw.uniform(-1, 1, (images(o.n)[0], *images(o.n)[2:], 2)),
    "a": lambda o, draw: draw.standard_normal((isqrt(o.n), isqrt(o.n))),
    "b": lambda o, draw: draw.standard_normal((isqrt(o.n), isqrt(o.n))),
    "w": lambda o, draw: draw.standard_normal((o.columns, o.columns)) / o.columns**0.5,
    "bias": lambda o, draw: draw.standard_normal(o.columns),
    "table": lambda o, draw: draw.standard_normal((o.rows, o.columns)),
    "m": lambda o, draw: draw.standard_normal(squares(o.n)) + 2 * np.eye(squares(o.n)[1]),
    "m2": lambda o, draw: draw.standard_normal(squares(o.n)),
    "definite": lambda o, draw: _definite(draw, squares(o.n)),
    "small": lambda o, draw: draw.standard_normal((max(o.n // 16, 1), 4, 4)) + 2 * np.eye(4),
    "small_definite": lambda o, draw: _definite(draw, (max(o.n // 16, 1), 4, 4)),
    "heads": lambda o, draw: draw.standard_normal((1, 2, *_of_heads(o.n))),
}

PLACES: dict[str, Callable[[Operands, Any], Any]] = {
    "mask": lambda o, draw: draw.random((o.rows, o.columns)) < 0.5,
    "labels": lambda o, draw: draw.integers(0, o.columns, o.rows),
    "index": lambda o, draw: draw.integers(0, o.rows, o.rows),
    "distinct": lambda o, draw: draw.permutation(o.rows),
    "across": lambda o, draw: draw.integers(0, o.columns, (o.rows, o.columns)),
    "signs": lambda o, draw: draw.choice([-1.0, 1.0], o.rows).astype(np.float32),
}


def _definite(draw: Any, shape: Any) -> Any:
    x = draw.standard_normal(shape)
    return x @ x.swapaxes(-1, -2) + shape[-1] * np.eye(shape[-1])


def _of_heads(n: int) -> tuple[int, int]:
    """Positions and features of each of two heads."""
    features = 64 if n >= 2 * 64 * 64 else 2
    return max(n // (2 * features), 1), features


MODULES: dict[str, Callable[[Any, int], Any]] = {
    "rnn": lambda torch, features: torch.nn.RNN(features, 64, batch_first=True),
    "gru": lambda torch, features: torch.nn.GRU(features, 64, batch_first=True),
    "lstm": lambda torch, features: torch.nn.LSTM(features, 64, batch_first=True),
    "attention": lambda torch, features: torch.nn.MultiheadAttention(features, 2, batch_first=True),
    "encoder": lambda torch, features: torch.nn.TransformerEncoderLayer(features, 2, 4 * features, 0.0, batch_first=True),
}
"""Modules whose parameters are operands, too, for so many features."""
