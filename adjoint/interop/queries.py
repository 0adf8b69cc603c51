"""Queries: what programs ask about a tensor before they use it."""

from __future__ import annotations

from typing import Any

import numpy as np

from adjoint import dtypes
from adjoint.declare import composite
from adjoint.declare.arguments import wrong_argument
from adjoint.declare.operands import priority
from adjoint.ops.arrays import all_values
from adjoint.tensor import Tensor, attach, from_array


def _tensor(function: str, input: Any) -> Tensor:
    if not isinstance(input, Tensor):
        wrong_argument(function, "input", "Tensor", input, 1)
    return input


@composite(where="torch")
def is_tensor(obj: Any, /) -> bool:
    """Whether ``obj`` is a tensor.

    >>> import adjoint as torch
    >>> torch.is_tensor(torch.ones(1)), torch.is_tensor(1)
    (True, False)
    """
    return isinstance(obj, Tensor)


@composite
def is_floating_point(input: Tensor) -> bool:
    """Whether the dtype is a floating-point one."""
    return _tensor("is_floating_point", input).dtype.category == dtypes.FLOAT


@composite
def is_complex(input: Tensor) -> bool:
    """Whether the dtype is a complex one."""
    return _tensor("is_complex", input).dtype.category == dtypes.COMPLEX


@composite
def is_signed(input: Tensor) -> bool:
    """Whether the dtype has negative numbers."""
    return _tensor("is_signed", input).dtype.is_signed


@composite
def is_inference(input: Tensor) -> bool:
    """Whether the tensor was made in :class:`~adjoint.inference_mode`."""
    return _tensor("is_inference", input)._inference


@composite
def is_nonzero(input: Tensor) -> bool:
    """Whether the one element is not zero.  Raises RuntimeError if there are none or several."""
    return bool(_tensor("is_nonzero", input))


@composite
def numel(input: Tensor) -> int:
    """The number of elements.

    >>> import adjoint as torch
    >>> torch.numel(torch.ones(2, 3))
    6
    """
    return _tensor("numel", input)._array.size


@attach
def nelement(self: Tensor) -> int:
    """The number of elements."""
    return self._array.size


@composite(where="torch")
def result_type(tensor1: Any, tensor2: Any) -> dtypes.dtype:
    """The dtype in which an operator of these two, tensors or numbers, computes.

    >>> import adjoint as torch
    >>> torch.result_type(torch.tensor([1, 2]), 1.0), torch.result_type(torch.tensor([1.0]), torch.tensor(1.0).double())
    (torch.float32, torch.float32)
    """
    operands = []
    for position, given in enumerate((tensor1, tensor2), 1):
        if isinstance(given, Tensor):
            operands.append((given.dtype, priority(given)))
        elif isinstance(given, (bool, int, float, complex)):
            operands.append((dtypes.default_for(given), 2))
        else:
            wrong_argument("result_type", f"tensor{position}", "Tensor", given, position)
    return dtypes.result_of(operands)


@composite
def is_same_size(input: Tensor, other: Tensor) -> bool:
    """Whether two tensors have the same shape."""
    return _tensor("is_same_size", input)._array.shape == other._array.shape


@composite(where="torch")
def _is_all_true(input: Tensor) -> Tensor:
    """Whether all elements of a bool tensor are true; inside of a vmap, those of all samples, so that it may be asked."""
    return from_array(np.asarray(_truths("_is_all_true", input).all()))


@composite(where="torch")
def _is_any_true(input: Tensor) -> Tensor:
    """Whether any element of a bool tensor is true; inside of a vmap, of any sample."""
    return from_array(np.asarray(_truths("_is_any_true", input).any()))


def _truths(function: str, input: Any) -> Any:
    if _tensor(function, input).dtype is not dtypes.bool_:
        raise RuntimeError(f"{function}: expected a tensor of bools, but got one of {input.dtype}")
    return all_values(input._array)


@attach
def is_set_to(self: Tensor, tensor: Tensor) -> bool:
    """Whether two tensors look at the same memory in the same way."""
    a, b = self._array, tensor._array
    return (a.shape, a.strides, a.dtype) == (b.shape, b.strides, b.dtype) and a.ctypes.data == b.ctypes.data


def _identity(self: Tensor) -> int:
    """A number for the tensor as an object: that of no other."""
    return id(self)


attach(property(lambda self: None, doc="None: tensors have no names."), name="name")
attach(property(_identity), name="_cdata")
