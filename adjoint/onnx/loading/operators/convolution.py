"""Convolutions and their transposes."""

from __future__ import annotations

from typing import Any

import adjoint
from adjoint.nn import functional
from adjoint.onnx.loading.operators.windows import edges
from adjoint.onnx.loading.rows import operator

_CONVOLUTIONS: dict[int, Any] = {1: functional.conv1d, 2: functional.conv2d, 3: functional.conv3d}
_TRANSPOSED = {1: functional.conv_transpose1d, 2: functional.conv_transpose2d, 3: functional.conv_transpose3d}


@operator("Conv")
def convolution(
    site: Any, auto_pad: str = "NOTSET", dilations: Any = None, group: int = 1, kernel_shape: Any = None, pads: Any = None,
    strides: Any = None,
) -> Any:  # fmt: skip
    def run(x: Any, w: Any, b: Any = None) -> Any:
        rank = x.dim() - 2
        step, apart = strides or (1,) * rank, dilations or (1,) * rank
        first, last = edges(auto_pad, pads, x.shape[2:], w.shape[2:], step, apart)
        if first != last:
            x = functional.pad(x, [n for ends in zip(reversed(first), reversed(last)) for n in ends])
            first = [0] * rank
        if rank not in _CONVOLUTIONS:
            raise NotImplementedError(f"a convolution over {rank} dimensions: there are those over one, two and three")
        return _CONVOLUTIONS[rank](x, w, b, step, tuple(first), apart, group)

    if auto_pad in ("NOTSET", "VALID") and kernel_shape and len(kernel_shape) in _CONVOLUTIONS:
        # All is known but the sizes
        rank = len(kernel_shape)
        before, after = edges(auto_pad, pads, (0,) * rank, kernel_shape, (1,) * rank, (1,) * rank)
        if before == after and min(before) >= 0:
            whole, padding = _CONVOLUTIONS[rank], tuple(before)
            step, apart = strides or (1,) * rank, dilations or (1,) * rank
            return lambda x, w, b=None: whole(x, w, b, step, padding, apart, group)
    return run


@operator("ConvTranspose")
def transposed_convolution(
    site: Any, auto_pad: str = "NOTSET", dilations: Any = None, group: int = 1, kernel_shape: Any = None,
    output_padding: Any = None, output_shape: Any = None, pads: Any = None, strides: Any = None,
) -> Any:  # fmt: skip
    def run(x: Any, w: Any, b: Any = None) -> Any:
        rank = x.dim() - 2
        step, apart, more = strides or (1,) * rank, dilations or (1,) * rank, output_padding or (0,) * rank
        full = [(n - 1) * s + (k - 1) * d + 1 + o for n, s, k, d, o in zip(x.shape[2:], step, w.shape[2:], apart, more)]
        wanted = output_shape and output_shape[-rank:]
        if wanted is None and auto_pad.startswith("SAME"):
            wanted = [n * s for n, s in zip(x.shape[2:], step)]
        if wanted is not None:
            away = [f - n for f, n in zip(full, wanted)]
            small = [n // 2 for n in away]
            rest = [n - m for n, m in zip(away, small)]
            first, last = (small, rest) if auto_pad == "SAME_UPPER" else (rest, small)
        else:
            first, last = edges(auto_pad, pads, x.shape[2:], w.shape[2:], step, apart)
        function = _TRANSPOSED[rank]
        if first == last and min(first) >= 0:
            return function(x, w, b, step, tuple(first), more, group, apart)
        if max(more) > 0 and any(o >= max(s, d) for o, s, d in zip(more, step, apart)):
            last, more = [n - o for n, o in zip(last, more)], (0,) * rank
        whole = function(x, w, None, step, 0, more, group, apart)
        whole = functional.pad(whole, [-n for ends in zip(reversed(first), reversed(last)) for n in ends])
        return whole if b is None else whole + b.reshape(-1, *[1] * rank)

    return run


@operator("DeformConv")
def deformable_convolution(
    site: Any, dilations: Any = None, group: int = 1, kernel_shape: Any = None, offset_group: int = 1, pads: Any = None,
    strides: Any = None,
) -> Any:  # fmt: skip
    def run(x: Any, w: Any, offset: Any, b: Any = None, mask: Any = None) -> Any:
        if x.dim() != 4:
            raise NotImplementedError("a deformable convolution over other than two dimensions")
        n, channels, height, width = x.shape
        outputs, _, kh, kw = w.shape
        sy, sx = strides or (1, 1)
        dy, dx = dilations or (1, 1)
        top, left = (pads or (0,) * 4)[:2]
        rows, columns = offset.shape[2:]
        taps = kh * kw
        offset = offset.reshape(n, offset_group, taps, 2, rows, columns)
        y = (adjoint.arange(rows) * sy - top).reshape(1, 1, 1, rows, 1) + offset[:, :, :, 0]
        z = (adjoint.arange(columns) * sx - left).reshape(1, 1, 1, 1, columns) + offset[:, :, :, 1]
        y = y + (adjoint.arange(taps) // kw * dy).reshape(1, 1, taps, 1, 1)
        z = z + (adjoint.arange(taps) % kw * dx).reshape(1, 1, taps, 1, 1)
        # Where each tap looks, in the coordinates of grid_sample, which interpolates and gives zeros outside
        grid = adjoint.stack([2 * z / max(width - 1, 1) - 1, 2 * y / max(height - 1, 1) - 1], -1)
        if min(width, height) == 1:
            grid = adjoint.stack([(2 * z + 1) / width - 1, (2 * y + 1) / height - 1], -1)
        parts = x.reshape(n * offset_group, channels // offset_group, height, width)
        looked = functional.grid_sample(
            parts,
            grid.reshape(n * offset_group, taps * rows, columns, 2).to(x.dtype),
            align_corners=min(width, height) > 1,
        ).reshape(n, offset_group, channels // offset_group, taps, rows, columns)
        if mask is not None:
            looked = looked * mask.reshape(n, offset_group, 1, taps, rows, columns)
        looked = looked.reshape(n, group, channels // group * taps, rows * columns)
        weight = w.reshape(group, outputs // group, channels // group * taps)
        result = adjoint.matmul(weight, looked).reshape(n, outputs, rows, columns)
        return result if b is None else result + b.reshape(-1, 1, 1)

    return run
