"""Timing one row of the sweep: peers in turns, forward alone and with its backward, the least of many rounds."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter, process_time
from typing import Any

from bench.sweep.operands import Operands

CLOCKS = {"cpu": process_time, "wall": perf_counter}
"""``cpu`` counts what all threads of this process computed, and nothing of what others did meanwhile."""

ROUND_SECONDS = 0.002
ROUNDS = 25
LEAST_ROUNDS = 3
ROW_SECONDS = 1.5  # a row and size takes about so long at most


class Refused(Exception):
    """A peer does not compute a row for these operands; the text says why."""


def prepared(torch: Any, expression: str, operands: Operands) -> tuple[dict[str, Callable[[], Any]], int]:
    """The steps of a row, by name, and how many bytes they have to read and write together.

    ``forward`` makes the result, with its graph where it has one; ``both`` makes it and runs the backward.
    """
    code = compile(expression, expression, "eval")
    torch.manual_seed(0)
    given, leaves = operands.named(torch, code.co_names)
    space = {"torch": torch, "F": torch.nn.functional, **given}

    def forward() -> Any:
        return eval(code, space)

    try:
        results = [t for t in _as_list(forward()) if isinstance(t, torch.Tensor)]
        recorded = [t for t in results if t.requires_grad]
        gradients = [torch.ones_like(t) * 0.5 for t in recorded]
        steps: dict[str, Callable[[], Any]] = {"forward": forward}
        moved = sum(t.numel() * t.element_size() for t in [*given.values(), *results] if isinstance(t, torch.Tensor))
        if recorded:
            moved += sum(t.numel() * t.element_size() for t in [*leaves, *recorded])

            def both() -> None:
                for leaf in leaves:
                    leaf.grad = None
                made = [t for t in _as_list(eval(code, space)) if t.requires_grad]
                torch.autograd.backward(made, gradients)

            both()
            steps["both"] = both
    except (RuntimeError, TypeError, NotImplementedError, ValueError, IndexError) as error:
        raise Refused(str(error).partition("\n")[0]) from None
    return steps, moved


def _as_list(found: Any) -> list[Any]:
    return list(found) if isinstance(found, (tuple, list)) else [found]


def least_seconds(functions: dict[str, Callable[[], Any]], clock: Callable[[], float], rounds: int = ROUNDS) -> dict[str, float]:
    """The least seconds of a call of each function, found in rounds in which they take turns."""
    loops = {}
    a_round = 0.0
    for name, function in functions.items():
        function()
        start = perf_counter()
        function()
        once = perf_counter() - start
        calls = max(1, min(20, int(ROUND_SECONDS / max(once, 1e-7))))
        start = perf_counter()
        for _ in range(calls):
            function()
        each = max((perf_counter() - start) / calls, 1e-7)
        loops[name] = max(1, round(ROUND_SECONDS / each))
        a_round += loops[name] * each
    best = dict.fromkeys(functions, float("inf"))
    for _ in range(max(LEAST_ROUNDS, min(rounds, int(ROW_SECONDS / a_round)))):
        for name, function in functions.items():
            turns = range(loops[name])
            start = clock()
            for _ in turns:
                function()
            best[name] = min(best[name], (clock() - start) / loops[name])
    return best


def copy_rate(nbytes: int, clock: Callable[[], float]) -> float:
    """Bytes that a plain copy of so many reads and writes in a second."""
    import numpy as np

    of = np.ones(max(nbytes, 64), np.uint8)
    to = np.zeros_like(of)
    return 2 * of.size / least_seconds({"copy": lambda: np.copyto(to, of)}, clock)["copy"]
