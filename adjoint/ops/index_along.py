"""Indexing along one dimension: its places read, written, filled and added to by number."""

from __future__ import annotations

from typing import Any

import numpy as np

from adjoint import dtypes
from adjoint.autograd.overlap import CHECKED, ELSEWHERE, Overlap, check_written
from adjoint.declare import composite, op
from adjoint.declare.arranging import as_operands
from adjoint.declare.operands import fit, sum_to
from adjoint.declare.outs import SAME, refused
from adjoint.ops.along import put_along
from adjoint.ops.arithmetic import conj_number, times
from adjoint.ops.arrays import Array, array_function
from adjoint.ops.bulk import copy
from adjoint.ops.dims import wrap_dim
from adjoint.ops.filling import number_for
from adjoint.ops.memory import extent
from adjoint.ops.scalars import check_item, element, number_argument
from adjoint.ops.scatter import WIDE, add_onto, combine_at, index_at, index_back, index_zero, taken
from adjoint.readings.sparse import SparseArray
from adjoint.tensor import Tensor


def _check_vector(index, name="index_select"):
    if index.dtype.kind != "i" or index.dtype.itemsize < 4:
        raise RuntimeError(f"{name}(): Expected dtype int32 or int64 for index")


def _index_select(self: Array, dim, index: Array):
    dim = wrap_dim(dim, self.ndim)
    if index.ndim > 1:
        raise IndexError("index_select(): Index is supposed to be a vector")
    _check_vector(index)
    if self.__class__ is SparseArray:
        return np.take(self, index, dim)
    size = self.shape[dim] if self.ndim else 1
    low, high = extent(index)
    if low < 0 or high >= size:
        if size == 0 and self.ndim > 1:
            raise RuntimeError("index_select(): self indexing axis dim should be positive")
        raise IndexError("index out of range in self")
    if self.ndim == 0:
        if index.size != 1:
            raise RuntimeError(f"index_select(): Index to scalar can have only 1 value, got {index.size} value(s)")
        return self.copy()
    return taken(self, index.reshape(-1), dim)


def _index_select_back(g, self_shape, dim, index):
    if not self_shape:
        return g
    return index_back(g, self_shape, [index.reshape(-1)], (wrap_dim(dim, len(self_shape)),))


index_select = op(
    "index_select",
    _index_select,
    overlap=ELSEWHERE, out=refused("index_select(): self and result must have the same scalar type"),
    tangent="linear",
    self=_index_select_back,
    doc="""The places ``index`` (a vector) of a dimension.

    >>> import adjoint as torch
    >>> torch.tensor([1, 2, 3]).index_select(0, torch.tensor([2, 0]))
    tensor([3, 1])
    """,
    reads={"self": "g added up at index"},
)


def _check_rows(name, self, dim, index, source):
    """The checks that index_add and index_copy share, in PyTorch's words; the wrapped dimension."""
    dim = wrap_dim(dim, self.ndim)
    count = source.shape[dim] if source.ndim else 1
    if index.ndim > 1:
        raise IndexError(f"{name}_(): Index should have dimension 1 or 0 (got {index.ndim})")
    if name == "index_copy":
        _check_slices(self, dim, index, source)
    if index.size != count:
        if name == "index_add":
            raise RuntimeError(
                f"index_add_(): Number of indices ({index.size}) should be equal to source.size(dim): ({count}), for dim: "
                f"{dim}"
            )
        raise IndexError(
            f"index_copy_(): Number of indices ({index.size}) should be equal to source.size(dim) ({count})"
        )
    if self.dtype != source.dtype:
        names = [dtypes.SCALAR_TYPE_NAMES[dtypes.of_array(a)] for a in (self, source)]
        if name == "index_add":
            raise RuntimeError(
                f"index_add_(): self ({names[0]}) and source ({names[1]}) must have the same scalar type"
            )
        raise RuntimeError(
            f"index_copy_(): self and source expected to have the same dtype, but got (self) {names[0]} and (source) "
            f"{names[1]}"
        )
    if name == "index_add":
        own, given = (a.shape[:dim] + a.shape[dim + 1 :] if a.ndim else () for a in (self, source))
        if own != given or self.ndim != source.ndim:
            raise RuntimeError(
                "source tensor shape must match self tensor shape, excluding the specified dimension. Got self.shape = "
                f"{list(self.shape)} source.shape = {list(source.shape)}"
            )
    size = self.shape[dim] if self.ndim else 1
    low, high = extent(index)
    if low < 0 or high >= size:
        if name == "index_add":
            raise IndexError("index out of range in self")
        wrong = high if high >= size else low
        raise IndexError(f"index_copy_(): index {wrong} is out of bounds for dimension {dim} with size {size}")
    return dim


