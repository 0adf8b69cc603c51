"""The largest and the smallest: max, min, amax, amin, aminmax, argmax, argmin."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from adjoint.autograd.taped import taped
from adjoint.declare import composite, op
from adjoint.declare.arranging import IN_ORDER
from adjoint.declare.outs import SAME, Out, refused, write_outs
from adjoint.kernels.late import LARGE, Late, from_on
from adjoint.ops.activation import kept_where
from adjoint.ops.arrays import Array, converted
from adjoint.ops.bounds import maximum, minimum
from adjoint.ops.bulk import zeros
from adjoint.ops.dims import wrap_dim
from adjoint.ops.reduction import axes, spread
from adjoint.ops.selection import add_along
from adjoint.ops.unsupported import type_name, unsupported
from adjoint.ops.widening import is_half
from adjoint.summation import total
from adjoint.tensor import Tensor


def shared_among_equals(g, self, result, dim, keepdim):
    """The gradient of an extreme, in equal parts to all elements that have its value; NaN counts as a value."""
    if dim is None and self.__class__ is np.ndarray is g.__class__:
        value = result[()]
        equal = self == value if value == value else self != self
        share = g[()] / g.dtype.type(np.count_nonzero(equal))
        return np.where(equal, share, g.dtype.type(0))
    equal = self == spread(result, self.shape, dim, keepdim)
    equal = equal | ((self != self) & spread(result != result, self.shape, dim, keepdim))
    count = total(equal.astype(g.dtype), axes(dim, len(self.shape)), True)
    return kept_where(equal, spread(g, self.shape, dim, keepdim) / count)


def _check_not_empty(name: str, shape: tuple[int, ...], dim: Any, error: type[Exception] = IndexError) -> None:
    if 0 not in shape:
        return
    over = axes(dim, len(shape))
    if over is None:
        also = " Specify the reduction dim with the 'dim' argument." if name not in ("argmax", "argmin") else ""
        raise error(f"{name}(): Expected reduction dim to be specified for input.numel() == 0.{also}")
    given = (dim,) if isinstance(dim, int) else tuple(dim or over)
    for i, shown in zip(over, given):
        if shape[i] == 0:
            raise IndexError(f"{name}(): Expected reduction dim {shown} to have non-zero size.")


def _of_all(name: str, ufunc: Any) -> Any:
    def forward(self: Array):
        _check_not_empty(name, self.shape, None, RuntimeError)
        if self.dtype.kind == "c":
            unsupported(f"{name}_all", self)
        return ufunc.reduce(self, None)

    return forward


_max_all = op(
    "max", _of_all("max", np.maximum), where="", node="MaxBackward1",
    self=lambda g, self, result: shared_among_equals(g, self, result, None, False),
    reads={"self": "g * (self == result) / sum(self == result)"},
)  # fmt: skip
_min_all = op(
    "min", _of_all("min", np.minimum), where="", node="MinBackward1",
    self=lambda g, self, result: shared_among_equals(g, self, result, None, False),
    reads={"self": "g * (self == result) / sum(self == result)"},
)  # fmt: skip


_along_columns = Late("scans:extremes_along")
_SOME = from_on(1024)  # elements of which columns are worth a kernel; rows NumPy looks through as fast


def of_columns(largest: bool, x: Any, dim: int) -> Any:
    """The extremes along a dimension that others follow, which is kept, and their indices, of a large array of NumPy's."""
    if x.__class__ is not np.ndarray or x.size < _SOME or dim == x.ndim - 1:
        return NotImplemented
    if is_half(x.dtype):
        found = _along_columns(x.astype(np.float32), dim, largest)
        return found if found is NotImplemented else (found[0].astype(x.dtype), found[1])
    return _along_columns(x, dim, largest)


def index_of(arg: Any, x: Any, dim: int, keepdim: bool) -> Any:
    """Where ``np.argmax`` or ``np.argmin`` finds the extreme along a dimension."""
    found = of_columns(arg is np.argmax, x, dim)
    if found is not NotImplemented:
        return found[1] if keepdim else found[1].squeeze(dim)
    return converted(arg(x, dim, keepdims=keepdim), np.int64)


def _flat(indices: Any, shape: tuple[int, ...], dim: int) -> Any:
    """The places, in an array of ``shape`` as one row, of one element of each line along a dimension, which ``indices`` keeps or
    not: of the last dimension, or of matrices."""
    if dim == len(shape) - 1:
        return indices + np.arange(0, prod(shape), shape[dim]).reshape(indices.shape)
    return indices * shape[1] + np.arange(shape[1])


