"""Arithmetic: + - * / and their kin."""

from __future__ import annotations

import numpy as np

from adjoint.declare import elementwise
from adjoint.ops.arrays import conj


def _add(self, other, *, alpha=1):
    return np.add(self, other if alpha == 1 else other * alpha)


add = elementwise(
    "add", _add, plain=np.add, dunder=("__add__", "__radd__", "__iadd__"),
    self=lambda g: g,
    other=lambda g, alpha: g if alpha == 1 else g * conj_number(alpha),
)  # fmt: skip


def conj_number(x):
    return x.conjugate()


mul = elementwise(
    "mul", np.multiply, aliases=("multiply",), dunder=("__mul__", "__rmul__", "__imul__"),
    self=lambda g, other: g * conj(other),
    other=lambda g, self: g * conj(self),
)  # fmt: skip
