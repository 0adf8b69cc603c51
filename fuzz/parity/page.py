"""Page: ``docs/parity.md``, a line an entry, from the marks."""

from __future__ import annotations

from pathlib import Path

from fuzz.databases.exceptions import KNOWN, REFUSED, UNCOUNTED
from fuzz.parity import marks
from fuzz.parity.aspects import ABSENT, AGREES, ASPECTS, DIFFERS, DTYPES, ERRORS, RIGHT_HERE, UNASKED

FILE = Path(__file__).resolve().parent.parent.parent / "docs" / "parity.md"

_SHORT = {
    "float32": "f32", "float64": "f64", "complex64": "c64", "complex128": "c128", "float16": "f16", "bfloat16": "bf16",
    "int64": "i64", "uint8": "u8", "bool": "bool",
}  # fmt: skip

_TITLES = {
    "forward": "Forward", "gradient": "Gradient", "second": "Second derivative", "forward mode": "Forward mode", "vmap": "vmap",
    "out=": "`out=`", "in place": "In place", "names": "Method, aliases", ERRORS: "Errors",
}  # fmt: skip

_WHAT = """\
# Parity

PyTorch's own operator database (`op_db` in `torch.testing._internal.common_methods_invocations`, of PyTorch {version}) has
{entries} entries, each with samples of calls, and with calls that are to fail. `make parity` runs them with PyTorch and with
Adjoint, {samples} of each entry and dtype, and writes this page and [parity.json](parity.json). A test of `make test` runs a
fixed part, and fails when a mark is lost.

| compared | what that is |
|---|---|
| forward | values, dtype, shape, strides, what the result shares memory with, whether it is recorded; the type of an error |
| gradient | of every operand, from a gradient that is not the same everywhere |
| second derivative | of those gradients, by operands and by what they began with; where PyTorch has none, `gradgradcheck` |
| forward mode | the tangents of the results; where PyTorch has none, along a cotangent, against PyTorch's gradient |
| vmap | all operands in a batch, the first, all but the first, and by another dimension; where PyTorch cannot, against its loop |
| `out=` | tensors of the right form, empty, strided, too large, of another dtype: results, warnings, and errors to the letter |
| in place | what is written and returned, the version, gradients; errors to the letter |
| method, aliases | as forward, by the operator's method and by its other names |
| errors | type and text of the calls that are to fail |

"""


def write(found: marks.Marks, samples: int | None, version: str, path: Path = FILE) -> None:
    """Write the page."""
    path.write_text(text(found, samples, version), encoding="utf-8")


def text(found: marks.Marks, samples: int | None, version: str) -> str:
    """The page."""
    how_many = "all samples" if samples is None else f"up to {samples} samples"
    parts = [_WHAT.format(version=version, entries=len(found), samples=how_many), _summary(found)]
    parts += [_reasons(), _entries(found)]
    return "".join(parts)


def _summary(found: marks.Marks) -> str:
    counts = marks.counts(found)
    lines = ["## Summary\n\nEntries that agree in all samples, of those that have something to compare.\n"]
    lines.append(f"| | {' | '.join(DTYPES)} |")
    lines.append(f"|---|{'---|' * len(DTYPES)}")
    for aspect in ASPECTS:
        cells = []
        for dtype in DTYPES:
            good, of = marks.share(counts[aspect, dtype])
            cells.append(f"{good} of {of}, {_percent(good, of)}" if of else "")
        lines.append(f"| {_TITLES[aspect]} | {' | '.join(cells)} |")
    good, of = marks.share(counts[ERRORS, "any"])
    lines.append(f"\nErrors: {good} of {of} entries, {_percent(good, of)}.\n")
    return "\n".join(lines) + "\n"


def _percent(good: int, of: int) -> str:
    return f"{int(1000 * good / of) / 10:g} %"


def _reasons() -> str:
    lines = ["## What is not counted\n", "| entries | why |", "|---|---|"]
    by_reason: dict[str, list[str]] = {}
    for name, reason in UNCOUNTED.items():
        by_reason.setdefault(reason, []).append(name)
    lines += [f"| {', '.join(f'`{n}`' for n in names)} | {reason} |" for reason, names in by_reason.items()]
    lines += ["\n## Where Adjoint differs on purpose\n"]
    lines += ["Marked ~ below. So is what PyTorch rounds otherwise, where Adjoint has the numbers of PyTorch in double.\n"]
    lines += ["| entries | why |", "|---|---|"]
    by_reason = {}
    for table in (KNOWN, REFUSED):
        for name, (_, reason) in table.items():
            by_reason.setdefault(reason, []).append(name)
    lines += [f"| {', '.join(f'`{n}`' for n in names)} | {reason} |" for reason, names in by_reason.items()]
    return "\n".join(lines) + "\n\n"


def _entries(found: marks.Marks) -> str:
    lines = [
        "## Entries\n",
        "+ all dtypes that PyTorch has it for agree; ~ some differ on purpose; otherwise, the dtypes that differ.\n",
        f"| entry | dtypes | {' | '.join(_TITLES[a] for a in (*ASPECTS, ERRORS))} |",
        f"|---|---|{'---|' * (len(ASPECTS) + 1)}",
    ]
    for name in sorted(found):
        if name in UNCOUNTED:
            continue
        dtypes = [d for d in DTYPES if d in found[name]]
        cells = [_cell({d: marks.mark(found, name, d, aspect) for d in dtypes}) for aspect in ASPECTS]
        cells.append({DIFFERS: "differ"}.get(mark := marks.mark(found, name, "any", ERRORS), mark.strip(UNASKED)))
        lines.append(f"| `{name}` | {' '.join(_SHORT[d] for d in dtypes)} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _cell(by_dtype: dict[str, str]) -> str:
    differ = [_SHORT[d] for d, mark in by_dtype.items() if mark == DIFFERS]
    if differ:
        return " ".join(differ)
    return next((mark for mark in (RIGHT_HERE, AGREES, ABSENT) if mark in by_dtype.values()), "")
