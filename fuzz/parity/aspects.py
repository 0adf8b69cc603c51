"""Aspects: what of an operator is compared, by name, and one entry's marks in one dtype."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Collection
from dataclasses import dataclass, field

import torch

from fuzz.databases import refusals
from fuzz.databases.exceptions import KNOWN, UNCOUNTED
from fuzz.databases.operators import OPERATORS, sampled
from fuzz.databases.translation import Lacking
from fuzz.parity.batches import vmapped
from fuzz.parity.case import Case
from fuzz.parity.derivatives import gradient, second, tangents
from fuzz.parity.results import forward, named
from fuzz.parity.writing import in_place, out

DTYPES = ("float32", "float64", "complex64", "complex128", "float16", "bfloat16", "int64", "uint8", "bool")

ASPECTS: dict[str, Callable[[Case], str | None]] = {
    "forward": forward,
    "gradient": gradient,
    "second": second,
    "forward mode": tangents,
    "vmap": vmapped,
    "out=": out,
    "in place": in_place,
    "names": named,
}
"""Each compares a case: a sentence about the first difference, None if there is none, an empty string if nothing is to compare."""

ERRORS = "errors"
"""The aspect whose calls have dtypes of their own."""

AGREES, RIGHT_HERE, DIFFERS, ABSENT, UNASKED = "+", "~", "-", "x", "."
"""Marks: all samples agree; all that differ are right here and not there (by `fuzz/databases/exceptions.py`, or since Adjoint's
numbers are those that PyTorch computes in double); one differs; the entry is not counted, for a reason; nothing is to compare."""


@dataclass
class Finding:
    """One sample that differs in one aspect."""

    name: str
    dtype: str
    aspect: str
    sample: int
    what: str

    def __str__(self) -> str:
        return f"{self.name} {self.dtype} {self.aspect} #{self.sample}: {self.what}"


@dataclass
class Outcome:
    """What came of an entry in one dtype (or ``any``, for errors)."""

    name: str
    dtype: str
    compared: int = 0
    marks: dict[str, str] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    known: list[Finding] = field(default_factory=list)


def examine(name: str, dtype: str, most: int | None, aspects: Collection[str]) -> Outcome:
    """Compare an entry's samples in one dtype, at most so many, in some aspects; ``any`` is the dtype of the calls that fail."""
    outcome = Outcome(name, dtype)
    if dtype == "any":
        if ERRORS in aspects:
            _refuse(outcome, most)
        return outcome
    if name in UNCOUNTED:
        outcome.marks = dict.fromkeys(ASPECTS, ABSENT)
        return outcome
    info = OPERATORS[name]
    asked = [aspect for aspect in ASPECTS if aspect in aspects]
    kind = getattr(torch, dtype)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for number, sample in sampled(name, dtype, most):
            case = Case(info, name, sample, kind)
            for aspect in asked:
                found = _attempt(ASPECTS[aspect], case)
                outcome.compared += found != ""
                right = bool(found) and ("values" in found or found.endswith("| None")) and _is_right(ASPECTS[aspect], case)
                _note(outcome, aspect, number, found, right)
    return outcome


def _attempt(aspect: Callable[[Case], str | None], case: Case) -> str | None:
    try:
        return aspect(case)
    except Lacking as lack:
        return f"lacking: {lack}"
    except Exception as error:  # of the harness, or of a result that cannot be looked at
        return f"examining it raised {type(error).__name__}: {error}"


def _is_right(aspect: Callable[[Case], str | None], case: Case) -> bool:
    """Whether Adjoint's numbers are those that PyTorch computes in double of the same operands."""
    narrow = case.dtype in (torch.float16, torch.bfloat16, torch.float32, torch.complex64)
    return narrow and _attempt(aspect, Case(case.info, case.name, case.sample, case.dtype, wide=True)) is None


def _note(outcome: Outcome, aspect: str, number: int, found: str | None, right: bool = False) -> None:
    before = outcome.marks.get(aspect, UNASKED)
    if found == "":
        mark = UNASKED
    elif found is None:
        mark = AGREES
    else:
        finding = Finding(outcome.name, outcome.dtype, aspect, number, found)
        known = right or (outcome.name in KNOWN and re.search(KNOWN[outcome.name][0], f"{outcome.dtype} {aspect} {found}"))
        (outcome.known if known else outcome.findings).append(finding)
        mark = RIGHT_HERE if known else DIFFERS
    outcome.marks[aspect] = max(before, mark, key=(UNASKED, AGREES, RIGHT_HERE, DIFFERS).index)


def _refuse(outcome: Outcome, most: int | None) -> None:
    entry = f"{outcome.name} refuses"
    if entry not in refusals.REFUSALS:
        return
    if outcome.name in UNCOUNTED:
        outcome.marks[ERRORS] = ABSENT
        return
    report = refusals.compare(entry, "any", most)
    outcome.compared = report.compared
    outcome.findings = [Finding(outcome.name, "any", ERRORS, f.sample, f.what) for f in report.findings]
    outcome.findings += [Finding(outcome.name, "any", ERRORS, 0, f"lacking: {what}") for what in sorted(report.lacking)]
    outcome.known = [Finding(outcome.name, "any", ERRORS, f.sample, f.what) for f in report.known]
    outcome.marks[ERRORS] = (
        DIFFERS if outcome.findings else RIGHT_HERE if outcome.known else AGREES if report.compared else UNASKED
    )
