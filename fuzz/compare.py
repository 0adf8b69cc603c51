"""Compare: run a program with both libraries, side by side, and find the first line after which they differ."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from fuzz import known
from fuzz.program import Program
from fuzz.run import Run, memory, quiet, seen
from fuzz.tolerance import Tolerance


@dataclass(frozen=True)
class Settings:
    """What of the harness applies to a family's programs."""

    strides: bool = True
    graph: int = 1
    """How many levels of ``grad_fn`` names are compared; 0: none."""
    version: bool = True
    memory: bool = True
    """Whether it is compared which values share memory."""
    errors: str = "text"
    """``"type"``: their texts may differ; ``"any"``: it is enough that both raise."""
    ulps: float = 16.0
    """Units in the last place, of the narrowest dtype in the program, that make no difference."""
    relative: float = 0.0
    """An error, of the scale of a program's values, that makes no difference in whatever dtype."""
    multiple: float = 8.0
    """How many times PyTorch's own error against float64 Adjoint's may be."""

    def ignored(self) -> set[str]:
        """The parts of what is seen of a value that are not compared."""
        pairs = [("strides", self.strides), ("grad_fn", self.graph), ("version", self.version)]
        return {name for name, wanted in pairs if not wanted}


@dataclass
class Disagreement:
    """The first difference of a program's two runs.

    ``path`` is the expression whose ``key`` differs; empty, with the key ``"raised"``, where one run raised and the
    other did not, or something else.
    """

    line: int
    path: str
    key: str
    pytorch: Any
    adjoint: Any

    @property
    def what(self) -> str:
        """What differs, in a word."""
        return f"{self.path}.{self.key}" if self.path else self.key

    @property
    def kind(self) -> tuple[str, ...]:
        """What shrinking keeps."""
        errors = [x[0] if isinstance(x, tuple) and x else None for x in (self.pytorch, self.adjoint)]
        return (self.key, *map(str, errors)) if self.key == "raised" else (self.key,)

    def __str__(self) -> str:
        return f"{self.what}\n  PyTorch: {_short(self.pytorch)}\n  Adjoint: {_short(self.adjoint)}"


@dataclass
class Outcome:
    """What a comparison found, and why it let pass what it let pass."""

    found: Disagreement | None = None
    accepted: list[str] = field(default_factory=list)


def compare(program: Program, family: str = "", settings: Settings = Settings()) -> Outcome:
    """Run the lines side by side; after each, look at every name that the program made."""
    with quiet():
        return _compared(program, family, settings)


def _compared(program: Program, family: str, settings: Settings) -> Outcome:
    outcome = Outcome()
    runs = Run(program, "torch"), Run(program, "adjoint")
    tolerance = Tolerance(program, settings.ulps, settings.multiple, settings.relative)
    for number, line in enumerate(program.lines):
        raised = [run.step(line) for run in runs]
        if raised[0] is not None and raised[0][0] == "NameError":  # a line that this one needs was left out
            return outcome
        tolerance.ran(line)
        if not _alike(raised[0], raised[1], settings.errors):
            found = Disagreement(number, "", "raised", raised[0], raised[1])
            if not _is_known(found, program, family, runs, outcome):
                return outcome
        made = re.match(r"(?:with .*?: )?(\w+) = ", line)
        if raised[0] is not None and made is not None:  # so that the lines after it have something to work with
            _mend(runs, tolerance, f"{made[1]} = torch.ones(3, dtype=torch.float64)")
        if program.look == "end" and number + 1 < len(program.lines):
            continue
        for found in _differences(number, runs, tolerance, settings, outcome):
            if raised[0] is not None and found.key == "grad":
                return outcome  # a backward that failed: PyTorch may have come further, for it does leaves first
            if not _is_known(found, program, family, runs, outcome, raised[0] is not None and raised[1] is not None):
                return outcome
            if found.key == "strides":  # what comes after is compared from the same memory
                _mend(runs, tolerance, f"{found.path} = {found.path}.clone(memory_format=torch.contiguous_format)")
    return outcome


def checked(
    program: Program, family: str, settings: Settings, check: Callable[[Program, Run, Run], Disagreement | None]
) -> Outcome:
    """Run the lines with both libraries, compare what they raise, and leave the rest to a family's own judge."""
    with quiet():
        return _checked(program, family, settings, check)


