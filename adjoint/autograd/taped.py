"""The taped reading: NumPy's face of a Tensor.

Formulas are NumPy code.  Handed :class:`Taped` arrays, the same code records itself: every NumPy function arrives
here through NumPy's dispatch protocols and is answered by the operator of the tables that computes it.  So a
gradient can be differentiated again, to any order.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from adjoint.readings.batched import BatchedArray
from adjoint.readings.face import ArrayFace
from adjoint.readings.sparse import SparseArray
from adjoint.tensor import Tensor, from_array

# NumPy function -> what computes it on tensors, with NumPy's arguments.  Filled by the tables.
TAPED: dict[Any, Callable[..., Any]] = {}


def taped(*functions: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Declare how NumPy functions are computed on tensors (a decorator)."""

    def declare(implementation: Callable[..., Any]) -> Callable[..., Any]:
        for f in functions:
            assert f not in TAPED, f"{f} has two taped readings"
            TAPED[f] = implementation
        return implementation

    return declare


def _tensors(value: Any) -> Any:
    """``value`` with every Taped in it replaced by its tensor, and every array by a tensor over it."""
    if isinstance(value, Taped):
        return value.tensor
    if isinstance(value, (np.ndarray, BatchedArray, SparseArray)):
        return from_array(value)
    if isinstance(value, (list, tuple)):
        return type(value)(_tensors(v) for v in value)
    if isinstance(value, np.generic) and value.dtype.kind in "bV":  # operators take a bool for a float, a bfloat16 for nothing
        return bool(value) if value.dtype.kind == "b" else float(value)  # type: ignore[arg-type]
    return value


def _wrap(value: Any) -> Any:
    if isinstance(value, Tensor):
        return Taped(value)
    if isinstance(value, (list, tuple)):
        return tuple(_wrap(v) for v in value)
    return value


def _call(function: Any, args: Any, kwargs: dict[str, Any]) -> Any:
    implementation = TAPED.get(function)
    if implementation is None:
        raise NotImplementedError(
            f"no operator of the tables computes {getattr(function, '__name__', function)}: a formula that uses it "
            "cannot be differentiated again; declare one with adjoint.autograd.taped.taped"
        )
    return _wrap(implementation(*map(_tensors, args), **{k: _tensors(v) for k, v in kwargs.items()}))


class Taped(ArrayFace):
    """A tensor with the interface of a NumPy array."""

    __slots__ = ("tensor",)

    def __init__(self, tensor: Tensor) -> None:
        self.tensor = tensor

    shape = property(lambda self: self.tensor._array.shape)
    dtype = property(lambda self: self.tensor._array.dtype)
    ndim = property(lambda self: self.tensor._array.ndim)
    size = property(lambda self: self.tensor._array.size)

    _call = staticmethod(_call)

    def __add__(self, other: Any) -> Any:
        if self.tensor._array.__class__ is SparseArray:
            return _call(np.add, (other, self), {})  # as gradients are added
        return _call(np.add, (self, other), {})

    def __getitem__(self, index: Any) -> Taped:
        return Taped(self.tensor[_tensors(index)])
