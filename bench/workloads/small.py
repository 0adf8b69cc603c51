"""Small arrays: what an operator costs beside its arithmetic."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bench.registry import workload


@workload(at_least=2.0)
def tiny_mean(torch: Any) -> Callable[[], None]:
    """((x+2)*(x+2)*2).mean().backward(), 3 elements"""
    x = torch.randn(3, requires_grad=True)

    def step() -> None:
        ((x + 2) * (x + 2) * 2).mean().backward()

    return step


@workload(at_least=2.0)
def bce(torch: Any) -> Callable[[], None]:
    """one layer and binary cross entropy, forward and backward"""
    x = torch.ones(5)
    y = torch.zeros(3)
    w = torch.randn(5, 3, requires_grad=True)
    b = torch.randn(3, requires_grad=True)

    def step() -> None:
        z = torch.matmul(x, w) + b
        loss = torch.nn.functional.binary_cross_entropy_with_logits(z, y)
        loss.backward()

    return step


@workload(at_least=2.0)
def chain100(torch: Any) -> Callable[[], None]:
    """chain of 100 multiplications of 3 elements, forward and backward"""
    x = torch.randn(3, requires_grad=True)
    factor = torch.full((3,), 1.001)
    ones = torch.ones(3)

    def step() -> None:
        y = x
        for _ in range(100):
            y = y * factor
        y.backward(ones)

    return step


@workload(at_least=2.0)
def chain100_numbers(torch: Any) -> Callable[[], None]:
    """the same chain, the factor a Python number"""
    x = torch.randn(3, requires_grad=True)
    ones = torch.ones(3)

    def step() -> None:
        y = x
        for _ in range(100):
            y = y * 1.001
        y.backward(ones)

    return step


@workload(at_least=2.0)
def chain100_both(torch: Any) -> Callable[[], None]:
    """the same chain, both factors recorded"""
    x = torch.randn(3, requires_grad=True)
    factor = torch.full((3,), 1.001, requires_grad=True)
    ones = torch.ones(3)

    def step() -> None:
        y = x
        for _ in range(100):
            y = y * factor
        y.backward(ones)

    return step
