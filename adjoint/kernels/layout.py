"""Layout: the iteration space of a program, with as few axes as the arrays' strides allow.

Every axis is kept (K) or reduced (R).  Axes are put in the order in which the inputs lie in memory, the first before the others;
neighbours of one kind that all arrays step through as one become one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

from adjoint.kernels.halves import is_floating
from adjoint.kernels.program import REDUCTIONS, Program, live
from adjoint.kernels.traced import Untraceable
from adjoint.layouts import nesting_of

FEWEST_ROWS = 64  # of which sums are kept beside what is computed of each
LONGEST_SUM = 16384  # elements


@dataclass(slots=True)
class Space:
    """The iteration space of some of a program's results."""

    shape: tuple[int, ...]  # before axes were joined
    order: tuple[int, ...]  # the axes as they are nested, outermost first
    sizes: list[int]  # of the joined axes
    kinds: str  # "K" or "R" for each
    strides: dict[Any, list[int]]  # array -> bytes along the joined axes; keys are equation numbers, outputs ("out", i)
    of_axis: list[list[int]]  # joined axis -> the axes of `shape` in it


def groups(program: Program) -> list[tuple[tuple[int, ...], frozenset[int], list[int]]]:
    """The results, grouped by what can be computed in one pass: (shape of the space, reduced axes, positions)."""
    made: list[Any] = []
    for position, out in enumerate(program.outputs):
        shape, reduced = _space_of(program, out)
        for group in made:
            if group[0] == shape and (group[1] == reduced or not reduced or not group[1]):
                if not _one_order(program, shape, [*group[2], position]):
                    continue
                group[1] |= reduced
                group[2].append(position)
                break
        else:
            made.append([shape, reduced, [position]])
    return [(shape, frozenset(reduced), positions) for shape, reduced, positions in made]


def crossed(program: Program, found: Any) -> list[tuple[tuple[int, ...], frozenset[int], list[int], list[int]]]:
    """Groups, each with the positions of sums over its rows that can be added up while these are there.

    Layer norm's backward: an input's gradient needs sums along the rows, the weight's is a sum over them.
    """
    made = []
    taken: list[int] = []
    for n, (shape, reduced, positions) in enumerate(found):
        across: list[int] = []
        for m, (other, over, sums) in enumerate(found):
            if m != n and m not in taken and other == shape and _crosses(program, shape, reduced, positions, over, sums):
                across += sums
                taken.append(m)
        made.append((shape, reduced, positions, across))
    return [group for n, group in enumerate(made) if n not in taken]


def _crosses(
    program: Program, shape: tuple[int, ...], reduced: frozenset[int], own: list[int], over: frozenset[int], sums: list[int]
) -> bool:
    """Whether the results at ``sums`` are sums over the rows of those at ``own``, and it pays to compute them together."""
    wide = {a for a, n in enumerate(shape) if n != 1}
    if not reduced or reduced & over or (reduced | over) != wide:
        return False
    outputs = [program.outputs[p] for p in own]
    totals = [program.outputs[p] for p in sums]
    where = space(program, shape, reduced, outputs + totals)
    if where.kinds != "KR" or where.sizes[0] < FEWEST_ROWS or where.sizes[1] > LONGEST_SUM:
        return False
    for i in totals:
        e = program.equations[i]
        if e.name != "sum" or not is_floating(e.dtype) or program.equations[e.operands[0]].shape[-len(shape) :] != shape:
            return False
        if any(o != i and _is_over(program, o, over, len(shape)) for o in live(program, [i])):
            return False
    return True


def _is_over(program: Program, i: int, axes: frozenset[int], rank: int) -> bool:
    """Whether an equation reduces one of these axes."""
    e = program.equations[i]
    if e.name not in REDUCTIONS:
        return False
    of = program.equations[e.operands[0]].shape
    return any(of[a] != 1 and a + rank - len(of) in axes for a in e.detail)


