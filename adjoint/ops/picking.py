"""Picking: single elements, by their places in the tensor as one row, by a mask, or because they are not zero."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from adjoint import dtypes
from adjoint.autograd.overlap import CHECKED, ELSEWHERE, READS_FIRST, check_written
from adjoint.autograd.taped import taped
from adjoint.declare import composite, op
from adjoint.declare.arranging import IN_ORDER, as_operands, made_of
from adjoint.declare.operands import sum_to
from adjoint.declare.outs import refused
from adjoint.ops.along import put_along
from adjoint.ops.arrays import Array, array_function
from adjoint.ops.broadcasting import broadcast_shape
from adjoint.ops.bulk import copy
from adjoint.ops.each_sample import each_sample
from adjoint.ops.filling import masked_zero
from adjoint.ops.index_along import index_select
from adjoint.ops.memory import extent
from adjoint.ops.padding import padded
from adjoint.ops.scatter import add_at, combine_at, from_zero, index_at, index_zero, masked_put, taken
from adjoint.places import users_level
from adjoint.summation import total
from adjoint.tensor import Tensor

# All elements in a row


def _check_flat(name, self, index):
    if index.dtype != np.int64:
        kind = dtypes.SCALAR_TYPE_NAMES[dtypes.of_array(index)]
        raise RuntimeError(f"{name}(): Expected a long tensor for index, but got {kind}")
    low, high = extent(index)
    if low < -self.size or high >= self.size:
        wrong = high if high >= self.size else low
        raise IndexError(f"out of range: tried to access index {wrong} on a tensor of {self.size} elements.")


def _take(self: Array, index: Array):
    if self.size == 0 and index.size:
        raise IndexError("take(): tried to take from an empty tensor")
    _check_flat("take", self, index)
    return taken(self.reshape(-1), index, 0)


def _take_back(g, self, index):
    self_shape = self.shape
    count = 1
    for n in self_shape:
        count *= n
    return add_at(g.reshape(-1), from_zero(index, count).reshape(-1), count).reshape(self_shape)


take = op(
    "take",
    _take,
    overlap=ELSEWHERE, out=refused("take(): self and out expected to have the same dtype, but got self.dtype = {Result} and out.dtype = {Out}"),
    tangent="linear",
    self=_take_back,
    doc="""The elements at the places ``index`` of the tensor as one row.

    >>> import adjoint as torch
    >>> torch.tensor([[1, 2], [3, 4]]).take(torch.tensor([3, 0]))
    tensor([4, 1])
    """,
    reads={"self": "g added up at index"},
)


def _put_flat_into(self: Array, index: Array, source: Array, accumulate=False):
    _check_put_flat(self, index, source)
    check_written(self, index, source)
    if self.ndim == 0:
        _put_flat_into(self.reshape(1), index, source, accumulate)
        return self
    how = "add" if accumulate else "put"
    if self.flags.c_contiguous and put_along(self.reshape(-1), 0, index.reshape(-1), source.reshape(-1), how, True):
        return self
    where = np.unravel_index(index.reshape(-1) % max(self.size, 1), self.shape)
    if self.ndim == 0:
        where = ((),) if not index.size else ()
    if accumulate:
        combine_at(np.add, self, where, source.reshape(-1) if self.ndim else total(source))
    elif self.ndim:
        self[where] = source.reshape(-1)
    elif index.size:
        self[...] = source.reshape(-1)[-1]
    return self


def _check_put_flat(self, index, source):
    if index.dtype != np.int64:
        kind = dtypes.SCALAR_TYPE_NAMES[dtypes.of_array(index)]
        raise RuntimeError(f"put_(): Expected a long tensor for index, but got {kind}")
    if source.dtype != self.dtype:
        names = [dtypes.SCALAR_TYPE_NAMES[dtypes.of_array(a)] for a in (self, source)]
        raise RuntimeError(
            f"put_(): self and source expected to have the same dtype, but got self.dtype = {names[0]} and source.dtype = "
            f"{names[1]}"
        )
    if index.size != source.size:
        raise IndexError(
            "put_(): Expected source and index to have the same number of elements, but got source.numel() = "
            f"{source.size}, index.numel() = {index.size}"
        )
    _check_flat("put_", self, index)


@array_function
def _put_flat(self: Array, index: Array, source: Array, accumulate=False):
    return _put_flat_into(copy(self), index, source, accumulate)


put = op(
    "put",
    _put_flat,
    overlap=CHECKED,
    lies=as_operands("self"),
    tangent="linear",
    inplace=True,
    writer=_put_flat_into,
    self=lambda g, index, accumulate: g if accumulate else _put_zero(g, index),
    source=lambda g, index, source: index_at(g.reshape(-1), [index.reshape(-1)], (0,)).reshape(source.shape),
    doc="The tensor with the elements of ``source`` at the places ``index`` of the tensor as one row.",
    reads={"source": "take(g, index)"},
)


def _put_zero(g, index):
    return index_zero(g.reshape(-1), [index.reshape(-1)], (0,)).reshape(g.shape)


# By mask


@array_function
def _masked_select(self: Array, mask: Array):
    if mask.dtype.kind != "b":
        raise RuntimeError("masked_select: expected BoolTensor for mask")
    if self.shape != mask.shape:
        shape = broadcast_shape(mask.shape, self.shape)
        self, mask = np.broadcast_to(self, shape), np.broadcast_to(mask, shape)
    return self[mask]


def _masked_select_back(g, self, mask):  # PyTorch saves `self` too, and minds if it was written to
    self_shape = self.shape
    shape = broadcast_shape(mask.shape, self_shape)
    if mask.shape != shape:
        mask = np.broadcast_to(mask, shape)
    return sum_to(masked_put(g, mask), self_shape)


masked_select = op(
    "masked_select",
    _masked_select, out=refused("masked_select(): self and result must have the same scalar type"),
    tangent="linear",
    self=_masked_select_back,
    doc="""The elements where ``mask`` is true, in one row; mask and tensor broadcast.

    >>> import adjoint as torch
    >>> x = torch.tensor([1, -2, 3])
    >>> x.masked_select(x > 0)
    tensor([1, 3])
    """,
    reads={"self": "g where mask, 0 elsewhere"},
)


def _check_masked_scatter(self, mask, source):
    if self.dtype != source.dtype:
        names = [dtypes.SCALAR_TYPE_NAMES[dtypes.of_array(a)] for a in (self, source)]
        raise RuntimeError(
            f"masked_scatter: expected self and source to have same dtypes but got{names[0]} and {names[1]}"
        )
    if mask.dtype.kind != "b":
        if mask.dtype == np.uint8:
            warnings.warn(
                "masked_scatter_ received a mask with dtype torch.uint8, this behavior is now deprecated,please use a mask with "
                "dtype torch.bool instead.",
                UserWarning,
                stacklevel=users_level(),
            )
        raise RuntimeError(
            "masked_scatter_ only supports boolean masks, but got mask with dtype "
            f"{dtypes.SCALAR_TYPE_NAMES[dtypes.of_array(mask)]}"
        )


def _masked_scatter_into(self: Array, mask: Array, source: Array):
    _check_masked_scatter(self, mask, source)
    if mask.shape != self.shape:
        if broadcast_shape(self.shape, mask.shape) != self.shape:
            raise RuntimeError(
                f"output with shape {list(self.shape)} doesn't match the broadcast shape "
                f"{list(broadcast_shape(self.shape, mask.shape))}"
            )
        mask = np.broadcast_to(mask, self.shape)
    count = int(np.count_nonzero(mask))
    if source.size < count:
        raise RuntimeError("Number of elements of source < number of ones in mask")
    check_written(self)
    self[mask] = source.reshape(-1)[:count]
    return self


@array_function
def _masked_scatter(self: Array, mask: Array, source: Array):
    _check_masked_scatter(self, mask, source)
    shape = broadcast_shape(self.shape, mask.shape)
    return _masked_scatter_into(np.array(np.broadcast_to(self, shape)), mask, source)


def _masked_scatter_self(g, mask, self_shape):
    return sum_to(masked_zero(g, mask), self_shape)


def _masked_scatter_source(g, mask, source_shape):
    if mask.shape != g.shape:
        mask = np.broadcast_to(mask, g.shape)
    picked = g[mask]
    count = 1
    for n in source_shape:
        count *= n
    return padded(picked, (0, count - picked.shape[0]), 0).reshape(source_shape)


masked_scatter = op(
    "masked_scatter",
    _masked_scatter,
    overlap=READS_FIRST, lies=IN_ORDER,
    tangent="linear",
    inplace=True,
    writer=_masked_scatter_into,
    self=_masked_scatter_self,
    source=_masked_scatter_source,
    doc="The tensor with the elements of ``source``, in order, where ``mask`` is true.",
    reads={"source": "g where mask, in order"},
)

# Where elements are not zero


@composite(out=refused("nonzero: Expected out tensor to have scalar type {Result} but got scalar type{Out}"))
def nonzero(input: Tensor, *, out: Tensor | None = None, as_tuple: bool = False) -> Any:
    """The indices of the elements that are not zero, a row each; as a tuple of one vector per dimension if ``as_tuple``.

    >>> import adjoint as torch
    >>> torch.tensor([[0, 1], [2, 0]]).nonzero()
    tensor([[0, 1],
            [1, 0]])
    """
    if out is not None:
        if as_tuple:
            raise RuntimeError("nonzero does not support the out kwarg when as_tuple is True")
        if isinstance(out, Tensor) and out.dtype is not dtypes.int64:
            raise RuntimeError(
                f"nonzero: Expected out tensor to have scalar type Long but got scalar type{dtypes.SCALAR_TYPE_NAMES[out.dtype]}"
            )
    array = input._array
    if as_tuple:
        return tuple(made_of(i) for i in np.array((array if array.ndim else array.reshape(1)).nonzero()))
    result = made_of(np.array((array if array.ndim else array.reshape(1)).nonzero()).T)  # column by column
    if not array.ndim:
        result = made_of(result._array[:, :0])
    if out is None:
        return result
    from adjoint.declare.inplace import write_out

    return write_out(result, out, "nonzero")


@composite
@each_sample
def nonzero_static(input: Tensor, *, size: int, fill_value: int = -1) -> Tensor:
    """The first ``size`` rows of :func:`nonzero`; ``fill_value`` in the rows for which there are no elements.

    Raises RuntimeError for a negative size.

    >>> import adjoint as torch
    >>> torch.nonzero_static(torch.tensor([0, 1]), size=2)
    tensor([[ 1],
            [-1]])
    """
    if size < 0:
        raise RuntimeError("nonzero_static: 'size' must be an non-negative integer")
    places = np.argwhere(input._array)[:size]
    found = np.full((size, input._array.ndim), fill_value, np.int64)
    found[: len(places)] = places
    return made_of(found)


@composite
@each_sample
def argwhere(input: Tensor) -> Tensor:
    """The indices of the elements that are not zero, a row each."""
    return made_of(np.argwhere(input._array))


@composite(where="torch")
@each_sample
def unravel_index(indices: Tensor, shape: Any) -> tuple[Tensor, ...]:
    """Places in a row of elements as indices into a tensor of a shape, one tensor per dimension.

    >>> import adjoint as torch
    >>> torch.unravel_index(torch.tensor(5), (2, 3))
    (tensor(1), tensor(2))
    """
    if indices.dtype.category != dtypes.INTEGER:
        raise TypeError(f"expected 'indices' to be integer dtype, but got {indices.dtype}")
    if not isinstance(shape, (int, tuple, list)):
        raise TypeError(f"expected 'shape' to be int or sequence of ints, but got {type(shape)}")
    shape = (shape,) if isinstance(shape, int) else tuple(shape)
    for size in shape:
        if not isinstance(size, (int, np.integer)):
            raise TypeError(f"expected 'shape' sequence to only contain ints, but got {type(size)}")
    if any(size < 0 for size in shape):
        raise ValueError(f"'shape' cannot have negative values, but got {shape}")
    rest = indices._array.astype(np.int64, copy=False)
    found = np.empty((*rest.shape, len(shape)), rest.dtype)  # of which the results are views
    for d, size in reversed(list(enumerate(shape))):
        found[..., d] = rest % size
        rest = rest // size
    return tuple([made_of(np.asarray(found[..., d])) for d in range(len(shape))])


# What formulas use, taped

taped(np.take)(
    lambda x, index, axis=None: take.function(x, index) if axis is None else index_select.function(x, axis, index)
)
