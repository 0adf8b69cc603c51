"""Formulas drawn by chance, for the fusing compiler: ``PYTHONPATH=.:tests python -m sweeps.formulas 5000`` draws many.

A formula is made step by step with NumPy's values at hand, so that each step is one that NumPy computes.  Operands are
small whole numbers, on which most steps are exact; where a value is exact the compiled one must equal it, and only exact
values are compared, rounded or tested, for others may fall on either side.
"""

from __future__ import annotations

import sys
import warnings
from collections import Counter
from random import Random
from typing import Any

import numpy as np

from adjoint.kernels import reading

SIZES = (1, 2, 3, 5, 7, 8, 16, 17, 33)
DTYPES = ("f4", "f4", "f4", "f4", "f4", "f4", "f8", "i4", "i8", "?")
LAYOUTS = ("C", "C", "C", "F", "swapped", "step", "back", "middle", "broadcast")
NUMBERS = (0.5, 2, -1.0, 3, True, np.float32(2), np.float64(0.25), np.int64(2))

EXACT = {
    "negative": np.negative, "absolute": np.absolute, "square": np.square, "floor": np.floor, "rint": np.rint,
    "isnan": np.isnan, "add": np.add, "subtract": np.subtract, "multiply": np.multiply, "maximum": np.maximum,
    "minimum": np.minimum, "fmax": np.fmax, "less": np.less, "less_equal": np.less_equal, "greater": np.greater,
    "equal": np.equal, "not_equal": np.not_equal, "both": lambda x, y: (x > 0) & (y > 0),
    "where": lambda p, x, y: np.where(p > 0, x, y),
}  # fmt: skip
ROUNDED = {
    "exp": lambda x: np.exp(np.minimum(x, 2.0)),
    "tanh": np.tanh,
    "sqrt": lambda x: np.sqrt(np.abs(x) + 1),
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "divide": lambda x, y: x / (1.0 + y * y),
}
VIEWS = {
    "transpose": np.transpose,
    "new axis": lambda x: x[..., None],
    "flip": lambda x: x[::-1],
    "ravel": lambda x: x.reshape(-1),
    "index": lambda x: x[0],
    "broadcast": lambda x: np.broadcast_to(x, (2, *x.shape)),
}
OPERANDS = {"exp": 1, "tanh": 1, "sqrt": 1, "sigmoid": 1, "divide": 2, "both": 2, "where": 3}
STEEP = {"floor", "rint", "isnan", "less", "less_equal", "greater", "equal", "not_equal", "both"}