def _check_slices(self, dim, index, source):
    """The checks of index_copy alone."""
    if source.ndim == 0 and index.size != 1:
        raise IndexError(
            f"index_copy_(): When source is scalar, index should have one element (got {index.size})"
        )
    if source.ndim != self.ndim and source.ndim and self.ndim:
        raise IndexError(
            "index_copy_(): When source and destination are not scalars, their dimensionality must match. Source "
            f"dimensionality ({source.ndim}), destination dimensionality ({self.ndim})"
        )
    own, given = (a.shape[:dim] + a.shape[dim + 1 :] if a.ndim else () for a in (self, source))
    if own != given:
        raise RuntimeError(
            "index_copy_(): Source/destination tensor must have same slice shapes. Destination slice shape: "
            f"{' '.join(map(str, own))} at dimension {dim} and source slice shape: {' '.join(map(str, given))} at "
            f"dimension {dim if source.ndim else 0}."
        )


def _along(dim, index):
    return (*(slice(None),) * dim, index.reshape(-1))


def _combined(self, dim, index, source, how):
    """Whether native code has put or added the places of ``source`` at the index."""
    if dim == 0 and how == "add" and source.size >= WIDE * index.size:
        add_onto(self, index.reshape(-1), source)
        return True
    return put_along(self, dim, index.reshape((-1,) + (1,) * (self.ndim - dim - 1)), source, how)


def _index_add_into(self: Array, dim, index: Array, source: Array, *, alpha=1):
    dim = _check_rows("index_add", self, dim, index, source)
    check_written(self, index, source)
    added = source if alpha == 1 else source * element(alpha, source)
    if self.ndim == 0:
        self += added.reshape(())
    elif not _combined(self, dim, index, added, "add"):
        combine_at(np.add, self, _along(dim, index), added)
    return self


@array_function
def _index_add(self: Array, dim, index: Array, source: Array, *, alpha=1):
    return _index_add_into(copy(self), dim, index, source, alpha=alpha)


def rows_of(g, dim, index):
    """The places ``index`` of a dimension, in formulas."""
    if g.ndim == 0:
        return g
    return index_at(g, [index.reshape(-1)], (wrap_dim(dim, g.ndim),))


def without_rows(g, dim, index):
    """Zeros at the places ``index`` of a dimension, in formulas."""
    if g.ndim == 0:
        return without_rows(g.reshape(1), 0, index).reshape(())
    return index_zero(g, [index.reshape(-1)], (wrap_dim(dim, g.ndim),))


index_add = op(
    "index_add",
    _index_add,
    overlap=CHECKED, out=SAME,
    tangent="linear",
    inplace=True,
    writer=_index_add_into,
    self=lambda g: g,
    source=lambda g, dim, index, alpha, source: (
        rows_of(g, dim, index) if alpha == 1 else times(rows_of(g, dim, index), conj_number(alpha))
    ).reshape(source.shape),
    doc="""The tensor with ``alpha`` times the places of ``source`` added at the places ``index`` of a dimension.

    >>> import adjoint as torch
    >>> torch.zeros(2).index_add(0, torch.tensor([1, 1]), torch.tensor([1., 2.]))
    tensor([0., 3.])
    """,
    reads={"source": "index_select(g, dim, index) if alpha == 1 else alpha * index_select(g, dim, index)"},
)


def _index_copy_into(self: Array, dim, index: Array, source: Array):
    dim = _check_rows("index_copy", self, dim, index, source)
    check_written(self, index, source)
    if self.ndim == 0:
        self[...] = source.reshape(())
    elif not (dim and _combined(self, dim, index, source, "put")):  # rows are copied as quickly by NumPy
        self[_along(dim, index)] = source
    return self


@array_function
def _index_copy(self: Array, dim, index: Array, source: Array):
    return _index_copy_into(copy(self), dim, index, source)


