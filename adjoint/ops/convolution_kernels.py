"""Convolution on arrays: windows are copied side by side (im2col), the rest is matrix products.

Three array functions, each the others' derivative: :func:`convolve` (input, weight), :func:`input_gradient`
(gradient, weight) and :func:`weight_gradient` (input, gradient).  All take batched arrays (N, C, *space) and weights
(O, C / groups, *kernel), for any number of dimensions of space.

The windows are laid out with the channels last, so that they are copied in long runs; with few channels, as the image
itself is laid out.
"""

from __future__ import annotations

from itertools import product
from math import prod

import numpy as np
from numpy.lib.stride_tricks import as_strided

from adjoint.kernels.late import LARGE, by_kernel
from adjoint.ops import convolution_taps
from adjoint.ops.arrays import Array, array_function
from adjoint.ops.convolution_taps import few_of_input, few_of_output, few_of_weight, spreading
from adjoint.ops.widening import is_half, narrow, widen
from adjoint.summation import total, total_of_products

Ints = tuple[int, ...]

_FEW_CHANNELS = 4


def output_size(space: Ints, kernel: Ints, stride: Ints, padding: Ints, dilation: Ints) -> Ints:
    """How many windows there are along each dimension."""
    return tuple(
        (n + 2 * p - d * (k - 1) - 1) // s + 1 for n, k, s, p, d in zip(space, kernel, stride, padding, dilation)
    )


# Whether there are multiply-adds enough for a kernel: sizes alone do not say, for few pixels may meet many weights.
MANY = 4 * LARGE


