"""Pooling: the largest, the average, or the p-norm of each window."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from math import prod
from operator import index
from typing import Any

import numpy as np

from adjoint import dtypes
from adjoint.autograd.taped import taped
from adjoint.declare import composite, op
from adjoint.declare.arranging import IN_ORDER, as_images
from adjoint.declare.kernel_dtypes import FLOATING, FLOATING_OR_LONG, REAL, WIDE_OR_LONG, Kernel
from adjoint.kernels.late import Late, from_on
from adjoint.ops.arrays import Array, all_values, array_function
from adjoint.ops.empty_images import check_not_empty, check_positive
from adjoint.ops.pooling_kernels import (
    Windows,
    flat_gather,
    flat_indices,
    flat_scatter,
    max_taps,
    pooled_size,
    tap_gather,
    tap_scatter,
    tap_spread,
    tap_sum,
    window_counts,
)
from adjoint.ops.weighing import Weights, weighted
from adjoint.ops.widening import in_float32, widen
from adjoint.tensor import Tensor

# The linear array functions as operators, each the gradient of the one beside it


def _forward_tap_scatter(x: Array, taps, windows):
    return tap_scatter(x, taps, windows)


def _forward_tap_gather(x: Array, taps, windows):
    return tap_gather(x, taps, windows)


def _forward_tap_sum(x: Array, windows):
    return tap_sum(x, windows)


def _forward_tap_spread(x: Array, windows):
    return tap_spread(x, windows)


def _forward_flat_scatter(x: Array, indices, space):
    return flat_scatter(x, indices, space)


def _forward_flat_gather(x: Array, indices, space):
    return flat_gather(x, indices, space)


def _forward_weighted(x: Array, weights):
    return weighted(x, weights)


def _linear(function: Any, forward: Any, formula: Any) -> None:
    """An array function of a pair as an operator, for the taped reading; all but its first argument are constants."""
    row = op(f"_{function.__name__}", forward, where="", tangent="linear", x=formula)

    @taped(function)
    def _(x: Tensor, *constants: Any) -> Tensor:
        return row.function(x, *map(_array_of, constants))


def _array_of(value: Any) -> Any:
    if isinstance(value, Tensor):
        return value._array
    return tuple(map(_array_of, value)) if isinstance(value, tuple) else value


_linear(tap_scatter, _forward_tap_scatter, lambda g, taps, windows: tap_gather(g, taps, windows))
_linear(tap_gather, _forward_tap_gather, lambda g, taps, windows: tap_scatter(g, taps, windows))
_linear(tap_sum, _forward_tap_sum, lambda g, windows: tap_spread(g, windows))
_linear(tap_spread, _forward_tap_spread, lambda g, windows: tap_sum(g, windows))
_linear(flat_scatter, _forward_flat_scatter, lambda g, indices, space: flat_gather(g, indices, space))
_linear(flat_gather, _forward_flat_gather, lambda g, indices, space: flat_scatter(g, indices, space))
_linear(weighted, _forward_weighted, lambda g, weights: weighted(g, tuple([w.transposed for w in weights])))


# Max pooling


def _max_pool(self: Array, windows):
    return max_taps(self, windows)


def _max_pool_with_indices(self: Array, windows):
    best, taps = max_taps(self, windows)
    return best, flat_indices(taps, windows), taps


_TO_MAXIMA = {"self": "g added up where the maxima were, 0 elsewhere"}


def _max_pool_rows(n: int) -> tuple[Any, Any]:
    node = f"MaxPool{n}DWithIndicesBackward0"
    return (
        op(f"max_pool{n}d", _max_pool, kernel=Kernel(f"max_pool{n}d", REAL), lies=as_images(ndim=n + 2), where="", node=node, flat="self", keeps=("taps",),
           self=lambda g, taps, windows: tap_scatter(g, taps, windows), reads=_TO_MAXIMA),
        op(f"max_pool{n}d_with_indices", _max_pool_with_indices, kernel=Kernel(f"max_pool{n}d", REAL), lies=as_images(ndim=n + 2), where="", node=node, flat="self", keeps=("taps",),
           outputs=("output", "indices"), apart=True, differentiable=("output",),
           self=lambda g, taps, windows: tap_scatter(g, taps, windows), reads=_TO_MAXIMA),
    )  # fmt: skip


_MAX_POOL = {n: _max_pool_rows(n) for n in (2, 3)}


def _sizes(value: Any, n: int, name: str, function: str) -> tuple[int, ...]:
    if isinstance(value, int):
        return (value,) * n
    if isinstance(value, Tensor) and not value.ndim:
        return (index(value),) * n
    found = tuple(int(v) for v in value)
    if len(found) == 1:
        return found * n
    if len(found) != n:
        words = {1: "one int", 2: "two ints", 3: "three ints"}[n]
        raise RuntimeError(f"{function}: {name} must either be a single int, or a tuple of {words}")
    return found


def _windows(
    function: str,
    space: tuple[int, ...],
    channels: int,
    kernel_size: Any,
    stride: Any,
    padding: Any,
    dilation: Any,
    ceil_mode: bool,
    check: Callable[[], None],
) -> Windows:
    """Where the windows are; RuntimeError, in PyTorch's words, where there can be none.

    ``check`` looks at what is pooled, which PyTorch does after it has computed the size of the result.
    """
    n = len(space)
    given = (space, kernel_size, stride, padding, dilation, ceil_mode)
    plain = all([v.__class__ is int or v is None or (v.__class__ is tuple and _are_ints(v)) for v in given[1:5]])
    known = _known.get(given) if plain else None
    if known is not None:
        check()
        return known
    kernel = _sizes(kernel_size, n, "kernel_size", function)
    steps = kernel if stride is None or (isinstance(stride, (list, tuple)) and not stride) else stride
    steps = _sizes(steps, n, "stride", function)
    pad = _sizes(padding, n, "padding", function)
    spread = _sizes(dilation, n, "dilation", function)
    for k, s, p, d in zip(kernel, steps, pad, spread):
        if s == 0:
            raise RuntimeError("stride should not be zero")
        if p < 0:
            raise RuntimeError(f"pad must be non-negative, but got pad: {p}")
        if p > int(((k - 1) * d + 1) / 2):
            raise RuntimeError(
                f"pad should be at most half of effective kernel size, but got pad={p}, kernel_size={k} and dilation={d}"
            )
    if any(k <= 0 for k in kernel) or any(s < 0 for s in steps):
        raise RuntimeError(
            "kernel size should be greater than zero, but got "
            + " ".join(f"k{side}: {k}" for side, k in zip("TDHW"[-n:] if n < 3 else "THW", kernel))
        )
    if any(d <= 0 for d in spread):
        shown = " ".join(f"dilation{side}: {d}" for side, d in zip("HW" if n < 3 else "THW", spread))
        raise RuntimeError(f"dilation should be greater than zero, but got {shown}")
    check()
    out = pooled_size(space, kernel, steps, pad, spread, ceil_mode)
    if any(o < 1 for o in out):
        of, found = "x".join(map(str, (channels, *space))), "x".join(map(str, (channels, *out)))
        raise RuntimeError(f"Given input size: ({of}). Calculated output size: ({found}). Output size is too small")
    windows = Windows(tuple(space), kernel, steps, pad, spread, out)
    if plain:
        if len(_known) >= _MOST_KNOWN:
            _known.clear()
        _known[given] = windows
    return windows


_known: dict[Any, Windows] = {}
_MOST_KNOWN = 256


def _are_ints(values: tuple[Any, ...]) -> bool:
    return all([v.__class__ is int for v in values])


def _max_pool_nd(
    n: int,
    input: Tensor,
    kernel_size: Any,
    stride: Any,
    padding: Any,
    dilation: Any,
    ceil_mode: bool,
    return_indices: bool,
) -> Any:
    if not isinstance(input, Tensor):
        raise TypeError(f"max_pool{n}d(): argument 'input' (position 1) must be Tensor, not {type(input).__name__}")
    x = input._array
    if x.ndim not in (n + 1, n + 2):
        raise RuntimeError(f"non-empty {n + 1}D or {n + 2}D (batch mode) tensor expected for input")
    windows = _windows(
        f"max_pool{n}d", x.shape[-n:], x.shape[-n - 1], kernel_size, stride, padding, dilation, ceil_mode,
        lambda: check_positive(f"max_pool{n}d_with_indices_out_cpu_template", x.shape, n),
    )  # fmt: skip
    values_only, with_indices = _MAX_POOL[n]
    if return_indices:
        return tuple(with_indices.function(input, windows))
    return values_only.function(input, windows)


_WITHOUT_INDICES = Kernel("max_pool1d_impl", FLOATING)


def _max_pool1d(
    input: Tensor, kernel_size: Any, stride: Any, padding: Any, dilation: Any, ceil_mode: bool, return_indices: bool
) -> Any:
    if input.ndim not in (2, 3) or 0 in input.shape[-2:]:
        raise RuntimeError(
            "max_pool1d: Expected 2D or 3D (batch mode) tensor with optional 0 dim batch size for input, but "
            f"got:{list(input.shape)}"
        )
    (kernel,) = _sizes(kernel_size, 1, "kernel_size", "max_pool1d()")
    (step,) = (kernel,) if stride is None or stride == [] or stride == () else _sizes(stride, 1, "stride", "max_pool1d()")
    (pad,) = _sizes(padding, 1, "padding", "max_pool1d()")
    (spread,) = _sizes(dilation, 1, "dilation", "max_pool1d()")
    for name, value in (("kernel_size", kernel), ("stride", step), ("dilation", spread)):
        if value <= 0:
            raise RuntimeError(f"max_pool1d() {name} must be greater than zero, but got {value}")
    if pad < 0 and not return_indices:
        raise RuntimeError(f"max_pool1d() padding must be non-negative, but got {pad}")
    if pad > kernel // 2 and not return_indices:
        raise RuntimeError(
            f"max_pool1d() padding should be at most half of kernel size, but got padding={pad} and kernel_size={kernel}"
        )
    (out,) = pooled_size(input._array.shape[-1:], (kernel,), (step,), (pad,), (spread,), ceil_mode)
    if out <= 0:
        raise RuntimeError(f"max_pool1d() Invalid computed output size: {out}")
    if not return_indices and not input.requires_grad:
        _WITHOUT_INDICES.check(input._array)
    found = _max_pool_nd(
        2, input.unsqueeze(-2), (1, kernel), (1, step), (0, pad), (1, spread), ceil_mode, return_indices
    )
    return tuple(t.squeeze(-2) for t in found) if return_indices else found.squeeze(-2)


@composite(where="nn.functional")
def max_pool1d(
    input: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """The largest of each window of (N, C, L) or (C, L); with ``return_indices`` also where it is.

    >>> import adjoint as torch
    >>> torch.nn.functional.max_pool1d(torch.tensor([[1., 3., 2., 0.]]), 2)
    tensor([[3., 2.]])
    """
    return _max_pool1d(input, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


@composite(where="nn.functional")
def max_pool2d(
    input: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """The largest of each window of (N, C, H, W) or (C, H, W); with ``return_indices`` also where it is.

    >>> import adjoint as torch
    >>> torch.nn.functional.max_pool2d(torch.arange(16.).view(1, 4, 4), 2)
    tensor([[[ 5.,  7.],
             [13., 15.]]])
    """
    return _max_pool_nd(2, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


@composite(where="nn.functional")
def max_pool3d(
    input: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """The largest of each window of (N, C, D, H, W) or (C, D, H, W); with ``return_indices`` also where it is."""
    return _max_pool_nd(3, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


def _torch_max_pool(name: str, function: Any, indices: bool) -> None:
    def pool(
        input: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1, ceil_mode: bool = False
    ) -> Any:
        return function(input, kernel_size, stride, padding, dilation, ceil_mode, indices)

    pool.__name__ = name
    pool.__doc__ = f"As :func:`adjoint.nn.functional.{name}`."
    composite(pool, where="torch")


_torch_max_pool("max_pool1d", max_pool1d, False)
_torch_max_pool("max_pool2d", max_pool2d, False)
_torch_max_pool("max_pool3d", max_pool3d, False)
_torch_max_pool("max_pool1d_with_indices", max_pool1d, True)


def _with_indices(n: int, function: Any) -> None:
    def pool(
        input: Tensor,
        kernel_size: Any,
        stride: Any = None,
        padding: Any = 0,
        dilation: Any = 1,
        ceil_mode: bool = False,
        return_indices: bool = False,
    ) -> Any:
        return function(input, kernel_size, stride, padding, dilation, ceil_mode, True)

    pool.__name__ = f"max_pool{n}d_with_indices"
    pool.__doc__ = f"As :func:`adjoint.nn.functional.max_pool{n}d`, always with the indices."
    composite(pool, where="nn.functional")


for _n, _function in ((1, max_pool1d), (2, max_pool2d), (3, max_pool3d)):
    _with_indices(_n, _function)


# Undoing it


@array_function
def max_unpooled(self: Array, indices: Array, space):
    result = np.zeros((*self.shape[: -len(space)], prod(space)), self.dtype)
    rows = indices.reshape(*result.shape[:-1], prod(indices.shape[-len(space) :]))
    np.put_along_axis(result, rows, self.reshape(rows.shape), -1)
    return result.reshape(*self.shape[: -len(space)], *space)


def _max_unpool(self: Array, indices: Array, space):
    return max_unpooled(self, indices, space)


_MAX_UNPOOL = {
    n: op(
        f"max_unpool{n}d", _max_unpool, kernel=Kernel(f"max_unpool{n}d", FLOATING, empty=False), lies=as_images(ndim=4) if n == 2 else IN_ORDER, where="", node=f"MaxUnpool{n}DBackward0",
        self=lambda g, indices, space: flat_gather(g, indices, space), tangent="linear",
        reads={"self": "g at indices"},
    )
    for n in (2, 3)
}  # fmt: skip


def _unpool(
    n: int, input: Tensor, indices: Tensor, kernel_size: Any, stride: Any, padding: Any, output_size: Any
) -> Tensor:
    if isinstance(kernel_size, (tuple, list)) and output_size is not None:
        most = len(kernel_size)  # PyTorch looks at the output's size first, and takes the kernel's length for the dimensions
        if most != n and len(output_size) not in (most, most + 2):
            raise ValueError(
                f"output_size should be a sequence containing {most} or {most + 2} elements, but it has a length of "
                f"'{len(output_size)}'"
            )
    kernel = _sizes(kernel_size, n, "kernel_size", f"max_unpool{n}d")
    steps = kernel if stride is None else _sizes(stride, n, "stride", f"max_unpool{n}d")
    pad = _sizes(padding, n, "padding", f"max_unpool{n}d")
    default = [(m - 1) * s + k - 2 * p for m, k, s, p in zip(input._array.shape[-n:], kernel, steps, pad)]
    if output_size is None:
        space = tuple(default)
    else:
        space = tuple(output_size)
        if len(space) == n + 2:
            space = space[2:]
        if len(space) != n:
            raise ValueError(
                f"output_size should be a sequence containing {n} or {n + 2} elements, but it has a length of "
                f"'{len(space)}'"
            )
        for i, (size, d, s) in enumerate(zip(space, default, steps)):
            if not d - s < size < d + s:
                raise ValueError(
                    f"invalid output_size \"{list(space)}\" (dim {i} must be between {d - s} and {d + s})"
                )
    if indices.dtype is not dtypes.int64:
        raise RuntimeError(f"elements in indices should be type int64 but got: {dtypes.SCALAR_TYPE_NAMES[indices.dtype]}")
    if indices.shape != input.shape:
        unit = [1] * (n == 1)  # PyTorch has lines be planes of width 1
        raise RuntimeError(
            f"Expected shape of indices to be same as that of the input tensor ({[*input.shape, *unit]}) but got indices "
            f"tensor with shape: {[*indices.shape, *unit]}"
        )
    found = all_values(indices._array)
    if found.size and (found.min() < 0 or found.max() >= prod(space)):
        bad = int(found[(found < 0) | (found >= prod(space))].flat[0])
        raise RuntimeError(
            f"Found an invalid max index: {bad} (output volumes are of size {'x'.join(map(str, space))})"
        )
    shape = (*input._array.shape, 1) if n == 1 else input._array.shape
    check_not_empty(f"max_unpooling{max(n, 2)}d_forward_out_cpu", shape, len(shape) - max(n, 2) - 1, "but got ", ".")
    if n == 1:
        found_2d = _MAX_UNPOOL[2].function(input.unsqueeze(-1), indices.unsqueeze(-1), (*space, 1))
        return found_2d.squeeze(-1)
    return _MAX_UNPOOL[n].function(input, indices, space)


@composite(where="nn.functional")
def max_unpool1d(
    input: Tensor, indices: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0, output_size: Any = None
) -> Tensor:
    """Put pooled values back to where :func:`max_pool1d` found them; zeros elsewhere."""
    return _unpool(1, input, indices, kernel_size, stride, padding, output_size)


@composite(where="nn.functional")
def max_unpool2d(
    input: Tensor, indices: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0, output_size: Any = None
) -> Tensor:
    """Put pooled values back to where :func:`max_pool2d` found them; zeros elsewhere."""
    return _unpool(2, input, indices, kernel_size, stride, padding, output_size)


@composite(where="nn.functional")
def max_unpool3d(
    input: Tensor, indices: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0, output_size: Any = None
) -> Tensor:
    """Put pooled values back to where :func:`max_pool3d` found them; zeros elsewhere."""
    return _unpool(3, input, indices, kernel_size, stride, padding, output_size)


# Average pooling


def _divide(x, counts):
    return x / (counts if isinstance(counts, int) else counts.astype(x.dtype))


@in_float32
def _avg_pool(self: Array, windows, counts):
    total = tap_sum(self, windows)
    if self.dtype.kind in "iub":
        return (total / counts).astype(self.dtype)
    return _divide(total, counts)


_SPREAD = {"self": "g / the window's size, added up over its elements"}

_AVG_POOL = {
    n: op(
        f"avg_pool{n}d", _avg_pool, kernel=Kernel(*{2: ("avg_pool2d", FLOATING_OR_LONG), 3: ("avg_pool3d_out_frame", WIDE_OR_LONG)}[n]), lies=as_images(ndim=4) if n == 2 else IN_ORDER, where="", node=f"AvgPool{n}DBackward0", tangent="linear", flat="self",
        self=in_float32(lambda g, windows, counts: tap_spread(_divide(g, counts), windows)),
        reads=_SPREAD,
    )
    for n in (2, 3)
}  # fmt: skip


def _avg_pool_nd(
    n: int,
    input: Tensor,
    kernel_size: Any,
    stride: Any,
    padding: Any,
    ceil_mode: bool,
    count_include_pad: bool,
    divisor_override: int | None,
) -> Tensor:
    x = input._array
    if x.ndim not in (n + 1, n + 2):
        if x.ndim <= n == 2:
            raise IndexError(
                f"Dimension out of range (expected to be in range of [{-x.ndim}, {x.ndim - 1}], but got {-n - 1})"
            )
        if n == 2:
            raise RuntimeError(
                f"Expected 3D or 4D (batch mode) tensor with optional 0 dim batch size for input, but got:{list(x.shape)}"
            )
        raise RuntimeError(f"non-empty {n + 1}D or {n + 2}D (batch mode) tensor expected for input")
    if divisor_override == 0:
        raise RuntimeError("divisor must be not zero")
    windows = _windows(
        f"avg_pool{n}d", x.shape[-n:], x.shape[-n - 1], kernel_size, stride, padding, 1, ceil_mode,
        lambda: check_positive(f"avg_pool{n}d", x.shape, n),
    )  # fmt: skip
    counts = divisor_override or window_counts(windows, count_include_pad)
    return _AVG_POOL[n].function(input, windows, counts)


def _check_1d(input: Tensor, name: str) -> None:
    if input.ndim not in (2, 3):
        raise RuntimeError(
            f"Expected 2 to 3 dimensions, but got {input.ndim}-dimensional tensor for argument #1 'self' (while checking "
            f"arguments for {name})"
        )


@composite(where="torch nn.functional")
def avg_pool1d(
    input: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> Tensor:
    """The average of each window of (N, C, L) or (C, L)."""
    _check_1d(input, "avg_pool1d")
    (kernel,) = _sizes(kernel_size, 1, "kernel_size", "avg_pool1d")
    (step,) = (kernel,) if stride is None else _sizes(stride, 1, "stride", "avg_pool1d")
    (pad,) = _sizes(padding, 1, "padding", "avg_pool1d")
    found = _avg_pool_nd(
        2, input.unsqueeze(-2), (1, kernel), (1, step), (0, pad), ceil_mode, count_include_pad, None
    )
    return found.squeeze(-2)


@composite(where="nn.functional")
def avg_pool2d(
    input: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Tensor:
    """The average of each window of (N, C, H, W) or (C, H, W).

    >>> import adjoint as torch
    >>> torch.nn.functional.avg_pool2d(torch.arange(16.).view(1, 4, 4), 2)
    tensor([[[ 2.5000,  4.5000],
             [10.5000, 12.5000]]])
    """
    return _avg_pool_nd(2, input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override)


@composite(where="nn.functional")
def avg_pool3d(
    input: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Tensor:
    """The average of each window of (N, C, D, H, W) or (C, D, H, W)."""
    return _avg_pool_nd(3, input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override)


def _lp_pool(n: int, input: Tensor, norm_type: float, kernel_size: Any, stride: Any, ceil_mode: bool) -> Tensor:
    kernel = _sizes(kernel_size, n, "kernel_size", f"lp_pool{n}d")
    pool: Any = {1: avg_pool1d, 2: avg_pool2d, 3: avg_pool3d}[n]
    out = pool(input.pow(norm_type), kernel, stride, 0, ceil_mode)
    return (out.sign() * out.abs().relu()).mul(prod(kernel)).pow(1.0 / norm_type)


@composite(where="nn.functional")
def lp_pool1d(
    input: Tensor, norm_type: float, kernel_size: Any, stride: Any = None, ceil_mode: bool = False
) -> Tensor:
    """The p-norm of each window of (N, C, L) or (C, L)."""
    return _lp_pool(1, input, norm_type, kernel_size, stride, ceil_mode)


@composite(where="nn.functional")
def lp_pool2d(
    input: Tensor, norm_type: float, kernel_size: Any, stride: Any = None, ceil_mode: bool = False
) -> Tensor:
    """The p-norm of each window of (N, C, H, W) or (C, H, W)."""
    return _lp_pool(2, input, norm_type, kernel_size, stride, ceil_mode)


@composite(where="nn.functional")
def lp_pool3d(
    input: Tensor, norm_type: float, kernel_size: Any, stride: Any = None, ceil_mode: bool = False
) -> Tensor:
    """The p-norm of each window of (N, C, D, H, W) or (C, D, H, W)."""
    return _lp_pool(3, input, norm_type, kernel_size, stride, ceil_mode)


# Adaptive pooling: so many windows, however large they are


_LITTLE = 4096  # elements, fewer of which are averaged faster by a matrix
_FEW_TAPS = 8  # more are added faster by a matrix


def bins(n: int, out: int) -> list[tuple[int, int]]:
    """Where each of ``out`` windows over ``n`` elements begins and ends."""
    return [(i * n // out, -(-(i + 1) * n // out)) for i in range(out)]


@lru_cache(maxsize=256)
def _bin_weights(n: int, out: int) -> Weights:
    found = bins(n, out)
    to = np.repeat(np.arange(out), [end - start for start, end in found])
    return Weights(n, out, to, np.concatenate([np.arange(0), *[np.arange(*ends) for ends in found]]), None)


@lru_cache(maxsize=256)
def _equal_bins(space: tuple[int, ...], out: tuple[int, ...]) -> Windows | None:
    """The windows where all are of one size and do not overlap."""
    if not all(o and n and n % o == 0 for n, o in zip(space, out)):
        return None
    size = tuple([n // o for n, o in zip(space, out)])
    return Windows(space, size, size, (0,) * len(size), (1,) * len(size), out)


_CPU = {2: "", 3: "_cpu"}  # behind the names of the adaptive pools' kernels


@lru_cache(maxsize=256)
def _bin_counts(space: tuple[int, ...], out: tuple[int, ...], dtype: Any) -> Any:
    counts = np.ones((), dtype)
    for n, o in zip(space, out):
        counts = counts[..., None] * np.array([end - start for start, end in bins(n, o)], dtype)
    return counts


@in_float32
def _adaptive_avg_pool(self: Array, output_size):
    space = self.shape[-len(output_size) :]
    if not self.size:
        return np.zeros((*self.shape[: -len(output_size)], *output_size), self.dtype)
    windows = _equal_bins(space, output_size)
    if windows is not None and prod(windows.kernel) <= _FEW_TAPS and self.size >= _LITTLE:
        return tap_sum(self, windows) / prod(windows.kernel)
    weights = tuple([_bin_weights(n, o) for n, o in zip(space, output_size)])
    return weighted(self, weights) / _bin_counts(space, output_size, self.dtype)


def _adaptive_avg_gradient(g, self_shape, output_size):
    space = self_shape[-len(output_size) :]
    windows = _equal_bins(space, output_size)
    if windows is not None and prod(windows.kernel) <= _FEW_TAPS:
        return tap_spread(g / prod(windows.kernel), windows)
    weights = tuple([_bin_weights(n, o).transposed for n, o in zip(space, output_size)])
    return weighted(g / _bin_counts(space, output_size, g.dtype), weights)


_ADAPTIVE_AVG = {
    n: op(
        f"adaptive_avg_pool{n}d", _adaptive_avg_pool, kernel=Kernel(f"adaptive_avg_pool{n}d{_CPU[n]}", FLOATING, empty=n == 3), lies=as_images(ndim=4) if n == 2 else IN_ORDER, where="", node=f"AdaptiveAvgPool{n}DBackward0", tangent="linear",
        flat="self",
        self=in_float32(lambda g, self_shape, output_size: _adaptive_avg_gradient(g, self_shape, output_size)),
        reads=_SPREAD,
    )
    for n in (2, 3)
}  # fmt: skip


def _target(n: int, input: Tensor, output_size: Any) -> tuple[int, ...]:
    """The output size with every None filled in."""
    if isinstance(output_size, int):
        return (output_size,) * n
    space = input._array.shape[-len(output_size) :]
    if len(output_size) > input.ndim - 1:
        raise ValueError(f"Input dimension should be at least {len(output_size) + 1}")
    return tuple(size if o is None else int(o) for o, size in zip(output_size, space))


def _adaptive_avg(n: int, input: Tensor, output_size: Any) -> Tensor:
    name = f"adaptive_avg_pool{n}d"
    out = _target(n, input, output_size)
    if len(out) != n:
        raise RuntimeError(f"{name}: output_size must be {n}")
    if all(o == 1 for o in out):  # of any number of dimensions
        return input.mean(tuple(range(-1, -1 - n, -1)), keepdim=True)
    if input.ndim not in (n + 1, n + 2):
        raise RuntimeError(f"{name}(): Expected {n + 1}D or {n + 2}D tensor, but got {list(input.shape)}")
    if any(o < 0 for o in out):
        shown = f"{out[0]}, " + ",".join(map(str, out[1:]))  # (as there: a space after the first only)
        raise RuntimeError(f"{name}: elements of output_size must be greater than or equal to 0 but received {{{shown}}}")
    check_not_empty(name, input._array.shape, input.ndim - 2 if n == 2 else 1)
    return _ADAPTIVE_AVG[n].function(input, out)


def _one_size(name: str, output_size: Any) -> Any:
    if isinstance(output_size, (tuple, list)):
        if len(output_size) != 1:
            raise RuntimeError(f"{name}() argument 'output_size' should contain one int (got {len(output_size)})")
        return output_size[0]
    return output_size


@composite(where="torch nn.functional")
def adaptive_avg_pool1d(input: Tensor, output_size: Any) -> Tensor:
    """The averages of ``output_size`` windows over the last dimension of (N, C, L) or (C, L)."""
    _check_1d(input, "adaptive_avg_pool1d")
    out = _one_size("adaptive_avg_pool1d", output_size)
    return _adaptive_avg(2, input.unsqueeze(-2), (1, out)).squeeze(-2)


@composite(where="nn.functional")
def adaptive_avg_pool2d(input: Tensor, output_size: Any) -> Tensor:
    """The averages of ``output_size`` (an int or a pair; None keeps the size) windows of (N, C, H, W) or (C, H, W).

    >>> import adjoint as torch
    >>> torch.nn.functional.adaptive_avg_pool2d(torch.arange(12.).view(1, 3, 4), (1, 2))
    tensor([[[4.5000, 6.5000]]])
    """
    return _adaptive_avg(2, input, output_size)


@composite(where="nn.functional")
def adaptive_avg_pool3d(input: Tensor, output_size: Any) -> Tensor:
    """The averages of ``output_size`` windows of (N, C, D, H, W) or (C, D, H, W)."""
    return _adaptive_avg(3, input, output_size)


_native_adaptive_max = Late("pooling.adaptive:adaptive_max")
_MANY = from_on(256)
"""Elements from which on native code finds the largest ones sooner than NumPy, which is called for every window."""


@array_function
def adaptive_max(self: Array, output_size):
    n = len(output_size)
    space = self.shape[-n:]
    lead = self.shape[:-n]
    best = np.empty((*lead, *output_size), self.dtype)
    indices = np.empty(best.shape, np.int64)
    sides = [bins(size, o) for size, o in zip(space, output_size)]
    if self.__class__ is np.ndarray and self.size >= _MANY:
        found = _native_adaptive_max(widen(self), tuple(output_size), tuple([tuple(side) for side in sides]))
        if found is not NotImplemented:
            best, indices = found
            return best.astype(self.dtype, copy=False), indices, indices
    for at in np.ndindex(*output_size):
        window = tuple(slice(*sides[d][i]) for d, i in enumerate(at))
        part = self[(..., *window)]
        flat = part.reshape(*lead, prod(part.shape[len(lead) :]))
        where = flat.argmax(-1)
        found = np.take_along_axis(flat, where[..., None], -1)[..., 0]
        if (found != found).any():  # of several NaNs the last one, as in the other pools
            last = flat.shape[-1] - 1 - np.isnan(flat)[..., ::-1].argmax(-1)
            where = np.where(found != found, last, where)
        best[(..., *at)] = found
        inner = np.unravel_index(where, part.shape[len(lead) :])
        indices[(..., *at)] = np.ravel_multi_index(tuple(i + w.start for i, w in zip(inner, window)), space)
    return best, indices, indices


def _adaptive_max_pool(self: Array, output_size):
    return adaptive_max(self, output_size)


def _adaptive_max_rows(n: int) -> Any:
    return op(
        f"adaptive_max_pool{n}d", _adaptive_max_pool, kernel=Kernel(f"adaptive_max_pool{n}d{_CPU[n]}", FLOATING), lies=as_images(ndim=4) if n == 2 else IN_ORDER, where="", node=f"AdaptiveMaxPool{n}DBackward0",
        outputs=("output", "indices"), apart=True, differentiable=("output",), keeps=("where",), flat="self",
        self=lambda g, where, self_shape, output_size: flat_scatter(g, where, self_shape[-len(output_size):]),
        reads=_TO_MAXIMA,
    )  # fmt: skip


_ADAPTIVE_MAX = {n: _adaptive_max_rows(n) for n in (2, 3)}


def _adaptive_max(n: int, input: Tensor, output_size: Any, return_indices: bool) -> Any:
    name = f"adaptive_max_pool{n}d"
    if not isinstance(output_size, int) and len(output_size) != n:
        raise RuntimeError(f"{name}(): internal error: output_size.size() must be {n}")
    out = _target(n, input, output_size)
    if input.ndim not in (n + 1, n + 2):
        raise RuntimeError(f"{name}(): Expected {n + 1}D or {n + 2}D tensor, but got: {list(input.shape)}")
    check_not_empty(name, input._array.shape)
    if any(o < 0 for o in out):
        shape = [*input.shape[:-n], *out]
        raise RuntimeError(f"Trying to create tensor with negative dimension {next(o for o in out if o < 0)}: {shape}")
    output, indices = _ADAPTIVE_MAX[n].function(input, out)
    return (output, indices) if return_indices else output


@composite(where="nn.functional")
def adaptive_max_pool1d(input: Tensor, output_size: Any, return_indices: bool = False) -> Any:
    """The largest of each of ``output_size`` windows of (N, C, L) or (C, L)."""
    _check_1d(input, "adaptive_max_pool1d")
    check_not_empty("adaptive_max_pool1d", input._array.shape)
    out = _one_size("adaptive_max_pool1d", output_size)
    found = _adaptive_max(2, input.unsqueeze(-2), (1, out), True)
    output, indices = (t.squeeze(-2) for t in found)
    return (output, indices) if return_indices else output


@composite(where="nn.functional")
def adaptive_max_pool2d(input: Tensor, output_size: Any, return_indices: bool = False) -> Any:
    """The largest of each of ``output_size`` windows of (N, C, H, W) or (C, H, W)."""
    return _adaptive_max(2, input, output_size, return_indices)


@composite(where="nn.functional")
def adaptive_max_pool3d(input: Tensor, output_size: Any, return_indices: bool = False) -> Any:
    """The largest of each of ``output_size`` windows of (N, C, D, H, W) or (C, D, H, W)."""
    return _adaptive_max(3, input, output_size, return_indices)


@composite(where="torch", name="adaptive_max_pool1d")
def _torch_adaptive_max_pool1d(input: Tensor, output_size: Any) -> Any:
    """As :func:`adjoint.nn.functional.adaptive_max_pool1d`, always with the indices."""
    return adaptive_max_pool1d(input, output_size, True)


def _adaptive_with_indices(n: int, function: Any) -> None:
    def pool(input: Tensor, output_size: Any, return_indices: bool = False) -> Any:
        return function(input, output_size, True)

    pool.__name__ = f"adaptive_max_pool{n}d_with_indices"
    pool.__doc__ = f"As :func:`adjoint.nn.functional.adaptive_max_pool{n}d`, always with the indices."
    composite(pool, where="nn.functional")


for _n, _function in ((1, adaptive_max_pool1d), (2, adaptive_max_pool2d), (3, adaptive_max_pool3d)):
    _adaptive_with_indices(_n, _function)
