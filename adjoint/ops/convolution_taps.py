"""Convolution tap by tap: pixels that are there meet the weights, and the padding meets none.

The faster ways multiply the zeros around an image too, which adds nothing as long as the other factor is finite: a NaN in
a weight would reach pixels to which it has nothing to give.  So :func:`spreading` has them look at a few elements of what
they have found, which are not finite wherever such a factor is, and has it found again in this way, where no zero is met.
"""

from __future__ import annotations

from cmath import isfinite
from collections.abc import Callable, Iterator
from functools import wraps
from itertools import product
from math import prod
from typing import Any

import numpy as np

Array = Any
Ints = tuple[int, ...]

_ALL = slice(None)
_FEW = 4096


def spreading(
    by_taps: Callable[..., Array], few: Callable[..., list[Any]], of_result: bool = False
) -> Callable[[Callable[..., Array]], Callable[..., Array]]:
    """Have a convolution whose products with padding may have spread computed by ``by_taps`` instead (a decorator).

    ``few(result, *args)`` indexes elements of the result of which one is not finite if a factor of padding is not; none
    where there is no padding.  A small weight, the second argument or the result, is itself looked at, which costs less.
    """

    def decorated(f: Callable[..., Array]) -> Callable[..., Array]:
        @wraps(f)
        def checked(a: Array, b: Array, *rest: Any) -> Array:
            found = f(a, b, *rest)
            weight = found if of_result else b
            if weight.size <= _FEW:
                if weight.dtype.itemsize == 2:  # computed by this function in single precision
                    return found
                every = weight.reshape(-1)
                if isfinite(every.dot(every)):
                    return found
            if found.dtype.itemsize != 2 and found.size:
                for at in few(found, a, b, *rest):
                    if not isfinite(np.add.reduce(found[at], None)):
                        return by_taps(a, b, *rest)
            return found

        return checked

    return decorated


def few_of_output(found: Array, input: Array, weight: Array, stride: Ints, padding: Ints, *rest: Any) -> list[Any]:
    """A pixel of each filter, in which all of its weights have a part."""
    return [(0, _ALL, *[n // 2 for n in found.shape[2:]])] if any(padding) else []


def few_of_input(found: Array, g: Array, weight: Array, space: Ints, stride: Ints, *rest: Any) -> list[Any]:
    """As many neighbours of each channel as the stride is wide, in one of which each of its weights has a part."""
    if prod(weight.shape[2:]) == 1:
        return []
    return [(0, _ALL, *[slice(max(0, min(n // 2, n - s)), n // 2 + s) for n, s in zip(space, stride)])]


def few_of_weight(found: Array, input: Array, g: Array, kernel: Ints, stride: Ints, padding: Ints, *rest: Any) -> list[Any]:
    """Weights of the middle tap: all of few, of many those of a channel and those of a filter in each group."""
    if prod(kernel) == 1 and not any(padding):
        return []
    tap = [k // 2 for k in kernel]
    if found.size <= _FEW:
        return [(_ALL, _ALL, *tap)]
    return [(_ALL, 0, *tap), (slice(0, None, len(found) // (input.shape[1] // found.shape[1])), _ALL, *tap)]


def convolve(
    input: Array, weight: Array, stride: Ints, padding: Ints, dilation: Ints, groups: int, bias: Array | None = None
) -> Array:
    """The cross-correlation, as :func:`adjoint.ops.convolution_kernels.convolve`."""
    kernel, space = weight.shape[2:], input.shape[2:]
    out = tuple((n + 2 * p - d * (k - 1) - 1) // s + 1 for n, k, s, p, d in zip(space, kernel, stride, padding, dilation))
    result = np.zeros((len(input), len(weight), *out), input.dtype)
    for tap, of, to in _meetings(space, kernel, stride, padding, dilation, out):
        share = _matrix(weight, tap, groups) @ _pixels(input, of, groups)
        part = result[(_ALL, _ALL, *to)]
        part += share.reshape(part.shape)
    if bias is not None:
        result += bias.reshape(-1, *(1,) * len(out))
    return result


def input_gradient(
    g: Array, weight: Array, space: Ints, stride: Ints, padding: Ints, dilation: Ints, groups: int
) -> Array:
    """The gradient of the input, as :func:`adjoint.ops.convolution_kernels.input_gradient`."""
    result = np.zeros((len(g), weight.shape[1] * groups, *space), g.dtype)
    for tap, of, to in _meetings(space, weight.shape[2:], stride, padding, dilation, g.shape[2:]):
        share = _matrix(weight, tap, groups).swapaxes(1, 2) @ _pixels(g, to, groups)
        part = result[(_ALL, _ALL, *of)]
        part += share.reshape(part.shape)
    return result


def weight_gradient(
    input: Array, g: Array, kernel: Ints, stride: Ints, padding: Ints, dilation: Ints, groups: int
) -> Array:
    """The gradient of the weight, as :func:`adjoint.ops.convolution_kernels.weight_gradient`."""
    result = np.zeros((g.shape[1], input.shape[1] // groups, *kernel), g.dtype)
    for tap, of, to in _meetings(input.shape[2:], kernel, stride, padding, dilation, g.shape[2:]):
        share = _pixels(g, to, groups) @ _pixels(input, of, groups).swapaxes(2, 3)
        result[(_ALL, _ALL, *tap)] = share.sum(0).reshape(result.shape[:2])
    return result


def _meetings(
    space: Ints, kernel: Ints, stride: Ints, padding: Ints, dilation: Ints, out: Ints
) -> Iterator[tuple[Ints, tuple[slice, ...], tuple[slice, ...]]]:
    """Per tap that meets any, the pixels of the input that it meets, and those of the output to which they belong."""
    for tap in product(*map(range, kernel)):
        of, to = [], []
        for t, n, s, p, d, o in zip(tap, space, stride, padding, dilation, out):
            at = t * d - p
            first, end = max(0, -(at // s)), min(o, (n - 1 - at) // s + 1)
            if end <= first:
                break
            of.append(slice(first * s + at, (end - 1) * s + at + 1, s))
            to.append(slice(first, end))
        else:
            yield tap, tuple(of), tuple(to)


def _matrix(weight: Array, tap: Ints, groups: int) -> Array:
    """The weights of a tap, (groups, filters, channels)."""
    return weight[(_ALL, _ALL, *tap)].reshape(groups, -1, weight.shape[1])


def _pixels(x: Array, at: tuple[slice, ...], groups: int) -> Array:
    """Some pixels, (N, groups, channels, pixels)."""
    return x[(_ALL, _ALL, *at)].reshape(len(x), groups, x.shape[1] // groups, -1)
