"""Along a dimension: one element read or written for every number of an array of indices.

The functions answer NotImplemented where there is no kernel, and where a number is out of bounds, so that the caller's other way
raises its own error; what is written to may be partly written then.
"""

from __future__ import annotations

import struct
from math import prod
from typing import Any

import numpy as np

from adjoint.kernels import copying, pool
from adjoint.kernels.handed import handle
from adjoint.kernels.indexing import places
from adjoint.kernels.machine_code import address
from adjoint.kernels.memory import empty
from adjoint.kernels.native import f32, f64, i8, i16, i32, i64
from adjoint.kernels.steps import step_of

Array = Any

_WORDS = {1: i8, 2: i16, 4: i32, 8: i64}
_NUMBERS = {np.dtype(np.float32): f32, np.dtype(np.float64): f64, np.dtype(np.int32): i32, np.dtype(np.int64): i64}
_INTEGERS = {np.dtype(np.int32): i32, np.dtype(np.int64): i64}
_TASKS = 32  # so many at most
_PART = 4096  # elements that are worth a task
_SHORT = 16  # numbers for a row, up to which the innermost loop is one over rows
_NEAR = 1 << 18  # bytes of places that are to stay in the second cache
_LINE = 64  # bytes that are read from memory together
_MOST_PLANS = 4096
_plans: dict[Any, Any] = {}
_pack = struct.Struct(f"{places.WORDS}q").pack


def take_along(x: Array, dim: int, index: Array, end: bool = False) -> Any:
    """``result[o, k, i] = x[o, index[o, k, i], i]``, where ``k`` and ``x``'s numbers are along ``dim``.

    The index has as many dimensions as ``x``, and in the others is no larger.  With ``end`` numbers below 0 count from the end.

    >>> take_along(np.array([[1.0, 2.0], [3.0, 4.0]]), 1, np.array([[1, 1], [0, 1]]))
    array([[2., 2.],
           [3., 4.]])
    """
    key = (x.dtype, x.shape, x.strides, dim, index.dtype, index.shape, index.strides, end)
    plan = _plans.get(key, 0)
    if plan == 0:
        plan = _kept(key, _reading(*key))
    if plan is None:
        return NotImplemented
    kernel, words, tasks, whole, in_order = plan
    if not whole:
        x = _copied(x[tuple(slice(None) if d == dim else slice(n) for d, n in enumerate(index.shape))])
    if not in_order:
        index = _copied(index)
    result = empty(index.shape, x.dtype)
    if not tasks:
        return result
    failed = np.zeros(1, np.int64)
    pool.launch(kernel, _pack(handle(x), handle(result), handle(index), handle(failed), *words), tasks)
    return NotImplemented if failed[0] else result


