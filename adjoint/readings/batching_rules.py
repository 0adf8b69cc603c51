"""Batching rules: one per NumPy function that forwards and formulas use.

Most functions act along axes, and their rule is to count the axes one further.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from adjoint.readings.batched import (
    BatchedArray,
    IntoUnbatched,
    Level,
    MissingRule,
    aligned,
    materialized,
    matmul,
    physical,
    reduced,
    rule,
    shifted,
)
from adjoint.stored import as_type
from adjoint.summation import count_along


def _along(function: Any, default: Any = None) -> None:
    """Functions of one array and an ``axis``: the axis counts one further."""

    @rule(function)
    def along(level: Level, array: Any, axis: Any = default, *args: Any, **kwargs: Any) -> Any:
        if kwargs.pop("out", None) is not None:
            raise MissingRule(f"{function.__name__} with out=")
        if axis is None and kwargs.get("keepdims") is None and function in _FLATTENING:
            array, axis = array.reshape(-1), 0
        axes = shifted(axis, array.ndim)
        return BatchedArray(function(array.array, axes, *args, **kwargs), level)


_FLATTENING = {np.cumsum, np.cumprod, np.sort, np.argsort, np.argmax, np.argmin, np.median}
for _f in (np.prod, np.max, np.min, np.any, np.all, np.count_nonzero, np.cumsum, np.cumprod,
           np.argmax, np.argmin, np.median, np.squeeze, np.var, np.std, np.nansum):  # fmt: skip
    _along(_f)


@rule(np.sum)
def _sum(level: Level, array: Any, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: bool = False) -> Any:
    return reduced(level, np.add, array, axis, dtype, out, keepdims)


@rule(np.mean)
def _mean(level: Level, array: Any, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: bool = False) -> Any:
    if out is not None:
        raise MissingRule("mean with out=")
    if dtype is not None or array.dtype.kind not in "fc" or array.dtype.itemsize == 2:
        return BatchedArray(np.mean(array.array, shifted(axis, array.ndim), dtype, keepdims=keepdims), level)
    found = reduced(level, np.add, array, axis, None, None, keepdims)
    return found / count_along(array, axis)


_along(np.sort, -1)
_along(np.argsort, -1)


@rule(np.flip)
def _flip(level: Level, array: Any, axis: Any = None) -> Any:
    return BatchedArray(np.flip(array.array, shifted(axis, array.ndim)).copy(), level)  # nobody sees steps backward


def _accumulation(ufunc: Any) -> None:
    @rule((ufunc, "accumulate"))
    def accumulate(level: Level, array: Any, axis: int = 0, **kwargs: Any) -> Any:
        return BatchedArray(ufunc.accumulate(array.array, shifted(axis, array.ndim), **kwargs), level)


for _f in (np.add, np.multiply, np.maximum, np.minimum, np.logaddexp):
    _accumulation(_f)


@rule(np.reshape)
def _reshape(level: Level, array: Any, shape: Any, **kwargs: Any) -> Any:
    shape = shape if isinstance(shape, tuple) else tuple(shape) if isinstance(shape, list) else (shape,)
    if -1 in shape:
        known = 1
        for s in shape:
            known *= s if s != -1 else 1
        shape = tuple(array.size // max(known, 1) if s == -1 else s for s in shape)
    return BatchedArray(array.array.reshape((array.array.shape[0], *shape), **kwargs), level)


@rule(np.ravel)
def _ravel(level: Level, array: Any) -> Any:
    return _reshape(level, array, (-1,))


@rule(np.transpose)
def _transpose(level: Level, array: Any, axes: Any = None) -> Any:
    axes = tuple(range(array.ndim))[::-1] if axes is None else axes
    return BatchedArray(array.array.transpose(0, *(shifted(a, array.ndim) for a in axes)), level)


@rule(np.swapaxes)
def _swapaxes(level: Level, array: Any, a: int, b: int) -> Any:
    return BatchedArray(array.array.swapaxes(shifted(a, array.ndim), shifted(b, array.ndim)), level)


@rule(np.moveaxis)
def _moveaxis(level: Level, array: Any, source: Any, destination: Any) -> Any:
    return BatchedArray(np.moveaxis(array.array, shifted(source, array.ndim), shifted(destination, array.ndim)), level)


@rule(np.expand_dims)
def _expand_dims(level: Level, array: Any, axis: Any) -> Any:
    added = len(axis) if isinstance(axis, (tuple, list)) else 1
    return BatchedArray(np.expand_dims(array.array, shifted(axis, array.ndim + added)), level)


@rule(np.broadcast_to)
def _broadcast_to(level: Level, array: Any, shape: Any, **kwargs: Any) -> Any:
    shape = shape if isinstance(shape, tuple) else tuple(shape) if isinstance(shape, list) else (shape,)
    x = aligned(array, level, len(shape))
    whole = (x.shape[0], *shape)
    return BatchedArray(x[...] if x.shape == whole else np.broadcast_to(x, whole), level)  # (a view may be written to)


@rule(np.ndarray.astype)
def _astype(level: Level, array: Any, dtype: Any, **kwargs: Any) -> Any:
    return BatchedArray(as_type(array.array, dtype), level)


@rule(np.copy)
def _copy(level: Level, array: Any, **kwargs: Any) -> Any:
    return BatchedArray(array.array.copy(), level)


@rule(np.ascontiguousarray)
def _ascontiguousarray(level: Level, array: Any, dtype: Any = None) -> Any:
    return BatchedArray(np.ascontiguousarray(array.array, dtype), level)


@rule(np.copyto)
def _copyto(level: Level, dst: Any, src: Any, **kwargs: Any) -> None:
    target, batched = physical(dst, level)
    if not batched:
        raise IntoUnbatched("copyto")
    np.copyto(target, aligned(src, level, dst.ndim), **kwargs)


def _like(function: Any) -> None:
    @rule(function)
    def like(level: Level, array: Any, *args: Any, **kwargs: Any) -> Any:
        kwargs.pop("subok", None)
        if kwargs.get("shape") is not None:
            kwargs["shape"] = (array.array.shape[0], *np.atleast_1d(kwargs["shape"]))
        return BatchedArray(function(array.array, *args, **kwargs), level)


for _f in (np.zeros_like, np.ones_like, np.empty_like):
    _like(_f)


@rule(np.full_like)
def _full_like(level: Level, array: Any, value: Any, **kwargs: Any) -> Any:
    x = materialized(array, level)
    made = np.empty_like(x, **{k: v for k, v in kwargs.items() if k == "dtype"})
    made[...] = aligned(value, level, x.ndim - 1) if isinstance(value, BatchedArray) else value
    return BatchedArray(made, level)


@rule(np.where)
def _where(level: Level, condition: Any, *choices: Any) -> Any:
    if not choices:
        raise MissingRule("nonzero")
    ndim = max(np.ndim(v) if not hasattr(v, "ndim") else v.ndim for v in (condition, *choices))
    return BatchedArray(np.where(*(aligned(v, level, ndim) for v in (condition, *choices))), level)


@rule(np.clip)
def _clip(level: Level, array: Any, low: Any = None, high: Any = None, **kwargs: Any) -> Any:
    ndim = max(v.ndim for v in (array, low, high) if hasattr(v, "ndim"))
    return BatchedArray(np.clip(*(aligned(v, level, ndim) for v in (array, low, high)), **kwargs), level)


@rule(np.concatenate)
def _concatenate(level: Level, arrays: Any, axis: Any = 0, **kwargs: Any) -> Any:
    ndim = arrays[0].ndim
    return BatchedArray(
        np.concatenate([materialized(a, level) for a in arrays], axis=shifted(axis, ndim), **kwargs), level
    )


@rule(np.stack)
def _stack(level: Level, arrays: Any, axis: int = 0, **kwargs: Any) -> Any:
    return BatchedArray(
        np.stack([materialized(a, level) for a in arrays], axis=shifted(axis, arrays[0].ndim + 1), **kwargs), level
    )


@rule(np.real)
def _real(level: Level, array: Any) -> Any:
    return BatchedArray(array.array.real, level)


@rule(np.imag)
def _imag(level: Level, array: Any) -> Any:
    return BatchedArray(array.array.imag, level)


@rule(np.round)
def _round(level: Level, array: Any, decimals: int = 0, **kwargs: Any) -> Any:
    return BatchedArray(np.round(array.array, decimals), level)


@rule(np.nan_to_num)
def _nan_to_num(level: Level, array: Any, **kwargs: Any) -> Any:
    return BatchedArray(np.nan_to_num(array.array, **kwargs), level)


@rule(np.take_along_axis)
def _take_along_axis(level: Level, array: Any, indices: Any, axis: Any = -1) -> Any:
    return BatchedArray(
        np.take_along_axis(materialized(array, level), materialized(indices, level), shifted(axis, array.ndim)), level
    )


@rule(np.put_along_axis)
def _put_along_axis(level: Level, array: Any, indices: Any, values: Any, axis: Any) -> None:
    x, batched = physical(array, level)
    if not batched:
        raise MissingRule("put_along_axis")
    np.put_along_axis(x, materialized(indices, level), aligned(values, level, array.ndim), shifted(axis, array.ndim))


@rule(np.diagonal)
def _diagonal(level: Level, array: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    found = array.array.diagonal(offset, shifted(axis1, array.ndim), shifted(axis2, array.ndim))
    if array.flags.writeable:
        found.flags.writeable = True  # NumPy's own is not: a diagonal was a copy once
    return BatchedArray(found, level)


@rule(np.trace)
def _trace(level: Level, array: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    return BatchedArray(array.array.trace(offset, shifted(axis1, array.ndim), shifted(axis2, array.ndim)), level)


@rule(np.tril)
def _tril(level: Level, array: Any, k: int = 0) -> Any:
    return BatchedArray(np.tril(array.array, k), level)


@rule(np.triu)
def _triu(level: Level, array: Any, k: int = 0) -> Any:
    return BatchedArray(np.triu(array.array, k), level)


@rule(np.roll)
def _roll(level: Level, array: Any, shift: Any, axis: Any = None) -> Any:
    if axis is None:
        return _reshape(level, _roll(level, array.reshape(-1), shift, 0), array.shape)
    return BatchedArray(np.roll(array.array, shift, shifted(axis, array.ndim)), level)


@rule(np.repeat)
def _repeat(level: Level, array: Any, repeats: Any, axis: Any = None) -> Any:
    if axis is None:
        array, axis = array.reshape(-1), 0
    return BatchedArray(np.repeat(array.array, repeats, shifted(axis, array.ndim)), level)


@rule(np.tile)
def _tile(level: Level, array: Any, reps: Any) -> Any:
    reps = tuple(reps) if isinstance(reps, (tuple, list)) else (reps,)
    ndim = max(array.ndim, len(reps))
    x = aligned(array, level, ndim)
    return BatchedArray(np.tile(x, (1, *(1,) * (ndim - len(reps)), *reps)), level)


@rule(np.pad)
def _pad(level: Level, array: Any, widths: Any, *args: Any, **kwargs: Any) -> Any:
    widths = np.broadcast_to(np.asarray(widths), (array.ndim, 2))
    return BatchedArray(np.pad(array.array, ((0, 0), *map(tuple, widths)), *args, **kwargs), level)


@rule(np.take)
def _take(level: Level, array: Any, indices: Any, axis: Any = None, **kwargs: Any) -> Any:
    if axis is None:
        array, axis = array.reshape(-1), 0
    index = (slice(None),) * (axis if axis >= 0 else axis + array.ndim) + (indices,)
    return array[index] if isinstance(array, BatchedArray) else _getitem(level, array, index)


@rule(np.split)
def _split(level: Level, array: Any, sections: Any, axis: int = 0) -> Any:
    return [BatchedArray(part, level) for part in np.split(array.array, sections, shifted(axis, array.ndim))]


@rule(np.dot)
def _dot(level: Level, a: Any, b: Any) -> Any:
    return matmul(level, a, b) if a.ndim and b.ndim else a * b


@rule(np.einsum)
def _einsum(level: Level, equation: Any, *operands: Any, **kwargs: Any) -> Any:
    if not isinstance(equation, str) or "..." in equation:
        raise MissingRule("einsum with ...")
    inputs, _, output = equation.replace(" ", "").partition("->")
    if "->" not in equation:
        letters = [c for c in inputs if c != ","]
        output = "".join(sorted(c for c in set(letters) if letters.count(c) == 1))
    batch = next(c for c in "ABCDEFGHIJKLMNOPQRSTUVWXYZ" if c not in equation)
    parts, arrays = [], []
    for letters, operand in zip(inputs.split(","), operands):
        array, batched = physical(operand, level)
        parts.append(batch + letters if batched else letters)
        arrays.append(array)
    return BatchedArray(np.einsum(f"{','.join(parts)}->{batch}{output}", *arrays, **kwargs), level)


for _f in (np.linalg.inv, np.linalg.det, np.linalg.cholesky, np.linalg.slogdet, np.linalg.eigh, np.linalg.eigvalsh,
           np.linalg.svd, np.linalg.qr, np.linalg.pinv, np.linalg.eig, np.linalg.eigvals):  # fmt: skip

    def _make(function: Any) -> None:
        @rule(function)
        def decompose(level: Level, array: Any, *args: Any, **kwargs: Any) -> Any:
            made = function(array.array, *args, **kwargs)
            return tuple(BatchedArray(m, level) for m in made) if isinstance(made, tuple) else BatchedArray(made, level)

    _make(_f)


@rule(np.linalg.solve)
def _solve(level: Level, a: Any, b: Any) -> Any:
    if b.ndim == 1:
        right = materialized(b, level)[..., None]
        return BatchedArray(np.linalg.solve(materialized(a, level), right)[..., 0], level)
    ndim = max(a.ndim, b.ndim)
    return BatchedArray(np.linalg.solve(aligned(a, level, ndim), aligned(b, level, ndim)), level)


@rule(np.nonzero, np.argwhere, np.flatnonzero)
def _nonzero(level: Level, array: Any) -> Any:
    raise RuntimeError(
        "vmap: We do not support batching operators that can output dynamic shape. Attempted to vmap over aten::nonzero. "
        "Please file an issue at https://github.com/pytorch/pytorch/issues if you need this feature."
    )


@rule(np.shape)
def _shape(level: Level, array: Any) -> Any:
    return array.shape


@rule(np.ndim)
def _ndim(level: Level, array: Any) -> Any:
    return array.ndim


@rule(np.may_share_memory, np.shares_memory)
def _share(level: Level, a: Any, b: Any, **kwargs: Any) -> Any:
    return np.may_share_memory(physical(a, level)[0], physical(b, level)[0])


# Indexing.


def _is_advanced(i: Any) -> bool:
    return isinstance(i, (list, np.ndarray, BatchedArray))


def _as_tuple(index: Any, ndim: int) -> tuple[Any, ...]:
    """The index as a tuple without ``...``, every array of bools in it replaced by arrays of positions."""
    parts = list(index) if isinstance(index, tuple) else [index]
    parts = [np.asarray(p) if isinstance(p, list) else p for p in parts]
    for p in parts:
        if isinstance(p, BatchedArray) and p.dtype == bool:
            raise RuntimeError(
                "vmap: It looks like you're attempting to use a Tensor in some data-dependent control flow. We don't "
                "support that yet, please file an issue at https://github.com/pytorch/pytorch/issues ."
            )
    flat: list[Any] = []
    for p in parts:
        if isinstance(p, np.ndarray) and p.dtype == bool:
            flat += p.nonzero()
        else:
            flat.append(p)
    used = sum(1 for p in flat if p is not None and p is not Ellipsis)
    for i, p in enumerate(flat):
        if p is Ellipsis:
            return tuple(flat[:i] + [slice(None)] * (ndim - used) + flat[i + 1 :])
    return tuple(flat + [slice(None)] * (ndim - used))


def _advanced_layout(index: tuple[Any, ...]) -> tuple[bool, int]:
    """Whether the advanced indices are side by side, and how many result dimensions stand before the first."""
    places = [i for i, p in enumerate(index) if _is_advanced(p) or isinstance(p, (int, np.integer))]
    adjacent = places == list(range(places[0], places[-1] + 1))
    return adjacent, places[0]


@rule(np.ndarray.__getitem__)
def _getitem(level: Level, array: Any, index: Any) -> Any:
    index = _as_tuple(index, array.ndim)
    x, x_batched = physical(array, level)
    if not any(_is_advanced(p) for p in index):
        return BatchedArray(x[(slice(None), *index)], level)
    adjacent, before = _advanced_layout(index)
    if not any(isinstance(p, BatchedArray) and p.level is level for p in index):
        made = _at(x, (slice(None), *index))
        if not adjacent:  # NumPy puts the indexed dimensions first, before the batch
            count = np.broadcast(*(p for p in index if isinstance(p, np.ndarray))).ndim
            made = np.moveaxis(made, count, 0)
        return BatchedArray(made, level)
    positions, count = _batched_positions(level, index)
    if x_batched:
        batch = np.arange(x.shape[0]).reshape(-1, *(1,) * count)
        made = _at(x, (batch, *positions))
        adjacent_now = before == 0 and adjacent
    else:
        made = _at(x, positions)
        adjacent_now = adjacent
    # The batch and the indexed dimensions stand first, or, side by side in an array without the batch, at `before`.
    if adjacent and before > 0:
        if adjacent_now:
            made = np.moveaxis(made, before, 0)
        else:
            order = list(range(1, count + 1))
            made = np.moveaxis(made, order, [before + o for o in order])
    return BatchedArray(made, level)


def _at(x: Any, index: tuple[Any, ...]) -> Any:
    """``x[index]``, where ``x`` may be an array of NumPy's, and the index have batches of a vmap further out in it."""
    if x.__class__ is np.ndarray:
        for p in index:
            if p.__class__ is BatchedArray:
                return p._call(np.ndarray.__getitem__, (x, index), {})
    return x[index]


