"""The table of all cases as a page of the documentation: ``python -m tests.learners`` writes docs/learners.md."""

from __future__ import annotations

from pathlib import Path

import adjoint
import adjoint.nn
import adjoint.optim
import adjoint.vision
from tests.learners.cases import TUTORIALS
from tests.learners.running import Seen, seen

PAGE = Path(__file__).resolve().parents[2] / "docs" / "learners.md"

_HEAD = """\
# Mistakes, and what you see

Every statement of the five tutorials, and mistakes that are easily made there, with what Adjoint answers.
The first line of an error is PyTorch's. What follows it are Adjoint's own lines: where in your program it came about, and which
name you may have meant. In each of these programs the lines before the mistake are those of the tutorial.

This page is made by running all of it (`make learners`), and the same is run with PyTorch in the tests.
"""


def page() -> str:
    """The page's text."""
    parts = [_HEAD]
    for tutorial in TUTORIALS:
        parts.append(f"## {tutorial.name}\n")
        parts.append("| to be written | written | what is wrong | what you see |\n|---|---|---|---|")
        for case in tutorial.cases:
            found = seen(tutorial, case, adjoint, adjoint.vision)
            parts.append(f"| {_code(case.statement)} | {_code(case.mistake)} | {case.wrong} | {_shown(found)} |")
        parts.append("")
    return "\n".join(parts)


def _code(text: str) -> str:
    lines = [line.replace("|", "&#124;").replace("<", "&lt;") for line in text.splitlines()]
    return "<code>" + "<br>".join(line.replace("    ", "&nbsp;" * 4) for line in lines) + "</code>"


def _shown(found: Seen) -> str:
    lines = found.printed.splitlines()
    if found.kind:
        lines.append(f"{found.kind}: {found.text}")
        lines += [line for note in found.notes for line in note.splitlines()]
    return _code("\n".join(lines)) if lines else "nothing"
