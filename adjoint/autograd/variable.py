"""Variable: the old name of a tensor that takes part in automatic differentiation.  Every tensor does now."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from adjoint import dtypes
from adjoint.autograd.engine import queue_callback
from adjoint.autograd.saved import alias
from adjoint.names import list_names as _list_names
from adjoint.places import users_level
from adjoint.tensor import NO_EDGE, Tensor, from_array
from adjoint.type_names import type_name

__all__ = ["Variable", "VariableMeta"]


class VariableMeta(type):
    """Makes every tensor an instance of Variable."""

    def __instancecheck__(cls, other: Any) -> bool:
        return isinstance(other, Tensor)


class _ExecutionEngine:
    """The engine by the name under which programs reach it, ``torch.autograd.Variable._execution_engine``."""

    queue_callback = staticmethod(queue_callback)


class Variable(metaclass=VariableMeta):
    """``Variable(tensor)`` is a new leaf over the tensor's memory; ``isinstance(tensor, Variable)`` holds for all tensors.

    Raises TypeError if ``data`` is no tensor.

    >>> import adjoint as torch
    >>> torch.autograd.Variable(torch.ones(2), requires_grad=True)
    tensor([1., 1.], requires_grad=True)
    """

    _execution_engine = _ExecutionEngine()

    def __new__(cls, data: Any = None, requires_grad: bool = False, volatile: bool = False) -> Any:
        if volatile:
            warnings.warn(
                "volatile was removed and now has no effect. Use `with torch.no_grad():` instead.", stacklevel=users_level()
            )
        if data is None:
            data = from_array(np.empty(0, dtypes.get_default_dtype().array))
        if not isinstance(data, Tensor):
            raise TypeError(f"Variable data has to be a tensor, but got {type_name(data)}")
        if requires_grad and data.dtype.category < dtypes.FLOAT:
            raise RuntimeError("Only Tensors of floating point and complex dtype can require gradients")
        return alias(data, None if requires_grad else NO_EDGE)


_list_names(__name__)
