"""Sums, extremes and norms over dimensions."""

from __future__ import annotations

from typing import Any

import adjoint
from adjoint.onnx.loading.rows import operator


def _product(x: Any, axes: tuple[int, ...], keep: bool) -> Any:
    for axis in sorted((a % x.dim() for a in axes), reverse=True):
        x = x.prod(axis, keepdim=keep, dtype=x.dtype)
    return x


def _extreme(function: Any, least: Any) -> Any:
    def run(x: Any, axes: tuple[int, ...], keep: bool) -> Any:
        if any(x.shape[axis] == 0 for axis in axes):
            shape = [1 if d in axes else n for d, n in enumerate(x.shape) if keep or d not in axes]
            return adjoint.full(shape, least(x.dtype), dtype=x.dtype)
        if x.dtype is adjoint.bool:
            return function(x.to(adjoint.uint8), axes, keep).to(adjoint.bool)
        return function(x, axes, keep)

    return run


def _bound(dtype: Any, low: bool) -> Any:
    if dtype.is_floating_point:
        return float("-inf") if low else float("inf")
    if dtype is adjoint.bool:
        return not low
    info = adjoint.iinfo(dtype)
    return info.min if low else info.max


def _mean(x: Any, axes: tuple[int, ...], keep: bool) -> Any:
    if x.dtype.is_floating_point:
        return x.mean(axes, keep)
    return x.to(adjoint.float64).mean(axes, keep).to(x.dtype)


def _norm(x: Any, axes: tuple[int, ...], keep: bool) -> Any:
    if x.dtype.is_floating_point:
        return adjoint.linalg.vector_norm(x, 2, axes, keep)
    return x.square().sum(axes, keep, dtype=x.dtype).sqrt().to(x.dtype)


_REDUCTIONS = {
    "ReduceSum": lambda x, axes, keep: x.sum(axes, keep, dtype=x.dtype),
    "ReduceMean": _mean,
    "ReduceProd": _product,
    "ReduceMax": _extreme(adjoint.amax, lambda dtype: _bound(dtype, True)),
    "ReduceMin": _extreme(adjoint.amin, lambda dtype: _bound(dtype, False)),
    "ReduceL1": lambda x, axes, keep: x.abs().sum(axes, keep, dtype=x.dtype),
    "ReduceL2": _norm,
    "ReduceLogSum": lambda x, axes, keep: x.sum(axes, keep, dtype=x.dtype).log().to(x.dtype),
    "ReduceLogSumExp": lambda x, axes, keep: x.logsumexp(axes, keep).to(x.dtype),
    "ReduceSumSquare": lambda x, axes, keep: x.square().sum(axes, keep, dtype=x.dtype),
}


_OF_ONE = {
    "ReduceL1": adjoint.abs, "ReduceL2": adjoint.abs, "ReduceLogSum": adjoint.log, "ReduceSumSquare": adjoint.square,
}  # fmt: skip


def _reducer(name: str, axes: Any, keepdims: int, noop: int = 0) -> Any:
    function, keep = _REDUCTIONS[name], bool(keepdims)
    if axes is None or len(axes) == 0:
        if noop:
            return _OF_ONE.get(name, lambda x: x)

        def over_all(x: Any) -> Any:
            return function(x, tuple(range(x.dim())), keep) if x.dim() else function(x.reshape(1), (0,), False)

        return over_all
    chosen = tuple(int(axis) for axis in axes)
    if name in ("ReduceMax", "ReduceMin"):
        return lambda x: function(x, tuple(axis % x.dim() for axis in chosen), keep)
    return lambda x: function(x, chosen, keep)


@operator(*_REDUCTIONS)
def by_attribute(site: Any, axes: Any = None, keepdims: int = 1) -> Any:
    return _reducer(site.operator, axes, keepdims)


def by_input(site: Any, keepdims: int = 1, noop_with_empty_axes: int = 0) -> Any:
    return lambda axes: _reducer(site.operator, axes, keepdims, noop_with_empty_axes)


operator("ReduceSum", since=13, host=(1,))(by_input)
operator(*(name for name in _REDUCTIONS if name != "ReduceSum"), since=18, host=(1,))(by_input)


@operator("ArgMax", "ArgMin")
def arg_extreme(site: Any, axis: int = 0, keepdims: int = 1, select_last_index: int = 0) -> Any:
    function = adjoint.argmax if site.operator == "ArgMax" else adjoint.argmin

    def run(x: Any) -> Any:
        if select_last_index:
            return x.shape[axis] - 1 - function(x.flip(axis), axis, bool(keepdims))
        return function(x, axis, bool(keepdims))

    return run