index_copy = op(
    "index_copy",
    _index_copy,
    overlap=ELSEWHERE, out=SAME,
    tangent="linear",
    inplace=True,
    writer=_index_copy_into,
    self=lambda g, dim, index: without_rows(g, dim, index),
    source=lambda g, dim, index, source: rows_of(g, dim, index).reshape(source.shape),
    doc="The tensor with the places of ``source`` at the places ``index`` of a dimension.",
    reads={"self": "g, 0 at index", "source": "index_select(g, dim, index)"},
)


def _check_fill_index(self, dim, index):
    dim = wrap_dim(dim, self.ndim)
    if index.dtype != np.int64:
        raise IndexError("index_fill_(): Expected dtype int64 for index.")
    if index.ndim > 1:
        raise IndexError("Index has to be a vector/scalar")
    size = self.shape[dim] if self.ndim else 1
    low, high = extent(index)
    if low < -size or high >= size:
        wrong = high if high >= size else low
        raise IndexError(f"index {wrong} is out of bounds for dimension {dim} with size {size}")
    return dim


def _index_fill_into(self: Array, dim, index: Array, value):
    if isinstance(value, complex) and self.dtype.kind != "c":
        raise RuntimeError("index_fill_(): Converting complex Scalar to non-complex type is not supported")
    dim = _check_fill_index(self, dim, index)
    value = number_for(value, self)
    self.reshape(1)[0:1].fill(value) if self.ndim == 0 else self.__setitem__(_along(dim, index), value)
    return self


@array_function
def _index_fill(self: Array, dim, index: Array, value):
    return _index_fill_into(self.copy(), dim, index, value)


def _index_fill_with_into(self: Array, dim, index: Array, value: Array):
    if value.dtype.kind == "c" and self.dtype.kind != "c":
        raise RuntimeError("index_fill_(): Converting complex Scalar to non-complex type is not supported")
    check_item(value, dtypes.OF_ARRAY[self.dtype])
    dim = _check_fill_index(self, dim, index)
    self[_along(dim, index) if self.ndim else ...] = value
    return self


@array_function
def _index_fill_with(self: Array, dim, index: Array, value: Array):
    return _index_fill_with_into(self.copy(), dim, index, value)


def _filled(g, dim, index):
    """The gradient where the value was written, each place once though it be listed twice, and zeros elsewhere."""
    return np.where(without_rows(np.ones_like(g), dim, index) == 0, g, 0)


_index_fill_number = op(
    "index_fill.number", _index_fill, overlap=Overlap(elsewhere=True, repeats=True, example="[mask] = scalar", places=2), lies=as_operands("self"), where="", node="IndexFillBackward0", writer=_index_fill_into,
    self=lambda g, dim, index: without_rows(g, dim, index),
    reads={"self": "g, 0 at index"},
)  # fmt: skip
_index_fill_tensor = op(
    "index_fill.tensor", _index_fill_with, overlap=Overlap(elsewhere=True, repeats=True, example="[mask] = scalar", places=2), lies=as_operands("self"), where="", node="IndexFillBackward1", writer=_index_fill_with_into,
    self=lambda g, dim, index: without_rows(g, dim, index),
    value=lambda g, dim, index, value_dtype: fit(sum_to(_filled(g, dim, index), ()), (), value_dtype),
    reads={"self": "g, 0 at index", "value": "sum(index_select(g, dim, index))"},
)  # fmt: skip


def _index_fill_row(value: Any) -> tuple[Any, Any]:
    if isinstance(value, Tensor):
        if value._array.ndim:
            raise RuntimeError(
                "index_fill_ only supports a 0-dimensional value tensor, but got tensor with "
                f"{value._array.ndim} dimension(s)."
            )
        return _index_fill_tensor, value
    return _index_fill_number, number_argument(value, "index_fill", "value", 3)


@composite
def index_fill(input: Tensor, dim: int, index: Tensor, value: Any) -> Tensor:
    """The tensor with ``value`` at the places ``index`` of a dimension."""
    row, value = _index_fill_row(value)
    return row.function(input, dim, index, value)


@composite(where="Tensor")
def index_fill_(self: Tensor, dim: int, index: Tensor, value: Any) -> Tensor:
    """Write ``value`` at the places ``index`` of a dimension."""
    row, value = _index_fill_row(value)
    return row.inplace(self, dim, index, value)
