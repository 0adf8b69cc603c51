"""Long chains: time and memory must grow with the length and no faster, and nothing may recurse."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bench.registry import workload


@workload(kind="sizes", sizes=(10**5, 10**6))
def long_chain(torch: Any, length: int) -> Callable[[], None]:
    """chain of additions and multiplications of 1 element, forward and backward"""
    x = torch.ones(1, requires_grad=True)

    def step() -> None:
        y = x
        for _ in range(length // 2):
            y = y * 1.0
            y = y + 0.0
        y.backward()
        del y
        assert x.grad.item() == 1.0
        x.grad = None

    return step