def select(self: Any, indices: Any, dim: int, keepdim: bool) -> tuple[Any, Any]:
    """The elements at ``indices``, which have a dimension of size 1 in the place of ``dim``; and the indices."""
    if self.__class__ is np.ndarray and self.flags.c_contiguous and self.size < LARGE and (dim == self.ndim - 1 or self.ndim == 2):
        values = self.reshape(-1).take(_flat(indices, self.shape, dim))  # in a quarter of the time of NumPy's function
    else:
        values = np.take_along_axis(self, indices, dim)
    return (values, indices) if keepdim else (values.squeeze(dim), indices.squeeze(dim))


def selected_gradient(g, indices, self_shape, dim, keepdim):
    """The gradient of selected elements, back where they were."""
    if not self_shape:
        return g
    dim = wrap_dim(dim, len(self_shape))
    if g.__class__ is indices.__class__ is np.ndarray and self_shape[dim] and (dim == len(self_shape) - 1 or len(self_shape) == 2):
        found = zeros(self_shape, g.dtype)
        found.reshape(-1)[_flat(indices, self_shape, dim)] = g
        return found
    if not keepdim:
        g, indices = np.expand_dims(g, dim), np.expand_dims(indices, dim)
    return add_along(g, indices, dim, self_shape)


def _along(name: str, arg: Any) -> Any:
    def forward(self: Array, dim, keepdim=False):
        dim = wrap_dim(dim, self.ndim)
        if self.ndim:
            _check_not_empty(name, self.shape, dim)
        if self.dtype.kind == "c":
            raise RuntimeError(f"{name}(): does not support complex input")
        if self.ndim == 0:
            return self.copy(), np.zeros((), np.int64)
        found = of_columns(arg is np.argmax, self, dim)
        if found is not NotImplemented:
            return found if keepdim else tuple([part.squeeze(dim) for part in found])
        return select(self, index_of(arg, self, dim, True), dim, keepdim)

    return forward


_max_along = op(
    "max", _along("max", np.argmax), where="", node="MaxBackward0", outputs=("values", "indices"),
    differentiable=("values",), self=selected_gradient, reads={"self": "g at indices, 0 elsewhere"},
)  # fmt: skip
_min_along = op(
    "min", _along("min", np.argmin), where="", node="MinBackward0", outputs=("values", "indices"),
    differentiable=("values",), self=selected_gradient, reads={"self": "g at indices, 0 elsewhere"},
)  # fmt: skip


_OF_ALL = Out(
    "Expected canCast( typeMetaToScalarType(self.dtype()), typeMetaToScalarType(out.dtype())) to be true, but got false.  (Could "
    "this error message be improved?  If so, please report an enhancement request to PyTorch.)"
)


def _three_forms(name: str, of_all: Any, along: Any, of_two: Any) -> Any:
    def extreme(
        input: Tensor,
        dim: Any = None,
        keepdim: bool = False,
        *,
        other: Tensor | None = None,
        axis: int | None = None,
        keepdims: bool | None = None,
        out: Any = None,
    ) -> Any:
        dim = dim if axis is None else axis
        if dim is None and other is None:
            found = of_all.function(input)
            return found if out is None else write_outs(name, found, out, _OF_ALL)
        if other is not None or isinstance(dim, Tensor):
            return of_two.function(input, dim if other is None else other, out=out)
        if not isinstance(dim, int) or isinstance(dim, bool):
            raise TypeError(
                f"{name}() received an invalid combination of arguments - got (Tensor, {type(dim).__name__}), but expected "
                "one of:\n * (Tensor input, *, Tensor out = None)\n * (Tensor input, Tensor other, *, Tensor out = None)\n"
                " * (Tensor input, int dim, bool keepdim = False, *, tuple of Tensors out = None)\n"
                " * (Tensor input, name dim, bool keepdim = False, *, tuple of Tensors out = None)\n"
            )
        result = along.function(input, dim, keepdim if keepdims is None else keepdims)
        return result if out is None else write_outs(name, result, out, SAME, 3)

    extreme.__name__ = extreme.__qualname__ = name
    which = "largest" if name == "max" else "smallest"
    extreme.__doc__ = (
        f"The {which} element; with ``dim``, those along a dimension and their indices; of two tensors, element by element."
    )
    return extreme


max = composite(_three_forms("max", _max_all, _max_along, maximum))
min = composite(_three_forms("min", _min_all, _min_along, minimum))


