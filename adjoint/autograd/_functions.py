"""Functions of old: ``torch.autograd._functions``."""

from __future__ import annotations

import math
from typing import Any

from adjoint.autograd.function import Function
from adjoint.tensor import Tensor

__all__ = ["Resize", "Type"]


class Type(Function):
    """A tensor in another dtype, ``Type.apply(tensor, dtype)``; its gradient in the tensor's own."""

    @staticmethod
    def forward(ctx: Any, i: Tensor, dest_type: Any) -> Any:
        ctx.input_type = i.dtype
        return i.type(dest_type)

    @staticmethod
    def backward(ctx: Any, grad_output: Tensor) -> Any:
        return grad_output.to(ctx.input_type), None


class Resize(Function):
    """A tensor with other sizes, ``Resize.apply(tensor, sizes)``, of as many elements.

    Raises RuntimeError if there are more or fewer.
    """

    @staticmethod
    def forward(ctx: Any, tensor: Tensor, sizes: tuple[int, ...]) -> Any:
        if math.prod(sizes) != tensor.numel():
            raise RuntimeError(
                f"requested resize to {'x'.join(map(str, sizes))} ({math.prod(sizes)} elements in total), but the "
                f"given tensor has a size of {'x'.join(map(str, tensor.size()))} ({tensor.numel()} elements). autograd's resize "
                "can only change the shape of a given tensor, while preserving the number of elements. "
            )
        ctx.input_sizes = tensor.size()
        return tensor.contiguous().view(*sizes) if sizes else tensor.reshape(())

    @staticmethod
    def backward(ctx: Any, grad_output: Tensor) -> Any:
        return grad_output.contiguous().view(ctx.input_sizes), None
