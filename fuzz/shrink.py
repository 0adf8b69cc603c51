"""Shrink: leave out lines, then simplify numbers, for as long as the same kind of disagreement remains."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator

from fuzz.compare import Disagreement
from fuzz.program import Program

Judge = Callable[[Program], "Disagreement | None"]


def shrink(program: Program, found: Disagreement, judge: Judge, seconds: float = 30.0) -> tuple[Program, Disagreement]:
    """The shortest program found in that time whose disagreement is of the same kind, and that disagreement."""
    until = time.monotonic() + seconds
    program = program.with_lines(program.lines[: found.line + 1])
    smaller = True
    while smaller and time.monotonic() < until:
        smaller = False
        for lines in _smaller(program.lines):
            if time.monotonic() > until:
                break
            candidate = program.with_lines(lines)
            again = judge(candidate)
            if again is not None and again.kind == found.kind:
                program, found, smaller = candidate.with_lines(lines[: again.line + 1]), again, True
                break
    return program, found


def _smaller(lines: list[str]) -> Iterator[list[str]]:
    """Programs that are a little simpler, those that are much simpler first."""
    for size in (len(lines) // 2, len(lines) // 4, 1):
        if size:
            for i in range(len(lines) - size, -1, -size):
                if size < len(lines):
                    yield lines[:i] + lines[i + size :]
    for i, line in enumerate(lines):
        for simpler in _simpler(line):
            yield [*lines[:i], simpler, *lines[i + 1 :]]


def _simpler(line: str) -> Iterator[str]:
    """The line without a call at the end of an expression, or with a simpler number."""
    for call in re.finditer(r"\.(?:requires_grad_|detach|clone|contiguous|t|sin|exp|abs|double|float)\(\)", line):
        yield line[: call.start()] + line[call.end() :]
    for number in re.finditer(r"(?<![\w.])(\d+\.\d+|\d+)(?![\w.])", line):
        for simpler in _less(number[1]):
            yield line[: number.start()] + simpler + line[number.end() :]


def _less(number: str) -> list[str]:
    """Simpler numbers, simplest first."""
    if "." in number:
        choices = ["1.0", "2.0", "0.5", f"{float(number):.1f}"]
        return choices[: choices.index(number)] if number in choices else choices
    n = int(number)
    return [str(m) for m in sorted({1, 2, 3, n // 2, n - 1}) if 0 < m < n]
