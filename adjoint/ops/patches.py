"""Images and their patches: unfold and fold, and channels exchanged for pixels."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from adjoint.autograd.taped import taped
from adjoint.declare import composite, op
from adjoint.declare.arranging import as_images
from adjoint.declare.kernel_dtypes import FLOATING_OR_COMPLEX, NUMBERS, Kernel
from adjoint.ops.arrays import Array, apart, array_function
from adjoint.ops.convolution_kernels import _windows_first, output_size
from adjoint.ops.pooling_kernels import Windows
from adjoint.tensor import Tensor


@array_function
def patches_of(x: Array, windows: Windows) -> Array:
    """Every window of (N, C, H, W) as a column: (N, C * kernel, windows); or all that without N."""
    if x.ndim == 3:
        return patches_of(x[None], windows)[0]
    return apart(_windows_first(x, windows.kernel, windows.stride, windows.padding, windows.dilation, windows.out), x)


@array_function
def from_patches(columns: Array, windows: Windows) -> Array:
    """(N, C * kernel, windows) added up at their places in (N, C, H, W); or all that without N."""
    if columns.ndim == 2:
        return from_patches(columns[None], windows)[0]
    n = len(columns)
    kernel = prod(windows.kernel)
    parts = columns.reshape(n, columns.shape[1] // kernel, kernel, *windows.out)
    result = np.zeros((n, parts.shape[1], *windows.padded), columns.dtype)
    for i, at in enumerate(windows.taps()):
        result[(slice(None), slice(None), *at)] += parts[:, :, i]
    return np.ascontiguousarray(result[(..., *windows.inside)])


def _patches_of(x: Array, windows):
    return patches_of(x, windows)


def _from_patches(x: Array, windows):
    return from_patches(x, windows)


_DTYPES = FLOATING_OR_COMPLEX | {np.dtype(bool)}

_unfold_row = op(
    "im2col", _patches_of, kernel=Kernel("im2col_out_cpu", _DTYPES), where="", node="Im2ColBackward0", tangent="linear",
    x=lambda g, windows: from_patches(g, windows),
    reads={"x": "g added up where windows overlap"},
)  # fmt: skip
_fold_row = op(
    "col2im", _from_patches, kernel=Kernel("col2im_out_cpu", _DTYPES), where="", node="Col2ImBackward0", tangent="linear",
    x=lambda g, windows: patches_of(g, windows),
)  # fmt: skip
taped(patches_of)(lambda x, windows: _unfold_row.function(x, windows))
taped(from_patches)(lambda x, windows: _fold_row.function(x, windows))


def _pair(value: Any) -> tuple[int, int]:
    return (value, value) if isinstance(value, int) else tuple(value) * (2 if len(tuple(value)) == 1 else 1)  # type: ignore[return-value]


def _windows(space: Any, kernel_size: Any, dilation: Any, padding: Any, stride: Any) -> Windows:
    kernel, spread, pad, step = map(_pair, (kernel_size, dilation, padding, stride))
    for name, sizes in (("kernel size", kernel), ("dilation", spread), ("stride", step)):
        if min(sizes) <= 0:
            shown = {"kernel size": "kernel_height", "dilation": "dilation_height", "stride": "stride_height"}[name]
            raise RuntimeError(
                f"{name} should be greater than zero, but got {shown}: {sizes[0]} {shown.replace('height', 'width')}: "
                f"{sizes[1]}"
            )
    out = output_size(tuple(space), kernel, step, pad, spread)
    return Windows(tuple(space), kernel, step, pad, spread, out)


@composite(where="nn.functional")
def unfold(
    input: Tensor, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1
) -> Tensor:
    """Every window of (N, C, H, W) or (C, H, W) as a column: (N, C * window, L) or (C * window, L).

    >>> import adjoint as torch
    >>> torch.nn.functional.unfold(torch.ones(1, 3, 10, 12), (4, 5)).shape
    torch.Size([1, 60, 56])
    """
    shape = input._array.shape
    if len(shape) < 3:
        raise IndexError(
            f"Dimension out of range (expected to be in range of [{-len(shape)}, {len(shape) - 1}], but got 2)"
        )
    if len(shape) not in (3, 4) or 0 in shape[-3:]:
        raise RuntimeError(
            "Expected 3D or 4D (batch mode) tensor with possibly 0 batch size and other non-zero dimensions for input, "
            f"but got: {list(shape)}"
        )
    windows = _windows(shape[-2:], kernel_size, dilation, padding, stride)
    if min(windows.out) < 1:
        raise RuntimeError(
            f"Given input with spatial size ({shape[-2]}, {shape[-1]}), kernel_size=({windows.kernel[0]}, "
            f"{windows.kernel[1]}), dilation=({windows.dilation[0]}, {windows.dilation[1]}), "
            f"padding=({windows.padding[0]}, {windows.padding[1]}), "
            f"calculated shape of the array of sliding blocks as ({windows.out[0]}, {windows.out[1]}), but its components "
            "must be at least one."
        )
    return _unfold_row.function(input, windows)


@composite(where="nn.functional")
def fold(
    input: Tensor, output_size: Any, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1
) -> Tensor:
    """Windows (N, C * window, L) or (C * window, L), added up at their places in an image of ``output_size``.

    Raises RuntimeError where the number of windows is not the one that the sizes give.
    """
    shape = input._array.shape
    if len(shape) not in (2, 3):
        raise RuntimeError(
            "Expected 2D or 3D (batch mode) tensor for input with possibly 0 batch size and non-zero dimensions for "
            f"input, but got: {list(shape)}"
        )
    windows = _windows(_pair(output_size), kernel_size, dilation, padding, stride)
    area = prod(windows.kernel)
    if shape[-2] % area:
        raise RuntimeError(
            "Expected size of input's dimension 1 to be divisible by the product of kernel_size, but got "
            f"input.size(1)={shape[-2]} and kernel_size=({windows.kernel[0]}, {windows.kernel[1]})."
        )
    if shape[-1] != prod(windows.out):
        shown = [
            f"({value[0]}, {value[1]})"
            for value in (windows.space, windows.kernel, windows.dilation, windows.padding, windows.stride)
        ]
        raise RuntimeError(
            f"Given output_size={shown[0]}, kernel_size={shown[1]}, dilation={shown[2]}, padding={shown[3]}, "
            f"stride={shown[4]}, expected size of input's dimension 2 to match the calculated number of sliding blocks "
            f"{windows.out[0]} * {windows.out[1]} = {prod(windows.out)}, but got input.size(2)={shape[-1]}."
        )
    if min(windows.out) < 1:
        shown = [
            f"({value[0]}, {value[1]})"
            for value in (windows.space, windows.kernel, windows.dilation, windows.padding, windows.stride, windows.out)
        ]
        raise RuntimeError(
            f"Given output_size={shown[0]}, kernel_size={shown[1]}, dilation={shown[2]}, padding={shown[3]}, "
            f"stride={shown[4]}, calculated shape of the array of sliding blocks as {shown[5]}, which is too small "
            "(non-positive)"
        )
    return _fold_row.function(input, windows)


# Channels and pixels


def _shuffle(x, r):
    *lead, c, h, w = x.shape
    k = len(lead)
    parts = x.reshape(*lead, c // (r * r), r, r, h, w)
    order = (*range(k), k, k + 3, k + 1, k + 4, k + 2)
    return parts.transpose(order).reshape(*lead, c // (r * r), h * r, w * r)


def _unshuffle(x, r):
    *lead, c, h, w = x.shape
    k = len(lead)
    parts = x.reshape(*lead, c, h // r, r, w // r, r)
    order = (*range(k), k, k + 2, k + 4, k + 1, k + 3)
    return parts.transpose(order).reshape(*lead, c * r * r, h // r, w // r)


def _pixel_shuffle(self: Array, upscale_factor):
    if self.ndim < 3:
        raise RuntimeError(
            f"pixel_shuffle expects input to have at least 3 dimensions, but got input with {self.ndim} dimension(s)"
        )
    if upscale_factor <= 0:
        raise RuntimeError(f"pixel_shuffle expects a positive upscale_factor, but got {upscale_factor}")
    if self.shape[-3] % upscale_factor**2:
        raise RuntimeError(
            "pixel_shuffle expects its input's 'channel' dimension to be divisible by the square of upscale_factor, but "
            f"input.size(-3)={self.shape[-3]} is not divisible by {upscale_factor**2}"
        )
    return apart(_shuffle(self, upscale_factor), self)


def _pixel_unshuffle(self: Array, downscale_factor):
    if self.ndim < 3:
        raise RuntimeError(
            f"pixel_unshuffle expects input to have at least 3 dimensions, but got input with {self.ndim} dimension(s)"
        )
    if downscale_factor <= 0:
        raise RuntimeError(f"pixel_unshuffle expects a positive downscale_factor, but got {downscale_factor}")
    for name, dim in (("height", -2), ("width", -1)):
        if self.shape[dim] % downscale_factor:
            raise RuntimeError(
                f"pixel_unshuffle expects {name} to be divisible by downscale_factor, but input.size({dim})="
                f"{self.shape[dim]} is not divisible by {downscale_factor}"
            )
    return apart(_unshuffle(self, downscale_factor), self)


op(
    "pixel_shuffle", _pixel_shuffle, kernel=Kernel("pixel_shuffle", NUMBERS | {np.dtype(bool)}), lies=as_images(), where="torch nn.functional", tangent="linear",
    self=lambda g, upscale_factor: _unshuffle(g, upscale_factor),
    reads={"self": "pixel_unshuffle(g, upscale_factor)"},
    doc="Channels laid out as pixels: (..., C r^2, H, W) becomes (..., C, H r, W r).",
)  # fmt: skip
op(
    "pixel_unshuffle", _pixel_unshuffle, kernel=Kernel("pixel_unshuffle", NUMBERS | {np.dtype(bool)}), lies=as_images(), where="torch nn.functional", tangent="linear",
    self=lambda g, downscale_factor: _shuffle(g, downscale_factor),
    reads={"self": "pixel_shuffle(g, downscale_factor)"},
    doc="Pixels gathered as channels: (..., C, H r, W r) becomes (..., C r^2, H, W).",
)  # fmt: skip


def _mix(x, groups):
    n, c, *space = x.shape
    return x.reshape(n, groups, c // groups, *space).swapaxes(1, 2).reshape(x.shape)


def _channel_shuffle(self: Array, groups):
    if self.ndim < 3:
        raise RuntimeError(
            f"channel_shuffle expects input with > 2 dims, but got input with sizes {list(self.shape)}"
        )
    if groups <= 0:
        raise RuntimeError(f"Number of groups to divide channels in must be positive. Value of groups:{groups}")
    if self.shape[1] % groups:
        raise RuntimeError(
            f"Number of channels must be divisible by groups. Got {self.shape[1]} channels and {groups} groups."
        )
    return apart(_mix(self, groups), self)


op(
    "channel_shuffle", _channel_shuffle, kernel=Kernel("channel_shuffle", NUMBERS | {np.dtype(bool)}), lies=as_images(), where="torch nn.functional", aliases=("native_channel_shuffle",),
    tangent="linear",
    self=lambda g, groups: _mix(g, g.shape[1] // groups) if g.size else g,
    reads={"self": "g, the channels back in order"},
    doc="The channels (dimension 1) of ``groups`` groups interleaved.",
)  # fmt: skip