class Formula:
    """A function of arrays, and the arrays."""

    def __init__(self, random: Random) -> None:
        self.choice = random.choice
        rank = self.choice((1, 2, 2, 3, 3, 4))
        self.shape = [self.choice((*SIZES, 1000, 4099) if rank == 1 else SIZES) for _ in range(rank)]
        if rank < 3 and self.choice((False, False, True)):
            self.shape[0] = self.choice((300, 2050))
        self.numbers = np.random.default_rng(self.choice(range(50)))
        self.arrays = [self.array(first) for first in self.choice(([1], [1, 0], [1, 0, 0], [1, 0, 0, 0]))]
        self.values: list[Any] = list(self.arrays)
        self.exact = [True] * len(self.arrays)
        self.steps: list[Any] = []  # (function, numbers of its operands)
        self.scale = 1.0  # how large the terms of sums are: what rounding errors are relative to
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for _ in range(self.choice((1, 2, 3, 4, 5, 6, 8, 10))):
                self.add_step()
        latest = range(len(self.values))[-5:]
        self.results = [len(self.values) - 1, *(self.choice(latest) for _ in range(self.choice((0, 0, 1, 2))))]

    def __call__(self, *arrays: Any) -> Any:
        values = list(arrays)
        for function, operands in self.steps:
            values.append(function(*[values[i] for i in operands]))
        return tuple([values[i] for i in self.results])

    def array(self, first: int) -> Any:
        """An operand: of the whole shape, or of one that is broadcast to it."""
        shape = list(self.shape)
        if not first:
            shape = [self.choice((n, n, n, 1)) for n in shape]
            shape = shape[self.choice((0, 0, 0, *range(len(shape) + 1))) :]
        dtype, layout = np.dtype(self.choice(DTYPES)), self.choice(LAYOUTS)
        if not shape or layout == "C":
            return self.filled(shape, dtype)
        if layout == "F":
            return np.asfortranarray(self.filled(shape, dtype))
        a, b = self.choice(range(len(shape))), self.choice(range(len(shape)))
        n = shape[a]
        if layout == "swapped":
            shape[a], shape[b] = shape[b], shape[a]
            return self.filled(shape, dtype).swapaxes(a, b)
        parts = [slice(None)] * len(shape)
        if layout == "broadcast":
            whole = tuple(shape)
            shape[a] = 1
            return np.broadcast_to(self.filled(shape, dtype), whole)
        shape[a] = n + 3 if layout == "middle" else 2 * n
        parts[a] = {"middle": slice(2, 2 + n), "step": slice(None, None, 2), "back": slice(None, None, -2)}[layout]
        return self.filled(shape, dtype)[tuple(parts)]

    def filled(self, shape: list[int], dtype: Any) -> Any:
        whole = self.numbers.integers(-3, 4, shape)
        if dtype.kind == "b":
            return np.asarray(whole > 0)
        made = np.asarray(whole).astype(dtype)
        if dtype.kind == "f" and self.choice((True, *[False] * 7)):
            made.reshape(-1)[self.numbers.integers(made.size)] = self.choice((np.nan, np.inf, -np.inf))
        return made

    def add_step(self) -> None:
        """One more value; none where NumPy refuses what was drawn, or the numbers would become too large."""
        kind = self.choice(("steps", "steps", "steps", "steps", "number", "reduce", "reduce", "convert", "view"))
        a = self.choice(range(len(self.values))[-3:])
        operands = [a]
        x = self.values[a]
        exact = True
        if kind == "steps":
            name = self.choice((*EXACT, *ROUNDED))
            exact = name in EXACT
            function = EXACT[name] if exact else ROUNDED[name]
            count = OPERANDS.get(name) or function.nin
            operands = [self.choice(range(len(self.values))) for _ in range(count - 1)] + [a]
            whole = all(self.exact[i] for i in (operands[:1] if name == "where" else operands))
            if name in STEEP | {"where"} and not whole:
                return
        elif kind == "number":
            ufunc, number = self.choice((np.add, np.subtract, np.multiply, np.maximum)), self.choice(NUMBERS)
            function = self.choice((lambda x: ufunc(x, number), lambda x: ufunc(number, x)))
        elif kind == "convert":
            dtype = np.dtype(self.choice(("f4", "f8", "i4", "i8", "?")))
            if dtype.kind != "f" and not (self.exact[a] and np.isfinite(x).all()):
                return
            function = lambda x: x.astype(dtype)
        elif kind == "reduce":
            function, exact = self.reduction(x)
        else:
            function = VIEWS[self.choice(tuple(VIEWS))]
        try:
            made = np.asarray(function(*[self.values[i] for i in operands]))
        except (TypeError, ValueError, IndexError):
            return
        if kind == "reduce" and np.isfinite(x).all() and not np.isfinite(made).all():
            return  # whether a product overflows depends on the order of its factors
        size = np.abs(made[np.isfinite(made)].astype("f8")).max(initial=0)
        if made.dtype.str[1:] in ("f4", "f8", "i4", "i8", "b1") and made.size <= 200_000 and size < 2**20:
            terms = np.abs(x[np.isfinite(x)].astype("f8"))
            self.scale = max(self.scale, size, terms.sum() if kind == "reduce" else 0)
            self.values.append(made)
            self.exact.append(exact and all(self.exact[i] for i in operands))
            self.steps.append((function, operands))

    def reduction(self, x: Any) -> Any:
        """A reduction, and whether it is exact."""
        name = self.choice(("sum", "sum", "max", "min", "prod", "mean", "centred"))
        last = x.ndim - 1
        axes: list[Any] = [None]
        axes += [-1, 0] if last >= 0 else []
        axes += [1, (0, last)] if last >= 1 else []
        axes += [(0, 1)] if last >= 2 else []
        axis, keepdims = self.choice(axes), self.choice((True, True, True, False))
        if name == "centred":
            return lambda x: x - np.mean(x, axis=axis, keepdims=True), False
        return lambda x: getattr(np, name)(x, axis=axis, keepdims=keepdims), name != "mean"


def difference(formula: Formula) -> str:
    """How the compiled formula differs from NumPy's; "" if it does not."""
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        want = formula(*formula.arrays)
        got = reading.compiled(formula, *formula.arrays)
        again = reading.compiled(formula, *formula.arrays)
    for i, a, b, c in zip(formula.results, map(np.asarray, want), map(np.asarray, got), map(np.asarray, again)):
        if (a.dtype, a.shape) != (b.dtype, b.shape):
            return f"{b.dtype}{b.shape} instead of {a.dtype}{a.shape}"
        if not np.array_equal(b, c, equal_nan=True):
            return "another result the second time"
        near = 0.0 if formula.exact[i] else 2e-5
        if not np.allclose(a.astype("f8"), b.astype("f8"), near, near * formula.scale, equal_nan=True):
            return f"{b} instead of {a}"
    return ""


def main() -> None:
    """Draw formulas; print those that are wrong, and why how many were left to NumPy."""
    reasons: Counter[str] = Counter()
    count = int(sys.argv[1])
    first = int(sys.argv[2]) if len(sys.argv) > 2 else 0
    for seed in range(first, first + count):
        reading._plans.clear()
        reading.refused.clear()
        wrong = difference(Formula(Random(seed)))
        reasons.update(list(reading.refused.values())[:1])
        if wrong:
            print(f"formula {seed}: {wrong}", flush=True)
    print(f"{count} formulas, {sum(reasons.values())} left to NumPy")
    for reason, times in reasons.most_common(20):
        print(f"{times:6d} {reason[:100]}")


if __name__ == "__main__":
    main()
