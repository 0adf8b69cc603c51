"""Pooling: the largest element or the sum of every window, and the gradients.

Arrays are float32, their last dimensions the ``space`` of a :class:`~adjoint.ops.pooling_kernels.Windows` or its ``out``.
Each function answers NotImplemented where it has no kernel: other dtypes, and windows that are very wide or far apart.
"""

from __future__ import annotations

import struct
from functools import lru_cache
from itertools import product
from math import prod
from typing import Any

import numpy as np

from adjoint.kernels import copying, indexing, pool
from adjoint.kernels.machine_code import address
from adjoint.kernels.memory import empty
from adjoint.kernels.pooling import backward, forward, layout
from adjoint.kernels.threads import num_threads

Array = Any

_WIDEST = 16  # taps in a row
_FARTHEST = 8  # elements from one window to the next
_TASKS = 32  # so many at most
_PART = 4096  # elements that are worth a task
_FLOAT32, _UINT8 = np.dtype(np.float32), np.dtype(np.uint8)
_pack = struct.Struct(f"{layout.WORDS}q").pack


def max_taps(x: Array, windows: Any) -> Any:
    """The largest element of each window, and at which tap it is: the first of several, the last NaN."""
    plan = _plan(windows) if x.dtype is _FLOAT32 else None
    if plan is None or plan.taps >= layout.NO_TAP:
        return NotImplemented
    x = _contiguous(x)
    best = empty((*x.shape[: -plan.ndim], *windows.out), x.dtype)
    taps = empty(best.shape, _UINT8)
    plan.pool("largest", x, best, taps)
    return best, taps


def tap_sum(x: Array, windows: Any) -> Any:
    """The sum of each window."""
    plan = _plan(windows) if x.dtype is _FLOAT32 else None
    if plan is None:
        return NotImplemented
    x = _contiguous(x)
    total = empty((*x.shape[: -plan.ndim], *windows.out), x.dtype)
    plan.pool("total", x, total, total)
    return total


def tap_scatter(g: Array, taps: Array, windows: Any) -> Any:
    """Each window's element of ``g`` at its tap of the input, summed; zero elsewhere."""
    plan = _plan(windows) if g.dtype is _FLOAT32 and taps.dtype is _UINT8 and g.shape == taps.shape else None
    if plan is None or plan.taps >= layout.NO_TAP:
        return NotImplemented
    return plan.spread(_contiguous(g), _contiguous(taps))


def tap_spread(g: Array, windows: Any) -> Any:
    """Each window's element of ``g`` at all taps of the input, summed."""
    plan = _plan(windows) if g.dtype is _FLOAT32 else None
    return NotImplemented if plan is None else plan.spread(_contiguous(g), None)


def flat_indices(taps: Array, windows: Any) -> Any:
    """Taps as positions in the flattened space of the input."""
    plan = _plan(windows) if taps.dtype is _UINT8 else None
    return NotImplemented if plan is None else plan.flatten(_contiguous(taps))


def flat_scatter(g: Array, indices: Array, space: tuple[int, ...]) -> Any:
    """``g``'s elements added up at their positions in the flattened space."""
    rows = prod(g.shape[: -len(space)])
    if not g.size or indices.shape != g.shape:
        return NotImplemented
    found = indexing.scatter(g.reshape(rows, -1), indices.reshape(rows, -1), prod(space))
    return found if found is NotImplemented else found.reshape(*g.shape[: -len(space)], *space)


