"""Known: disagreements that are right, or that are accepted, each with the reason.

An entry is asked when a difference was found, and says whether it is of its kind.  How often each reason applied is
printed after a run: nothing is let pass in silence.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

from fuzz.program import Program
from fuzz.run import Run

if TYPE_CHECKING:
    from fuzz.compare import Disagreement


@dataclass(frozen=True)
class Case:
    """A difference, and the runs as they are at that moment."""

    found: Disagreement
    program: Program
    runs: tuple[Run, Run]

    @property
    def line(self) -> str:
        """The line after which it was found."""
        return self.program.lines[self.found.line]

    @property
    def texts(self) -> tuple[str, str]:
        """The texts of the two errors; empty where there was none."""
        theirs, ours = ((x[1] if x else "") for x in (self.found.pytorch, self.found.adjoint))
        return theirs, ours

    def operands(self) -> list[tuple[Any, Any]]:
        """The tensors of the line, in both libraries."""
        names = sorted(set(re.findall(r"\bv\d+\b", self.line)))
        pairs = [tuple(run.space.get(name) for run in self.runs) for name in names]
        return [pair for pair in pairs if isinstance(pair[0], torch.Tensor)]  # type: ignore[misc]


@dataclass(frozen=True)
class Known:
    """An entry: of which families, for which difference, and why."""

    reason: str
    applies: Callable[[Case], bool]
    families: tuple[str, ...] = ()
    """Empty: of all."""
    goes_on: bool = False
    """Whether what comes after the line can still be compared."""


_BASE_WRITTEN = "its base or another view of its base"
_REPEATED = "more than one element of the written"
_OUTDATED = "one of the variables needed for gradient computation has been modified by an inplace operation"
_OVERLAP = "to a single memory location"


def _raised(case: Case) -> bool:
    return case.found.key == "raised"


def _both(case: Case) -> bool:
    return _raised(case) and all(case.texts)


def _base_first(case: Case) -> bool:
    return _both(case) and _BASE_WRITTEN in case.texts[0]


def _other_saved_tensor(case: Case) -> bool:
    earlier = case.program.lines[: case.found.line]
    return (
        _both(case)
        and all(_OUTDATED in text for text in case.texts)
        and any("create_graph" in line or "matmul" in line for line in earlier)
    )


def _second_hook(case: Case) -> bool:
    return _raised(case) and "register_hook" in case.line and _BASE_WRITTEN in case.texts[1]


def _dtype_first(case: Case) -> bool:
    return _both(case) and _REPEATED in case.texts[1]


def _lie_differently(case: Case) -> bool:
    return (
        _raised(case)
        and any(_OVERLAP in text for text in case.texts)
        and any(a.stride() != b.stride() or 0 in a.stride() for a, b in case.operands())
    )


def _undefined(case: Case) -> bool:
    if case.found.key != "value" or not ("_(" in case.line.replace("_()", "") or "] = " in case.line):
        return False
    places = [a.untyped_storage().data_ptr() for a, _ in case.operands() if a.numel()]
    return len(set(places)) < len(places)


def _order_in_memory(case: Case) -> bool:
    return case.found.key == "strides"


KNOWN = [
    Known(
        "PyTorch minds a view whose base was written before it minds the shapes, Adjoint after",
        _base_first,
        goes_on=True,
    ),
    Known(
        "which tensor of a formula, or of a product's parts, is seen first to be outdated",
        _other_saved_tensor,
        goes_on=True,
    ),
    Known("PyTorch does not look at the history again for a tensor's second hook", _second_hook, goes_on=True),
    Known("a kernel may mind the dtype before it minds an expanded tensor", _dtype_first, goes_on=True),
    Known(
        "whether memory overlaps, where strides of dimensions of size 1 differ, which NumPy forgets", _lie_differently
    ),
    Known("reads and writes overlapping memory, which PyTorch does not detect: undefined", _undefined),
    Known(
        "in which order a result of permuted or broadcast operands lies in memory",
        _order_in_memory,
        ("programs",),
        goes_on=True,
    ),
]


def entry(found: Disagreement, program: Program, family: str, runs: tuple[Run, Run]) -> Known | None:
    """The entry for this difference; None if there is none."""
    case = Case(found, program, runs)
    for known in KNOWN:
        if (not known.families or family in known.families) and known.applies(case):
            return known
    return None
