"""Report: what running an entry's samples with both libraries found."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from fuzz.databases.translation import Lacking


@dataclass
class Finding:
    """One sample that differs."""

    entry: str
    dtype: str
    sample: int
    what: str

    def __str__(self) -> str:
        return f"{self.entry} {self.dtype} #{self.sample}: {self.what}"


@dataclass
class Report:
    """What running an entry's samples found."""

    compared: int = 0
    findings: list[Finding] = field(default_factory=list)
    known: list[Finding] = field(default_factory=list)  # among the exceptions
    lacking: set[str] = field(default_factory=set)


def reported(
    name: str,
    dtype: str,
    samples: Iterable[tuple[int, Any]],
    first_difference: Callable[[Any], str | None],
    is_known: Callable[[Finding], Any],
) -> Report:
    """Look for each sample's first difference."""
    report = Report()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for number, sample in samples:
            try:
                found = first_difference(sample)
            except Lacking as lack:
                report.lacking.add(str(lack))
                continue
            report.compared += 1
            if found is not None:
                finding = Finding(name, dtype, number, found)
                (report.known if is_known(finding) else report.findings).append(finding)
    return report
