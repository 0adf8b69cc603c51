"""Fractional max pooling: the largest of windows at places that are drawn (Graham, "Fractional max-pooling", 2014)."""

from __future__ import annotations

from collections.abc import Iterable
from math import prod
from typing import Any

import numpy as np

from adjoint.declare import composite, op
from adjoint.declare.arranging import IN_ORDER
from adjoint.declare.namespaces import lookup
from adjoint.ops.arrays import Array, array_function
from adjoint.ops.empty_images import check_not_empty
from adjoint.ops.pooling_kernels import flat_scatter
from adjoint.ops.unsupported import unsupported
from adjoint.tensor import Tensor

_SIDES = {2: ("height", "width"), 3: ("time", "height", "width")}


def _starts(samples: Any, size: int, out: int, window: int) -> Any:
    """Where the windows of a dimension begin, of each sample (N, C): (N, C, out)."""
    found = np.full((*samples.shape, out), size - window, np.int64)
    if out > 1:
        apart = samples.dtype.type(size - window) / samples.dtype.type(out - 1)
        steps = np.arange(out - 1).astype(samples.dtype)
        found[..., :-1] = ((steps + samples[..., None]) * apart).astype(np.int64)
        found[..., :-1] -= (samples * apart).astype(np.int64)[..., None]
    return found


@array_function
def _pooled(self: Array, samples: Array, kernel, out):
    """The maxima of (N, C, *space) or (C, *space), and where in the space they are."""
    n = len(kernel)
    if self.ndim == n + 1:
        return tuple(found[0] for found in _pooled(self[None], samples, kernel, out))
    space = self.shape[2:]
    planes = self.reshape(*self.shape[:2], prod(space))
    order = (1, 0) if n == 2 else (0, 1, 2)  # of two the first sample is for the width
    starts = [
        _starts(samples[: len(self), :, order[d]], space[d], out[d], kernel[d]).reshape(
            *self.shape[:2], *[out[d] if i == d else 1 for i in range(n)]
        )
        for d in range(n)
    ]
    best: Any = None
    for tap in np.ndindex(*kernel):
        at: Any = 0
        for start, step, size in zip(starts, tap, space):
            at = at * size + (start + step)
        at = np.broadcast_to(at, (*self.shape[:2], *out)).reshape(*self.shape[:2], prod(out))
        values = np.take_along_axis(planes, at, 2)
        if best is None:
            best, where = values, at
        else:
            better = (values > best) | (values != values)
            best, where = np.where(better, values, best), np.where(better, at, where)
    shape = (*self.shape[:2], *out)
    where = where.reshape(shape)
    return best.reshape(shape), where, where


def _fractional_max_pool(self: Array, samples: Array, kernel, out):
    return _pooled(self, samples, kernel, out)


def _row(n: int) -> Any:
    return op(
        f"fractional_max_pool{n}d", _fractional_max_pool, where="", fused=False,
        lies=IN_ORDER, node=f"FractionalMaxPool{n}DBackward0", outputs=("output", "indices"), apart=True, differentiable=("output",),
        keeps=("where",), flat="self", self=lambda g, where, self_shape, kernel: flat_scatter(g, where, self_shape[-len(kernel):]),
        reads={"self": "g at the maxima, 0 elsewhere"},
    )  # fmt: skip


_ROWS = {n: _row(n) for n in (2, 3)}


def _sizes(n: int, value: Any, what: str) -> tuple[int, ...]:
    if isinstance(value, int):
        return (value,) * n
    found = tuple(int(v) for v in value)
    if len(found) not in (1, n):
        many = "Ints" if n == 2 else "three Ints"
        raise RuntimeError(f"fractional_max_pool{n}d: {what} must either be a single Int or tuple of {many}")
    return found * n if len(found) == 1 else found


def _check_windows(n: int, kernel: tuple[int, ...], out: tuple[int, ...], space: tuple[int, ...]) -> None:
    """Raise PyTorch's error where there is no room for the windows; in three dimensions it wants one place more than they need,
    and looks at the width before the height."""
    called, order, left = ("fractional_max_pool2d", (0, 1), 0) if n == 2 else ("fractional_max_pool3d_out", (0, 2, 1), 1)
    for d in order:
        side, window, size = _SIDES[n][d], kernel[d], space[d]
        if out[d] + window - 1 + left > size:
            raise RuntimeError(f"{called}(): pool {side} {window} too large relative to input {side} {size}")


