"""Weighing: weighted sums of a few elements along one or two dimensions, of float32, float64 and bytes.

Resizing is such sums, and adaptive averages are.  What is added up along a dimension is said as by
:class:`adjoint.ops.weighing.Weights`: for each of ``out`` results some of ``size`` elements, ``of`` and ``weight``.  The factors of
bytes are integers over ``2 ** bits``.
"""

from __future__ import annotations

import struct
from functools import lru_cache
from math import prod
from typing import Any

import numpy as np

from adjoint.kernels import copying, pool
from adjoint.kernels.handed import handle
from adjoint.kernels.machine_code import address
from adjoint.kernels.memory import empty
from adjoint.kernels.native import f32, f64, i8
from adjoint.kernels.threads import num_threads
from adjoint.kernels.weighing import passes

Array = Any

_KINDS = {np.dtype(np.float32): f32, np.dtype(np.float64): f64, np.dtype(np.uint8): i8}
_TASKS = 32  # so many at most
_PART = 8192  # elements that are worth a task
_BLOCK = 1 << 18  # bytes of rows that are mixed twice, which are to stay in the cache
_FEW_ROWS = 32  # of a plane: up to these, several planes are done at once
_MOST_PLANS = 1024
_CHANNELS_LAST = {n: (0, *range(2, n + 2), 1) for n in (1, 2, 3)}
_CHANNELS_FIRST = {n: (0, n + 1, *range(1, n + 1)) for n in (1, 2, 3)}
_pack = struct.Struct(f"{passes.WORDS}q").pack
_steps: dict[Any, _Steps] = {}


def weigh(x: Array, along: tuple[Any, ...]) -> Any:
    """The sums along the last dimensions, the last one first; None for a dimension that stays as it is.

    The result's channels are innermost where those of a batch of images are.  NotImplemented for other dtypes.

    >>> from adjoint.ops.weighing import from_taps
    >>> pairs = from_taps(4, np.arange(4).reshape(2, 2), np.full((2, 2), 0.5))
    >>> weigh(np.array([[1.0, 2.0, 3.0, 5.0]], np.float32), (pairs,))
    array([[1.5, 4. ]], dtype=float32)
    """
    key = x.shape, x.strides, x.dtype, *map(id, along)
    steps = _steps.get(key)  # which keep the weights, so that no others have their ids
    if steps is None:
        if len(_steps) >= _MOST_PLANS:
            _steps.clear()
        steps = _steps[key] = _Steps(x, along)
    return steps(x)


