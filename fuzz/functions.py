"""Functions: custom ``autograd.Function`` classes that programs use; a prelude has those that its lines name."""

from __future__ import annotations

import re

_SOURCES = """
class Scale(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * 3
    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return g * 3 + x * 0

class Product(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, y):
        ctx.save_for_backward(x, y)
        return x.tanh() * 2, x.clone()
    @staticmethod
    def backward(ctx, g, h):
        x, y = ctx.saved_tensors
        return 2 * g * (1 - x.tanh() ** 2) + h, torch.zeros_like(y)

class Double_(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.mark_dirty(x)
        return x.mul_(2)
    @staticmethod
    def backward(ctx, g):
        return g * 2

class Once(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x + 1
    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx, g):
        return g * 1
"""

SOURCES = {re.match(r"class (\w+)", text)[1]: text for text in _SOURCES.strip().split("\n\n")}  # type: ignore[index]
"""Name -> source."""


def prelude(lines: list[str]) -> str:
    """The classes that the lines name: to make one takes as long as several lines."""
    text = "\n".join(lines)
    return "\n".join(source for name, source in SOURCES.items() if f"{name}." in text)
