"""Trial: one program of a family, from its seed to what was found."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass, field
from types import ModuleType

from fuzz.compare import Disagreement, Outcome, checked, compare
from fuzz.families import families
from fuzz.program import Program
from fuzz.shrink import shrink


@dataclass
class Finding:
    """A program of which the libraries disagree, or which one of them does not survive."""

    family: str
    seed: int
    kind: str
    """Findings of one kind have the same program but for its numbers: one is printed, the others are counted."""
    text: str


@dataclass
class Trial:
    """What came of a program."""

    family: str
    seed: int
    finding: Finding | None = None
    accepted: list[str] = field(default_factory=list)


def program_of(family: str, seed: int) -> Program:
    """The family's program of this seed, the same in every process and on every machine."""
    module = families()[family]
    draw = random.Random(f"{family} {seed}")
    # A family that goes through a table has a place in it for every number, and draws the rest.
    program: Program = module.generate(draw, seed) if getattr(module, "WALKS", False) else module.generate(draw)
    return program


def judge(program: Program, module: ModuleType) -> Outcome:
    """Compare the program the way its family is compared."""
    if hasattr(module, "check"):
        return checked(program, module.NAME, module.COMPARED, module.check)
    return compare(program, module.NAME, module.COMPARED)


def try_out(family: str, seed: int, program: Program | None = None, seconds: float = 30.0) -> Trial:
    """Run one program; a disagreement is shrunk, for so many seconds."""
    module = families()[family]
    program = program or program_of(family, seed)
    outcome = judge(program, module)
    trial = Trial(family, seed, accepted=sorted(set(outcome.accepted)))
    if outcome.found is not None:
        program, found = shrink(program, outcome.found, lambda smaller: judge(smaller, module).found, seconds)
        trial.finding = Finding(family, seed, kind_of(program, found), f"{program}\n\n  {found}\n")
    return trial


def kind_of(program: Program, found: Disagreement) -> str:
    """The shrunk program without its numbers and the indices of its names."""
    text = "\n".join(program.lines)
    return " ".join(found.kind) + re.sub(r"\d+(\.\d+)?", "0", re.sub(r"\bv\d+\b", "v", text))
