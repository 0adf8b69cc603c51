"""``python -m bench.crossover``: from how many elements on a compiled kernel is faster than NumPy.

Prints microseconds a call for both, for an addition, an exponential and a sum, at growing sizes; ``LARGE`` in
``adjoint/kernels/reading.py`` is chosen from it.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from adjoint.kernels.reading import compiled

FUNCTIONS: dict[str, Callable[..., Any]] = {
    "add": np.add,
    "exp": np.exp,
    "sum": lambda x, _: np.add.reduce(x, None),
    "sigmoid, 3 steps": lambda x, _: 1 / (1 + np.exp(-x)),
}
SIZES = [2**k for k in range(9, 19)]


def main() -> None:
    """Print the table."""
    print(f"{'':18}" + "".join(f"{n:>16,}" for n in SIZES) + "   (NumPy, compiled; µs)")
    for name, function in FUNCTIONS.items():
        cells = []
        for n in SIZES:
            x = np.linspace(-1, 1, n, dtype=np.float32)
            given = (x,) if name == "exp" else (x, x)
            plain, by_kernel = _in_turns(lambda f=function, g=given: f(*g), lambda f=function, g=given: compiled(f, *g))
            cells.append(f"{plain:>8.2f}{by_kernel:>8.2f}")
        print(f"{name:18}" + "".join(cells))


def _in_turns(*functions: Callable[[], Any], rounds: int = 15) -> list[float]:
    """The median microseconds of each, measured in turns."""
    times: list[list[float]] = [[] for _ in functions]
    for _ in range(rounds):
        for function, found in zip(functions, times):
            function()
            start = time.perf_counter()
            for _ in range(200):
                function()
            found.append((time.perf_counter() - start) / 200 * 1e6)
    return [statistics.median(found) for found in times]


if __name__ == "__main__":
    main()
