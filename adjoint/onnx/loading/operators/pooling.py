"""The largest, the mean, the norm of what is in a window or in all of an image."""

from __future__ import annotations

import math
from typing import Any

import adjoint
from adjoint.nn import functional
from adjoint.onnx.loading.operators.windows import covered, edges
from adjoint.onnx.loading.rows import direct, operator
from adjoint.tensor import Tensor

_MAXIMA = {1: functional.max_pool1d, 2: functional.max_pool2d, 3: functional.max_pool3d}
_MEANS = {1: functional.avg_pool1d, 2: functional.avg_pool2d, 3: functional.avg_pool3d}
_CONVOLUTIONS = {1: functional.conv1d, 2: functional.conv2d, 3: functional.conv3d}


def _over(x: Tensor) -> tuple[int, ...]:
    return tuple(range(2, x.dim()))


direct("GlobalAveragePool", lambda x: x.mean(_over(x), keepdim=True))
direct("GlobalMaxPool", lambda x: x.amax(_over(x), keepdim=True))


@operator("GlobalLpPool", since=2)
def global_norm(site: Any, p: int = 2) -> Any:
    return lambda x: adjoint.linalg.vector_norm(x, p, _over(x), keepdim=True)


def _ends(widths: tuple[list[int], list[int]]) -> list[int]:
    return [n for first, last in zip(reversed(widths[0]), reversed(widths[1])) for n in (first, last)]


@operator("MaxPool", several=True)
def max_pool(
    site: Any, kernel_shape: Any, auto_pad: str = "NOTSET", ceil_mode: int = 0, dilations: Any = None, pads: Any = None,
    storage_order: int = 0, strides: Any = None,
) -> Any:  # fmt: skip
    rank = len(kernel_shape)
    step, apart = strides or (1,) * rank, dilations or (1,) * rank
    function = _MAXIMA[rank]
    places_wanted = len(site.outputs) > 1

    def run(x: Any) -> Any:
        sizes = x.shape[2:]
        first, last = edges(auto_pad, pads, sizes, kernel_shape, step, apart)
        _, needed = covered((first, last), sizes, kernel_shape, step, apart, bool(ceil_mode))
        kind = x.dtype
        work = x if kind.is_floating_point else x.to(adjoint.float64)
        padding: Any = tuple(first)
        if first != last or ceil_mode or any(2 * a > k for a, k in zip(first, kernel_shape)):
            work = functional.pad(work, _ends((first, needed)), value=-math.inf)
            padding = 0
        if not places_wanted:
            return (function(work, kernel_shape, step, padding, apart).to(kind),)
        values, places = function(work, kernel_shape, step, padding, apart, return_indices=True)
        shift = first if padding == 0 else [0] * rank
        along, rest = [], places
        for d in reversed(range(rank)):
            size = work.shape[2 + d]
            along.append(rest % size - shift[d])
            rest = rest // size
        along.reverse()
        order = range(rank) if not storage_order else reversed(range(rank))
        flat = adjoint.zeros_like(places)
        for d in order:
            flat = flat * sizes[d] + along[d]
        planes = adjoint.arange(x.shape[0] * x.shape[1]).reshape(x.shape[0], x.shape[1], *[1] * rank)
        return values.to(kind), flat + planes * math.prod(sizes)

    def simple(x: Any) -> Any:
        return (function(x, kernel_shape, step, padding, apart),) if x.dtype.is_floating_point else run(x)

    if auto_pad in ("NOTSET", "VALID") and not ceil_mode and not places_wanted:
        first, last = edges(auto_pad, pads, (0,) * rank, kernel_shape, step, apart)
        if first == last and all(2 * a <= k for a, k in zip(first, kernel_shape)):
            padding = tuple(first)
            return simple
    return run


def window_sum(x: Tensor, kernel: Any, step: Any, apart: Any) -> Tensor:
    """The sum of what is in each window of each plane."""
    rank = len(kernel)
    planes = x.reshape(-1, 1, *x.shape[2:])
    sums = _CONVOLUTIONS[rank](planes, adjoint.ones(1, 1, *kernel, dtype=x.dtype), None, step, 0, apart)
    return sums.reshape(*x.shape[:2], *sums.shape[2:])


@operator("AveragePool", since=7)
def average_pool(
    site: Any, kernel_shape: Any, auto_pad: str = "NOTSET", ceil_mode: int = 0, count_include_pad: int = 0, dilations: Any = None,
    pads: Any = None, strides: Any = None,
) -> Any:  # fmt: skip
    rank = len(kernel_shape)
    step, apart = strides or (1,) * rank, dilations or (1,) * rank

    def run(x: Any) -> Any:
        sizes = x.shape[2:]
        first, last = edges(auto_pad, pads, sizes, kernel_shape, step, apart)
        if (
            first == last
            and not ceil_mode
            and set(apart) == {1}
            and all(2 * a <= k for a, k in zip(first, kernel_shape))
        ):
            return _MEANS[rank](x, kernel_shape, step, tuple(first), False, bool(count_include_pad))
        _, needed = covered((first, last), sizes, kernel_shape, step, apart, bool(ceil_mode))
        there = adjoint.ones(1, 1, *sizes, dtype=x.dtype)
        if count_include_pad:
            there = functional.pad(there, _ends((first, [min(a, b) for a, b in zip(last, needed)])), value=1)
            there = functional.pad(there, _ends(([0] * rank, [max(b - a, 0) for a, b in zip(last, needed)])))
        else:
            there = functional.pad(there, _ends((first, needed)))
        sums = window_sum(functional.pad(x, _ends((first, needed))), kernel_shape, step, apart)
        return sums / window_sum(there, kernel_shape, step, apart)

    return run


@operator("LpPool", since=2)
def norm_pool(
    site: Any, kernel_shape: Any, auto_pad: str = "NOTSET", ceil_mode: int = 0, dilations: Any = None, p: int = 2, pads: Any = None,
    strides: Any = None,
) -> Any:  # fmt: skip
    rank = len(kernel_shape)
    step, apart = strides or (1,) * rank, dilations or (1,) * rank

    def run(x: Any) -> Any:
        sizes = x.shape[2:]
        first, last = edges(auto_pad, pads, sizes, kernel_shape, step, apart)
        _, needed = covered((first, last), sizes, kernel_shape, step, apart, bool(ceil_mode))
        powers = functional.pad(x.abs() ** p, _ends((first, needed)))
        return window_sum(powers, kernel_shape, step, apart) ** (1 / p)

    return run


@operator("MaxUnpool", host=(2,))
def max_unpool(site: Any, kernel_shape: Any, pads: Any = None, strides: Any = None) -> Any:
    rank = len(kernel_shape)
    step, edge = strides or (1,) * rank, pads or (0,) * 2 * rank

    def prepare(shape: Any) -> Any:
        def run(x: Any, places: Any) -> Any:
            sizes = [
                (n - 1) * s + k - edge[d] - edge[d + rank]
                for d, (n, s, k) in enumerate(zip(x.shape[2:], step, kernel_shape))
            ]
            whole = [*x.shape[:2], *sizes]
            flat = adjoint.zeros(math.prod(whole), dtype=x.dtype).scatter(0, places.flatten(), x.flatten())
            result = flat.reshape(whole)
            if shape is None:
                return result
            return functional.pad(result, _ends(([0] * rank, [int(n) - m for n, m in zip(shape[2:], sizes)])))

        return run

    return prepare
