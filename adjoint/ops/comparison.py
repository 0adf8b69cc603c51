"""Comparisons and logic: tensors of bools."""

from __future__ import annotations

from typing import Any

import numpy as np

from adjoint import dtypes
from adjoint.autograd.quiet import silence
from adjoint.autograd.taped import taped
from adjoint.declare import composite, elementwise
from adjoint.declare.arranging import laid
from adjoint.declare.operands import raise_shapes
from adjoint.ops.each_sample import each_sample
from adjoint.ops.unsupported import unsupported
from adjoint.readings.batched import BatchedArray
from adjoint.stored import ALL as STORED
from adjoint.tensor import Tensor


def _ordered(kernel: str, ufunc: Any) -> Any:
    def forward(self, other):
        if self.dtype.kind == "c":
            unsupported(kernel, self)
        return ufunc(self, other)

    return forward


eq = elementwise(
    "eq", np.equal, stored=STORED, promote="bool", dunder=("__eq__",), beside_numpy=True,
    doc="Whether two elements are equal: a bool tensor.",
)  # fmt: skip
ne = elementwise(
    "ne", np.not_equal, stored=STORED, promote="bool", aliases=("not_equal",), dunder=("__ne__",),
    doc="Whether two elements differ: a bool tensor.",
)  # fmt: skip
lt = elementwise(
    "lt", _ordered("lt_cpu", np.less), promote="bool", aliases=("less",), dunder=("__lt__",),
    doc="Whether each element is less than the other's: a bool tensor.",
)
le = elementwise(
    "le", _ordered("le_cpu", np.less_equal), promote="bool", aliases=("less_equal",), dunder=("__le__",),
    doc="Whether each element is less than the other's or equal to it: a bool tensor.",
)
gt = elementwise(
    "gt", _ordered("gt_cpu", np.greater), promote="bool", aliases=("greater",), dunder=("__gt__",),
    doc="Whether each element is greater than the other's: a bool tensor.",
)
ge = elementwise(
    "ge", _ordered("ge_cpu", np.greater_equal), promote="bool", aliases=("greater_equal",), dunder=("__ge__",),
    doc="Whether each element is greater than the other's or equal to it: a bool tensor.",
)

for _row, _ufunc in ((lt, np.less), (le, np.less_equal), (gt, np.greater), (ge, np.greater_equal)):
    taped(_ufunc)(lambda a, b, row=_row: row.function(a, b))

logical_and = elementwise(
    "logical_and", np.logical_and, promote="bool", numbers=False,
    doc="Whether neither of two elements is zero: a bool tensor.",
)  # fmt: skip
logical_or = elementwise(
    "logical_or", np.logical_or, promote="bool", numbers=False,
    doc="Whether one of two elements is not zero: a bool tensor.",
)  # fmt: skip
logical_xor = elementwise(
    "logical_xor", np.logical_xor, promote="bool", numbers=False,
    doc="Whether one of two elements is zero and the other is not: a bool tensor.",
)  # fmt: skip
logical_not = elementwise(
    "logical_not", np.logical_not, promote="bool",
    doc="Whether each element is zero: a bool tensor.",
)  # fmt: skip


@composite
@each_sample
def isclose(
    input: Tensor, other: Tensor, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False
) -> Tensor:
    """Whether ``|input - other| <= atol + rtol * |other|``, per element.

    Raises RuntimeError where the dtypes differ.

    >>> import adjoint as torch
    >>> torch.isclose(torch.tensor([1., 2.]), torch.tensor([1.000001, 3.]))
    tensor([ True, False])
    """
    a, b = input._array, other._array
    if a.dtype != b.dtype:
        names = dtypes.SCALAR_TYPE_NAMES
        raise RuntimeError(f"{names[input.dtype]} did not match {names[other.dtype]}")
    if rtol < 0:
        raise RuntimeError("rtol must be greater than or equal to zero, but got " + f"{rtol:g}")
    if atol < 0:
        raise RuntimeError("atol must be greater than or equal to zero, but got " + f"{atol:g}")
    try:
        np.broadcast_shapes(a.shape, b.shape)
    except ValueError:
        raise_shapes(a, b)
    with silence():
        close = np.equal(a, b)
        if a.dtype.kind not in "iub":
            if equal_nan:
                close = close | (np.isnan(a) & np.isnan(b))
            if rtol or atol:
                difference = np.absolute(a - b)
                allowed = a.real.dtype.type(atol) + np.absolute(a.real.dtype.type(rtol) * b)
                close = close | (np.isfinite(difference) & (difference <= allowed))
        elif rtol or atol:
            wide = a.astype(np.float64), b.astype(np.float64)
            close = close | (np.absolute(wide[0] - wide[1]) <= atol + np.absolute(rtol * wide[1]))
    return laid(np.asarray(close), a, b)


@composite
def allclose(input: Tensor, other: Tensor, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False) -> bool:
    """Whether :func:`isclose` holds for all elements.

    >>> import adjoint as torch
    >>> torch.allclose(torch.tensor([1.]), torch.tensor([1.000001]))
    True
    """
    if BatchedArray in (input._array.__class__, other._array.__class__):
        raise RuntimeError(
            "vmap over torch.allclose isn't supported yet. Please file an issue at https://github.com/pytorch/pytorch/issues if "
            "you need this feature."
        )
    return bool(isclose(input, other, rtol, atol, equal_nan)._array.all())


@composite
def equal(input: Tensor, other: Tensor) -> bool:
    """Whether the two have the same shape and the same elements.

    >>> import adjoint as torch
    >>> torch.equal(torch.tensor([1, 2]), torch.tensor([1, 2]))
    True
    """
    if not isinstance(other, Tensor):
        raise TypeError(f"equal(): argument 'other' (position 1) must be Tensor, not {type(other).__name__}")
    if BatchedArray in (input._array.__class__, other._array.__class__):
        raise RuntimeError("Batching rule not implemented for aten::equal. We could not generate a fallback.")
    return input._array.shape == other._array.shape and bool(np.array_equal(input._array, other._array))
