"""Marks: the file that keeps what came of every entry, dtype and aspect, a letter each."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from fuzz.parity.aspects import AGREES, ASPECTS, DIFFERS, DTYPES, ERRORS, RIGHT_HERE, UNASKED, Outcome

FILE = Path(__file__).resolve().parent.parent.parent / "docs" / "parity.json"

Marks = dict[str, dict[str, str]]
"""By entry and dtype: a letter for each aspect, in their order; by entry and ``any``: the letter of its errors."""


def gathered(outcomes: Iterable[Outcome]) -> Marks:
    """The marks of some entries; dtypes without anything to compare are left out."""
    found: Marks = {}
    for outcome in outcomes:
        letters = "".join(outcome.marks.get(aspect, UNASKED) for aspect in ((ERRORS,) if outcome.dtype == "any" else ASPECTS))
        if set(letters) != {UNASKED}:
            found.setdefault(outcome.name, {})[outcome.dtype] = letters
    return found


def read(path: Path = FILE) -> Marks:
    """The marks as they were written last."""
    return dict(json.loads(path.read_text(encoding="utf-8"))["marks"]) if path.exists() else {}


def run(path: Path = FILE) -> tuple[int | None, str]:
    """Of how many samples at most the marks are, and of which PyTorch."""
    head = json.loads(path.read_text(encoding="utf-8"))
    return head["samples"], head["pytorch"]


def write(marks: Marks, samples: int | None, version: str, path: Path = FILE) -> None:
    """Write the marks, an entry a line."""
    order = ["any", *DTYPES]
    lines = [
        f"  {json.dumps(name)}: {json.dumps({d: marks[name][d] for d in order if d in marks[name]})}" for name in sorted(marks)
    ]
    head = {"pytorch": version, "samples": samples, "aspects": list(ASPECTS), "any": ERRORS}
    body = json.dumps(head)[:-1] + ', "marks": {\n' + ",\n".join(lines) + "\n}}\n"
    path.write_text(body, encoding="utf-8")


def mark(marks: Marks, name: str, dtype: str, aspect: str) -> str:
    """One mark."""
    letters = marks.get(name, {}).get(dtype)
    if letters is None:
        return UNASKED
    return letters if dtype == "any" else letters[list(ASPECTS).index(aspect)]


def counts(marks: Marks) -> dict[tuple[str, str], Counter[str]]:
    """How many entries have which mark, by aspect and dtype."""
    found: dict[tuple[str, str], Counter[str]] = {}
    for name in marks:
        for aspect in (*ASPECTS, ERRORS):
            for dtype in ("any",) if aspect == ERRORS else DTYPES:
                found.setdefault((aspect, dtype), Counter())[mark(marks, name, dtype, aspect)] += 1
    return found


def share(count: Counter[str]) -> tuple[int, int]:
    """How many entries agree (or are right here and not there), of how many that are counted."""
    good = count[AGREES] + count[RIGHT_HERE]
    return good, good + count[DIFFERS]
