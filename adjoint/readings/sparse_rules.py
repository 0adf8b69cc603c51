"""What NumPy's functions do to sparse arrays.

A function that leaves zeros zeros changes the values alone.  One that is linear may do so as they are listed; any other has to see
what several values in one place add up to, so its operand is coalesced first.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from adjoint.readings.sparse import (
    SparseArray,
    add_into,
    coalesced,
    empty,
    keys_of,
    no_rule,
    positions,
    rule,
    taken_at,
    to_dense,
)
from adjoint.readings.sparse_products import matmul, turned_rows_of

_LINEAR = (np.negative, np.positive, np.conjugate, np.real, np.imag)
_OTHERS = (
    np.absolute, np.arcsin, np.arcsinh, np.arctan, np.arctanh, np.ceil, np.deg2rad, np.expm1, np.fabs, np.floor, np.isinf, np.isnan,
    np.isneginf, np.isposinf, np.log1p, np.nan_to_num, np.rad2deg, np.rint, np.round, np.sign, np.signbit, np.sin, np.sinh, np.sqrt,
    np.square, np.tan, np.tanh, np.trunc,
)  # fmt: skip


def of_values(function: Any) -> Callable[..., SparseArray]:
    """A linear function, of the values as they are listed."""

    def linear(array: SparseArray, *args: Any, **kwargs: Any) -> SparseArray:
        return array.with_values(function(array.values, *args, **kwargs))

    return linear


def of_coalesced(function: Any) -> Callable[..., SparseArray]:
    """A function that leaves zeros zeros, of what the values in each place add up to."""

    def unary(array: SparseArray, *args: Any, **kwargs: Any) -> SparseArray:
        array = coalesced(array)
        return array.with_values(function(array.values, *args, **kwargs))

    return unary


for _function in _LINEAR:
    rule(_function)(of_values(_function))
for _function in _OTHERS:
    rule(_function)(of_coalesced(_function))
rule(np.ndarray.astype)(lambda array, dtype, **kwargs: array.with_values(array.values.astype(dtype)))


@rule(np.copy)
def _copy(array: SparseArray) -> SparseArray:
    made = SparseArray(array.indices.copy(), array.values.copy(), array.shape)
    made.coalesced = array.coalesced
    return made


# Of two operands


def _is_number(x: Any) -> bool:
    """Whether this is one number: Python's, or an array without dimensions."""
    return not isinstance(x, SparseArray) and np.ndim(x) == 0


def _sum(a: Any, b: Any, out: Any, ufunc: Any) -> Any:
    """``a + b`` or ``a - b``."""
    if not isinstance(b, SparseArray):
        raise RuntimeError("add(sparse, dense) is not supported. Use add(dense, sparse) instead.")
    if ufunc is np.subtract:
        b = b.with_values(-b.values)
    if isinstance(a, SparseArray):
        if a.shape != b.shape:
            raise RuntimeError(
                f"add: expected sizes of 'self' and 'other' to match, but {list(a.shape)} != {list(b.shape)}"
            )
        return together(a, b)
    if np.shape(a) != b.shape:
        raise RuntimeError(
            f"add: expected 'self' and 'other' to have same size, but self has size {list(np.shape(a))} while other has size "
            f"{list(b.shape)} (FYI: dense-sparse addition does not currently support broadcasting)"
        )
    found = np.array(a, np.result_type(a.dtype, b.dtype), order="C") if out is None else out[0]
    if out is not None and found is not a:
        found[...] = a
    add_into(found, b)
    return found


@rule(np.add)
def _add(a: Any, b: Any, out: Any = None, **kwargs: Any) -> Any:
    return _sum(a, b, out, np.add)


@rule(np.subtract)
def _subtract(a: Any, b: Any, out: Any = None, **kwargs: Any) -> Any:
    return _sum(a, b, out, np.subtract)