def _are_many_of_output(input: Array, weight: Array, *rest: object) -> bool:
    return input.size * (weight.size // max(weight.shape[1], 1)) >= MANY


def _are_many_of_input(g: Array, weight: Array, *rest: object) -> bool:
    return g.size * (weight.size // max(weight.shape[0], 1)) >= MANY


def _are_many_of_weight(input: Array, g: Array, kernel: Ints, *rest: object) -> bool:
    return g.size * input.shape[1] * prod(kernel) >= MANY


@array_function
@spreading(convolution_taps.convolve, few_of_output)
@by_kernel("convolution:convolve", _are_many_of_output)
def convolve(
    input: Array, weight: Array, stride: Ints, padding: Ints, dilation: Ints, groups: int, bias: Array | None = None
) -> Array:
    """The cross-correlation of ``input`` (N, C, *space) with ``weight`` (O, C / groups, *kernel), plus a bias (O,)."""
    if bias is not None:
        result = convolve.on_arrays(input, weight, stride, padding, dilation, groups)  # type: ignore[attr-defined]
        result += bias.reshape(-1, *(1,) * (result.ndim - 2))
        return result
    if is_half(input.dtype):
        wide = convolve(widen(input), widen(weight), stride, padding, dilation, groups)
        return narrow(wide, input.dtype)
    kernel = weight.shape[2:]
    out = output_size(input.shape[2:], kernel, stride, padding, dilation)
    batch, filters = len(input), len(weight)
    shape = (batch, filters, *out)
    if 0 in shape or 0 in weight.shape:
        return np.zeros(shape, input.dtype)
    pointwise = prod(kernel) == 1 and not any(padding)
    if groups == 1 and (weight.shape[1] <= _FEW_CHANNELS or (pointwise and prod(out) >= 64)):
        columns = _windows_first(input, kernel, stride, padding, dilation, out)
        return np.matmul(weight.reshape(filters, -1), columns).reshape(shape)
    padded = _channels_last(input, padding, padding)
    if weight.shape[1] == 1 and filters == groups:
        return _channels_first(_depthwise(padded, weight, stride, dilation, out))
    if groups == 1:
        result = _windows_last(padded, kernel, stride, dilation, out) @ _weight_last(weight).T
    else:
        result = np.empty((batch * prod(out), filters), input.dtype)
        for of, to in _groups(padded.shape[-1], filters, groups):
            columns = _windows_last(padded[..., of], kernel, stride, dilation, out)
            np.matmul(columns, _weight_last(weight[to]).T, out=result[:, to])
    return _channels_first(result.reshape(batch, *out, filters))


@array_function
@spreading(convolution_taps.input_gradient, few_of_input)
@by_kernel("convolution:input_gradient", _are_many_of_input)
def input_gradient(
    g: Array, weight: Array, space: Ints, stride: Ints, padding: Ints, dilation: Ints, groups: int
) -> Array:
    """The gradient (N, C, *space) of :func:`convolve`'s input: what each output gives back to its window.

    It is a convolution of the gradient with the turned kernel where windows lie one step apart, and a scattering of
    each window's share where they lie further apart.
    """
    if is_half(g.dtype):
        return narrow(input_gradient(widen(g), widen(weight), space, stride, padding, dilation, groups), g.dtype)
    kernel = weight.shape[2:]
    batch, filters, *out = g.shape
    channels = weight.shape[1] * groups
    if 0 in g.shape or 0 in weight.shape:
        return np.zeros((batch, channels, *space), g.dtype)
    if prod(kernel) == 1 and groups == 1 and (*out,) == space and not any(padding) and prod(out) >= 64:
        turned = weight.reshape(filters, channels).T
        return np.matmul(turned, g.reshape(batch, filters, -1)).reshape(batch, channels, *space)
    depthwise = weight.shape[1] == 1 and filters == groups
    if set(stride) == {1} and not depthwise:
        before = tuple(d * (k - 1) - p for k, p, d in zip(kernel, padding, dilation))
        after = tuple(n - o + p for n, o, p in zip(space, out, padding))
        padded = _channels_last(g, before, after)
        result = np.empty((batch * prod(space), channels), g.dtype)
        for to, of in _groups(channels, filters, groups):
            columns = _windows_last(padded[..., of], kernel, stride, dilation, space)
            np.matmul(columns, _turned(weight[of]), out=result[:, to])
        return _channels_first(result.reshape(batch, *space, channels))
    padded_space = tuple(n + 2 * p for n, p in zip(space, padding))
    last = _channels_last(g)
    result = np.zeros((batch, *padded_space, channels), g.dtype)
    if depthwise:
        for tap, at in _taps(kernel, stride, dilation, tuple(out)):
            result[(slice(None), *at)] += last * weight[(slice(None), 0, *tap)]
    else:
        rows = last.reshape(-1, filters)
        for to, of in _groups(channels, filters, groups):
            share = rows[:, of] @ _weight_last(weight[of])
            share = share.reshape(batch, *out, *kernel, weight.shape[1])
            everywhere = (slice(None),) * (1 + len(out))
            for tap, at in _taps(kernel, stride, dilation, tuple(out)):
                result[(slice(None), *at, to)] += share[(*everywhere, *tap)]
    inside = tuple(slice(p, p + n) for p, n in zip(padding, space))
    return _channels_first(result[(slice(None), *inside)])


@array_function
@spreading(convolution_taps.weight_gradient, few_of_weight, of_result=True)
@by_kernel("convolution:weight_gradient", _are_many_of_weight)
def weight_gradient(
    input: Array, g: Array, kernel: Ints, stride: Ints, padding: Ints, dilation: Ints, groups: int
) -> Array:
    """The gradient (O, C / groups, *kernel) of :func:`convolve`'s weight: windows times what their outputs got."""
    if is_half(g.dtype):
        return narrow(weight_gradient(widen(input), widen(g), kernel, stride, padding, dilation, groups), g.dtype)
    batch, filters, *out = g.shape
    per_group = input.shape[1] // groups
    shape = (filters, per_group, *kernel)
    if 0 in g.shape or 0 in input.shape:
        return np.zeros(shape, g.dtype)
    size = tuple(out)
    pointwise = prod(kernel) == 1 and not any(padding)
    if groups == 1 and (per_group <= _FEW_CHANNELS or (pointwise and prod(out) >= 64)):
        columns = _windows_first(input, kernel, stride, padding, dilation, size)
        products = np.matmul(g.reshape(batch, filters, -1), columns.swapaxes(1, 2))
        return total(products, 0).reshape(shape)
    padded = _channels_last(input, padding, padding)
    last = _channels_last(g)
    if per_group == 1 and filters == groups:
        result = np.empty(shape, g.dtype)
        for tap, at in _taps(kernel, stride, dilation, size):
            result[(slice(None), 0, *tap)] = total_of_products(_rows(padded[(slice(None), *at)]), _rows(last), 0)
        return result
    rows = last.reshape(-1, filters)
    result = np.empty((filters, *kernel, per_group), g.dtype)
    for of, to in _groups(input.shape[1], filters, groups):
        columns = _windows_last(padded[..., of], kernel, stride, dilation, size)
        result[to] = (rows[:, to].T @ columns).reshape(-1, *kernel, per_group)
    return np.ascontiguousarray(result.transpose(0, result.ndim - 1, *range(1, result.ndim - 1)))


def _groups(channels: int, filters: int, groups: int) -> list[tuple[slice, slice]]:
    """Per group, its input channels and its filters."""
    c, f = channels // groups, filters // groups
    return [(slice(i * c, (i + 1) * c), slice(i * f, (i + 1) * f)) for i in range(groups)]


def _taps(kernel: Ints, stride: Ints, dilation: Ints, out: Ints) -> list[tuple[Ints, tuple[slice, ...]]]:
    """Per position in the kernel, the part of the padded input that it meets."""
    return [
        (tap, tuple(slice(i * d, i * d + s * (n - 1) + 1, s) for i, s, d, n in zip(tap, stride, dilation, out)))
        for tap in product(*map(range, kernel))
    ]


def _rows(x: Array) -> Array:
    return x.reshape(-1, x.shape[-1])


def _channels_last(x: Array, before: Ints = (), after: Ints = ()) -> Array:
    """(N, C, *space) as a contiguous (N, *space, C), with zeros around (or, where negative, cut off)."""
    order = (0, *range(2, x.ndim), 1)
    moved = x.transpose(order)
    if not any(before) and not any(after):
        return np.ascontiguousarray(moved)
    space = x.shape[2:]
    padded = np.zeros((len(x), *(n + b + a for n, b, a in zip(space, before, after)), x.shape[1]), x.dtype)
    to = tuple(slice(max(b, 0), b + min(n, n + a)) for n, b, a in zip(space, before, after))
    of = tuple(slice(max(-b, 0), min(n, n + a)) for n, b, a in zip(space, before, after))
    padded[(slice(None), *to)] = moved[(slice(None), *of)]
    return padded


def _channels_first(x: Array) -> Array:
    """(N, *space, C) as a contiguous (N, C, *space)."""
    return np.ascontiguousarray(x.transpose(0, x.ndim - 1, *range(1, x.ndim - 1)))


def _windows_last(padded: Array, kernel: Ints, stride: Ints, dilation: Ints, out: Ints) -> Array:
    """Every window of (N, *space, C) as a row: (N * windows, kernel * C)."""
    batch, channels = padded.shape[0], padded.shape[-1]
    if prod(kernel) == 1 and padded.shape[1:-1] == out:
        return padded.reshape(-1, channels)
    steps = padded.strides[1:-1]
    strides = (
        padded.strides[0],
        *(a * s for a, s in zip(steps, stride)),
        *(a * d for a, d in zip(steps, dilation)),
        padded.strides[-1],
    )
    windows = as_strided(padded, (batch, *out, *kernel, channels), strides)
    return windows.reshape(batch * prod(out), prod(kernel) * channels)


def _windows_first(input: Array, kernel: Ints, stride: Ints, padding: Ints, dilation: Ints, out: Ints) -> Array:
    """Every window of (N, C, *space) as a column: (N, C * kernel, windows)."""
    batch, channels, *space = input.shape
    if prod(kernel) == 1 and (*space,) == out and not any(padding):
        return input.reshape(batch, channels, prod(space))
    if any(padding):
        padded = np.zeros((batch, channels, *(n + 2 * p for n, p in zip(space, padding))), input.dtype)
        padded[(slice(None), slice(None), *(slice(p, p + n) for n, p in zip(space, padding)))] = input
    else:
        padded = input
    steps = padded.strides[2:]
    strides = (
        *padded.strides[:2],
        *(a * d for a, d in zip(steps, dilation)),
        *(a * s for a, s in zip(steps, stride)),
    )
    windows = as_strided(padded, (batch, channels, *kernel, *out), strides)
    return windows.reshape(batch, channels * prod(kernel), prod(out))


def _weight_last(weight: Array) -> Array:
    """(O, C, *kernel) as (O, kernel * C)."""
    return weight.transpose(0, *range(2, weight.ndim), 1).reshape(len(weight), -1)


def _turned(weight: Array) -> Array:
    """(O, C, *kernel) turned by half a circle, as (kernel * O, C)."""
    space = tuple(range(2, weight.ndim))
    return np.flip(weight, space).transpose(*space, 0, 1).reshape(-1, weight.shape[1])


def _depthwise(padded: Array, weight: Array, stride: Ints, dilation: Ints, out: Ints) -> Array:
    """One kernel a channel, (C, 1, *kernel), over (N, *space, C)."""
    result = np.zeros((len(padded), *out, padded.shape[-1]), padded.dtype)
    for tap, at in _taps(weight.shape[2:], stride, dilation, out):
        result += padded[(slice(None), *at)] * weight[(slice(None), 0, *tap)]
    return result
