"""The page ``docs/ecosystem.md``, and the same as data: which programs of which libraries compute what they do with PyTorch."""

from __future__ import annotations

import json
import math
import platform
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from ecosystem.comparing import Comparison
from ecosystem.environments import Environment
from ecosystem.program import ROOT, Program
from ecosystem.running import Run

PAGE = ROOT / "docs" / "ecosystem.md"
DATA = ROOT / "docs" / "ecosystem.json"

_HEAD = """\
# Libraries

What other people's libraries do on Adjoint. Each program, in `ecosystem/programs`, is an ordinary one: it imports `torch` and the
library, computes something small from a seed, and prints losses, tokens, shapes and sums of parameters. It was run twice: in an
environment without PyTorch, where `adjoint link` came before pip installed the libraries as they are published, and in one with
PyTorch. What it prints was compared line by line: words and whole numbers have to be equal, other numbers nearly, and the table
says how nearly.

`make ecosystem` makes both environments anew, runs all programs, and writes this page.
"""


@dataclass(frozen=True)
class Result:
    """What came of a program."""

    program: Program
    pytorch: Run
    adjoint: Run
    comparison: Comparison

    @property
    def agrees(self) -> bool:
        """Whether both came to their end and printed the same."""
        return not self.problem

    @property
    def problem(self) -> str:
        """What is wrong, in a line; empty if nothing is."""
        if self.adjoint.failure:
            return self.adjoint.failure
        if self.pytorch.failure:
            return f"under PyTorch: {self.pytorch.failure}"
        if not self.pytorch.output.strip():
            return "it printed nothing"
        return self.comparison.differs

    @property
    def verdict(self) -> str:
        """Agrees, and how nearly, or what differs."""
        if self.problem:
            return f"differs: {self.problem}"
        if self.comparison.largest == 0:
            return "agrees: equal"
        return f"agrees: {self.comparison.largest:.0e}"

    def __str__(self) -> str:
        return f"{self.program.name:<32} {self.adjoint.seconds:6.1f} s {self.pytorch.seconds:6.1f} s  {self.verdict}"


def write(results: list[Result], theirs: Environment, ours: Environment) -> None:
    """Write the page and the data."""
    data = _data(results, theirs, ours)
    DATA.write_text(json.dumps(data, indent=1) + "\n", "utf-8")
    PAGE.write_text("\n".join(_page(data)) + "\n", "utf-8")


def _data(results: list[Result], theirs: Environment, ours: Environment) -> dict[str, Any]:
    versions = {"pytorch": theirs.versions(), "adjoint": ours.versions()}
    return {
        "python": platform.python_version(),
        "megabytes": {"pytorch": theirs.megabytes(), "adjoint": ours.megabytes()},
        "torch": {name: found.get("torch") for name, found in versions.items()},
        "programs": [
            {
                "name": each.program.name,
                "library": each.program.library,
                "version": versions["adjoint"].get(each.program.library.lower()),
                "what": each.program.what,
                "agrees": each.agrees,
                "largest": each.comparison.largest if math.isfinite(each.comparison.largest) else None,
                "tolerance": each.program.tolerance,
                "because": each.program.because,
                "problem": each.problem,
                "seconds": {"pytorch": round(each.pytorch.seconds, 1), "adjoint": round(each.adjoint.seconds, 1)},
            }
            for each in results
        ],
    }


def _page(data: dict[str, Any]) -> Iterable[str]:
    programs = data["programs"]
    agree = sum(each["agrees"] for each in programs)
    libraries = {each["library"] for each in programs}
    yield _HEAD
    yield (
        f"**{agree} of {len(programs)} programs agree**, of {len(libraries)} libraries, under Python {data['python']}. "
        f"The installed packages take {data['megabytes']['adjoint']:,} MB with Adjoint, and {data['megabytes']['pytorch']:,} MB "
        f"with PyTorch {data['torch']['pytorch']}.\n"
    )
    yield "| library | program | what it does | largest difference | seconds, Adjoint | PyTorch |"
    yield "|---|---|---|---|---:|---:|"
    for each in programs:
        seconds = each["seconds"]
        what = _cell(each["what"].rstrip("."))
        yield (
            f"| {each['library']} {each['version'] or ''} | `{each['name']}` | {what} | {_outcome(each)} "
            f"| {seconds['adjoint']} | {seconds['pytorch']} |"
        )
    reasons = [each for each in programs if each["because"]]
    if reasons:
        yield "\nNumbers may differ by 1e-4, relatively; where it is another figure, that has a reason:\n"
        for each in reasons:
            yield f"- `{each['name']}`, {each['tolerance']:.0e}: {each['because'].rstrip('.')}."


def _outcome(each: dict[str, Any]) -> str:
    if not each["agrees"]:
        return f"**differs**: {_cell(each['problem'][:300])}"
    return "none" if each["largest"] == 0 else f"{each['largest']:.0e}"


def _cell(text: str) -> str:
    """Text in a cell of a table."""
    return text.replace("|", "\\|").replace("<", "&lt;")
