"""What a node's incoming gradients look like: ``node._input_metadata``."""

from __future__ import annotations

from typing import Any

import numpy as np

from adjoint.readings.meta import MetaArray, nested
from adjoint.tensor import Tensor, from_array

Form = tuple[tuple[int, ...], Any, bool]  # shape, dtype, and whether it is on the device "meta"


class InputMetadata:
    """The shape, dtype and device of one output of a node, which are those of the gradient that arrives for it."""

    __slots__ = ("device", "dtype", "is_cpp_nested_tensor", "is_nested_tensor", "shape")

    def __init__(self, form: Form) -> None:
        shape, dtype, on_meta = form
        alike: Any = from_array(
            nested(shape, dtype, range(len(shape))) if on_meta else np.broadcast_to(np.zeros((), dtype), shape)
        )
        self.shape = alike.shape
        self.dtype = alike.dtype
        self.device = alike.device
        self.is_nested_tensor = False
        self.is_cpp_nested_tensor = False

    def __repr__(self) -> str:
        return f"<torch._C._autograd._InputMetadata object at {id(self):#x}>"


def form_of(tensor: Tensor) -> Form:
    """A tensor's form, as its node is told it."""
    array = tensor._array
    return array.shape, array.dtype, array.__class__ is MetaArray


def input_metadata(node: Any) -> list[InputMetadata]:
    """Per output of a node, what its gradient looks like.

    Operators' nodes do not keep the shapes of what they made; they are told them when a tensor is asked for its ``grad_fn``.
    Raises RuntimeError for an output that was not.

    >>> import adjoint as torch
    >>> y = torch.ones(2, 3, requires_grad=True) * 2
    >>> y.grad_fn._input_metadata[0].shape
    torch.Size([2, 3])
    """
    known = node._known_forms()
    found = []
    for i in range(node._outputs):
        if i not in known:
            raise RuntimeError(
                f"{node.name()} does not know the shape of its output {i}: nodes are told it when that output is asked for "
                "its grad_fn"
            )
        found.append(InputMetadata(known[i]))
    return found
