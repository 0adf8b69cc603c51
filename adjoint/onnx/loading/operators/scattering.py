"""Writing at places."""

from __future__ import annotations

from typing import Any

import adjoint
from adjoint.onnx.loading.operators.gathering import from_front, wide
from adjoint.onnx.loading.rows import operator

_REDUCTIONS = {"add": "sum", "mul": "prod", "max": "amax", "min": "amin"}


@operator("Scatter", "ScatterElements")
def scatter_elements(site: Any, axis: int = 0, reduction: str = "none") -> Any:
    def run(x: Any, index: Any, updates: Any) -> Any:
        places = from_front(index, x.shape[axis])
        if reduction == "none":
            return x.scatter(axis, places, updates)
        return x.scatter_reduce(axis, places, updates, _REDUCTIONS[reduction])

    return run


@operator("ScatterND")
def scatter_nd(site: Any, reduction: str = "none") -> Any:
    def run(x: Any, index: Any, updates: Any) -> Any:
        index = wide(index)
        if reduction in ("none", "add"):
            return x.index_put(tuple(index.unbind(-1)), updates, accumulate=reduction == "add")
        depth = index.shape[-1]
        flat = adjoint.zeros(index.shape[:-1], dtype=adjoint.int64)
        for dim in range(depth):
            flat = flat * x.shape[dim] + from_front(index[..., dim], x.shape[dim])
        rows = x.flatten(0, depth - 1) if depth > 1 else x
        flat = flat.flatten()
        changed = updates.reshape(flat.shape[0], *x.shape[depth:])
        places = flat.reshape(-1, *[1] * (x.dim() - depth)).expand(changed.shape)
        return rows.scatter_reduce(0, places, changed, _REDUCTIONS[reduction]).reshape(x.shape)

    return run


@operator("TensorScatter")
def tensor_scatter(site: Any, axis: int = -2, mode: str = "linear") -> Any:
    def run(past: Any, update: Any, start: Any = None) -> Any:
        dim = axis % past.dim()
        count, size = update.shape[dim], past.shape[dim]
        first = adjoint.zeros(past.shape[0], dtype=adjoint.int64) if start is None else wide(start)
        places = first.unsqueeze(1) + adjoint.arange(count)
        if mode == "circular":
            places = places % size
        view = [1] * past.dim()
        view[0], view[dim] = past.shape[0], count
        return past.scatter(dim, places.reshape(view).expand(update.shape), update)

    return run