def together(a: SparseArray, b: SparseArray) -> SparseArray:
    """The sum of two sparse arrays: their lists merged, as PyTorch merges them, or one behind the other where the values do not
    lie in order."""
    if a.sparse_dim != b.sparse_dim and a.stored and b.stored:
        raise RuntimeError(
            f"add: expected 'self' and 'other' to have same number of sparse dimensions, but got {a.sparse_dim} and {b.sparse_dim}"
        )
    dtype = np.result_type(a.dtype, b.dtype) if a.dtype != b.dtype else a.dtype
    a, b = (x if x.dtype == dtype else x.with_values(x.values.astype(dtype)) for x in (a, b))
    if not b.stored and a.stored:
        return a.with_values(a.values.copy())
    if not a.stored:
        return b.with_values(b.values.copy())
    if a.values.flags.c_contiguous and b.values.flags.c_contiguous:
        merged = _merged(a, b)
        if merged is not None:
            return merged
    found = SparseArray(
        np.concatenate([a.indices, b.indices], 1), np.concatenate([a.values, b.values]), a.shape, False
    )
    return coalesced(found) if found.stored > found.size else found


_ONE_BY_ONE = 512  # places up to which lists that are in no order are merged all the same


def _merged(a: SparseArray, b: SparseArray) -> SparseArray | None:
    """Two lists as one: the place that comes first of the two at whose turn it is, and both where they are equal."""
    both = a.coalesced and b.coalesced
    if a.indices is b.indices or (a.stored == b.stored and np.array_equal(a.indices, b.indices)):
        found = a.with_values(_added(a.values, b.values), both)
        return found
    first, second = keys_of(a.indices, a.shape), keys_of(b.indices, b.shape)
    if a.sparse_dim and (first[1:] > first[:-1]).all() and (second[1:] > second[:-1]).all():
        indices = np.concatenate([a.indices, b.indices], 1)
        values = np.concatenate([a.values, b.values])
        found = coalesced(SparseArray(indices, values, a.shape, False))
        found.coalesced = both
        return found
    if a.stored + b.stored > _ONE_BY_ONE:
        return None
    left, right, i, j = [], [], 0, 0
    one, other = first.tolist(), second.tolist()
    while i < len(one) or j < len(other):
        k = one[i] if i < len(one) else None
        m = other[j] if j < len(other) else None
        take = m is None or (k is not None and k <= m)
        both_taken = take and k == m
        left.append(i if take else -1)
        right.append(j if both_taken or not take else -1)
        i += take
        j += both_taken or not take
    at, to = np.array(left), np.array(right)
    values = np.zeros((len(at), *a.values.shape[1:]), a.dtype)
    values[at >= 0] = a.values[at[at >= 0]]
    values[to >= 0] = _added(values[to >= 0], b.values[to[to >= 0]])
    indices = np.where(at >= 0, a.indices[:, at], b.indices[:, to])
    return SparseArray(indices, values, a.shape, both)


def _added(x: Any, y: Any) -> Any:
    return x + y


@rule(np.multiply)
def _multiply(a: Any, b: Any, **kwargs: Any) -> Any:
    if _is_number(a) or _is_number(b):
        array, factor = (b, a) if _is_number(a) else (a, b)
        return array.with_values(np.asarray(array.values * factor))
    if isinstance(a, SparseArray) and isinstance(b, SparseArray):
        return _product(a, b)
    array, dense = (a, b) if isinstance(a, SparseArray) else (b, a)
    if not array.ndim:
        return dense * dense.dtype.type(array.item())
    shape = np.broadcast_shapes(array.shape, dense.shape)
    array = stretched(array, shape)
    wide = dense if dense.shape == shape else np.broadcast_to(dense, shape)
    return array.with_values(array.values * taken_at(wide, array.indices))


def stretched(array: SparseArray, shape: tuple[int, ...]) -> SparseArray:
    """An array broadcast to a shape; the dimensions that it had not are sparse ones."""
    if array.shape == tuple(shape):
        return array
    lead = len(shape) - array.ndim
    indices, values, coalesced_ = array.indices, array.values, array.coalesced
    for _ in range(lead):
        indices = np.insert(indices, 0, 0, 0)
    sparse_dim = array.sparse_dim + lead
    own = (1,) * lead + array.shape
    for d in range(sparse_dim):
        if own[d] != shape[d]:
            stored, n = indices.shape[1], shape[d]
            indices = np.repeat(indices, n, 1)
            values = np.repeat(values, n, 0)
            indices[d] = np.tile(np.arange(n), stored)
            coalesced_ = False
    values = np.broadcast_to(values, (values.shape[0], *shape[sparse_dim:]))
    return SparseArray(indices, values, tuple(shape), coalesced_)


