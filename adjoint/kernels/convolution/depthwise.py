"""Depthwise convolution: one channel to each group, so that memory is what it costs."""

from __future__ import annotations

from functools import lru_cache
from math import prod
from typing import Any

import numpy as np

from adjoint.kernels import memory, pool
from adjoint.kernels.convolution import depthwise_kernels as kernels
from adjoint.kernels.handed import elements
from adjoint.kernels.machine_code import address

Array = Any
Ints = tuple[int, ...]

_MOST_TAPS = 49  # they are written out in the code
_TASK_ELEMENTS = 16384


def applies(
    input: Ints, weight: Ints, stride: Ints, padding: Ints, dilation: Ints, groups: int
) -> bool:
    """Whether convolutions of arrays of these shapes are served (all three functions, float32)."""
    return (
        len(input) in (3, 4)
        and groups == input[1]
        and weight[1] == 1
        and max(stride) <= 2
        and prod(weight[2:]) <= _MOST_TAPS
        and 0 not in input
        and 0 not in weight
        and all(n + 2 * p > d * (k - 1) for n, p, d, k in zip(input[2:], padding, dilation, weight[2:]))
    )


def convolve(
    input: Array, weight: Array, stride: Ints, padding: Ints, dilation: Ints, groups: int, bias: Array | None = None
) -> Array:
    """The cross-correlation of ``input`` (N, C, *space) with ``weight`` (C * multiple, 1, *kernel), plus a bias."""
    if not applies(input.shape, weight.shape, stride, padding, dilation, groups):
        return NotImplemented
    plan = _plan("forward", input.shape, weight.shape, tuple(stride), tuple(padding), tuple(dilation))
    out = memory.empty(plan.out, np.float32)
    plan.run(np.ascontiguousarray(input), np.ascontiguousarray(weight), out, bias)
    return out


def input_gradient(
    g: Array, weight: Array, space: Ints, stride: Ints, padding: Ints, dilation: Ints, groups: int
) -> Array:
    """The gradient (N, C, *space) of :func:`convolve`'s input."""
    input = (len(g), groups, *space)
    if not applies(input, weight.shape, stride, padding, dilation, groups):
        return NotImplemented
    plan = _plan("input_gradient", input, weight.shape, tuple(stride), tuple(padding), tuple(dilation))
    out = memory.empty(input, np.float32)
    plan.run(out, np.ascontiguousarray(weight), np.ascontiguousarray(g), None)
    return out


def weight_gradient(
    input: Array, g: Array, kernel: Ints, stride: Ints, padding: Ints, dilation: Ints, groups: int
) -> Array:
    """The gradient (C * multiple, 1, *kernel) of :func:`convolve`'s weight."""
    weight = (g.shape[1], 1, *kernel)
    if not applies(input.shape, weight, stride, padding, dilation, groups):
        return NotImplemented
    plan = _plan("weight_gradient", input.shape, weight, tuple(stride), tuple(padding), tuple(dilation))
    out = memory.empty(weight, np.float32)
    plan.run(np.ascontiguousarray(input), out, np.ascontiguousarray(g), None)
    return out


@lru_cache(maxsize=256)
def _plan(name: str, input: Ints, weight: Ints, stride: Ints, padding: Ints, dilation: Ints) -> _Plan:
    return _Plan(name, input, weight, stride, padding, dilation)


class _Plan:
    """What is worked out once for the shapes of a convolution: words, code and the number of tasks."""

    def __init__(self, name: str, input: Ints, weight: Ints, stride: Ints, padding: Ints, dilation: Ints) -> None:
        one = 4 - len(input)  # a dimension of space that is missing
        space, kernel = (1,) * one + input[2:], (1,) * one + weight[2:]
        stride, padding, dilation = (1,) * one + stride, (0,) * one + padding, (1,) * one + dilation
        out = tuple(
            (n + 2 * p - d * (k - 1) - 1) // s + 1 for n, p, d, k, s in zip(space, padding, dilation, kernel, stride)
        )
        self.out = (input[0], weight[0], *out[one:])
        w = self.words = np.zeros(kernels.WORDS, np.int64)
        w[kernels.BATCH], w[kernels.CHANNELS], w[kernels.MULTIPLE] = *input[:2], weight[0] // input[1]
        w[[kernels.HEIGHT, kernels.WIDTH]] = space
        w[[kernels.OUT_HEIGHT, kernels.OUT_WIDTH]] = out
        batch, planes = input[0], input[0] * (input[1] if name == "input_gradient" else weight[0])
        lanes = -(-space[1] // stride[1]) if name == "input_gradient" else out[1]
        pairs = lanes <= kernels.HALF and (batch if name == "weight_gradient" else planes) > 1
        self.code = address(
            getattr(kernels, name), kernel=kernel, stride=stride, padding=padding, dilation=dilation, beside=1 + pairs
        )
        if name == "weight_gradient":
            self.tasks = weight[0] * -(-kernel[0] // kernels.band(*kernel))
            return
        each = max(1, _TASK_ELEMENTS // prod(space))
        each += each % 2  # planes beside each other are of one task
        w[kernels.PLANES], w[kernels.PLANES_A_TASK] = planes, each
        self.tasks = -(-planes // each)

    def run(self, input: Array, weight: Array, output: Array, bias: Array | None) -> None:
        """Run it on contiguous arrays, one of which is written to."""
        words = self.words.copy()
        words[: kernels.BIAS] = elements(input), elements(weight), elements(output)
        if bias is not None:
            bias = np.ascontiguousarray(bias)
            words[kernels.BIAS] = elements(bias)
        pool.launch(self.code, elements(words), self.tasks)
