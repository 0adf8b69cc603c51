"""Histograms: how many elements, or points, fall into bins, whose edges may be given."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from adjoint import dtypes
from adjoint.autograd.quiet import calmly
from adjoint.declare import composite
from adjoint.declare.arguments import type_name
from adjoint.declare.arranging import made_of
from adjoint.declare.outs import refused
from adjoint.declare.return_types import return_type
from adjoint.declare.underived import underived
from adjoint.ops.each_sample import each_sample
from adjoint.ops.reduction import written
from adjoint.ops.unsupported import unsupported
from adjoint.tensor import Tensor, from_array

_TYPES = {"float32": "float", "float64": "double", "int64": "long int", "int32": "int", "float16": "c10::Half"}


def _type(t: Tensor) -> str:
    return _TYPES.get(str(t.dtype).removeprefix("torch."), dtypes.SCALAR_TYPE_NAMES[t.dtype])


def _edges_of(x: Any, bins: list[Any], limits: Sequence[float] | None, function: str) -> list[Any]:
    """The edges along each dimension of points: those given, or of so many equal bins."""
    import adjoint

    found = []
    for d, given in enumerate(bins):
        if isinstance(given, Tensor):
            if given.ndim != 1:
                raise RuntimeError(
                    f"torch.histogramdd: bins tensor should have one dimension, but got {given.ndim} dimensions in the bins tensor "
                    f"for dimension {d}"
                )
            if given._array.dtype != x.dtype:
                raise RuntimeError(
                    "torch.histogramdd: input tensor and bins tensors should have the same dtype, but got input with dtype "
                    f"{_type(from_array(x))} and bins for dimension {d} with dtype {_type(given)}"
                )
            found.append(given._array.copy())
            continue
        if given <= 0:
            raise RuntimeError(f"{function}(): bins must be > 0, but got {given} for dimension {d}")
        if limits is not None:
            low, high = float(limits[2 * d]), float(limits[2 * d + 1])
        elif x.size:
            low, high = float(x[:, d].min()), float(x[:, d].max())
        else:
            low, high = 0.0, 1.0
        if not (np.isfinite(low) and np.isfinite(high)):
            raise RuntimeError(f"torch.histogramdd: dimension {d}'s range [{low:g}, {high:g}] is not finite")
        if low > high:
            raise RuntimeError(f"torch.histogramdd: min should not exceed max, but got min {low:g} max {high:g} for dimension {d}")
        if low == high:
            low, high = low - 0.5, high + 0.5
        found.append(adjoint.linspace(low, high, given + 1, dtype=dtypes.OF_ARRAY[x.dtype])._array)
    return found


def _densities(counts: Any, edges: list[Any]) -> Any:
    counts = counts / counts.sum()
    for d, e in enumerate(edges):
        counts = counts / np.diff(e.astype(np.float64)).reshape([-1 if k == d else 1 for k in range(len(edges))])
    return counts


def _counted(points: Tensor, bins: list[Any], limits: Any, weight: Tensor | None, density: bool, function: str) -> tuple[Any, list[Any]]:
    """The counts (sums of weights, densities) of points in a last dimension, and the edges."""
    x = points._array
    if x.dtype.kind != "f" or x.dtype.itemsize == 2:
        unsupported("histogramdd", x)
    if weight is not None:
        if weight._array.dtype != x.dtype:
            raise RuntimeError(
                "torch.histogramdd: if weight tensor is provided, input tensor and weight tensor should have the same dtype, but "
                f"got input({_type(points)}), and weight({_type(weight)})"
            )
        if tuple(weight.shape) != tuple(points.shape[:-1]):
            raise RuntimeError(
                "torch.histogramdd: if weight tensor is provided it should have the same shape as the input tensor excluding its "
                f"innermost dimension, but got input with shape {list(points.shape)} and weight with shape {list(weight.shape)}"
            )
    x = x.reshape(-1, x.shape[-1])
    edges = _edges_of(x, bins, limits, function)
    inside = np.ones(len(x), bool)
    places = []
    for d, e in enumerate(edges):
        at = np.searchsorted(e, x[:, d], "right") - 1
        at[x[:, d] == e[-1]] = len(e) - 2  # the last bin has both its edges
        inside &= (at >= 0) & (at < len(e) - 1)
        places.append(at)
    shape = tuple(len(e) - 1 for e in edges)
    flat = np.ravel_multi_index([at[inside] for at in places], shape)
    weights = None if weight is None else weight._array.reshape(-1)[inside].astype(np.float64)
    counts = np.bincount(flat, weights, int(np.prod(shape))).reshape(shape).astype(np.float64)
    if density:
        counts = calmly(_densities, counts, edges)
    return counts.astype(x.dtype), edges


@composite(out=refused(("torch.histogram: input tensor and hist tensor should have the same dtype, but got input {result} and hist {out}", "torch.histogram: input tensor and bins tensor should have the same dtype, but got input {result} and bins {out}")))
@each_sample
def histogram(
    input: Tensor,
    bins: int | Tensor = 100,
    *,
    range: Sequence[float] | None = None,
    weight: Tensor | None = None,
    density: bool = False,
    out: Any = None,
) -> Any:
    """How many elements fall into each bin, and the bins' edges: so many equal bins over ``range`` (by default what there is), or
    between the edges in ``bins``.

    With ``weight`` the elements' weights are added up; with ``density`` the sums are divided so that their integral is 1.
    Raises RuntimeError for numbers of bins, ranges and weights that do not fit.

    >>> import adjoint as torch
    >>> torch.histogram(torch.tensor([1., 2., 2.5]), torch.tensor([0., 2., 3.])).hist
    tensor([1., 2.])
    """
    counts, edges = _counted(input.reshape(-1, 1), [bins], range, None if weight is None else _flat(weight, input), density, "torch.histogram")
    found = return_type("histogram")((made_of(counts), made_of(edges[0])))
    underived(found, [input, bins, weight], "derivative for aten::histogram is not implemented")
    return written(found, out, "histogram")


def _flat(weight: Tensor, input: Tensor) -> Tensor:
    return weight.reshape(-1) if weight.shape == input.shape else weight


@composite(where="torch")
def histogramdd(
    input: Tensor,
    bins: int | Sequence[int] | Sequence[Tensor],
    range: Sequence[float] | None = None,
    weight: Tensor | None = None,
    density: bool = False,
) -> Any:
    """As :func:`adjoint.histogram`, of points: ``input`` has their coordinates in its last dimension, ``bins`` an entry for each
    coordinate (or one for all), ``range`` a lowest and a highest number for each.

    >>> import adjoint as torch
    >>> torch.histogramdd(torch.tensor([[0., 1.], [1., 0.], [2., 2.]]), bins=[2, 2]).hist
    tensor([[0., 1.],
            [1., 1.]])
    """
    if input.ndim < 2:
        raise RuntimeError("torch.histogramdd: input tensor should have at least 2 dimensions")
    if not isinstance(bins, (int, list, tuple)):
        raise TypeError(
            f"histogramdd() received an invalid combination of arguments - got (Tensor, {type_name(bins)}), but expected one of:"
            "\n * (Tensor input, tuple of ints bins, tuple of floats range, Tensor weight, bool density)"
            "\n * (Tensor input, int bins, tuple of floats range, Tensor weight, bool density)"
            "\n * (Tensor input, tuple of Tensors bins, tuple of floats range, Tensor weight, bool density)"
        )
    count = input.shape[-1]
    each = [bins] * count if isinstance(bins, int) else list(bins)
    if len(each) != count:
        raise RuntimeError("histogramdd: The size of bins must be equal to the innermost dimension of the input.")
    if range is not None and len(range) != 2 * count:
        raise RuntimeError(
            f"torch.histogramdd: for a {count}-dimensional histogram range should have {2 * count} elements, but got {len(range)}"
        )
    counts, edges = _counted(input, each, range, weight, density, "torch.histogramdd")
    own = [b if isinstance(b, Tensor) else made_of(e) for b, e in zip(each, edges)]  # edges that were given are returned
    hist = made_of(counts)
    way = "tensors" if isinstance(each[0], Tensor) else "cts"
    underived([hist], [input, *each, weight], f"derivative for aten::_histogramdd_from_bin_{way} is not implemented")
    if way == "cts":
        underived(own, [input, weight], "derivative for aten::_histogramdd_bin_edges is not implemented")
    return return_type("histogramdd")((hist, tuple(own)))