def _batched_positions(level: Level, index: tuple[Any, ...]) -> tuple[tuple[Any, ...], int]:
    """Index parts with the batch dimension in front of their common dimensions, and how many of those there are."""
    count = max(p.ndim for p in index if hasattr(p, "ndim"))
    parts: list[Any] = []
    for p in index:
        if isinstance(p, BatchedArray) and p.level is level:
            parts.append(aligned(p, level, count))
        else:
            parts.append(p)
    return tuple(parts), count


@rule(np.ndarray.__setitem__)
def _setitem(level: Level, array: Any, index: Any, value: Any) -> None:
    x, x_batched = physical(array, level)
    if not x_batched:
        _copyto(level, array, value)
        return
    index = _as_tuple(index, array.ndim)
    if any(_is_advanced(p) for p in index):
        adjacent, before = _advanced_layout(index)
        batched_index = any(isinstance(p, BatchedArray) and p.level is level for p in index)
        if batched_index:
            positions, count = _batched_positions(level, index)
            if not (adjacent and before == 0):
                raise MissingRule("setitem")
            batch = np.arange(x.shape[0]).reshape(-1, *(1,) * count)
            logical = x[(batch, *positions)].ndim - 1
            x[(batch, *positions)] = aligned(value, level, logical) if isinstance(value, BatchedArray) else value
            return
        if not adjacent:
            raise MissingRule("setitem")
    part = x[(slice(None), *index)]
    x[(slice(None), *index)] = aligned(value, level, part.ndim - 1) if isinstance(value, BatchedArray) else value