class _Plan:
    """What depends on the windows only: kernels and their words."""

    def __init__(self, windows: Any) -> None:
        self.windows = windows
        self.ndim = len(windows.space)
        self.taps = prod(windows.kernel)
        self.space, self.out, self.kernel = (_in_3d(s, 1) for s in (windows.space, windows.out, windows.kernel))
        self.padding = _in_3d(windows.padding, 0)
        self.strides, self.dilations = _in_3d(windows.stride, 1), _in_3d(windows.dilation, 1)
        self.place = (*self.space, *self.out, *self.kernel, *self.padding)
        self.constants = {
            "kernel": self.kernel[2], "padding": self.padding[2], "strides": self.strides, "dilations": self.dilations
        }  # fmt: skip

    def pool(self, combine: str, x: Array, result: Array, taps: Array) -> None:
        """Reduce every window."""
        rows = result.size // self.out[2] if result.size else 0
        per_task, tasks = _divided(rows, self.out[2] * self.taps)
        kernel = _pooling(combine, **self.constants)
        self.launch(kernel, (id(x), id(result), id(taps), 0, rows, per_task, 0, 0), tasks)

    def spread(self, g: Array, taps: Array | None) -> Array:
        """The gradient of the input."""
        result = empty((*g.shape[: -self.ndim], *self.windows.space), g.dtype)
        planes = g.size // prod(self.out) if g.size else 0
        per_task, tasks = _divided(planes, prod(self.space))
        stride = self.strides[2]
        left = backward.before(self.kernel[2], self.strides, self.dilations)
        blocks = -(-self.space[2] // (stride * layout.W)) * layout.W
        pitch = left + max(blocks + (stride - 1 + self.padding[2]) // stride, self.out[2])
        size = -(-pitch * self.out[0] * self.out[1] // 64) * 64 + 64
        work = empty(size * num_threads() if taps is not None else 0, _UINT8)
        kernel = _spreading(taps is not None, self.space[0] == self.kernel[0] == 1, **self.constants)
        self.launch(kernel, (id(g), id(result), id(taps), id(work), planes, per_task, size, pitch), tasks)
        return result

    def flatten(self, taps: Array) -> Array:
        """Taps as positions."""
        result = empty(taps.shape, np.dtype(np.int64))
        _, height, width = self.space
        steps = np.array(
            [
                (i * self.dilations[0] * height + j * self.dilations[1]) * width + k * self.dilations[2]
                for i, j, k in product(*map(range, self.kernel))
            ]
        )
        rows = taps.size // self.out[2] if taps.size else 0
        per_task, tasks = _divided(rows, self.out[2])
        kernel = _flattening(self.strides)
        self.launch(kernel, (0, id(result), id(taps), id(steps), rows, per_task, 0, 0), tasks)
        return result

    def launch(self, kernel: int, words: tuple[int, ...], tasks: int) -> None:
        """Run a kernel, unless there is nothing to do."""
        if tasks:
            pool.launch(kernel, _pack(*words, *self.place), tasks)


@lru_cache(maxsize=1024)
def _plan(windows: Any) -> _Plan | None:
    """The plan for windows, or None where there are no kernels."""
    if not 1 <= len(windows.space) <= 3 or max(windows.space) >= 1 << 30:
        return None
    return _Plan(windows) if windows.kernel[-1] <= _WIDEST and windows.stride[-1] <= _FARTHEST else None


@lru_cache(maxsize=None)
def _pooling(combine: str, **constants: Any) -> int:
    return address(forward.pool_rows, combine=getattr(forward, combine), **constants)


@lru_cache(maxsize=None)
def _spreading(by_tap: bool, flat: bool, **constants: Any) -> int:
    return address(backward.spread_planes, by_tap=by_tap, flat=flat, **constants)


@lru_cache(maxsize=None)
def _flattening(strides: Any) -> int:
    return address(forward.flatten_taps, strides=strides)


def _divided(units: int, elements: int) -> tuple[int, int]:
    """How many units of so many elements a task has, and how many tasks there are."""
    per_task = max(-(-units // _TASKS), -(-_PART // max(elements, 1)))
    return per_task, -(-units // per_task)


def _in_3d(values: tuple[int, ...], missing: int) -> tuple[int, ...]:
    return (missing,) * (3 - len(values)) + tuple(values)


def _contiguous(x: Array) -> Array:
    if x.flags.c_contiguous:
        return x
    copied = copying.copy(x)
    return np.ascontiguousarray(x) if copied is NotImplemented else copied
