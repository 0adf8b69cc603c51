"""Batching rules of the array functions that slice, pad and index: all samples of a vmap at once.

An array function without a rule here is run sample by sample.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from adjoint.ops import gathering, index_along, indexing, joining, picking
from adjoint.ops.dims import wrap_dim
from adjoint.ops.filling import masked_zero, number_for
from adjoint.ops.gathering import gathered, places, region, scatter_zero, scattered, scattered_number
from adjoint.ops.ordering import kth_along, mode_along, top_along
from adjoint.ops.padding import padded
from adjoint.ops.rearranging import embedded
from adjoint.ops.reduction import identity_like
from adjoint.ops.scatter import add_at, from_zero, index_at, index_zero, masked_put, place, selected_shape, zero_in
from adjoint.ops.slicing import diagonal_backward, select_backward, slice_backward, windows_backward, windows_of
from adjoint.readings import batching_rules
from adjoint.readings.batched import RULES, BatchedArray, Level, MissingRule, aligned, materialized, rule

assert batching_rules  # importing it declares the rules that those here are made of


def _along(function: Any) -> None:
    """A function of a gradient, a shape, a dimension and other values."""

    @rule(function)
    def along(level: Level, g: Any, shape: Any, dim: int, *rest: Any) -> Any:
        if not len(shape):  # a single element, which has one window at most
            return g.reshape(-1).sum(-1)
        dim = wrap_dim(dim, len(shape)) + 1
        return BatchedArray(function(g.array, (g.array.shape[0], *shape), dim, *rest), level)


for _f in (select_backward, slice_backward, windows_backward):
    _along(_f)


@rule(diagonal_backward)
def _diagonal_backward(level: Level, g: Any, shape: Any, offset: int, dim1: int, dim2: int) -> Any:
    first, second = (wrap_dim(d, len(shape)) + 1 for d in (dim1, dim2))
    return BatchedArray(diagonal_backward(g.array, (g.array.shape[0], *shape), offset, first, second), level)


@rule(windows_of)
def _windows_of(level: Level, array: Any, dimension: int, size: int, step: int) -> Any:
    if not array.ndim:  # a single element is a line of one
        windows_of(np.empty(()), dimension, size, step)  # raises where the numbers do not fit
        return array.reshape(1)[:size]
    return BatchedArray(windows_of(array.array, wrap_dim(dimension, array.ndim) + 1, size, step), level)


def _last(function: Any) -> None:
    """A function that finds values and indices along the last dimension."""

    @rule(function)
    def last(level: Level, lines: Any, *rest: Any) -> Any:
        return tuple(BatchedArray(part, level) for part in function(lines.array, *rest))


for _f in (top_along, kth_along, mode_along):
    _last(_f)


@rule(padded)
def _padded(level: Level, array: Any, pad: Any, value: Any = 0) -> Any:
    return BatchedArray(padded(array.array, pad, value), level)  # `pad` begins with the last dimension


@rule(zero_in)
def _zero_in(level: Level, array: Any, part: Any) -> Any:
    return BatchedArray(zero_in(array.array, (slice(None), *part)), level)


@rule(masked_zero)
def _masked_zero(level: Level, array: Any, mask: Any) -> Any:
    return masked_zero.on_arrays(array, mask)  # type: ignore[attr-defined]


@rule(from_zero)
def _from_zero(level: Level, index: Any, size: int) -> Any:
    return from_zero.on_arrays(index, size)  # type: ignore[attr-defined]


@rule(index_at)
def _index_at(level: Level, array: Any, indices: Any, dims: Any, unique: bool = False) -> Any:
    return RULES[np.ndarray.__getitem__](level, array, place(indices, dims, array.ndim))


@rule(gathered)
def _gathered(level: Level, array: Any, dim: int, index: Any, *, sparse_grad: bool = False) -> Any:
    if not (array.ndim and index.ndim):
        return gathered(array.reshape(-1), dim, index.reshape(-1)).reshape(index.shape)
    return RULES[np.ndarray.__getitem__](level, array, places("gather", array, dim, index))


@rule(add_at)
def _add_at(level: Level, g: Any, index: Any, count: int, unique: bool = False) -> Any:
    """One sample's rows after the other's, the indices of each moved on by as many rows."""
    rows, at = materialized(g, level), materialized(index, level)
    batch, n = at.shape
    shifted = (at + np.arange(batch)[:, None] * count).reshape(-1)
    found = add_at(rows.reshape(batch * n, *rows.shape[2:]), shifted, batch * count, unique)
    return BatchedArray(found.reshape(batch, count, *rows.shape[2:]), level)


@rule(embedded)
def _diag_embed(level: Level, array: Any, offset: int, dim1: int, dim2: int) -> Any:
    first, second = (wrap_dim(d, array.ndim + 1) + 1 for d in (dim1, dim2))
    return BatchedArray(embedded(array.array, offset, first, second), level)


@rule(np.rot90)
def _rot90(level: Level, array: Any, k: int = 1, axes: Any = (0, 1)) -> Any:
    return BatchedArray(np.rot90(array.array, k, tuple(a + 1 for a in axes)), level)


def _written(level: Level, array: Any, where: Any, value: Any) -> Any:
    """A copy of the array with something else at an index, in every sample."""
    found = BatchedArray(np.array(materialized(array, level)), level)
    RULES[np.ndarray.__setitem__](level, found, where, value)
    return found


@rule(index_zero)
def _index_zero(level: Level, array: Any, indices: Any, dims: Any) -> Any:
    return _written(level, array, place(indices, dims, array.ndim), 0)


@rule(scatter_zero)
def _scatter_zero(level: Level, array: Any, dim: int, index: Any) -> Any:
    if not (array.ndim and index.ndim):
        return scatter_zero(array.reshape(-1), dim, index.reshape(-1)).reshape(array.shape)
    return _written(level, array, places("scatter", array, dim, index), 0)


@rule(scattered_number)
def _scatter_number(level: Level, array: Any, dim: int, index: Any, value: Any) -> Any:
    if not (array.ndim and index.ndim):
        return scattered_number(array.reshape(-1), dim, index.reshape(-1), value).reshape(array.shape)
    return _written(level, array, places("scatter", array, dim, index), number_for(value, array))


@rule(scattered)
def _scatter(level: Level, array: Any, dim: int, index: Any, src: Any) -> Any:
    if not (array.ndim and index.ndim):
        return scattered(array.reshape(-1), dim, index.reshape(-1), src.reshape(-1)).reshape(array.shape)
    return _written(level, array, places("scatter", array, dim, index, src), region(src, index))


# Writing along a dimension: the samples are one more dimension that is not written along.


def _row(x: Any, level: Level) -> Any:
    """The physical array, of a single element with a dimension to write along."""
    array = materialized(x, level)
    return array.reshape(-1, 1) if array.ndim == 1 else array


def _writing(function: Any, sources: int) -> None:
    @rule(function)
    def writing(level: Level, array: Any, dim: int, index: Any, *args: Any, **kwargs: Any) -> Any:
        given = [_row(a, level) for a in args[:sources]]
        dim = wrap_dim(dim, array.ndim) + 1
        found = function(_row(array, level), dim, _row(index, level), *given, *args[sources:], **kwargs)
        return BatchedArray(found.reshape(level.size, *array.shape), level)


for _f, _count in (
    (gathering._scatter_add, 1), (gathering._scatter_reduced, 1), (gathering._scatter_reduced_number, 0),
    (gathering._scatter_reduce, 1),
):  # fmt: skip
    _writing(_f, _count)


@rule(gathering._once)
def _once(level: Level, g: Any, zeros: Any, name: str) -> Any:
    return g


def _spread(index: Any, dim: int, like: Any) -> Any:
    """An index of rows as one of elements."""
    if not like.ndim:
        return index.reshape(())
    return np.broadcast_to(index.reshape(-1, *(1,) * (like.ndim - dim - 1)), like.shape)


def _by_rows(function: Any, by_elements: Any) -> None:
    """A function of an array, a dimension, an index of rows and a source."""

    @rule(function)
    def rows(level: Level, array: Any, dim: int, index: Any, source: Any, *args: Any, **kwargs: Any) -> Any:
        dim = wrap_dim(dim, array.ndim)
        if isinstance(index, BatchedArray) and index.level is level:
            return by_elements(array, dim, _spread(index, dim, source), source, *args, **kwargs)
        found = function(_row(array, level), dim + 1, index, _row(source, level), *args, **kwargs)
        return BatchedArray(found.reshape(level.size, *array.shape), level)


def _add_elements(array: Any, dim: int, index: Any, source: Any, alpha: Any = 1) -> Any:
    return gathering._scatter_add(array, dim, index, source if alpha == 1 else (source * alpha).astype(source.dtype))


_by_rows(index_along._index_add, _add_elements)
_by_rows(index_along._index_copy, scattered)
_by_rows(gathering._index_reduce, gathering._scatter_reduce)


@rule(index_along._index_fill, index_along._index_fill_with)
def _index_fill(level: Level, array: Any, dim: int, index: Any, value: Any) -> Any:
    dim = wrap_dim(dim, array.ndim)
    if array.ndim == 0:
        return np.where(True, value, array).astype(array.dtype)
    rows = index.reshape(-1)
    shape = tuple(rows.shape[0] if d == dim else n for d, n in enumerate(array.shape))
    filled = value if hasattr(value, "ndim") else number_for(value, array)
    hit = scattered(np.zeros(array.shape, bool), dim, _spread(rows, dim, np.empty(shape, bool)), np.ones(shape, bool))
    return np.where(hit, filled, array).astype(array.dtype)


@rule(indexing._index_put)
def _index_put(level: Level, array: Any, indices: Any, values: Any, dims: Any, accumulate: bool = False) -> Any:
    indexing.check_put_dtypes(array, values)
    logical = selected_shape(array.shape, indices, dims)
    count = max(i.ndim for i in indices)
    batch = np.arange(level.size).reshape(-1, *(1,) * count)
    given = np.broadcast_to(values, logical)
    adjacent = all(b == a + 1 for a, b in zip(dims, dims[1:]))
    if adjacent and dims[0]:  # beside the batch's own index they are no longer side by side, and come first
        given = np.moveaxis(given, range(dims[0], dims[0] + count), range(count))
    at = [aligned(i, level, count) for i in indices]
    places = (0, *(d + 1 for d in dims))
    whole = np.array(materialized(array, level))
    found = indexing._put(whole, (batch, *at), materialized(given, level), places, accumulate)
    return BatchedArray(found, level)


def _lines(array: Any) -> Any:
    """A batch of arrays as a line for each of them."""
    return array.reshape(array.shape[0], math.prod(array.shape[1:]))


@rule(picking._put_flat)
def _put_flat(level: Level, array: Any, index: Any, source: Any, accumulate: bool = False) -> Any:
    size = array.size
    at = _lines(materialized(index, level))
    at = np.where(at < 0, at + size, at) + np.arange(level.size)[:, None] * size
    found = picking._put_flat(materialized(array, level), at, materialized(source, level).reshape(at.shape), accumulate)
    return BatchedArray(found, level)


@rule(picking._masked_select)
def _masked_select(level: Level, array: Any, mask: Any) -> Any:
    if isinstance(mask, BatchedArray):
        raise RuntimeError(
            "vmap: Attempted to vmap over `mask` in torch.masked_select(self, mask) We cannot support this because for each batch "
            "this would return a differently shaped Tensor. Please file an issue at https://github.com/pytorch/pytorch/issues if "
            "you need this feature."
        )
    shape = np.broadcast_shapes(array.shape, mask.shape)
    return np.broadcast_to(array, shape)[np.broadcast_to(mask, shape)]


@rule(picking._masked_scatter)
def _masked_scatter(level: Level, array: Any, mask: Any, source: Any) -> Any:
    if isinstance(mask, BatchedArray):
        raise MissingRule("masked_scatter")
    shape = np.broadcast_shapes(array.shape, mask.shape)
    where = np.broadcast_to(mask, shape)
    found = np.array(materialized(np.broadcast_to(array, shape), level))
    count = int(np.count_nonzero(where))
    if source.size < count:
        raise RuntimeError("Number of elements of source < number of ones in mask")
    found[:, where] = _lines(materialized(source, level))[:, :count]
    return BatchedArray(found, level)


@rule(masked_put)
def _masked_put(level: Level, g: Any, mask: Any) -> Any:
    if isinstance(mask, BatchedArray):
        raise MissingRule("masked_put")
    found = np.zeros((level.size, *mask.shape), g.dtype)
    found[:, mask] = g.array
    return BatchedArray(found, level)


# Writing a part.


@rule(gathering._select_scatter)
def _select_scatter(level: Level, array: Any, src: Any, dim: int, index: int) -> Any:
    dim = wrap_dim(dim, array.ndim) + 1
    return BatchedArray(gathering._select_scatter(materialized(array, level), materialized(src, level), dim, index), level)


@rule(gathering._slice_scatter)
def _slice_scatter(level: Level, array: Any, src: Any, dim: int = 0, *rest: Any, **kwargs: Any) -> Any:
    dim = wrap_dim(dim, array.ndim) + 1
    whole, part = materialized(array, level), materialized(src, level)
    return BatchedArray(gathering._slice_scatter(whole, part, dim, *rest, **kwargs), level)


@rule(gathering._diagonal_scatter)
def _diagonal_scatter(level: Level, array: Any, src: Any, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Any:
    first, second = (wrap_dim(d, array.ndim) + 1 for d in (dim1, dim2))
    whole, part = materialized(array, level), materialized(src, level)
    return BatchedArray(gathering._diagonal_scatter(whole, part, offset, first, second), level)


@rule(identity_like)
def _identity_like(level: Level, g: Any, shape: Any) -> Any:
    return np.where(np.eye(*shape, dtype=bool), g.reshape(1, 1), g.dtype.type(0))


@rule(joining._block_diag)
def _block_diag(level: Level, tensors: Any) -> Any:
    shapes = [t.shape for t in tensors]
    found = np.zeros((level.size, sum(m for m, _ in shapes), sum(n for _, n in shapes)), tensors[0].dtype)
    result = BatchedArray(found, level)
    for t, (i, j) in zip(tensors, joining._corners(shapes)):
        result[i : i + t.shape[0], j : j + t.shape[1]] = t
    return result
