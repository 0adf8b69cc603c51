"""Filling: one value written into a tensor, everywhere or where a mask says."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from adjoint import dtypes
from adjoint.autograd.overlap import Overlap
from adjoint.declare import composite, op
from adjoint.declare.arguments import python_number, type_name
from adjoint.declare.arranging import IN_ORDER
from adjoint.declare.namespaces import inplace_only
from adjoint.declare.operands import as_dtype, fit, raise_integers, sum_to
from adjoint.declare.schemas import check_write
from adjoint.layouts import empty_like
from adjoint.ops import bulk
from adjoint.ops.arrays import Array, array_function
from adjoint.ops.broadcasting import broadcast_shape
from adjoint.ops.memory import geometry
from adjoint.ops.scalars import check_item, convert, filling, number_argument
from adjoint.tensor import Tensor, attach, writes_of


def _zero(self: Array):
    return np.zeros_like(self) if self.__class__ is not np.ndarray else bulk.zeros(self.shape, self.dtype)


def _zero_into(self: Array):
    bulk.fill(self, 0)
    return self


zero = inplace_only(
    op("zero", _zero, overlap=Overlap(repeats=True), where="", writer=_zero_into, self=lambda g: np.zeros_like(g)),
    where="torch Tensor",
    doc="""Fill the tensor with zeros.

    >>> import adjoint as torch
    >>> torch.ones(2).zero_()
    tensor([0., 0.])
    """,
)


def number_for(value: Any, array: Any) -> Any:
    """A number as an element of the array's dtype; RuntimeError, in PyTorch's words, where it does not fit."""
    return convert(value, dtypes.OF_ARRAY[array.dtype])


def _filled(self: Array, value):
    return _filled_into(empty_like(self, self.dtype, None), value)


def _filled_into(self: Array, value):
    bulk.fill(self, filling(value, dtypes.OF_ARRAY[self.dtype], self.size))
    return self


def _filled_with(self: Array, value: Array):
    found = empty_like(self, self.dtype, None)
    bulk.write(found, value)
    return found


def _filled_with_into(self: Array, value: Array):
    bulk.write(self, value)
    return self


def _sum_of(g, value_dtype):
    return fit(sum_to(g, ()), (), value_dtype)


_FILLS = {}
for _node, _forward, _writer, _formulas in (
    ("FillBackward0", _filled, None, {}),
    ("FillBackward1", _filled_with, None, {"value": _sum_of}),
    ("FillBackward2", _filled, _filled_into, {}),
    ("FillBackward3", _filled_with, _filled_with_into, {"value": _sum_of}),
):
    _FILLS[_node] = op(
        f"fill.{_node[-1]}",
        _forward,
        where="",
        node=_node,
        overlap=Overlap(first=True, repeats=not _formulas),
        writer=_writer,
        self=lambda g: np.zeros_like(g),
        **_formulas,
    )


def _check_fill(name: str, value: Any) -> Any:
    """The value as a number, or as the 0-d tensor that it is."""
    if isinstance(value, Tensor):
        if value._array.ndim:
            raise RuntimeError(
                f"{name} only supports 0-dimension value tensor but got tensor with {value._array.ndim} dimensions."
            )
        return value
    number = python_number(value)
    if number is None:
        raise TypeError(
            f"{name}() received an invalid combination of arguments - got ({type_name(value)}), but expected one of:\n"
            " * (Tensor value)\n * (Number value)\n"
        )
    return number


@composite
def fill_(input: Tensor, value: Any) -> Tensor:
    """Fill the tensor with a number, or with the element of a 0-d tensor.

    >>> import adjoint as torch
    >>> torch.zeros(2).fill_(3)
    tensor([3., 3.])
    """
    value = _check_fill("fill_", value)
    return _FILLS["FillBackward3" if isinstance(value, Tensor) else "FillBackward2"].inplace(input, value)


@composite(where="torch")
def fill(input: Tensor, value: Any) -> Tensor:
    """A tensor of this one's shape and dtype, filled with a number or with the element of a 0-d tensor."""
    value = _check_fill("fill", value)
    return _FILLS["FillBackward1" if isinstance(value, Tensor) else "FillBackward0"].function(input, value)


