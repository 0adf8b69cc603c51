"""Counting what is there: unique, unique_consecutive, bincount, histc."""

from __future__ import annotations

from typing import Any

import numpy as np

from adjoint.declare import composite
from adjoint.declare.arranging import made_of
from adjoint.declare.outs import refused
from adjoint.declare.underived import underived
from adjoint.ops.dims import wrap_dim
from adjoint.ops.each_sample import each_sample, refuse_samples
from adjoint.ops.reduction import written
from adjoint.ops.unsupported import unsupported
from adjoint.readings.meta import MetaArray, new
from adjoint.tensor import Tensor


def _as_tensors(arrays: Any) -> Any:
    found = tuple(made_of(np.asarray(a)) for a in arrays)
    return found[0] if len(found) == 1 else found


@composite
def unique(
    input: Tensor, sorted: bool = True, return_inverse: bool = False, return_counts: bool = False, dim: int | None = None
) -> Any:
    """The distinct elements, sorted; on request where each element went, and how often each occurs.

    With ``dim``, the distinct slices along it.

    >>> import adjoint as torch
    >>> torch.unique(torch.tensor([3, 1, 3]), return_counts=True)
    (tensor([1, 3]), tensor([1, 2]))
    """
    refuse_samples("_unique2", input)
    x = input._array
    axis = None if dim is None else wrap_dim(dim, x.ndim)
    _check_empty_slices(x, axis)
    back = x.dtype if x.dtype.kind == "V" else None
    values, inverse, counts = np.unique(
        x if back is None else x.astype(np.float32), return_inverse=True, return_counts=True, axis=axis, equal_nan=False
    )
    if back is not None:
        values = values.astype(back)
    inverse = inverse.reshape(x.shape if axis is None else -1)
    return _distinct("_unique2" if axis is None else "unique_dim", input, values, inverse, counts, return_inverse, return_counts)


def _distinct(name: str, input: Tensor, values: Any, inverse: Any, counts: Any, return_inverse: bool, return_counts: bool) -> Any:
    """What is asked for, of which the values have no derivative."""
    found = _as_tensors([values, *([inverse] if return_inverse else []), *([counts] if return_counts else [])])
    node = "".join(word.capitalize() for word in name.split("_")) + "Backward0"
    distinct = found if isinstance(found, Tensor) else found[0]
    underived([distinct], [input], f"the derivative for '{name}' is not implemented.", node, NotImplementedError)
    return found


def _check_empty_slices(x: Any, axis: int | None) -> None:
    """Raise PyTorch's error for slices without elements along a dimension, of which none is like another."""
    if axis is None or x.size:
        return
    empty = x.shape.count(0)
    if empty > 1:
        raise RuntimeError("Number of zero sized dimensions is more than one, so unique cannot be applied ")
    if x.shape[axis]:
        raise RuntimeError("There are 0 sized dimensions, and they aren't selected, so unique cannot be applied")


@composite
def unique_consecutive(
    input: Tensor, return_inverse: bool = False, return_counts: bool = False, dim: int | None = None
) -> Any:
    """The elements without those that equal the one before.

    >>> import adjoint as torch
    >>> torch.unique_consecutive(torch.tensor([1, 1, 2, 1]))
    tensor([1, 2, 1])
    """
    refuse_samples("unique_consecutive", input)
    x = input._array
    rows = x.reshape(-1) if dim is None else np.moveaxis(x, wrap_dim(dim, x.ndim), 0)
    n = len(rows)
    first = np.ones(n, bool)
    if n > 1:
        differs = rows[1:] != rows[:-1]
        first[1:] = differs.reshape(n - 1, -1).any(1)
    starts = np.flatnonzero(first)
    values = rows[starts]
    if dim is not None:
        values = np.moveaxis(values, 0, wrap_dim(dim, x.ndim))
    inverse = np.cumsum(first) - 1
    counts = np.diff(np.append(starts, n))
    if dim is None:
        inverse = inverse.reshape(x.shape)
    return _distinct("unique_consecutive", input, values, inverse, counts, return_inverse, return_counts)


@composite
@each_sample
def bincount(input: Tensor, weights: Tensor | None = None, minlength: int = 0) -> Tensor:
    """How often each number from 0 on occurs; with ``weights``, the sum of the weights where it occurs.

    Raises RuntimeError for what is not 1-d, or negative.

    >>> import adjoint as torch
    >>> torch.bincount(torch.tensor([1, 1, 3]))
    tensor([0, 2, 0, 1])
    """
    x = input._array
    if x.dtype.kind not in "iu":
        unsupported("bincount_cpu", x)
    if minlength < 0:
        raise RuntimeError("minlength should be >= 0")
    if x.ndim != 1 or (x.size and x.min() < 0):
        raise RuntimeError("bincount only supports 1-d non-negative integral inputs.")
    if weights is None:
        return made_of(np.bincount(x, minlength=minlength).astype(np.int64))
    w = weights._array
    if w.shape != x.shape:
        raise RuntimeError("weights should be 1-d and have the same length as input")
    return made_of(np.bincount(x, w, minlength).astype(np.float32 if w.dtype == np.float32 else np.float64))


@composite(out=refused("torch.histogram: input tensor and hist tensor should have the same dtype, but got input {result} and hist {out}"))
@each_sample
def histc(input: Tensor, bins: int = 100, min: float = 0, max: float = 0, *, out: Tensor | None = None) -> Tensor:
    """How many elements fall into each of ``bins`` equal intervals from ``min`` to ``max`` (by default the range there is).

    >>> import adjoint as torch
    >>> torch.histc(torch.tensor([1., 2., 2., 4.]), bins=3, min=1, max=4)
    tensor([1., 2., 1.])
    """
    x = input._array
    if x.dtype.kind not in "fV":
        unsupported("histogram_cpu", x)
    if bins <= 0:
        raise RuntimeError(f"torch.histc(): bins must be > 0, but got {bins}")
    low, high = float(min), float(max)
    if x.__class__ is MetaArray:
        return written(made_of(new((bins,), x.dtype)), out, "histc")
    if low == high and x.size:
        low, high = float(x.min()), float(x.max())
    if low == high:
        low, high = low - 1, high + 1
    if not (np.isfinite(low) and np.isfinite(high)):
        raise RuntimeError(f"torch.histc: range of [{low:g}, {high:g}] is not finite")
    if low > high:
        raise RuntimeError("torch.histc: max must be larger than min")
    counts, _ = np.histogram(x.astype(np.float64), bins, (low, high))
    return written(made_of(counts.astype(x.dtype)), out, "histc")
