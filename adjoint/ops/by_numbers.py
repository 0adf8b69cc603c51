"""By numbers: sums, products and quotients with a number inside of other functions, where PyTorch's nodes have one input.

``x * 2`` of a program is recorded with 2 as a tensor; of PyTorch's own functions it is ``MulBackward1``, which keeps the number.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from adjoint import dtypes
from adjoint.declare.namespaces import elementwise
from adjoint.ops.arithmetic import add, div, mul, times
from adjoint.tensor import Tensor


def _plus(self, other=0.0):
    return np.add(self, other)


def _times(self, other=1.0):
    return np.multiply(self, other)


def _over(self, other=1.0):
    return np.divide(self, other)


_plus_row = elementwise("plus_number", _plus, where="", inplace=False, node="AddBackward1", self=lambda g: g)
_times_row = elementwise(
    "times_number", _times, where="", inplace=False, node="MulBackward1", self=lambda g, other: times(g, other)
)
_over_row = elementwise("over_number", _over, where="", inplace=False, node="DivBackward1", self=lambda g, other: g / other)

_PLAIN = (dtypes.float32, dtypes.float64, dtypes.complex64, dtypes.complex128)


def _by(row: Any, plain: Any, x: Tensor, number: Any) -> Tensor:
    alone = x.dtype in _PLAIN and number.__class__ in (int, float)
    return row.function(x, other=number) if alone else plain.function(x, number)  # type: ignore[no-any-return]


def plus(x: Tensor, number: Any) -> Tensor:
    """``x + number``."""
    return _by(_plus_row, add, x, number)


def multiplied(x: Tensor, number: Any) -> Tensor:
    """``x * number``."""
    return _by(_times_row, mul, x, number)


def over(x: Tensor, number: Any) -> Tensor:
    """``x / number``."""
    return _by(_over_row, div, x, number)
