"""Winograd's convolution: 3 x 3 filters, one step apart, with a quarter of the multiplications.

The transforms of the images and filters cost time and some accuracy: the error is that of summing in another order,
1e-6 of the sum of the products' magnitudes at most on normal numbers (see ``winograd_points``).  What is not finite would
spread over a tile, and so would the rounding of a pixel that is many thousand times as large as those around it (a mark for
what is missing, say), so results with such elements are not given: the functions then answer ``NotImplemented``, as for
what they do not serve.
"""

from __future__ import annotations

from typing import Any

from adjoint.kernels import pool
from adjoint.kernels.convolution import winograd_plans as plans

Array = Any
Ints = tuple[int, ...]


def applies(input: Ints, weight: Ints, stride: Ints, padding: Ints, dilation: Ints, groups: int) -> bool:
    """Whether convolutions of arrays of these shapes are served (all three functions, float32)."""
    if len(input) != 4 or tuple(weight[2:]) != (3, 3) or groups != 1 or {*stride, *dilation} != {1} or max(padding) > 2:
        return False
    out = _shrunk(input[2:], padding)
    return 0 not in input and min(out) > 0 and weight[0] > 0 and plans.pays(input[0], weight[1], weight[0], out)


def convolve(
    input: Array, weight: Array, stride: Ints, padding: Ints, dilation: Ints, groups: int, bias: Array | None = None
) -> Array:
    """The cross-correlation of ``input`` (N, C, H, W) with ``weight`` (O, C, 3, 3), plus a bias (O,)."""
    if not applies(input.shape, weight.shape, stride, padding, dilation, groups):
        return NotImplemented
    out = _shrunk(input.shape[2:], padding)
    return plans.products(input.shape, weight.shape, out, tuple(padding), False, pool.num_threads())(input, weight, bias)


def input_gradient(
    g: Array, weight: Array, space: Ints, stride: Ints, padding: Ints, dilation: Ints, groups: int
) -> Array:
    """The gradient (N, C, *space) of :func:`convolve`'s input: the convolution with the filters turned."""
    if not applies((len(g), weight.shape[1], *space), weight.shape, stride, padding, dilation, groups):
        return NotImplemented
    turned = tuple(2 - p for p in padding)
    return plans.products(g.shape, weight.shape, tuple(space), turned, True, pool.num_threads())(g, weight, None)


def weight_gradient(
    input: Array, g: Array, kernel: Ints, stride: Ints, padding: Ints, dilation: Ints, groups: int
) -> Array:
    """The gradient (O, C, 3, 3) of :func:`convolve`'s weight."""
    weight = (g.shape[1], input.shape[1], *kernel)
    if not applies(input.shape, weight, stride, padding, dilation, groups):
        return NotImplemented
    return plans.sums(input.shape, g.shape, tuple(padding))(input, g)


def _shrunk(space: Ints, padding: Ints) -> Ints:
    return tuple(n + 2 * p - 2 for n, p in zip(space, padding))