def _product(a: SparseArray, b: SparseArray) -> SparseArray:
    """The product of two sparse arrays: in the places of one of them that the other one has, too."""
    if not a.ndim or not b.ndim:
        array, other = (a, b) if not b.ndim else (b, a)
        return array.with_values(array.values * array.dtype.type(other.item()))
    if a.shape != b.shape:
        shape = np.broadcast_shapes(a.shape, b.shape)
        a, b = stretched(a, shape), stretched(b, shape)
    if a.sparse_dim != b.sparse_dim:
        raise RuntimeError("mul: expected 'self' and 'other' to have same number of sparse dimensions")
    # Where several factors are in one place they are added up on one side alone, which PyTorch chooses so.
    summed = a if (a.coalesced if a.coalesced != b.coalesced else a.stored >= b.stored) else b
    source = b if summed is a else a
    at, there = positions(coalesced(summed), source)
    kept = np.flatnonzero(there)
    factors = coalesced(summed).values[at[kept]]
    own = source.values[kept]
    values = factors * own if summed is a else own * factors
    return SparseArray(np.take(source.indices, kept, 1), values, a.shape, source.coalesced)


@rule(np.true_divide)
def _divide(a: Any, b: Any, **kwargs: Any) -> Any:
    return _quotient(a, b, np.true_divide, of_values)


@rule(np.floor_divide)
def _floor_divide(a: Any, b: Any, **kwargs: Any) -> Any:
    return _quotient(a, b, np.floor_divide, of_coalesced)


def _quotient(a: Any, b: Any, ufunc: Any, of: Any) -> Any:
    what = "floor division" if ufunc is np.floor_divide else "division"
    if isinstance(b, SparseArray):
        raise RuntimeError(f"Sparse {what} requires a scalar or zero-dim dense tensor divisor (got a sparse divisor)")
    if not _is_number(b):
        raise RuntimeError(
            f"Sparse {what} requires a scalar or zero-dim dense tensor divisor (got shape "
            f"{list(np.shape(b))} for divisor)"
        )
    return of(lambda values: np.asarray(ufunc(values, b)))(a)


@rule(np.power, np.float_power)
def _power(a: Any, b: Any, **kwargs: Any) -> Any:
    if not isinstance(a, SparseArray) or not _is_number(b):
        raise no_rule("pow")
    if b == 0:
        raise RuntimeError("pow: cannot raise to zeroth power on sparse tensor; it would make the result tensor dense")
    return of_coalesced(np.power)(a, b)


@rule(np.maximum)
def _maximum(a: Any, b: Any, **kwargs: Any) -> Any:
    array, other = (a, b) if isinstance(a, SparseArray) else (b, a)
    if not _is_number(other) or other > 0:
        raise no_rule("maximum")
    return of_coalesced(np.maximum)(array, other)


def _compared(ufunc: Any) -> Any:
    """Comparisons with zero that zeros do not fulfil, on which the gradients of some functions stand."""

    def compare(a: Any, b: Any, **kwargs: Any) -> Any:
        if not isinstance(a, SparseArray) or not _is_number(b) or ufunc(0, b):
            raise no_rule(ufunc.__name__)
        return of_coalesced(ufunc)(a, b)

    return compare


for _ufunc in (np.not_equal, np.greater, np.less):
    rule(_ufunc)(_compared(_ufunc))


@rule(np.where)
def _where(condition: Any, a: Any, b: Any) -> Any:
    if not isinstance(condition, SparseArray) or not _is_number(b) or b:
        raise no_rule("where")
    return a * condition


def _truth(x: Any) -> Any:
    return of_coalesced(lambda values: values != 0)(x) if isinstance(x, SparseArray) else np.asarray(x) != 0


@rule(np.logical_and)
def _logical_and(a: Any, b: Any, **kwargs: Any) -> Any:
    return _multiply(_truth(a), _truth(b))