def _reading(
    dtype: Any, own: Any, strides: Any, dim: int, index_dtype: Any, shape: Any, index_strides: Any, end: bool
) -> Any:  # fmt: skip
    """What reads: a kernel, its words, how many tasks there are, and whether the array and the index are read as they are."""
    of, integer = _WORDS.get(dtype.itemsize), _INTEGERS.get(index_dtype)
    if of is None or integer is None or dtype.hasobject:
        return None
    outer, count, inner, size = prod(shape[:dim]), shape[dim], prod(shape[dim + 1 :]), dtype.itemsize
    at, given = _steps(own, strides, dim, shape), _steps(shape, index_strides, dim, shape)
    whole, in_order = at is not None, given is not None
    if at is None:  # what is copied is all that is read
        at = own[dim] * inner * size, inner * size, size
    if given is None:
        given = count * inner * index_dtype.itemsize, inner * index_dtype.itemsize, index_dtype.itemsize
    if any(step % size for step in at):
        return None
    to = count * inner * size, inner * size, size
    if inner == 1 and count < _SHORT and outer > count:
        outer, inner = 1, outer
        at, to, given = _turned(at), _turned(to), _turned(given)
        block = min(inner, _PART)
    elif inner == 1:  # so that the innermost loop is a long one
        count, inner = 1, count
        at, to, given = (at[0], at[1], 0), (to[0], 0, size), (given[0], 0, given[1])
        block = max(1, min(inner, _PART))
    else:
        block = _block(inner, own[dim], size)
    blocks = -(-inner // block)
    parts, per_part = _parts(count, outer * inner)
    units = outer * parts * blocks
    per_task, tasks = _divided(units, per_part * block)
    words = units, per_task, parts, per_part, blocks, block, outer, count, inner, own[dim], own[dim] if end else 0, *at, *to, *given
    tasks = tasks if outer * count * inner else 0
    return address(places.read, of=of, integer=integer), words, tasks, whole, in_order


def put_along(target: Array, dim: int, index: Array, values: Array, how: str, end: bool = False) -> Any:
    """``target[o, index[o, k, i], i]`` combined with ``values[o, k, i]``; the target, which is written to, is returned.

    ``how`` is "put" (the last one stays), "add", "multiply", "greatest" or "least" (where NaN counts as both).  The values have the
    target's dtype; they, and the index, have as many dimensions, or are broadcast to them.  With ``end`` numbers below 0 count from
    the end.

    >>> put_along(np.zeros((1, 3)), 1, np.array([[2, 0, 2]]), np.array([[1.0, 2.0, 4.0]]), "add")
    array([[2., 0., 5.]])
    """
    if not target.flags.writeable or np.may_share_memory(target, values) or np.may_share_memory(target, index):
        return NotImplemented
    shape = index.shape
    if shape != values.shape:
        shape = np.broadcast_shapes(shape, values.shape)
        index, values = np.broadcast_to(index, shape), np.broadcast_to(values, shape)
    key = (
        target.dtype, target.shape, target.strides, dim, index.dtype, shape, index.strides, values.dtype, values.strides, how, end,
    )  # fmt: skip
    plan = _plans.get(key, 0)
    if plan == 0:
        plan = _kept(key, _writing(*key))
    if plan is None:
        return NotImplemented
    kernel, words, tasks, plain, in_order = plan
    if not plain:
        values = _copied(values)
    if not in_order:
        index = _copied(index)
    if not tasks:
        return target
    failed = np.zeros(1, np.int64)
    pool.launch(kernel, _pack(handle(target), handle(values), handle(index), handle(failed), *words), tasks)
    return NotImplemented if failed[0] else target


def _writing(
    dtype: Any, own: Any, strides: Any, dim: int, index_dtype: Any, shape: Any, index_strides: Any, values_dtype: Any,
    values_strides: Any, how: str, end: bool,
) -> Any:  # fmt: skip
    """What writes: a kernel, its words, how many tasks there are, and whether the values and the index are read as they are."""
    of = (_WORDS.get(dtype.itemsize) if how == "put" else _NUMBERS.get(dtype)) if not dtype.hasobject else None
    integer = _INTEGERS.get(index_dtype)
    at = _steps(own, strides, dim, shape)
    if of is None or integer is None or values_dtype != dtype or at is None:
        return None
    if any(n > 1 and not s for n, s in zip(own, strides)):  # one element for many: the order of the columns matters
        return None
    outer, count, inner, size = prod(shape[:dim]), shape[dim], prod(shape[dim + 1 :]), dtype.itemsize
    to, given = _steps(shape, values_strides, dim, shape), _steps(shape, index_strides, dim, shape)
    plain, in_order = to is not None, given is not None
    if to is None:
        to = count * inner * size, inner * size, size
    if given is None:
        given = count * inner * index_dtype.itemsize, inner * index_dtype.itemsize, index_dtype.itemsize
    if inner == 1 and count < _SHORT and outer > count:
        outer, inner = 1, outer
        at, to, given = _turned(at), _turned(to), _turned(given)
        block = min(inner, _PART)
    elif inner == 1:
        count, inner = 1, count
        at, to, given = (at[0], at[1], 0), (to[0], 0, to[1]), (given[0], 0, given[1])
        block = max(1, inner)
    else:
        block = _block(inner, own[dim], size)
    blocks = -(-inner // block)
    # One row is one task: parts of it would each look through all numbers, and guess wrongly at every other which are theirs.
    parts, per_part = 1, own[dim]
    units = outer * parts * blocks
    per_task, tasks = _divided(units, count * block)
    words = (
        units, per_task, parts, per_part, blocks, block, outer, count, inner, own[dim], own[dim] if end else 0, *at, *to, *given,
    )  # fmt: skip
    tasks = tasks if outer * count * inner else 0
    return address(places.write, combine=getattr(places, how), of=of, integer=integer), words, tasks, plain, in_order


def _kept(key: Any, plan: Any) -> Any:
    if len(_plans) >= _MOST_PLANS:
        _plans.clear()
    _plans[key] = plan
    return plan


def sum_along(g: Array, shape: tuple[int, ...], dim: int, index: Array, end: bool = False) -> Any:
    """Zeros of ``shape``, with the elements of ``g`` added at the index along a dimension.

    >>> sum_along(np.array([1.0, 2.0, 4.0]), (3,), 0, np.array([1, 0, 1]))
    array([2., 5., 0.])
    """
    if g.dtype not in _NUMBERS or index.dtype not in _INTEGERS:
        return NotImplemented
    return put_along(copying.zeros(shape, g.dtype), dim, index, g, "add", end)


def _steps(own: Any, strides: Any, dim: int, shape: Any) -> tuple[int, int, int] | None:
    """The strides of the dimensions before, of the one, and of those after; None where those do not step as one."""
    outer = step_of(shape[:dim], strides[:dim], 0)
    inner = step_of(shape[dim + 1 :], strides[dim + 1 :], 0)
    if outer is None or inner is None:
        return None
    return outer, strides[dim] if own[dim] != 1 else 0, inner


def _turned(steps: tuple[int, int, int]) -> tuple[int, int, int]:
    """Of an array without a dimension after, the one before as if it were after."""
    return 0, steps[1], steps[0]


def _block(inner: int, size: int, itemsize: int) -> int:
    """How many columns are gone through at once: their places fit into a cache."""
    line = _LINE // itemsize
    return min(inner, max(1, _NEAR // max(size * _LINE, 1)) * line)


def _parts(count: int, others: int) -> tuple[int, int]:
    """In how many parts what is read is divided, and how much is in each."""
    parts = min(_TASKS, max(1, count * others // _PART)) if others < _PART else 1
    per_part = -(-count // parts)
    return -(-count // per_part), per_part


def _divided(units: int, elements: int) -> tuple[int, int]:
    """How many units of so many elements a task has, and how many tasks there are."""
    per_task = max(1, -(-units // _TASKS), -(-_PART // max(elements, 1)))
    return per_task, -(-units // per_task)


def _copied(x: Array) -> Array:
    copied = copying.copy(x)
    return np.ascontiguousarray(x) if copied is NotImplemented else copied