# Where a mask says


@array_function
def masked_zero(self: Array, mask: Array):
    """Zero where the mask is true."""
    return np.where(mask, np.zeros((), self.dtype), self)


op(
    "masked_zero",
    masked_zero,
    tangent="linear",
    where="",
    self=lambda g, mask, self_shape: sum_to(masked_zero(g, mask), self_shape),
)


def _check_mask(self, mask, into=False):
    if mask.dtype.kind != "b":
        name = dtypes.OF_ARRAY[mask.dtype].name
        raise RuntimeError(
            f"masked_fill_ only supports boolean masks, but got mask with dtype {_CPP_NAMES.get(name, name)}"
        )
    if self.shape != mask.shape:
        shape = broadcast_shape(self.shape, mask.shape)
        if into and shape != self.shape:
            raise RuntimeError(f"output with shape {list(self.shape)} doesn't match the broadcast shape {list(shape)}")


_CPP_NAMES = {
    "float32": "float", "float64": "double", "int32": "int", "int64": "long int", "uint8": "unsigned char",
    "int8": "signed char", "int16": "short int", "float16": "c10::Half", "bfloat16": "c10::BFloat16",
}  # fmt: skip


def _masked_fill(self: Array, mask: Array, value):
    _check_mask(self, mask)
    return np.where(mask, np.array(number_for(value, self), self.dtype), self)


def _masked_fill_into(self: Array, mask: Array, value):
    _check_mask(self, mask, into=True)
    value = number_for(value, self)
    np.copyto(self, value, where=mask, casting="unsafe")
    return self


def _masked_fill_with(self: Array, mask: Array, value: Array):
    _check_mask(self, mask)
    check_item(value, dtypes.OF_ARRAY[self.dtype])
    return np.where(mask, as_dtype(value, self.dtype), self)


def _masked_fill_with_into(self: Array, mask: Array, value: Array):
    _check_mask(self, mask, into=True)
    check_item(value, dtypes.OF_ARRAY[self.dtype])
    np.copyto(self, value, where=mask, casting="unsafe")
    return self


def _kept(g, mask, self_shape):
    return sum_to(masked_zero(g, mask), self_shape)


_masked_fill_number = op(
    "masked_fill.number", _masked_fill, overlap=Overlap(repeats=True, example="[mask] = scalar", places=1), lies=IN_ORDER, where="", node="MaskedFillBackward0", writer=_masked_fill_into, self=_kept
)
_masked_fill_tensor = op(
    "masked_fill.tensor", _masked_fill_with, overlap=Overlap(repeats=True, example="[mask] = scalar", places=1), lies=IN_ORDER, where="", node="MaskedFillBackward1", writer=_masked_fill_with_into,
    self=_kept,
    value=lambda g, mask, value_dtype: fit(sum_to(masked_zero(g, np.logical_not(mask)), ()), (), value_dtype),
    reads={"value": "sum(g where mask)"},
)  # fmt: skip


def _masked_fill_row(value: Any) -> tuple[Any, Any]:
    if isinstance(value, Tensor):
        if value._array.ndim:
            raise RuntimeError(
                "masked_fill_ only supports a 0-dimensional value tensor, but got tensor with "
                f"{value._array.ndim} dimension(s)."
            )
        return _masked_fill_tensor, value
    return _masked_fill_number, number_argument(value, "masked_fill", "value", 2)


@composite
def masked_fill(input: Tensor, mask: Tensor, value: Any) -> Tensor:
    """The tensor with ``value`` where ``mask`` is true; mask and tensor broadcast.

    >>> import adjoint as torch
    >>> x = torch.tensor([1., -1.])
    >>> x.masked_fill(x < 0, 0)
    tensor([1., 0.])
    """
    row, value = _masked_fill_row(value)
    result = row.function(input, mask, value)
    if result.requires_grad and result._array.dtype.kind in "iub":
        raise_integers(result._array)
    return result


