"""The steps that are timed: a function with its gradients, and a model with its optimizer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def forward_backward(leaves: tuple[Any, ...], function: Callable[..., Any], gradient: Any = None) -> Callable[[], None]:
    """The function of the leaves and its gradients, given that of the result; nothing is left to add them to."""

    def step() -> None:
        for leaf in leaves:
            leaf.grad = None
        function(*leaves).backward(gradient)

    return step


def training(model: Any, loss: Callable[[], Any], optimizer: Any) -> Callable[[], None]:
    """A whole training step of the model."""

    def step() -> None:
        model.zero_grad()
        loss().backward()
        optimizer.step()

    return step
