"""Recordings: what PyTorch's processes report of the programs of ``tests/ranks``, kept in a file beside them.

``python -m tests.ranks --write`` makes it anew.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from typing import Any

from jobs import PROGRAMS, reports_of_ranks

PLACE = PROGRAMS / "recorded.json"
RECORDED = {"collectives": (2, 3), "data_parallel": (2,), "sharded_optimizer": (2,)}
"""The programs, and in how many processes each runs."""


def record() -> dict[str, Any]:
    """What PyTorch's processes report now."""
    return {
        program: {
            str(size): [rank[program] for rank in reports_of_ranks([program], size, library="torch")]
            for size in sizes
        }
        for program, sizes in RECORDED.items()
    }  # fmt: skip


def write(made: dict[str, Any]) -> None:
    """Keep it, a line to what one rank reported, numbers with 11 digits."""
    made = _rounded(made)
    parts = [
        f"{json.dumps(program)}: {{\n"
        + ",\n".join(f"{json.dumps(size)}: [\n" + ",\n".join(map(json.dumps, ranks)) + "\n]" for size, ranks in sizes.items())
        + "\n}"
        for program, sizes in made.items()
    ]
    PLACE.write_text("{\n" + ",\n".join(parts) + "\n}\n", "utf-8")


def read() -> dict[str, Any]:
    """What was recorded: by program and number of processes, a list of what each reported."""
    return json.loads(PLACE.read_text("utf-8"))


def differences(a: Any, b: Any, where: str = "rank") -> Iterator[str]:
    """Where two reports differ by more than the rounding of float64."""
    if isinstance(a, list) and isinstance(b, list) and len(a) == len(b):
        for i, (x, y) in enumerate(zip(a, b)):
            yield from differences(x, y, f"{where} {i}" if where == "rank" else f"{where}[{i}]")
    elif isinstance(a, dict) and isinstance(b, dict) and a.keys() == b.keys():
        for name in a:
            yield from differences(a[name], b[name], f"{where}, {name}")
    elif isinstance(a, float) and isinstance(b, float):
        if not math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-12):
            yield f"{where}: {a} and {b}"
    elif a != b:
        yield f"{where}: {a!r} and {b!r}"


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return float(f"{value:.11g}")
    if isinstance(value, list):
        return [_rounded(each) for each in value]
    if isinstance(value, dict):
        return {name: _rounded(each) for name, each in value.items()}
    return value