def _of_dims(name: str, ufunc: Any) -> Any:
    def forward(self: Array, dim=(), keepdim=False):
        over = axes(dim, self.ndim)
        _check_not_empty(name, self.shape, dim, RuntimeError)
        if self.dtype.kind == "c":
            if 0 in self.shape:
                return np.zeros(np.empty(self.shape, bool).any(over, keepdims=keepdim).shape, self.dtype)
            unsupported(f"{name[1:]}_values_cpu", self)
        return ufunc.reduce(self, over, None, None, keepdim)

    return forward


def _shared(g, self, result, dim, keepdim):
    """As :func:`shared_among_equals`, but a NaN equals nothing, and what nobody has a part in is NaN for all."""
    equal = (self == spread(result, self.shape, dim, keepdim)).astype(g.dtype)
    count = total(equal, axes(dim, len(self.shape)), True)
    return spread(g, self.shape, dim, keepdim) * equal / count


amax = op(
    "amax", _of_dims("amax", np.maximum), out=refused("Expected the dtype for input and out to match, but got {Result} for input's dtype and {Out} for out's dtype."), lies=IN_ORDER, self=_shared, reads={"self": "g * (self == result) / sum(self == result, dim)"},
    doc="The largest element, of all, or of those along ``dim`` (one or several); the gradient is shared "
    "by equal ones.",
)  # fmt: skip
amin = op(
    "amin", _of_dims("amin", np.minimum), out=refused("Expected the dtype for input and out to match, but got {Result} for input's dtype and {Out} for out's dtype."), lies=IN_ORDER, self=_shared, reads={"self": "g * (self == result) / sum(self == result, dim)"},
    doc="The smallest element, of all, or of those along ``dim`` (one or several); the gradient is "
    "shared by equal ones.",
)  # fmt: skip


@taped(np.max, (np.maximum, "reduce"))
def _taped_max(x: Tensor, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: bool = False) -> Tensor:
    return amax.function(x, () if axis is None else axis, keepdims)


@taped(np.min, (np.minimum, "reduce"))
def _taped_min(x: Tensor, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: bool = False) -> Tensor:
    return amin.function(x, () if axis is None else axis, keepdims)


def _aminmax(self: Array, *, dim=None, keepdim=False):
    if 0 in self.shape:
        if dim is None:
            raise RuntimeError("aminmax(): cannot compute aminmax over an empty dimension as the operation has no identity.")
        wrapped = wrap_dim(dim, self.ndim)
        if not self.shape[wrapped]:
            raise IndexError(f"aminmax: Expected reduction dim {wrapped} to have non-zero size.")
    if self.dtype.kind == "c":
        if dim is not None and not self.ndim:
            raise RuntimeError(f"aminmax not implemented for {type_name(self)}")
        unsupported("aminmax_cpu", self)
    over = axes(dim, self.ndim)
    return np.minimum.reduce(self, over, None, None, keepdim), np.maximum.reduce(self, over, None, None, keepdim)


aminmax = op(
    "aminmax", _aminmax, out=SAME, outputs=("min", "max"),
    self=lambda gs, self, min, max, dim, keepdim:
        _shared(gs[0], self, min, dim, keepdim) + _shared(gs[1], self, max, dim, keepdim),
    reads={"self": "g where the least and the greatest are"},
    doc="The smallest and the largest element, of all, or of those along ``dim``, at once.",
)  # fmt: skip


def _place(name: str, arg: Any) -> Any:
    def forward(self: Array, dim=None, keepdim=False):
        if self.dtype.kind in "bc":
            raise RuntimeError(f"{name}(): does not support {'bool' if self.dtype.kind == 'b' else 'complex'} input")
        if dim is None:
            _check_not_empty(name, self.shape, None)
            found = converted(arg(self), np.int64)
            return found.reshape((1,) * self.ndim) if keepdim else found
        dim = wrap_dim(dim, self.ndim)
        if self.ndim == 0:
            return np.zeros((), np.int64)
        _check_not_empty(name, self.shape, dim)
        return index_of(arg, self, dim, keepdim)

    return forward


argmax = op(
    "argmax", _place("argmax", np.argmax), out=SAME, lies=IN_ORDER,
    doc="The index (int64) of the first largest element, in the flattened tensor, or along ``dim``.",
)  # fmt: skip
argmin = op(
    "argmin", _place("argmin", np.argmin), out=SAME, lies=IN_ORDER,
    doc="The index (int64) of the first smallest element, in the flattened tensor, or along ``dim``.",
)  # fmt: skip