def _space_of(program: Program, out: int) -> tuple[tuple[int, ...], set[int]]:
    equations = program.equations
    used = live(program, [out])
    rank = max(len(equations[i].shape) for i in used)
    shape = [1] * rank
    for i in used:
        own = equations[i].shape
        for axis, n in enumerate(own, rank - len(own)):
            if n != 1:
                if shape[axis] not in (1, n):
                    raise Untraceable("shapes that do not belong to one space")
                shape[axis] = n
    sets = set()
    for i in used:
        e = equations[i]
        if e.name in REDUCTIONS:
            of = equations[e.operands[0]].shape
            axes = frozenset(a + rank - len(of) for a in e.detail if of[a] != 1)
            if axes:
                sets.add(axes)
            if any(of[a] == 1 and shape[a + rank - len(of)] != 1 for a in e.detail):
                raise Untraceable("a reduction of what is broadcast later")
    if len(sets) > 1:
        raise Untraceable("reductions over several sets of axes")
    reduced = set(sets.pop()) if sets else set()
    return tuple(shape), reduced


def _one_order(program: Program, shape: Sequence[int], positions: list[int]) -> bool:
    """Whether results that are computed together lie in memory as they would if computed apart."""
    outputs = [program.outputs[p] for p in positions]
    rank = len(shape)
    together = _order(program, _strides(program, outputs, rank), shape)
    for out in outputs:
        own = program.equations[out].shape
        matter = {a for a, n in enumerate(own, rank - len(own)) if n != 1}
        apart = _order(program, _strides(program, [out], rank), shape)
        if [a for a in apart if a in matter] != [a for a in together if a in matter]:
            return False
    return True


def _strides(program: Program, outputs: list[int], rank: int) -> dict[int, list[int]]:
    """The inputs of results, with their steps along the axes of the space: 0 where they are of size 1."""
    given = {}
    for i in live(program, outputs):
        e = program.equations[i]
        if e.name == "input":
            given[i] = [0] * (rank - len(e.shape)) + [0 if n == 1 else s for n, s in zip(e.shape, e.detail.strides)]
    return given


def _order(program: Program, given: dict[int, list[int]], shape: Sequence[int]) -> list[int]:
    """The axes, outermost first: as the inputs lie in memory, as they are given where these say nothing."""
    own = [[abs(step) for step in s] for i, s in given.items() if not program.equations[i].detail.between]
    return nesting_of(own, shape)


def space(program: Program, shape: tuple[int, ...], reduced: frozenset[int], outputs: list[int]) -> Space:
    """The iteration space for a group of results (their equations' numbers)."""
    equations = program.equations
    rank = len(shape)
    given = _strides(program, outputs, rank)
    order = _order(program, given, shape)
    strides: dict[Any, list[int]] = dict(given)
    for position, i in enumerate(outputs):
        full = _dense(equations[i], order, rank)
        strides["out", position] = full
    axes = [a for a in order if shape[a] != 1]
    joined: list[list[int]] = []
    for a in axes:
        if joined and (a in reduced) == (joined[-1][-1] in reduced):
            last = joined[-1][-1]
            if all(s[last] == s[a] * shape[a] for s in strides.values()):
                joined[-1].append(a)
                continue
        joined.append([a])
    return Space(
        shape,
        tuple(order),
        [prod(shape[a] for a in group) for group in joined],
        "".join("R" if group[0] in reduced else "K" for group in joined),
        {key: [s[group[-1]] for group in joined] for key, s in strides.items()},
        joined,
    )


def _dense(equation: Any, order: list[int], rank: int) -> list[int]:
    """The strides of a new array of an equation's shape, its axes nested in ``order``."""
    lead = rank - len(equation.shape)
    step = equation.dtype.itemsize
    strides = [0] * rank
    for a in reversed(order):
        n = equation.shape[a - lead] if a >= lead else 1
        if n != 1:
            strides[a] = step
            step *= n
    return strides
