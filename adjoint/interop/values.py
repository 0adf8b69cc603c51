"""Values: a tensor's elements as Python's numbers, lists, truth values and indices."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from adjoint import dtypes
from adjoint.declare.operands import is_number
from adjoint.ops.from_data import warn_of_conversion
from adjoint.stored import numbers_of
from adjoint.tensor import Tensor, attach


@attach
def item(self: Tensor) -> Any:
    """The one element as a Python number.  Raises RuntimeError if there are none or several.

    >>> import adjoint as torch
    >>> torch.tensor([2.5]).item()
    2.5
    """
    if self._array.size != 1:
        raise RuntimeError(f"a Tensor with {self._array.size} elements cannot be converted to Scalar")
    return numbers_of(self._array).item()


@attach
def tolist(self: Tensor) -> Any:
    """The elements as nested lists of Python numbers; a number where there are no dimensions.

    >>> import adjoint as torch
    >>> torch.tensor([[1, 2], [3, 4]]).tolist()
    [[1, 2], [3, 4]]
    """
    return numbers_of(self._array).tolist()


def _number(tensor: Tensor) -> Any:
    if tensor._array.size != 1:
        raise ValueError("only one element tensors can be converted to Python scalars")
    if tensor.requires_grad:
        warn_of_conversion()
    return numbers_of(tensor._array).item()


def _real(tensor: Tensor, c_name: str) -> Any:
    value = _number(tensor)
    if isinstance(value, complex):
        if value.imag != 0:
            raise RuntimeError(f"value cannot be converted to type {c_name} without overflow")
        return value.real
    return value


@attach
def __float__(self: Tensor) -> float:
    return float(_real(self, "double"))


@attach
def __int__(self: Tensor) -> int:
    return int(_real(self, "int64_t"))


@attach
def __complex__(self: Tensor) -> complex:
    return complex(_number(self))


@attach
def __index__(self: Tensor) -> int:
    if self._array.size != 1 or self.dtype.category > dtypes.INTEGER:
        raise TypeError("only integer tensors of a single element can be converted to an index")
    return int(self._array.item())


@attach
def __bool__(self: Tensor) -> bool:
    size = self._array.size
    if size != 1:
        amount = "more than one value" if size else "no values"
        raise RuntimeError(f"Boolean value of Tensor with {amount} is ambiguous")
    array = self._array
    return bool(numbers_of(array).item() if array.__class__ is np.ndarray else array)


@attach
def __len__(self: Tensor) -> int:
    if not self._array.ndim:
        raise TypeError("len() of a 0-d tensor")
    return self._array.shape[0]


@attach
def __iter__(self: Tensor) -> Iterator[Tensor]:
    if not self._array.ndim:
        raise TypeError("iteration over a 0-d tensor")
    return iter(self.unbind(0))  # type: ignore[attr-defined]


@attach
def __reversed__(self: Tensor) -> Tensor:
    return self.flip(0) if self._array.ndim else self  # type: ignore[attr-defined]


@attach
def __contains__(self: Tensor, element: Any) -> bool:
    if not isinstance(element, Tensor) and (isinstance(element, np.bool_) or not is_number(element)):
        raise RuntimeError(f"Tensor.__contains__ only supports Tensor or scalar, but you passed in a {type(element)}.")
    return bool((element == self).any().item())
