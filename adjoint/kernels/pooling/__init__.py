"""Pooling: the largest element or the sum of every window, and the gradients.

Arrays are float32, their last dimensions the ``space`` of a :class:`~adjoint.ops.pooling_kernels.Windows` or its ``out``.
Each function answers NotImplemented where it has no kernel: other dtypes, and windows that are very wide or far apart.
"""

from __future__ import annotations

import struct
from functools import cached_property, lru_cache
from math import prod
from typing import Any

import numpy as np

from adjoint.kernels import copying, indexing, pool
from adjoint.kernels.handed import handle
from adjoint.kernels.machine_code import address
from adjoint.kernels.memory import empty
from adjoint.kernels.pooling import backward, forward, layout

Array = Any

_WIDEST = 16  # taps in a row
_FARTHEST = 8  # elements from one window to the next
_LONG = 32  # windows in a row of which some are scattered together
_TASKS = 32  # so many at most
_PART = 4096  # elements that are worth a task
_FLOAT32, _UINT8 = np.dtype(np.float32), np.dtype(np.uint8)
_pack = struct.Struct(f"{layout.WORDS}q").pack


def max_taps(x: Array, windows: Any) -> Any:
    """The largest element of each window, and at which tap it is: the first of several, the last NaN."""
    plan = _plan(windows) if x.dtype is _FLOAT32 else None
    if plan is None or not plan.by_bytes:
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
    if plan is None or not plan.by_bytes:
        return NotImplemented
    return plan.scatter(_contiguous(g), _contiguous(taps))


def tap_spread(g: Array, windows: Any) -> Any:
    """Each window's element of ``g`` at all taps of the input, summed."""
    plan = _plan(windows) if g.dtype is _FLOAT32 else None
    return NotImplemented if plan is None else plan.spread(_contiguous(g))


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

    @cached_property
    def steps(self) -> Array:
        """How far from the first tap each one is, in the flattened space."""
        _, height, width = self.space
        i, j, k = (np.arange(n) * d for n, d in zip(self.kernel, self.dilations))
        return (((i * height)[:, None, None] + j[:, None]) * width + k).ravel()

    @cached_property
    def by_bytes(self) -> bool:
        """Whether every window has an element, and a byte can say at which tap."""
        if self.taps > layout.TAPS_IN_BYTES:
            return False
        sides = zip(self.space, self.out, self.kernel, self.padding, self.strides, self.dilations)
        return all(
            _inside(np.arange(o)[:, None] * s - p + np.arange(k) * d, n).any(1).all() for n, o, k, p, s, d in sides
        )

    @cached_property
    def apart(self) -> bool:
        """Whether every element is in one window at most, and two vectors at most make the elements of a vector of windows."""
        return not self.windows.overlap and self.strides[2] <= 2 and not self.padding[2] and self.out[2] >= layout.W

    def pool(self, combine: str, x: Array, result: Array, taps: Array) -> None:
        """Reduce every window."""
        rows = result.size // self.out[2] if result.size else 0
        per_task, tasks = _divided(rows, self.out[2] * self.taps)
        kernel = _pooling(combine, **self.constants)
        self.launch(kernel, (handle(x), handle(result), handle(taps), 0, rows, per_task), tasks)

    def scatter(self, g: Array, taps: Array) -> Array:
        """The gradient of the input, of windows that give to one element."""
        result, planes, per_task, tasks = self.gradient(g)
        way = "apart" if self.apart else "long_rows" if self.out[2] >= _LONG else "short_rows"
        kernel = _scattering(f"scatter_{way}", self.kernel[2], self.strides, self.dilations)
        self.launch(kernel, (handle(g), handle(result), handle(taps), handle(self.steps), planes, per_task), tasks)
        return result

    def spread(self, g: Array) -> Array:
        """The gradient of the input, of windows that give to all their elements."""
        result, planes, per_task, tasks = self.gradient(g)
        kernel = _spreading(self.space[0] == self.kernel[0] == 1, **self.constants)
        self.launch(kernel, (handle(g), handle(result), 0, 0, planes, per_task), tasks)
        return result

    def gradient(self, g: Array) -> tuple[Array, int, int, int]:
        """An array for the gradient of the input, how many planes it has, and how these are divided."""
        result = empty((*g.shape[: -self.ndim], *self.windows.space), g.dtype)
        planes = g.size // prod(self.out) if g.size else 0
        return result, planes, *_divided(planes, prod(self.space))

    def flatten(self, taps: Array) -> Array:
        """Taps as positions."""
        result = empty(taps.shape, np.dtype(np.int64))
        rows = taps.size // self.out[2] if taps.size else 0
        per_task, tasks = _divided(rows, self.out[2])
        self.launch(_flattening(self.strides), (0, handle(result), handle(taps), handle(self.steps), rows, per_task), tasks)
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
def _scattering(scatter: str, kernel: int, strides: Any, dilations: Any) -> int:
    function = getattr(backward, scatter)
    return address(backward.scatter_planes, scatter=function, kernel=kernel, strides=strides, dilations=dilations)


@lru_cache(maxsize=None)
def _spreading(flat: bool, **constants: Any) -> int:
    return address(backward.spread_planes, flat=flat, **constants)


@lru_cache(maxsize=None)
def _flattening(strides: Any) -> int:
    return address(forward.flatten_taps, strides=strides)


def _divided(units: int, elements: int) -> tuple[int, int]:
    """How many units of so many elements a task has, and how many tasks there are."""
    per_task = max(-(-units // _TASKS), -(-_PART // max(elements, 1)))
    return per_task, -(-units // per_task)


def _inside(places: Array, size: int) -> Array:
    return (places >= 0) & (places < size)


def _in_3d(values: tuple[int, ...], missing: int) -> tuple[int, ...]:
    return (missing,) * (3 - len(values)) + tuple(values)


def _contiguous(x: Array) -> Array:
    if x.flags.c_contiguous:
        return x
    copied = copying.copy(x)
    return np.ascontiguousarray(x) if copied is NotImplemented else copied