@rule(np.bitwise_and)
def _bitwise_and(a: Any, b: Any, **kwargs: Any) -> Any:
    if not a.dtype.kind == b.dtype.kind == "b":
        raise no_rule("bitwise_and")
    return _multiply(_truth(a), _truth(b))


# Reductions


@rule(np.sum, (np.add, "reduce"))
def _reduce(array: SparseArray, axis: Any = 0, dtype: Any = None, out: Any = None, keepdims: bool = False, **kwargs: Any) -> Any:
    return _reduced(np.add.reduce, array, axis, dtype, keepdims)


@rule(np.any, (np.logical_or, "reduce"))
def _any(array: SparseArray, axis: Any = None, *args: Any, **kwargs: Any) -> Any:
    if axis is not None and axis != tuple(range(array.ndim)):
        raise no_rule("any.dim")
    return np.asarray(bool(array.values.any()))


def _reduced(function: Any, array: SparseArray, axis: Any, dtype: Any, keepdims: bool) -> Any:
    ndim, sparse_dim = array.ndim, array.sparse_dim
    axes = range(ndim) if axis is None else axis if isinstance(axis, (tuple, list)) else (axis,)
    gone = {d % ndim for d in axes} if ndim else set()
    if len(gone) == ndim:
        total = np.asarray(function(array.values, None, dtype))
        return total.reshape((1,) * ndim) if keepdims else total
    inner = tuple(d - sparse_dim + 1 for d in sorted(gone) if d >= sparse_dim)
    values = function(array.values, inner, dtype, None, keepdims) if inner else array.values
    if dtype is not None and values.dtype != dtype:
        values = values.astype(dtype)
    shape = tuple(1 if d in gone else n for d, n in enumerate(array.shape) if keepdims or d not in gone)
    left = [d for d in range(sparse_dim) if d not in gone]
    if len(left) == sparse_dim:
        return SparseArray(array.indices, values, shape, array.coalesced)
    if keepdims:
        indices = array.indices.copy()
        indices[[d for d in range(sparse_dim) if d in gone]] = 0
    elif not left:  # nothing sparse is left
        return function(values, 0, dtype)
    else:
        indices = array.indices[left]
    found = SparseArray(indices, values, shape, False)
    return coalesced(found) if not keepdims else SparseArray(*_listed(coalesced(found)), shape, False)


def _listed(array: SparseArray) -> tuple[Any, Any]:
    return array.indices, array.values


# Shapes


@rule(np.transpose)
def transposed(array: SparseArray, axes: Sequence[int] | None = None) -> SparseArray:
    """The dimensions in another order, sparse and dense ones apart."""
    ndim, sparse_dim = array.ndim, array.sparse_dim
    order = [d % ndim for d in axes] if axes is not None else list(range(ndim))[::-1]
    if sorted(order[:sparse_dim]) != list(range(sparse_dim)):
        raise RuntimeError("sparse tensor transpose: transposed dimensions must be all sparse or all dense")
    values = array.values
    inner = [d - sparse_dim + 1 for d in order[sparse_dim:]]
    if inner != sorted(inner):
        values = values.transpose([0, *inner])
    elif order == list(range(ndim)):
        return array
    moved = order[:sparse_dim] != list(range(sparse_dim))
    indices = array.indices[order[:sparse_dim]] if moved else array.indices
    made = SparseArray(indices, values, tuple(array.shape[d] for d in order), array.coalesced)
    made.coalesced = array.coalesced and not moved and (not ndim or order[0] == 0)
    if moved and ndim == 2 == sparse_dim and array.rows is not None:  # it is multiplied with, and its gradient needs this one
        made.rows = turned_rows_of(array)
    made.shown = array.shown
    return made


@rule(np.swapaxes)
def _swapped(array: SparseArray, axis1: int, axis2: int) -> SparseArray:
    order = list(range(array.ndim))
    order[axis1], order[axis2] = order[axis2], order[axis1]
    return transposed(array, order)


@rule(np.expand_dims)
def expanded(array: SparseArray, axis: Any) -> SparseArray:
    """A new dimension of size 1, sparse where it stands before, between or right behind sparse ones."""
    axis = axis[0] if isinstance(axis, tuple) else axis
    axis %= array.ndim + 1
    shape = (*array.shape[:axis], 1, *array.shape[axis:])
    if axis > array.sparse_dim:
        return SparseArray(array.indices, np.expand_dims(array.values, axis - array.sparse_dim + 1), shape, array.coalesced)
    return SparseArray(np.insert(array.indices, axis, 0, 0), array.values, shape)


