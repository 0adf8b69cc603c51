"""Convolution on float32 arrays, compiled: the semantics of ``adjoint.ops.convolution_kernels``.

Each function answers ``NotImplemented`` where it has no kernel (other dtypes, no elements), and another reading serves.

There are six ways, from the special to the general: ``small`` planes of many images, few pixels in all (``columns``),
``depthwise``, ``winograd``, few channels that come out (``planes``), and the ``implicit`` product.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from math import prod
from typing import Any

import numpy as np

from adjoint.kernels.convolution import column_plans, depthwise, plans, small_plans, winograd
from adjoint.kernels.convolution.geometry import geometry, windows_of

_TINY_PLANE = 4  # so few pixels that even the products with padding are worth leaving out

Array = Any
Ints = tuple[int, ...]


def convolve(
    input: Array, weight: Array, stride: Ints, padding: Ints, dilation: Ints, groups: int, bias: Array | None = None
) -> Array:
    """The cross-correlation of ``input`` (N, C, *space) with ``weight`` (O, C / groups, *kernel), plus a bias (O,)."""
    if not _served(input, weight) or (bias is not None and bias.dtype != np.float32):
        return NotImplemented
    special = _special("convolve", input.shape, weight.shape, stride, padding, dilation, groups)
    result = special and special(input, weight, stride, padding, dilation, groups, bias)
    if result is None or result is NotImplemented:
        plan = plans.forward(input.shape, weight.shape, stride, padding, dilation, groups)
        result = NotImplemented if plan is None else plan(input, weight, bias)
    return result


def input_gradient(
    g: Array, weight: Array, space: Ints, stride: Ints, padding: Ints, dilation: Ints, groups: int
) -> Array:
    """The gradient (N, C, *space) of :func:`convolve`'s input."""
    if not _served(g, weight):
        return NotImplemented
    input = (len(g), weight.shape[1] * groups, *space)
    out = g.shape[2:]
    special = _special("input_gradient", input, weight.shape, stride, padding, dilation, groups, out)
    result = special and special(g, weight, space, stride, padding, dilation, groups)
    if result is None or result is NotImplemented:
        plan = plans.input_gradient(input, weight.shape, stride, padding, dilation, groups, out)
        result = NotImplemented if plan is None else plan(g, weight, None)
    return result


def weight_gradient(
    input: Array, g: Array, kernel: Ints, stride: Ints, padding: Ints, dilation: Ints, groups: int
) -> Array:
    """The gradient (O, C / groups, *kernel) of :func:`convolve`'s weight."""
    if not _served(input, g):
        return NotImplemented
    weight = (g.shape[1], input.shape[1] // groups, *kernel)
    out = g.shape[2:]
    special = _special("weight_gradient", input.shape, weight, stride, padding, dilation, groups, out)
    result = special and special(input, g, kernel, stride, padding, dilation, groups)
    if result is None or result is NotImplemented:
        plan = plans.weight_gradient(input.shape, weight, stride, padding, dilation, groups, out)
        result = NotImplemented if plan is None else plan(input, g, None)
    return result


def _served(a: Array, b: Array) -> bool:
    return a.dtype == np.float32 and b.dtype == np.float32 and a.size > 0 and b.size > 0 and a.ndim <= 5


@lru_cache(maxsize=1024)
def _special(
    name: str, input: Ints, weight: Ints, stride: Ints, padding: Ints, dilation: Ints, groups: int, out: Ints | None = None
) -> Callable[..., Array] | None:
    """A special way to compute a function for these shapes, if there is one; it may answer ``NotImplemented``.

    All of them are of all windows, where ``out`` may be fewer: a transposed convolution's, with much padding of its output.
    """
    if out is not None and out != windows_of(input[2:], weight[2:], stride, padding, dilation):
        return None
    shapes = (input, weight, stride, padding, dilation, groups)
    if groups > 1:
        return getattr(depthwise, name) if depthwise.applies(*shapes) else None
    if not winograd.applies(*shapes):
        return None
    g = geometry(*shapes)
    few = column_plans.applies_to_weight_gradient(g) if name == "weight_gradient" else column_plans.applies(g)
    tiny = prod(input[2:]) <= _TINY_PLANE and small_plans.applies(g)
    return None if few or tiny else getattr(winograd, name)
