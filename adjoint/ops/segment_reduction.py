"""Segments: parts of a dimension, one behind the other, each reduced to one element."""

from __future__ import annotations

from typing import Any

import numpy as np

from adjoint.declare import composite
from adjoint.ops.dims import wrap_dim
from adjoint.ops.unsupported import unsupported
from adjoint.tensor import Tensor, from_array

_NAMES = {"sum": "sum", "mean": "mean", "prod": "prod", "max": "amax", "amax": "amax", "min": "amin", "amin": "amin"}
_IDENTITY = {"sum": 0.0, "mean": 0.0, "prod": 1.0, "amax": float("-inf"), "amin": float("inf")}


@composite(where="torch")
def segment_reduce(
    data: Tensor,
    reduce: str,
    *,
    lengths: Tensor | None = None,
    indices: Tensor | None = None,
    offsets: Tensor | None = None,
    axis: int = 0,
    unsafe: bool = False,
    initial: float | None = None,
) -> Tensor:
    """The sums (means, products, largest, smallest) of segments along ``axis``, whose ``lengths`` are given, or where they begin
    and the last one ends (``offsets``); of shape ``data.shape[:axis] + (segments,) + data.shape[axis + 1:]``.

    ``initial`` is reduced with every segment.  An empty one gives what the reduction begins with, NaN for means.  Raises
    RuntimeError for lengths that are negative or do not add up to the dimension (unless ``unsafe``).

    >>> import adjoint as torch
    >>> torch.segment_reduce(torch.tensor([1., 2., 3.]), "sum", lengths=torch.tensor([2, 0, 1]))
    tensor([3., 0., 3.])
    """
    if reduce not in _NAMES:
        raise RuntimeError(f"reduce argument must be either sum, prod, mean, amax or amin, got {reduce}")
    kind = _NAMES[reduce]
    if indices is not None:
        raise RuntimeError("segment_reduce(): indices based reduction is not supported yet.")
    axis = wrap_dim(axis, data.ndim)
    if lengths is None and offsets is None:
        raise RuntimeError("segment_reduce(): Either lengths or offsets must be defined.")
    given = lengths if lengths is not None else offsets
    assert given is not None
    sizes = given._array if lengths is not None else np.diff(given._array, axis=-1)
    if data.ndim < sizes.ndim:
        raise RuntimeError("segment_reduce(): Expected data to have at least as many dimensions as lengths")
    if axis != sizes.ndim - 1:
        raise RuntimeError(f"segment_reduce(): Expected axis to be the last dimension of lengths but got {axis}.")
    if lengths is not None and not unsafe:
        if sizes.dtype.kind == "c":
            unsupported("min_all", sizes)
        if sizes.size and sizes.min() < 0:
            raise RuntimeError("lengths contains negative value!")
        if (sizes.sum(-1) != data.shape[axis]).any():
            raise RuntimeError(
                "segment_reduce(): Expected all rows of lengths along axis to sum to data.size(lengths.dim()-1) when !unsafe."
            )
    if sizes.dtype.kind != "i":
        unsupported(f"_segment_reduce_{'lengths' if lengths is not None else 'offsets'}_cpu_kernel1", sizes)
    if data._array.dtype.kind not in "fV":
        unsupported("_segment_reduce_cpu", data._array)
    return _reduced(data, kind, sizes, None if offsets is None else offsets._array[..., :1], axis, initial)


def _reduced(data: Tensor, kind: str, sizes: Any, first: Any, axis: int, initial: float | None) -> Tensor:
    """Every element goes, or does not, to the segment that it lies in: a row of all segments of all lines."""
    import adjoint

    count = sizes.shape[-1]
    rows, inner = sizes.reshape(-1, count), data.shape[axis + 1 :]
    ends = np.cumsum(rows, 1) + (0 if first is None else first.reshape(-1, 1))
    begin = ends[:, :1] - rows[:, :1] if count else ends
    places = np.arange(data.shape[axis])
    which = np.stack([np.searchsorted(e, places, "right") for e in ends]) if len(ends) else np.zeros((0, len(places)), np.int64)
    inside = (which < count) & (places >= begin) if count else which < 0
    target = (which + np.arange(len(rows))[:, None] * count)[inside]
    lines = data.reshape(len(rows) * len(places), *inner)[from_array(np.flatnonzero(inside))]
    start = _IDENTITY[kind] if initial is None else float(initial)
    found = adjoint.full((len(rows) * count, *inner), start, dtype=data.dtype)
    if kind in ("sum", "mean"):
        found = found.index_add(0, from_array(target), lines)
    else:
        found = found.index_reduce(0, from_array(target), lines, kind)
    if kind == "mean":
        lengths = from_array(rows.reshape(-1, *(1,) * len(inner)).astype(data._array.dtype))
        found = found / (lengths if initial is None else lengths.clamp(min=1))
    return found.reshape(*data.shape[:axis], count, *inner)
