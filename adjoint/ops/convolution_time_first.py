"""Convolution of sequences with time first, (T, N, C)."""

from __future__ import annotations

from typing import Any

import numpy as np

from adjoint.declare import composite, op
from adjoint.declare.arranging import IN_ORDER
from adjoint.ops.arrays import Array, conj
from adjoint.ops.convolution_kernels import convolve, input_gradient, weight_gradient
from adjoint.summation import total
from adjoint.tensor import Tensor


def _turned(x: Array) -> Array:
    """(T, N, C) as (N, C, T)."""
    return x.transpose(1, 2, 0)


def _turned_back(x: Array) -> Array:
    """(N, C, T) as (T, N, C)."""
    return x.transpose(2, 0, 1)


def _conv_tbc(self: Array, weight: Array, bias: Array, pad):
    return _turned_back(convolve(_turned(self), weight.transpose(2, 1, 0), (1,), (pad,), (1,), 1)) + bias


def _gradients(g, self, weight, needed, pad):
    found: list[Any] = [None, None]
    options = (1,), (pad,), (1,), 1
    if needed[0]:
        kernels = conj(weight).transpose(2, 1, 0)
        found[0] = _turned_back(input_gradient(_turned(g), kernels, self.shape[:1], *options))
    if needed[1]:
        kernels = weight_gradient(conj(_turned(self)), _turned(g), weight.shape[:1], *options)
        found[1] = np.transpose(kernels, (2, 1, 0))
    return tuple(found)


_row = op(
    "conv_tbc", _conv_tbc, lies=IN_ORDER, where="", fused=False, gradients={"self weight": _gradients},
    bias=lambda g: total(g, (0, 1)),
    reads={"self": "conv_transpose(g, weight)", "weight": "convolve(self, g)"},
)  # fmt: skip


@composite(where="torch nn.functional")
def conv_tbc(input: Tensor, weight: Tensor, bias: Tensor, pad: int = 0) -> Tensor:
    """Convolution over time of (T, N, C) with (K, C, C') kernels: (T + 2 pad - K + 1, N, C').

    >>> import adjoint as torch
    >>> torch.conv_tbc(torch.ones(4, 1, 2), torch.ones(3, 2, 1), torch.zeros(1)).flatten()
    tensor([6., 6.])
    """
    if input.ndim != 3:
        raise RuntimeError("Input must have 3 dims: time, batch, in_channel")
    if weight.ndim != 3:
        raise RuntimeError("Weight tensor must have 3 dims: kernel_width, in_channels, out_channels.")
    if bias.ndim != 1:
        raise RuntimeError("Bias must be 1-D")
    if input.size(2) != weight.size(1):
        raise RuntimeError("Input dim 2 (input channels) is not == dim 1 in the weight tensor")
    if weight.size(2) != bias.size(0):
        raise RuntimeError("Bias size must equal dim 2 in the weight tensor (output channels).")
    if input.size(0) + 2 * pad < weight.size(0):
        raise RuntimeError("Input is too short for the kernel")
    return _row.function(input, weight, bias, int(pad))
