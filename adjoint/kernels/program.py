"""Program: what a formula does, as equations over shapes and dtypes.

    a = input 0 : float32[64, 1000]
    b = amax a axes=(1,) : float32[64, 1]
    c = subtract a b : float32[64, 1000]

An equation has a name, operands (numbers of earlier equations), a shape and a dtype.  The names are NumPy's; besides
``input`` (an array that is handed in, or a view of one), ``number`` (a scalar that may differ from call to call) and
``convert``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

REDUCTIONS = {"sum": np.add, "amax": np.maximum, "amin": np.minimum, "prod": np.multiply}


@dataclass(frozen=True, slots=True)
class View:
    """A view of an argument: which one, and where in its memory."""

    argument: int
    offset: int  # bytes
    strides: tuple[int, ...]  # bytes
    between: bool = False  # an array that one kernel leaves to the next


@dataclass(frozen=True, slots=True)
class Equation:
    """One value of a program."""

    name: str
    operands: tuple[int, ...]
    shape: tuple[int, ...]
    dtype: Any
    detail: Any = None  # of an input its view, of a reduction its axes


@dataclass(slots=True)
class Program:
    """Equations in order, and which of them are the results."""

    equations: list[Equation] = field(default_factory=list)
    numbers: list[float] = field(default_factory=list)  # the values of the equations named "number", in order
    outputs: list[int] = field(default_factory=list)

    def __str__(self) -> str:
        lines = []
        for i, e in enumerate(self.equations):
            detail = ""
            if e.name == "input":
                assert isinstance(e.detail, View)
                detail = f" {e.detail.argument}"
            elif e.name in REDUCTIONS:
                detail = f" axes={e.detail}"
            operands = "".join(f" {letter(o)}" for o in e.operands)
            lines.append(f"{letter(i)} = {e.name}{detail}{operands} : {e.dtype}{list(e.shape)}")
        return "\n".join([*lines, "return " + ", ".join(map(letter, self.outputs))])


def letter(i: int) -> str:
    """a, b, ... z, a1, b1, ..."""
    return chr(ord("a") + i % 26) + (str(i // 26) if i >= 26 else "")


def live(program: Program, wanted: Any = None) -> list[int]:
    """The equations that the results (or those wanted) depend on, in order."""
    seen: set[int] = set()
    stack = list(program.outputs if wanted is None else wanted)
    while stack:
        i = stack.pop()
        if i not in seen:
            seen.add(i)
            stack += program.equations[i].operands
    return sorted(seen)
