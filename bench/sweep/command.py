"""``python -m bench sweep``: how many times PyTorch's speed every operator has, at every size.

``python -m bench sweep --only softmax --size 65536 --dtype float32 --threads 1 --clock cpu`` times one row.  For each dtype
there are two columns: forward and backward together, and the forward alone.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import sys
from collections.abc import Callable
from math import exp, log
from pathlib import Path
from typing import Any

from bench import measure
from bench.sweep import timing
from bench.sweep.operands import Operands
from bench.sweep.operators import rows

SIZES = (8, 1000, 65536, 2_000_000)
DTYPES = ("float32", "bfloat16", "float64")
MEAN_AT_LEAST, EACH_AT_LEAST = 1.7, 0.9
SMALLEST_SHARE = 65536  # elements from which on memory is what limits an operator


def main(arguments: list[str]) -> int:
    """Run the rows that the arguments name and return the exit status."""
    options = _arguments(arguments)
    pools = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), str(options.threads))
    wanted = {**measure.environment(), **pools}
    if any(os.environ.get(name) != value for name, value in wanted.items()):
        os.execve(sys.executable, [sys.executable, "-m", "bench", "sweep", *arguments], wanted)  # pools read it when loaded
    peers = _peers(options.threads)
    table = rows()
    unknown = [name for name in options.only or () if name not in table]
    if unknown:
        print(f"the sweep has no {', '.join(unknown)}; it has: {', '.join(table)}", file=sys.stderr)
        return 2
    kept: dict[str, Any] = {}
    for n in options.size:
        kept[str(n)] = _sweep(peers, {name: table[name] for name in options.only or table}, n, options)
    if options.json:
        Path(options.json).write_text(json.dumps(kept, indent=1) + "\n")
    return 0


def _arguments(given: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench sweep", description="Every operator beside PyTorch, at every size.")
    parser.add_argument("--only", nargs="+", metavar="NAME", help="these rows")
    parser.add_argument("--size", nargs="+", type=int, default=SIZES, help="numbers of elements")
    parser.add_argument("--dtype", nargs="+", default=DTYPES, help="dtypes of the operands; integers have a forward only")
    parser.add_argument("--threads", type=int, default=1, help="of each peer")
    parser.add_argument("--clock", choices=list(timing.CLOCKS), default="cpu", help="the process's own time, or the wall's")
    parser.add_argument("--rounds", type=int, default=timing.ROUNDS)
    parser.add_argument("--json", metavar="FILE", help="write the figures there, too")
    return parser.parse_args(given)


def _peers(threads: int) -> dict[str, Any]:
    import torch

    import adjoint

    for peer in (adjoint, torch):
        peer.set_num_threads(threads)
    return {"adjoint": adjoint, "torch": torch}


def _sweep(peers: dict[str, Any], table: dict[str, str], n: int, options: argparse.Namespace) -> dict[str, Any]:
    """Time and print all rows at one size; the figures by row and dtype."""
    clock = timing.CLOCKS[options.clock]
    print(f"\n{n:,} elements, {options.threads} thread{'s' * (options.threads > 1)}, {options.clock} time; PyTorch's / Adjoint's")
    figures: dict[str, dict[str, Any]] = {}
    for name, expression in table.items():
        figures[name] = {dtype: _row(peers, expression, Operands(n, dtype), clock, options.rounds) for dtype in options.dtype}
        gc.collect()
    _print(figures, n, options.dtype)
    return figures


def _row(peers: dict[str, Any], expression: str, operands: Operands, clock: Callable[[], float], rounds: int) -> Any:
    """The figures of a row for operands, or why there are none."""
    steps: dict[str, Any] = {}
    for peer in reversed(peers):  # PyTorch first: what it refuses nobody asks for
        try:
            steps[peer], moved = timing.prepared(peers[peer], expression, operands)
        except timing.Refused as error:
            return {"refused": peer, "why": str(error)}
    found: dict[str, Any] = {"moved": moved}
    for part in steps["adjoint"]:
        if part in steps["torch"]:
            seconds = timing.least_seconds({peer: steps[peer][part] for peer in peers}, clock, rounds)
            found[part] = {"seconds": seconds, "ratio": seconds["torch"] / seconds["adjoint"]}
    return found


def _print(figures: dict[str, dict[str, Any]], n: int, dtypes: Any) -> None:
    width = max(map(len, figures))
    heads = "".join(f"  {dtype:>8} {'forward':>8} {'µs':>9}" for dtype in dtypes)
    print(f"{'':{width}}{heads}   share of a copy's rate, {dtypes[0]}")
    rate = timing.copy_rate(4 * n, timing.process_time) if n >= SMALLEST_SHARE else None
    for name in sorted(figures, key=lambda name: _whole(figures[name][dtypes[0]]) or 0.0):
        cells = "".join(_cell(figures[name][dtype]) for dtype in dtypes)
        found = figures[name][dtypes[0]]
        share = ""
        if rate and "forward" in found:
            share = f"   {found['moved'] / found.get('both', found['forward'])['seconds']['adjoint'] / rate:5.0%}"
        print(f"{name:{width}}{cells}{share}")
    for dtype in dtypes:
        _summary(figures, dtype)


def _whole(found: Any) -> float | None:
    """The ratio of forward and backward together, or of the forward where there is no more."""
    part = found.get("both") or found.get("forward")
    return part["ratio"] if part else None


def _cell(found: Any) -> str:
    whole = _whole(found)
    if whole is None:
        return f"  {'-' if found['refused'] == 'torch' else 'refused':>8} {'':>8} {'':>9}"
    seconds = found.get("both", found["forward"])["seconds"]["adjoint"]
    return f"  {whole:8.2f} {found['forward']['ratio']:8.2f} {seconds * 1e6:9.1f}"


def _summary(figures: dict[str, dict[str, Any]], dtype: str) -> None:
    ratios = {name: ratio for name, each in figures.items() if (ratio := _whole(each[dtype])) is not None}
    if not ratios:
        return
    mean = exp(sum(map(log, ratios.values())) / len(ratios))
    below = sum(ratio < EACH_AT_LEAST for ratio in ratios.values())
    refused = [name for name, each in figures.items() if each[dtype].get("refused") == "adjoint"]
    print(
        f"{dtype}: geometric mean {mean:.2f} of {len(ratios)} (asked for: {MEAN_AT_LEAST}); "
        f"{below} below {EACH_AT_LEAST}{'; refused: ' + ', '.join(refused) if refused else ''}"
    )