def _checked(
    program: Program, family: str, settings: Settings, check: Callable[[Program, Run, Run], Disagreement | None]
) -> Outcome:
    outcome = Outcome()
    runs = Run(program, "torch"), Run(program, "adjoint")
    for number, line in enumerate(program.lines):
        raised = [run.step(line) for run in runs]
        if raised[0] is not None and raised[0][0] == "NameError":
            return outcome
        if not _alike(raised[0], raised[1], settings.errors):
            found = Disagreement(number, "", "raised", raised[0], raised[1])
            if not _is_known(found, program, family, runs, outcome):
                return outcome
    judged = check(program, *runs)
    if judged is not None:
        _is_known(judged, program, family, runs, outcome)
    return outcome


def _differences(
    number: int, runs: tuple[Run, Run], tolerance: Tolerance, settings: Settings, outcome: Outcome
) -> Iterator[Disagreement]:
    """What differs now."""
    ignored = settings.ignored()
    tensors = runs[0].library.Tensor, runs[1].library.Tensor
    places: tuple[list[Any], list[Any]] = [], []  # (path, where it lies in memory)
    for name in runs[0].names():
        pair = runs[0].space[name], runs[1].space.get(name)
        if isinstance(pair[0], tensors[0]) and isinstance(pair[1], tensors[1]):  # most are
            parts = [[(name, value)] for value in pair]
        else:
            parts = [list(run.parts(name)) for run in runs]
            if [path for path, _ in parts[0]] != [path for path, _ in parts[1]]:
                yield Disagreement(number, name, "parts", *([path for path, _ in part] for part in parts))
                continue
        for (path, theirs), (_, ours) in zip(*parts):
            views = seen(theirs, runs[0].library, settings.graph), seen(ours, runs[1].library, settings.graph)
            for key, a in views[0].items():
                b = views[1].get(key)
                if key in ignored:
                    continue
                if isinstance(a, np.ndarray) and isinstance(b, np.ndarray):
                    same = tolerance.compare(path, key, str(views[0].get("dtype", a.dtype)), a, b)
                    if isinstance(same, str):
                        outcome.accepted.append(same)
                    if same:
                        continue
                    a, b = a.copy(), b.copy()  # which the next line may write to
                elif type(a) is type(b) and a == b and (a is not None or key in views[1]):
                    continue
                yield Disagreement(number, path, key, a, b)
            if settings.memory:
                for at, value, run in zip(places, (theirs, ours), runs):
                    at.append((path, memory(value, run.library)))
    together = [_together(at) for at in places]
    if together[0] != together[1]:
        for path, _ in places[0]:
            if together[0].get(path) != together[1].get(path):
                yield Disagreement(number, path, "shares memory with", *(found.get(path, []) for found in together))


def _together(places: list[Any]) -> dict[str, list[str]]:
    """The paths of those before each that lie where it lies, for those that share memory."""
    order = {path: i for i, (path, _) in enumerate(places)}
    found: dict[str, list[str]] = {}
    open_: list[tuple[str, int]] = []
    for path, (start, end) in sorted((each for each in places if each[1] is not None), key=lambda each: each[1][0]):
        open_ = [(other, last) for other, last in open_ if last > start]
        for other, _ in open_:
            first, second = sorted((path, other), key=order.__getitem__)
            found.setdefault(second, []).append(first)
        open_.append((path, end))
    return {path: sorted(others, key=order.__getitem__) for path, others in found.items()}


def _is_known(
    found: Disagreement, program: Program, family: str, runs: tuple[Run, Run], outcome: Outcome, failed: bool = False
) -> bool:
    """Whether the comparison goes on: the difference is known and what comes after can be compared; ``failed``: its line
    raised in both libraries."""
    entry = known.entry(found, program, family, runs, failed)
    if entry is None:
        outcome.found = found
        return False
    outcome.accepted.append(entry.reason)
    return entry.goes_on


def _alike(theirs: Any, ours: Any, errors: str) -> bool:
    if theirs is None or ours is None or errors == "text":
        return bool(theirs == ours)
    return errors == "any" or bool(theirs[0] == ours[0])


def _mend(runs: tuple[Run, Run], tolerance: Tolerance, line: str) -> None:
    for run in runs:
        run.step(line)
    tolerance.ran(line)


def _short(value: Any) -> str:
    """A value as it is shown; of a long array its first elements."""
    if isinstance(value, np.ndarray):
        return np.array2string(value, threshold=60, edgeitems=4, max_line_width=110).replace("\n", "\n           ")
    return str(value)