@composite(where="Tensor")
def masked_fill_(self: Tensor, mask: Tensor, value: Any) -> Tensor:
    """Write ``value`` into the tensor where ``mask`` is true."""
    row, value = _masked_fill_row(value)
    return row.inplace(self, mask, value)


@attach
def fill_diagonal_(self: Tensor, fill_value: float, wrap: bool = False) -> Tensor:
    """Write a number onto the main diagonal; of a tall matrix again below it if ``wrap``.

    >>> import adjoint as torch
    >>> torch.zeros(2, 2).fill_diagonal_(1)
    tensor([[1., 0.],
            [0., 1.]])
    """
    check_write(self, "fill_diagonal_")
    shape = self._array.shape
    if len(shape) < 2:
        raise RuntimeError("dimensions must larger than 1")
    if len(shape) > 2 and len(set(shape)) > 1:
        raise RuntimeError("all dimensions of input must be of equal length")
    steps, start, _ = geometry(self._array)
    fill_(self.as_strided((min(shape),), (sum(steps),), start), fill_value)  # type: ignore[attr-defined]
    rows, columns = shape[0], shape[1]
    if wrap and len(shape) == 2 and rows > columns + 1:
        for first in range(columns + 1, rows, columns + 1):
            fill_diagonal_(self[first:], fill_value)
    return self


# By a Python function


def _check_leaf_values(self: Tensor, name: str) -> None:
    if self.requires_grad:
        raise RuntimeError(f"Can't call {name}() on Variable that requires grad. Use var.detach().{name}() instead.")


@attach
def apply_(self: Tensor, callable: Callable[[Any], Any]) -> Tensor:
    """Replace every element by what a Python function makes of it."""
    _check_leaf_values(self, "apply_")
    return _fill_from(self, [callable(v) for v in self._array.reshape(-1).tolist()])


@attach
def map_(self: Tensor, tensor: Tensor, callable: Callable[[Any, Any], Any]) -> Tensor:
    """Replace every element by what a Python function makes of it and of that of another tensor."""
    _check_leaf_values(self, "map_")
    other = np.broadcast_to(tensor._array, self._array.shape)
    pairs = zip(self._array.reshape(-1).tolist(), other.reshape(-1).tolist())
    return _fill_from(self, [callable(a, b) for a, b in pairs])


@attach
def map2_(self: Tensor, x: Tensor, y: Tensor, callable: Callable[[Any, Any, Any], Any]) -> Tensor:
    """Replace every element by what a Python function makes of it and of those of two other tensors.

    >>> import adjoint as torch
    >>> torch.ones(2).map2_(torch.tensor([2., 3.]), torch.tensor(10.), lambda a, b, c: a + b * c)
    tensor([21., 31.])
    """
    if self.requires_grad or x.requires_grad or y.requires_grad:
        raise RuntimeError("Can't call map2_() on Variable that requires grad. Use var.detach().map2_() instead.")
    others = [np.broadcast_to(t._array, self._array.shape).reshape(-1).tolist() for t in (x, y)]
    return _fill_from(self, [callable(*values) for values in zip(self._array.reshape(-1).tolist(), *others)])


def _fill_from(self: Tensor, values: list[Any]) -> Tensor:
    for v in values:
        if isinstance(v, (str, bytes)):
            raise TypeError(f"'{type(v).__name__}' object cannot be interpreted as an integer" if self._array.dtype.kind in "iub"
                            else f"must be real number, not {type(v).__name__}")
    numbers = [number_for(v, self._array) for v in values]
    self._array[...] = np.array(numbers, self._array.dtype).reshape(self._array.shape)
    writes_of(self).bump()
    return self
