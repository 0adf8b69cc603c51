"""What is at places, where something is, and in which order."""

from __future__ import annotations

from typing import Any

import numpy as np

import adjoint
from adjoint.onnx.loading.rows import operator


@operator("Gather")
def gather(site: Any, axis: int = 0) -> Any:
    place = site.constant(1)
    if place is not None and place.ndim == 0:
        number = int(place)
        return lambda x, index: x.select(axis, number)

    def run(x: Any, index: Any) -> Any:
        dim = axis % x.dim()
        return x[(slice(None),) * dim + (wide(index),)]

    return run


@operator("GatherElements")
def gather_elements(site: Any, axis: int = 0) -> Any:
    return lambda x, index: x.gather(axis, from_front(index, x.shape[axis]))


@operator("GatherND")
def gather_nd(site: Any, batch_dims: int = 0) -> Any:
    def run(x: Any, index: Any) -> Any:
        places = tuple(wide(index).unbind(-1))
        batch = x.shape[:batch_dims]
        own = tuple(
            adjoint.arange(n).reshape([n if d == k else 1 for k in range(index.dim() - 1)]) for d, n in enumerate(batch)
        )
        return x[own + places]

    return run


@operator("Compress")
def compress(site: Any, axis: int | None = None) -> Any:
    def run(x: Any, condition: Any) -> Any:
        places = condition.nonzero().flatten()
        return x.flatten().index_select(0, places) if axis is None else x.index_select(axis, places)

    return run


@operator("NonZero")
def non_zero(site: Any) -> Any:
    def run(x: Any) -> Any:
        if x.dim() == 0:
            return adjoint.zeros((1, int(bool(x))), dtype=adjoint.int64)
        return x.nonzero().t()

    return run


def _top(k: int, axis: int, largest: int, ordered: int) -> Any:
    def run(x: Any) -> Any:
        # Of equal values the first comes first, which a stable sort says and topk does not
        values, places = adjoint.sort(x, dim=axis, descending=bool(largest), stable=True)
        return values.narrow(axis, 0, k), places.narrow(axis, 0, k)

    return run


@operator("TopK", several=True)
def top_k_by_attribute(site: Any, k: int, axis: int = -1) -> Any:
    return _top(k, axis, 1, 1)


@operator("TopK", since=10, host=(1,), several=True)
def top_k(site: Any, axis: int = -1, largest: int = 1, sorted: int = 1) -> Any:
    return lambda k: _top(int(k.reshape(-1)[0]), axis, largest, sorted)


@operator("OneHot", host=(1,))
def one_hot(site: Any, axis: int = -1) -> Any:
    def prepare(depth: Any) -> Any:
        count = int(depth.reshape(-1)[0])

        def run(index: Any, values: Any) -> Any:
            index = index.to(adjoint.int64)
            dim = axis if axis >= 0 else axis + index.dim() + 1
            classes = adjoint.arange(count).reshape([count if d == dim else 1 for d in range(index.dim() + 1)])
            index = index.unsqueeze(dim)
            index = adjoint.where(index < 0, index + count, index)
            return adjoint.where(index == classes, values[1], values[0])

        return run

    return prepare


@operator("Unique", several=True)
def unique(site: Any, axis: int | None = None, sorted: int = 1) -> Any:
    def run(x: Any) -> Any:
        # NumPy says where each is first, PyTorch does not
        array = (x.detach().float() if x.dtype is adjoint.bfloat16 else x.detach()).numpy()
        values, first, inverse, counts = np.unique(
            array, return_index=True, return_inverse=True, return_counts=True, axis=axis
        )
        inverse = inverse.reshape(-1)
        if not sorted:
            order = np.argsort(first)
            inverse = np.argsort(order)[inverse]
            first, counts = first[order], counts[order]
        flat = x.flatten() if axis is None else x
        found = flat.index_select(0 if axis is None else axis, adjoint.as_tensor(first))
        return (found, *(adjoint.as_tensor(a.astype(np.int64)) for a in (first, inverse, counts)))

    return run


def wide(index: Any) -> Any:
    """Places as int64."""
    return index if index.dtype is adjoint.int64 else index.to(adjoint.int64)


def from_front(index: Any, size: int) -> Any:
    """Places counted from the front; negative ones count from the end."""
    index = wide(index)
    return adjoint.where(index < 0, index + size, index)
