"""Copying: arrays of any strides into memory of any others, on all cores.

What depends on shapes and strides only is in a plan, looked up in a dictionary: the dimensions sorted and merged as the
target lies in memory, which kernel of :mod:`adjoint.kernels.moving` copies the innermost two, and how they are divided.
"""

from __future__ import annotations

import struct
from typing import Any

import numpy as np

from adjoint.kernels import moving, pool
from adjoint.kernels.handed import handle
from adjoint.kernels.machine_code import address
from adjoint.kernels.memory import empty

Array = Any

_UNIT = 1 << 15  # bytes that are copied in one go
_SQUARE = 64  # rows and columns of a block whose order is exchanged
_TASKS = 32  # so many at most
_MOST_PLANS = 4096
_pack = struct.Struct(f"{moving.WORDS}q").pack
_plans: dict[Any, Any] = {}


def copy(x: Array) -> Array:
    """A C-contiguous copy of an array.

    NotImplemented for elements and strides that no kernel copies.

    >>> copy(np.arange(6.0).reshape(2, 3).T)
    array([[0., 3.],
           [1., 4.],
           [2., 5.]])
    """
    target = empty(x.shape, x.dtype)
    return NotImplemented if _move(target, x) is NotImplemented else target


def copy_into(target: Array, source: Array) -> Any:
    """Write the elements of ``source``, of the same shape and dtype, into ``target``, which is returned.

    NotImplemented, and nothing is written, where the dtypes differ, where the memory may be the same, and for elements and
    strides that no kernel copies.

    >>> copy_into(np.zeros(3), np.arange(3.0))
    array([0., 1., 2.])
    """
    if source.shape != target.shape or source.dtype != target.dtype or not target.flags.writeable:
        return NotImplemented
    if np.may_share_memory(target, source):
        return NotImplemented
    return _move(target, source)


def fill(target: Array, value: Any) -> Any:
    """Write ``value``, as an element of ``target``'s dtype, everywhere in ``target``, which is returned.

    NotImplemented, and nothing is written, where no kernel can.

    >>> fill(np.empty(2), 3)
    array([3., 3.])
    """
    if not target.flags.writeable or target.dtype.hasobject:
        return NotImplemented
    element = np.empty((), target.dtype)
    element[()] = value
    return _move(target, np.ndarray(target.shape, target.dtype, element, 0, (0,) * target.ndim))


def zeros(shape: Any, dtype: Any) -> Array:
    """As ``numpy.zeros``, in memory of ours."""
    return full(shape, dtype, 0)


def full(shape: Any, dtype: Any, value: Any) -> Array:
    """As ``numpy.full``, in memory of ours.

    >>> full((2,), np.float32, 3)
    array([3., 3.], dtype=float32)
    """
    target = empty(shape, dtype)
    if fill(target, value) is NotImplemented:
        target.fill(value)
    return target


def concatenate(parts: Any, axis: int) -> Array:
    """As ``numpy.concatenate`` of arrays of one dtype, always C-contiguous; NotImplemented where no kernel can."""
    first = parts[0]
    around = _without(first.shape, axis)
    if any(p.dtype != first.dtype or _without(p.shape, axis) != around for p in parts):
        return NotImplemented
    shape = list(first.shape)
    shape[axis] = sum(p.shape[axis] for p in parts)
    target = empty(shape, first.dtype)
    view = target.swapaxes(0, axis)
    start = 0
    for part in parts:
        end = start + part.shape[axis]
        if _move(view[start:end].swapaxes(0, axis), part) is NotImplemented:
            return NotImplemented
        start = end
    return target


def stack(parts: Any, axis: int) -> Array:
    """As ``numpy.stack`` of arrays of one shape and dtype; NotImplemented where no kernel can."""
    return concatenate([p[(*(slice(None),) * (axis % (p.ndim + 1)), None)] for p in parts], axis)


def _without(shape: tuple[int, ...], axis: int) -> tuple[int, ...]:
    axis %= len(shape)
    return shape[:axis] + shape[axis + 1 :]