@rule(np.ndarray.__getitem__)
def _item(array: SparseArray, index: Any) -> Any:
    parts = index if isinstance(index, tuple) else (index,)
    if any(p is Ellipsis for p in parts):
        at = next(i for i, p in enumerate(parts) if p is Ellipsis)
        missing = array.ndim - sum(p is not None and p is not Ellipsis for p in parts)
        parts = (*parts[:at], *[slice(None)] * missing, *parts[at + 1 :])
    found: Any = array
    dim = 0
    for p in parts:
        if p is None:
            found = expanded(found, dim)
            dim += 1
        elif isinstance(p, slice):
            size = found.shape[dim]
            if p.indices(size) != (0, size, 1):
                raise no_rule("as_strided")
            dim += 1
        elif isinstance(p, (int, np.integer)) and not isinstance(p, bool):
            found = selected(found, dim, int(p)) if isinstance(found, SparseArray) else found[(slice(None),) * dim + (p,)]
        else:
            raise no_rule("index.Tensor")
    return found


def selected(array: SparseArray, dim: int, index: int) -> Any:
    """One element along a dimension, which goes; where the last sparse one does, what is left is dense."""
    size = array.shape[dim]
    index = index + size if index < 0 else index
    if not 0 <= index < size:
        raise IndexError(f"index {index} is out of bounds for dimension {dim} with size {size}")
    shape = (*array.shape[:dim], *array.shape[dim + 1 :])
    if dim >= array.sparse_dim:
        at = (slice(None),) * (dim - array.sparse_dim + 1) + (index,)
        return SparseArray(array.indices, array.values[at], shape, array.coalesced)
    places = np.flatnonzero(array.indices[dim] == index)
    values = array.values[places]
    if array.sparse_dim == 1:
        if array.coalesced and len(places) == 1:
            return np.asarray(values[0])
        return np.asarray(np.add.reduce(values, 0, values.dtype if values.dtype.kind != "b" else None)).astype(values.dtype)
    return SparseArray(np.take(np.delete(array.indices, dim, 0), places, 1), values, shape)


def narrowed(array: SparseArray, dim: int, start: int, length: int) -> SparseArray:
    """The elements from ``start`` on along a dimension."""
    shape = (*array.shape[:dim], length, *array.shape[dim + 1 :])
    if dim >= array.sparse_dim:
        at = (slice(None),) * (dim - array.sparse_dim + 1) + (slice(start, start + length),)
        return SparseArray(array.indices, array.values[at], shape, array.coalesced)
    places = np.flatnonzero((array.indices[dim] >= start) & (array.indices[dim] < start + length))
    indices = np.take(array.indices, places, 1)
    indices[dim] -= start
    return SparseArray(indices, array.values[places], shape, array.coalesced)


@rule(np.take)
def _take(array: SparseArray, index: Any, axis: int, **kwargs: Any) -> SparseArray:
    """The elements at indices along a dimension, those of the first index first."""
    size = array.shape[axis]
    index = np.where(index < 0, index + size, index)
    if index.size and not (0 <= index.min() and index.max() < size):
        raise IndexError("index_select(): index out of range in self")
    shape = (*array.shape[:axis], len(index), *array.shape[axis + 1 :])
    if axis >= array.sparse_dim:
        return SparseArray(array.indices, np.take(array.values, index, axis - array.sparse_dim + 1), shape, array.coalesced)
    along = array.indices[axis]
    order = np.argsort(along, kind="stable")
    begins = np.searchsorted(along[order], np.arange(size + 1))
    counts = (begins[1:] - begins[:-1])[index]
    new = np.repeat(np.arange(len(index)), counts)
    offsets = np.arange(len(new)) - np.repeat(np.cumsum(counts) - counts, counts)
    places = order[np.repeat(begins[:-1][index], counts) + offsets]
    indices = np.take(array.indices, places, 1)
    indices[axis] = new
    ordered = array.coalesced and axis == 0 and bool((index[1:] > index[:-1]).all())
    return SparseArray(indices, array.values[places], shape, ordered)


