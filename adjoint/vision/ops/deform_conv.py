"""Deformable convolution: each tap of the kernel is moved by an offset, which is learned."""

from __future__ import annotations

import math
from math import prod
from typing import Any

import adjoint
from adjoint import nn
from adjoint.nn import init
from adjoint.noted_calls import noted
from adjoint.ops.unsupported import unsupported
from adjoint.tensor import Tensor
from adjoint.vision.ops.deformed_patches import Kernel, deformed_patches

__all__ = ["DeformConv2d", "deform_conv2d"]


def _pair(value: Any) -> tuple[int, int]:
    return tuple(value) if isinstance(value, (tuple, list)) else (value, value)  # type: ignore[return-value]


@noted
def deform_conv2d(
    input: Tensor,
    offset: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: tuple[int, int] = (1, 1),
    padding: tuple[int, int] = (0, 0),
    dilation: tuple[int, int] = (1, 1),
    mask: Tensor | None = None,
) -> Tensor:
    """A convolution of (N, C, H, W) by ``weight`` (out, C / groups, h, w) whose taps are moved by ``offset``
    (N, 2 * g * h * w, H', W').

    The channels are in ``g`` groups, each with offsets of its own: of every tap the one down and the one across.  With ``mask``
    (N, g * h * w, H', W') what a tap reads is multiplied by it (Zhu et al., "Deformable ConvNets v2", 2018).  All of these have
    gradients, of any order.  Returns (N, out, H', W'); raises RuntimeError for sizes that do not go together.

    >>> import adjoint as torch
    >>> from adjoint.vision.ops import deform_conv2d
    >>> image = torch.arange(9.0).reshape(1, 1, 3, 3)
    >>> half_a_pixel = torch.tensor([0.0, 0.5]).reshape(1, 2, 1, 1).expand(1, 2, 3, 3)
    >>> deform_conv2d(image, half_a_pixel, torch.ones(1, 1, 1, 1))[0, 0, 0]
    tensor([0.5000, 1.5000, 1.0000])
    """
    taps = weight.shape[-2] * weight.shape[-1]
    groups = offset.shape[1] // (2 * taps)
    if groups == 0:
        raise RuntimeError(
            "the shape of the offset tensor at dimension 1 is not valid. It should be a multiple of 2 * weight.size[2] * "
            f"weight.size[3].\nGot offset.shape[1]={offset.shape[1]}, while 2 * weight.size[2] * weight.size[3]={2 * taps}"
        )
    return convolved(
        input,
        weight,
        offset,
        mask,
        bias,
        _pair(stride),
        _pair(padding),
        _pair(dilation),
        input.shape[1] // weight.shape[1],
        groups,
    )