def sums_of_rows(x: Array, starts: Array, of: Array, factors: Array) -> Any:
    """Weighted sums of rows of ``x`` (P, C): the n-th is of those numbered ``starts[n]`` to ``starts[n + 1]`` in ``of`` and
    ``factors``.

    NotImplemented for dtypes other than float32 and float64.

    >>> sums_of_rows(np.eye(3), np.array([0, 2, 3]), np.array([0, 2, 1]), np.array([2.0, 3.0, 4.0]))
    array([[2., 0., 3.],
           [0., 4., 0.]])
    """
    kind = _KINDS.get(x.dtype)
    if kind is None or x.dtype == np.uint8 or x.ndim != 2:
        return NotImplemented
    x = _contiguous(x)
    count, width = len(starts) - 1, x.shape[1]
    result = empty((count, width), x.dtype)
    if not result.size:
        return result
    starts, of = (np.ascontiguousarray(a, np.int64) for a in (starts, of))
    factors = np.ascontiguousarray(factors, x.dtype)
    block = max(1, _PART // width)
    units = -(-count // block)
    per_task = -(-units // _TASKS)
    nothing = np.zeros(units + 1, np.int64)
    words = _pack(
        handle(x), handle(result), handle(nothing), 0, 0, 0, units, per_task, 1, 1, units, block, len(x), count, width, width, 1,
        handle(nothing), handle(nothing), handle(starts), handle(of), handle(factors), 0, 0, 0, 0, 0,
    )  # fmt: skip
    pool.launch(_address(kind, None, True), words, -(-units // per_task))
    return result


class _Steps:
    """How an array of some shape and layout is taken, the plans that follow each other, and how the result is given back."""

    def __init__(self, x: Array, along: tuple[Any, ...]) -> None:
        n = len(along)
        self.fits = x.dtype in _KINDS and x.size > 0
        self.given = self.back = None
        behind = 0
        shape = x.shape
        if x.flags.c_contiguous:
            self.copied = False
        else:
            across = x.transpose(_CHANNELS_LAST[n]) if x.ndim == n + 2 and n in _CHANNELS_LAST else x
            self.copied = not across.flags.c_contiguous
            if not self.copied:
                self.given, self.back, behind, shape = _CHANNELS_LAST[n], _CHANNELS_FIRST[n], 1, across.shape
        self.kept = along
        self.plans: list[_Plan] = []
        self.shape = self._planned(shape, along, behind, x.dtype) if self.fits else shape

    def _planned(self, shape: tuple[int, ...], along: tuple[Any, ...], behind: int, dtype: Any) -> tuple[int, ...]:
        """Plan sums along the dimensions that ``behind`` others follow, two at a time, from the last on; the result's shape."""
        end = len(shape) - behind
        while along:
            rows, columns = (None, along[0]) if len(along) == 1 else along[-2:]
            taken = min(len(along), 2)
            along = along[:-taken]
            if rows is not None or columns is not None:
                n = shape[end - 2] if taken == 2 else 1
                outer, inner = shape[: end - taken], shape[end:]
                made = (n if rows is None else rows.out,) * (taken == 2)
                made += (shape[end - 1] if columns is None else columns.out,)
                self.plans.append(_Plan(prod(outer), n, shape[end - 1], prod(inner), rows, columns, dtype))
                shape = (*outer, *made, *inner)
            end -= taken
        return shape

    def __call__(self, x: Array) -> Any:
        if not self.fits:
            return NotImplemented
        if self.copied:
            x = _contiguous(x)
        elif self.given is not None:
            x = x.transpose(self.given)
        if not self.plans:
            x = x.copy()
        for plan in self.plans:
            x = plan(x)
        x = x.reshape(self.shape)
        return x if self.back is None else x.transpose(self.back)


class _Plan:
    """What depends on the shape and the sums only."""

    def __init__(
        self, planes: int, n: int, columns: int, inner: int, along_rows: Any, along_columns: Any, dtype: Any
    ) -> None:
        kind = _KINDS[dtype]
        if along_rows is None:  # every row is as good as another
            planes, n = 1, planes * n
        elif along_columns is None:  # and so is every column
            columns, inner = columns * inner, 1
        out_rows = n if along_rows is None else along_rows.out
        out_columns = columns if along_columns is None else along_columns.out
        self.size, self.dtype = planes * out_rows * out_columns * inner, dtype
        self.kept: list[Any] = [along_rows, along_columns]
        row = out_columns * inner * dtype.itemsize
        block_rows, group = self._divided(planes, n, out_rows, max(row, 1), along_rows, along_columns is not None)
        blocks = -(-out_rows // block_rows)
        used, row_of = self._used(n, out_rows, block_rows, along_rows, along_columns is not None)
        used_starts = np.cumsum([0, *map(len, used)])
        lanes = passes.lanes_of(kind)
        turned = self._rounded(columns * inner * lanes * dtype.itemsize)
        mixed = turned + self._rounded(row * lanes)
        mixing: Any = None
        if along_columns is None:
            turned = mixed = 0
        elif inner >= lanes:
            mixing, turned, mixed = passes.columns_of_many, 0, 0
        else:
            mixing = passes.turned_columns
        rows_kept = max(map(len, used)) * group if along_rows is not None and along_columns is not None else 0
        self.work = self._rounded(mixed + rows_kept * row)
        units = -(-planes // group) * blocks
        per_task = max(-(-units // _TASKS), -(-_PART * units // max(self.size, 1)), 1)
        self.tasks = -(-units // per_task) if self.size else 0
        self.address = _address(kind, mixing, along_rows is not None)
        self.words = (
            self.work, turned, mixed, units, per_task, planes, group, blocks, block_rows, n, out_rows, columns, out_columns, inner,
            self._held(used_starts), self._held(np.concatenate(used)),
            *self._sums(along_rows, row_of), *self._sums(along_columns, None if along_columns is None else along_columns.of),
        )  # fmt: skip

    def __call__(self, x: Array) -> Array:
        result = empty(self.size, self.dtype)
        if self.tasks:
            threads = num_threads()
            work = empty(self.work * threads, np.uint8)
            pool.launch(self.address, _pack(handle(x), handle(result), handle(work), *self.words), self.tasks, threads=threads)
        return result

    def _divided(self, planes: int, n: int, out: int, row: int, along: Any, both: bool) -> tuple[int, int]:
        """How many rows of the result a block has, and how many planes a group."""
        if along is None:
            return max(1, min(out, 64, -(-out // 4))), 1
        if n <= _FEW_ROWS and out * row <= _BLOCK:
            return out, max(1, min(planes, 64 // n, _BLOCK // max(out * row, 1)))
        if not both:
            return max(1, min(out, _BLOCK // 4 // row)), 1
        # Rows at a block's edge are mixed twice.
        block = max(16, min(out, _BLOCK // row * out // max(n, out)))
        return max(1, -(-out // -(-out // block))), 1

    def _used(self, n: int, out: int, block: int, along: Any, both: bool) -> tuple[list[Array], Array | None]:
        """The rows that each block needs, and, of the factors of rows, which of these they belong to."""
        if along is None:
            return [np.arange(start, min(start + block, out)) for start in range(0, out, block)], None
        if not both:
            return [np.zeros(1, np.int64)] * -(-out // block), along.of
        found, numbers = [], []
        ends = np.append(along.starts, len(along.of))
        for start in range(0, out, block):
            products = slice(ends[start], ends[min(start + block, out)])
            of = along.of[products]
            first, last = (int(of.min()), int(of.max())) if of.size else (0, 0)
            if last - first < 2 * of.size:
                rows, which = np.arange(first, last + 1), of - first
            else:
                rows, which = np.unique(of, return_inverse=True)
            found.append(rows if rows.size else np.zeros(1, np.int64))
            numbers.append(which)
        return found, np.concatenate(numbers)

    def _sums(self, along: Any, of: Array | None) -> tuple[int, ...]:
        if along is None:
            return (0, 0, 0, 0)
        weight = np.ones(len(along.of)) if along.weight is None else along.weight
        factors = (weight * 2.0**along.bits).astype(np.int16) if self.dtype == np.uint8 else weight.astype(self.dtype)
        return self._held(np.append(along.starts, len(along.of))), self._held(of), self._held(factors), along.bits

    def _held(self, x: Any) -> int:
        """An array of the plan's, as native code takes it."""
        x = np.ascontiguousarray(x, np.int64 if x.dtype.kind == "i" and x.dtype != np.int16 else x.dtype)
        self.kept.append(x)
        return handle(x)

    @staticmethod
    def _rounded(size: int) -> int:
        return -(-size // 64) * 64


@lru_cache(maxsize=None)
def _address(of: Any, columns: Any, rows: bool) -> int:
    return address(passes.weigh, of=of, columns=columns, rows=rows)


def _contiguous(x: Array) -> Array:
    if x.flags.c_contiguous:
        return x
    copied = copying.copy(x)
    return np.ascontiguousarray(x) if copied is NotImplemented else copied
