"""Functions: custom ``autograd.Function`` classes that programs use; a prelude has those (and the modules) that its lines name."""

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

class Pair(torch.autograd.Function):
    @staticmethod
    def forward(x, y, factor):
        return x * factor, y.sin()
    @staticmethod
    def setup_context(ctx, inputs, output):
        x, y, ctx.factor = inputs
        ctx.save_for_backward(y)
        ctx.set_materialize_grads(False)
    @staticmethod
    def backward(ctx, g, h):
        (y,) = ctx.saved_tensors
        return None if g is None else g * ctx.factor, None if h is None else h * y.cos(), None

class Same(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x.view_as(x)
    @staticmethod
    def backward(ctx, g):
        return g * 5

class Split(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        found = x * 2, x > 0
        ctx.mark_non_differentiable(found[1])
        return found
    @staticmethod
    def backward(ctx, g, none):
        return g * 2

class Other(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, y):
        ctx.save_for_backward(x * 1, y)
        ctx.shape = x.shape
        return x * x
    @staticmethod
    def backward(ctx, g):
        x, y = ctx.saved_tensors
        return (2 * x * g if ctx.needs_input_grad[0] else None), None

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
    modules = "".join(f"import {name}\n" for name in ("copy", "pickle") if f"{name}." in text)
    return modules + "\n".join(source for name, source in SOURCES.items() if f"{name}." in text)