def convolved(
    input: Tensor, weight: Tensor, offset: Tensor, mask: Tensor | None, bias: Tensor | None, stride: tuple[int, int],
    padding: tuple[int, int], dilation: tuple[int, int], weight_groups: int, offset_groups: int,
) -> Tensor:  # fmt: skip
    """As :func:`deform_conv2d`, where the groups of the weights and of the offsets are known."""
    size: tuple[int, int] = tuple(weight.shape[2:])  # type: ignore[assignment]
    out = tuple(
        [
            (n + 2 * p - (d * (k - 1) + 1)) // s + 1
            for n, k, s, p, d in zip(input.shape[2:], size, stride, padding, dilation)
        ]
    )
    _check(input, weight, offset, mask, stride, padding, dilation, out, weight_groups, offset_groups)
    kernel = Kernel(size, stride, padding, dilation, out, offset_groups)  # type: ignore[arg-type]
    patches = deformed_patches.function(input, offset, kernel)
    n, channels, taps, places = patches.shape
    if mask is not None:
        shares = mask.reshape(n, offset_groups, 1, taps, places)
        patches = patches.reshape(n, offset_groups, channels // offset_groups, taps, places) * shares
    columns = patches.reshape(n, weight_groups, channels // weight_groups * taps, places)
    found = adjoint.matmul(weight.reshape(weight_groups, weight.shape[0] // weight_groups, columns.shape[2]), columns)
    found = found.reshape(n, weight.shape[0], *out)
    return found if bias is None else found + bias.reshape(1, -1, 1, 1)


def _check(
    input: Tensor, weight: Tensor, offset: Tensor, mask: Tensor | None, stride: tuple[int, int], padding: tuple[int, int],
    dilation: tuple[int, int], out: tuple[int, ...], weight_groups: int, offset_groups: int,
) -> None:  # fmt: skip
    """Raise PyTorch's error for sizes that do not go together."""
    taps = prod(weight.shape[2:])
    many = 2 * offset_groups * taps
    rules = [
        (input.ndim == 4, "input_c.ndimension() == 4"),
        (offset.ndim == 4, "offset_c.ndimension() == 4"),
        (mask is None or mask.ndim == 4, "!use_mask || mask_c.ndimension() == 4"),
        (weight.ndim == 4, "weight_c.ndimension() == 4"),
    ]
    for holds, what in rules:
        if not holds:
            raise RuntimeError(f"Expected {what} to be true, but got false.")
    for name, values, least in (
        ("weight", weight.shape[2:], 1),
        ("stride", stride, 1),
        ("pad", padding, 0),
        ("dilation", dilation, 1),
    ):
        if min(values) < least:
            raise RuntimeError(f"{name}_h: {values[0]} {name}_w: {values[1]}")
    rules = [
        (weight.shape[1] * weight_groups == input.shape[1], "weight_c.size(1) * n_weight_grps == input_c.size(1)"),
        (weight.shape[0] % weight_groups == 0, "weight_c.size(0) % n_weight_grps == 0"),
    ]
    for holds, what in rules:
        if not holds:
            raise RuntimeError(f"Expected {what} to be true, but got false.")
    if offset.shape[1] != many:
        raise RuntimeError(f"offset.shape[1] is not valid: got: {offset.shape[1]} expected: {many}")
    if mask is not None and mask.shape[1] != many // 2:
        raise RuntimeError(f"mask.shape[1] is not valid: got: {mask.shape[1]} expected: {many // 2}")
    if input.shape[1] % offset_groups:
        raise RuntimeError("Expected input_c.size(1) % n_offset_grps == 0 to be true, but got false.")
    for name, given in (("offset", offset), ("mask", mask)):
        if given is None:
            continue
        if given.shape[0] != input.shape[0]:
            raise RuntimeError(f"invalid batch size of {name}")
        if tuple(given.shape[2:]) != out:
            raise RuntimeError(
                f"{name} output dims: ({given.shape[2]}, {given.shape[3]}) - computed output dims: ({out[0]}, {out[1]})"
            )
    if min(out) < 1:
        raise RuntimeError(f"Calculated output size too small - out_h: {out[0]} out_w: {out[1]}")
    if input.dtype not in (adjoint.float16, adjoint.float32, adjoint.float64):
        unsupported("deformable_im2col", input._array)


class DeformConv2d(nn.Module):
    """A layer with the weights of :func:`deform_conv2d`; offsets and mask are given to it with the images.

    ``groups`` are those of the weights.  Raises ValueError where they do not divide the channels.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int,
        stride: int = 1,
        padding: int = 0,
        dilation: int = 1,
        groups: int = 1,
        bias: bool = True,
    ) -> None:
        super().__init__()
        for name, channels in (("in_channels", in_channels), ("out_channels", out_channels)):
            if channels % groups != 0:
                raise ValueError(f"{name} must be divisible by groups")
        self.in_channels = in_channels
        self.out_channels = out_channels
        self.kernel_size = _pair(kernel_size)
        self.stride = _pair(stride)
        self.padding = _pair(padding)
        self.dilation = _pair(dilation)
        self.groups = groups
        self.weight = nn.Parameter(adjoint.empty(out_channels, in_channels // groups, *self.kernel_size))
        if bias:
            self.bias = nn.Parameter(adjoint.empty(out_channels))
        else:
            self.register_parameter("bias", None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the weights as a convolution's."""
        init.kaiming_uniform_(self.weight, a=math.sqrt(5))
        if self.bias is not None:
            bound = 1 / math.sqrt(init._calculate_fan_in_and_fan_out(self.weight)[0])
            init.uniform_(self.bias, -bound, bound)

    def forward(self, input: Tensor, offset: Tensor, mask: Tensor | None = None) -> Tensor:
        """(N, out_channels, H', W')."""
        return deform_conv2d(input, offset, self.weight, self.bias, self.stride, self.padding, self.dilation, mask)

    def __repr__(self) -> str:
        shown = f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, stride={self.stride}"
        for name, usual in (("padding", (0, 0)), ("dilation", (1, 1)), ("groups", 1)):
            if getattr(self, name) != usual:
                shown += f", {name}={getattr(self, name)}"
        return f"{type(self).__name__}({shown}{', bias=False' if self.bias is None else ''})"