def _check_samples(n: int, input: Tensor, samples: Tensor) -> None:
    """Raise PyTorch's error for samples that do not fit."""
    given = samples._array.shape
    batch, channels = input._array.shape[-n - 2] if input.ndim == n + 2 else 1, input._array.shape[-n - 1]
    if samples.dtype is not input.dtype:
        raise RuntimeError("Expect _random_samples to have the same dtype as input")
    if len(given) != 3:
        raise RuntimeError(f"Expect _random_samples to have 3 dimensions got {len(given)}")
    if given[0] < batch:
        raise RuntimeError("Expect _random_samples.size(0) no less then input batch size.")
    if given[1] != channels:
        raise RuntimeError("Expect _random_samples.size(1) equals to input channel size.")
    if given[2] != n:
        raise RuntimeError(f"Expect _random_samples.size(2) equals to {n}; got {given[2]}.")


def _pool(n: int, input: Tensor, kernel_size: Any, output_size: Any, output_ratio: Any, samples: Tensor | None) -> Any:
    name = f"fractional_max_pool{n}d"
    if output_size is None and output_ratio is None:
        raise ValueError(f"{name} requires specifying either an output_size or an output_ratio")
    if output_size is None:
        if n == 2 and len(output_ratio) > n:
            raise ValueError(f"{name} requires output_ratio to either be a single Int or tuple of Ints.")
        ratios: Any = output_ratio if isinstance(output_ratio, Iterable) else (output_ratio,) * n
        output_size = [int(input.size(d - n) * ratios[d]) for d in range(n)]
    shape = input._array.shape
    if samples is None:
        batch = 1 if input.ndim == n + 1 else input.size(0)
        samples = lookup("torch", "rand")(batch, input.size(-n - 1), n, dtype=input.dtype)
    kernel, out = _sizes(n, kernel_size, "kernel_size"), _sizes(n, output_size, "output_size")
    if len(shape) not in (n + 1, n + 2):
        raise RuntimeError(f"{name}(): Expected {n + 1}D or {n + 2}D tensor, but got: {list(shape)}")
    check_not_empty(name if n == 2 else f"{name}_out", shape, len(shape) - n - 1, "but got", ".")
    _check_windows(n, kernel, out, shape[-n:])
    if input._array.dtype.kind not in "fV":
        unsupported(f"{name}_out_frame", input._array)
    _check_samples(n, input, samples)
    return tuple(_ROWS[n].function(input, samples, kernel, out))


def _declare(n: int) -> None:
    def pool(
        input: Tensor, kernel_size: Any, output_size: Any = None, output_ratio: Any = None, return_indices: bool = False,
        _random_samples: Tensor | None = None,
    ) -> Any:  # fmt: skip
        output, indices = _pool(n, input, kernel_size, output_size, output_ratio, _random_samples)
        return (output, indices) if return_indices else output

    def with_indices(
        input: Tensor, kernel_size: Any, output_size: Any = None, output_ratio: Any = None, return_indices: bool = False,
        _random_samples: Tensor | None = None,
    ) -> Any:  # fmt: skip
        return _pool(n, input, kernel_size, output_size, output_ratio, _random_samples)

    space = ", ".join("DHW"[3 - n :])
    pool.__name__ = f"fractional_max_pool{n}d"
    pool.__doc__ = f"""The largest of windows of (N, C, {space}), of which ``output_size`` (or, of the input's, ``output_ratio``) are
    put at places that are drawn; with ``return_indices`` also where in the space they are.

    ``_random_samples`` (N, C, {n}), from 0 to 1, are drawn if None.  Raises RuntimeError for windows that there is no room for.
    """
    with_indices.__name__ = f"fractional_max_pool{n}d_with_indices"
    with_indices.__doc__ = f"As :func:`adjoint.nn.functional.fractional_max_pool{n}d`, always with the indices."
    for function in (pool, with_indices):
        composite(function, where="nn.functional")


for _n in (2, 3):
    _declare(_n)
