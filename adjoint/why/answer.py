"""Answer: what ``why`` says."""

from __future__ import annotations

import html
import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from adjoint.why.lines import Line

CERTAIN, LIKELY, POSSIBLE = 3, 2, 1

_SURE = {CERTAIN: "", LIKELY: "Likely: ", POSSIBLE: "Possibly: "}


class Cause(NamedTuple):
    """One thing that is wrong: its kind, the user's line, and a sentence."""

    kind: str
    file: str | None
    line: int | None
    text: str


@dataclass
class Finding:
    """What a diagnosis found: a sentence, the line, numbers, and what to do."""

    kind: str
    line: Line | None
    verdict: str
    evidence: Sequence[str] = ()
    advice: Sequence[str] = ()
    sure: int = CERTAIN

    def told(self) -> str:
        """The line and the sentence."""
        at = f"{self.line}\n" if self.line is not None else ""
        return at + _SURE[self.sure] + self.verdict

    @property
    def cause(self) -> Cause:
        """As programs read it."""
        file, number = (self.line.file, self.line.number) if self.line is not None else (None, None)
        return Cause(self.kind, file, number, self.verdict)


@dataclass
class Answer:
    """The answer to ``why``: prints as text; ``causes`` lists (kind, file, line, text), the most likely first.

    ``causes`` is empty where nothing is wrong.
    """

    name: str
    findings: list[Finding] = field(default_factory=list)
    facts: list[str] = field(default_factory=list)  # what is so, whether or not something is wrong
    basis: str = ""  # where the answer comes from

    @property
    def causes(self) -> list[Cause]:
        """The causes, the most likely first, at most three."""
        return [finding.cause for finding in self.findings]

    def __str__(self) -> str:
        parts: list[str] = []
        for i, finding in enumerate(self.findings):
            if i == 0:
                parts.append(self._first(finding))
            else:
                head = "Also" if finding.sure == CERTAIN or finding.kind == self.findings[0].kind else "Or"
                parts.append(_wrapped(f"{head}: {_at(finding)}{_lower(_SURE[finding.sure])}{finding.verdict}", 2))
            parts += [_wrapped("· " + text, 4, 2) for text in finding.evidence]
            if finding.advice:
                parts.append("  To mend it:")
                parts += ["      " + text for text in finding.advice]
        if not self.findings:
            first, *rest = self.facts or ["nothing is known of it."]
            parts.append(_wrapped(f"{self.name}: {first}", 2, 0))
            parts += [_wrapped("· " + text, 4, 2) for text in rest]
        else:
            parts += [_wrapped("· " + text, 4, 2) for text in self.facts]
        if self.basis:
            parts.append(_wrapped(f"({self.basis})", 3, 2))
        return "\n".join(parts)

    def _first(self, finding: Finding) -> str:
        return _wrapped(f"{self.name}: {_at(finding)}{_lower(_SURE[finding.sure])}{finding.verdict}", 2, 0)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return f"<pre>{html.escape(str(self))}</pre>"

    def __bool__(self) -> bool:
        """Whether something is wrong."""
        return bool(self.findings)

    def to_json(self) -> dict[str, Any]:
        """As plain data."""
        return {
            "name": self.name,
            "facts": self.facts,
            "basis": self.basis,
            "findings": [
                [f.kind, None if f.line is None else list(f.line), f.verdict, list(f.evidence), list(f.advice), f.sure]
                for f in self.findings
            ],
        }

    @staticmethod
    def from_json(data: dict[str, Any]) -> Answer:
        """What :meth:`to_json` gave."""
        findings = [
            Finding(kind, None if line is None else Line(*line), verdict, evidence, advice, sure)
            for kind, line, verdict, evidence, advice, sure in data["findings"]
        ]
        return Answer(data["name"], findings, data["facts"], data["basis"])


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]


def _at(finding: Finding) -> str:
    return f"[{finding.line}] " if finding.line is not None else ""


def _wrapped(text: str, indent: int, first: int | None = None) -> str:
    start = " " * (indent if first is None else first)
    return textwrap.fill(
        text, 110, initial_indent=start, subsequent_indent=" " * indent, break_long_words=False, break_on_hyphens=False
    )


def chosen(findings: Iterable[Finding], most: int = 3) -> list[Finding]:
    """The most likely ones first, one of each kind and line, those that are only possible left out beside a certain one."""
    ordered = sorted(findings, key=lambda f: -f.sure)
    kept: list[Finding] = []
    for finding in ordered:
        if any(f.kind == finding.kind and f.line == finding.line for f in kept):
            continue
        if finding.sure == POSSIBLE and kept and kept[0].sure == CERTAIN:
            continue
        kept.append(finding)
    return kept[:most]
