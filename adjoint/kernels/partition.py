"""Partition: a program as a sequence of programs, each of which reduces over one set of axes only.

Where a result needs sums of sums over other axes (layer norm's weight gradient: over the batch, of what was normalized
along the features), the inner ones become results of a first program and inputs of the next.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from adjoint.kernels.program import REDUCTIONS, Equation, Program, View, live
from adjoint.kernels.traced import Untraceable


@dataclass(slots=True)
class Stage:
    """A program, and what its outputs are: ("result", position) or ("between", argument number)."""

    program: Program
    outputs: list[Any]


def partition(program: Program, arguments: int) -> list[Stage]:
    """The programs to run one after another; arrays between them are numbered from ``arguments`` on."""
    stages = []
    remaining = list(range(len(program.outputs)))
    while remaining:
        outputs: list[int] = []
        kinds: list[Any] = []
        later, between = [], set()
        for position in remaining:
            out = program.outputs[position]
            if len(_axes_sets(program, out)) <= 1:
                outputs.append(out)
                kinds.append(("result", position))
            else:
                later.append(position)
                between |= _inner(program, out)
        if later and not between:
            raise Untraceable("reductions over several sets of axes")
        equations = list(program.equations)
        for i in sorted(between):
            e = equations[i]
            if i in outputs:
                raise Untraceable("a result between two kernels")
            outputs.append(i)
            kinds.append(("between", arguments))
            equations[i] = Equation("input", (), e.shape, e.dtype, View(arguments, 0, _contiguous(e), True))
            arguments += 1
        stages.append(Stage(Program(program.equations, program.numbers, outputs), kinds))
        program = Program(equations, program.numbers, program.outputs)
        remaining = later
    return stages


def _axes_sets(program: Program, out: int) -> set[Any]:
    return {_axes(program, i) for i in live(program, [out])} - {None}


def _axes(program: Program, i: int) -> Any:
    """The axes that an equation reduces, counted from the last; None if there are none."""
    e = program.equations[i]
    if e.name not in REDUCTIONS:
        return None
    of = program.equations[e.operands[0]].shape
    return frozenset(a - len(of) for a in e.detail if of[a] != 1) or None


def _inner(program: Program, out: int) -> set[int]:
    """The reductions on which a reduction over other axes depends, and that depend on none such themselves."""
    found = set()
    used = live(program, [out])
    for i in used:
        own = _axes(program, i)
        if own is None or len(_axes_sets(program, i)) > 1:
            continue
        if any(_axes(program, j) not in (None, own) and i in live(program, [j]) for j in used):
            found.add(i)
    return found


def _contiguous(e: Equation) -> tuple[int, ...]:
    strides = []
    step = e.dtype.itemsize
    for n in reversed(e.shape):
        strides.append(step)
        step *= n
    return tuple(reversed(strides))