@rule(np.concatenate)
def _concatenate(arrays: Sequence[Any], axis: int = 0, **kwargs: Any) -> SparseArray:
    first = arrays[0]
    for i, array in enumerate(arrays):
        if not isinstance(array, SparseArray) or not isinstance(first, SparseArray):
            raise RuntimeError("Concatenating sparse tensors, but a dense tensor was found at position " + str(i) + ".")
        if array.sparse_dim != first.sparse_dim:
            raise RuntimeError(
                f"All tensors must have the same sparse_dim and dense_dim: {first.sparse_dim}, {first.ndim - first.sparse_dim}, "
                f"but tensor at position {i} has {array.sparse_dim}, {array.ndim - array.sparse_dim}."
            )
    axis %= first.ndim
    for i, array in enumerate(arrays):
        if any(n != m for d, (n, m) in enumerate(zip(array.shape, first.shape)) if d != axis):
            raise RuntimeError(
                f"All tensors must have the same shape: {list(first.shape)} (except in the concatenating dimension), but found "
                f"shape: {list(array.shape)} at position {i}"
            )
    dtype = np.result_type(*[a.dtype for a in arrays])
    total = sum(a.shape[axis] for a in arrays)
    shape = (*first.shape[:axis], total, *first.shape[axis + 1 :])
    if axis < first.sparse_dim:
        parts, begin = [], 0
        for array in arrays:
            moved = array.indices.copy()
            moved[axis] += begin
            begin += array.shape[axis]
            parts.append(moved)
        values = np.concatenate([a.values.astype(dtype, copy=False) for a in arrays])
        return SparseArray(np.concatenate(parts, 1), values, shape, False)
    parts, filled, begin = [], [], 0
    for array in arrays:  # dense dimensions: each list as it is, its values among zeros
        at = axis - first.sparse_dim + 1
        wide = np.zeros((array.stored, *shape[first.sparse_dim :]), dtype)
        size = array.shape[axis]
        wide[(slice(None),) * at + (slice(begin, begin + size),)] = array.values
        begin += size
        parts.append(array.indices)
        filled.append(wide)
    return SparseArray(np.concatenate(parts, 1), np.concatenate(filled), shape, False)


@rule(np.stack)
def _stack(arrays: Sequence[Any], axis: int = 0, **kwargs: Any) -> SparseArray:
    axis %= arrays[0].ndim + 1
    return _concatenate([expanded(a, axis) for a in arrays], axis)


@rule(np.reshape)
def _reshape(array: SparseArray, shape: Any, *args: Any, **kwargs: Any) -> SparseArray:
    if tuple(shape if isinstance(shape, (tuple, list)) else (shape,)) == array.shape:
        return array
    raise RuntimeError("reshape is not implemented for sparse tensors")


@rule(np.broadcast_to)
def _broadcast_to(array: SparseArray, shape: Any, **kwargs: Any) -> SparseArray:
    if tuple(shape) == array.shape:
        return array
    raise RuntimeError("expand is unsupported for Sparse tensors")


# New ones


@rule(np.zeros_like, np.empty_like)
def _zeros_like(array: SparseArray, dtype: Any = None, **kwargs: Any) -> SparseArray:
    return empty(array.shape, np.dtype(dtype) if dtype is not None else array.dtype, array.sparse_dim)


@rule(np.ones_like, np.full_like)
def _ones_like(array: SparseArray, *args: Any, **kwargs: Any) -> Any:
    raise no_rule("fill_.Scalar")


@rule(np.shape)
def _shape(array: SparseArray) -> tuple[int, ...]:
    return array.shape


@rule(np.result_type)
def _result_type(*args: Any) -> Any:
    return np.result_type(*[a.dtype if isinstance(a, SparseArray) else a for a in args])


@rule(np.copyto)
def _copyto(target: Any, source: Any, **kwargs: Any) -> None:
    if not isinstance(target, SparseArray):  # what an operator in place computed
        target[...] = to_dense(source)
        return
    target[...] = source


rule(np.dot, np.matmul)(matmul)