def _move(target: Array, source: Array) -> Any:
    """Copy between arrays that share no memory."""
    key = (target.shape, target.strides, source.strides, target.dtype)
    plan = _plans.get(key, 0)
    if plan == 0:
        if len(_plans) >= _MOST_PLANS:
            _plans.clear()
        plan = _plans[key] = _planned(target.shape, target.strides, source.strides, target.dtype)
    if plan is None:
        return NotImplemented
    kernel, words, tasks = plan
    if tasks:
        pool.launch(kernel, _pack(handle(target), handle(source), *words), tasks)
    return target


def _planned(shape: tuple[int, ...], to: tuple[int, ...], of: tuple[int, ...], dtype: Any) -> Any:
    """What copies between these strides: a kernel's address, its words, and how many tasks there are."""
    size = dtype.itemsize
    if dtype.hasobject or size not in (1, 2, 4, 8, 16):
        return None
    if 0 in shape:
        return 0, (), 0
    dims = [d for d in zip(shape, to, of) if d[0] != 1]
    if size == 16:  # two of eight bytes
        dims.append((2, 8, 8))
        size = 8
    if any(t % size or s % size for _, t, s in dims):
        return None
    dims, to_offset, of_offset = _forwards(dims)
    dims.sort(key=lambda d: -d[1])
    dims = _merged(dims) or [(1, size, size)]
    if any(outer[1] < inner[0] * inner[1] for outer, inner in zip(dims, dims[1:])) or dims[-1][1] < size:
        return None  # elements of the target are on top of each other
    kernel, rows, columns, outer = _innermost(dims, size)
    if len(outer) > moving.OUTER:
        return None
    block_rows, block_columns = _block(kernel, rows[0], columns[0], size)
    row_blocks, column_blocks = -(-rows[0] // block_rows), -(-columns[0] // block_columns)
    units = row_blocks * column_blocks
    padded = [(1, 0, 0)] * (moving.OUTER - len(outer)) + outer
    for n, _, _ in outer:
        units *= n
    per_task = -(-units // _TASKS)
    words = (
        to_offset, of_offset, units, per_task, row_blocks, column_blocks, block_rows, block_columns, *rows, *columns,
        *(n for n, _, _ in padded), *(t for _, t, _ in padded), *(s for _, _, s in padded),
    )  # fmt: skip
    return address(moving.move, block=kernel, size=size), words, -(-units // per_task)


def _forwards(dims: list[Any]) -> tuple[list[Any], int, int]:
    """The dimensions with those turned round that go backwards in the target, and where the elements then begin."""
    found, to_offset, of_offset = [], 0, 0
    for n, t, s in dims:
        if t < 0:
            to_offset, of_offset = to_offset + (n - 1) * t, of_offset + (n - 1) * s
            t, s = -t, -s
        found.append((n, t, s))
    return found, to_offset, of_offset


def _merged(dims: list[Any]) -> list[Any]:
    """Dimensions that follow each other in both memories as one."""
    found: list[Any] = []
    for n, t, s in dims:
        if found and found[-1][1] == n * t and found[-1][2] == n * s:
            n *= found.pop()[0]
        found.append((n, t, s))
    return found


def _innermost(dims: list[Any], size: int) -> tuple[Any, Any, Any, list[Any]]:
    """Which kernel copies which two dimensions as rows and columns, and the dimensions around them."""
    *outer, columns = dims
    if columns[1] == size and columns[2] in (size, 0):
        kernel = moving.copy_rows if columns[2] else moving.spread_rows
    elif columns[1] == size and columns[2] == -size:
        kernel = moving.reverse_rows
    else:
        kernel = moving.copy_elements
        turned = [d for d in outer if d[2] == size]
        if size >= 4 and columns[1] == size and turned and min(turned[-1][0], columns[0]) >= 4:
            outer.remove(turned[-1])
            return moving.turn_squares, turned[-1], columns, outer
    rows = outer.pop() if outer else (1, 0, 0)
    return kernel, rows, columns, outer


def _block(kernel: Any, rows: int, columns: int, size: int) -> tuple[int, int]:
    """How many rows and columns are copied in one go."""
    if kernel is moving.turn_squares:
        return _SQUARE, _SQUARE
    wide = min(columns, _UNIT // size)
    return max(1, min(rows, _UNIT // (size * wide))), wide
