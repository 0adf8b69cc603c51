"""Numbers as integers with a scale, and products of such."""

from __future__ import annotations

from typing import Any

import adjoint
from adjoint.onnx.loading.operators.convolution import convolution
from adjoint.onnx.loading.operators.creation import cast_to
from adjoint.onnx.loading.rows import operator
from adjoint.onnx.loading.tensors import dtype_of
from adjoint.tensor import Tensor


def _along(scale: Tensor, x: Tensor, axis: int, block: int) -> Tensor:
    """A scale, or a zero point, in a shape that fits ``x``: one number, one for each place of an axis, or one for each block."""
    if scale.dim() == 0 or (scale.numel() == 1 and scale.dim() <= 1):
        return scale.reshape(())
    if block:
        return scale.repeat_interleave(block, axis).narrow(axis, 0, x.shape[axis])
    if scale.dim() != 1:
        return scale
    return scale.reshape([-1 if d == axis % x.dim() else 1 for d in range(x.dim())])


def _rounded(x: Tensor, dtype: Any, zero: Tensor | None, saturate: int = 1) -> Tensor:
    if dtype.is_floating_point:
        return cast_to(x if zero is None else x + zero.to(x.dtype), dtype, saturate)
    info = adjoint.iinfo(dtype)
    whole = adjoint.round(x)
    if zero is not None:
        whole = whole + zero.to(whole.dtype)
    return adjoint.clamp(whole, info.min, info.max).to(dtype)


@operator("QuantizeLinear", fixed=(1, 2))
def quantize(
    site: Any, axis: int = 1, block_size: int = 0, output_dtype: int = 0, precision: int = 0, saturate: int = 1
) -> Any:
    asked = dtype_of(output_dtype) if output_dtype else adjoint.uint8

    def run(x: Any, scale: Any, zero: Any = None) -> Any:
        kind = asked if zero is None else zero.dtype
        exact = adjoint.promote_types(x.dtype, adjoint.float32)
        divided = x.to(exact) / _along(scale, x, axis, block_size).to(exact)
        return _rounded(divided, kind, None if zero is None else _along(zero, x, axis, block_size), saturate)

    return run


@operator("DequantizeLinear", fixed=(1, 2))
def dequantize(site: Any, axis: int = 1, block_size: int = 0, output_dtype: int = 0) -> Any:
    def run(x: Any, scale: Any, zero: Any = None) -> Any:
        kind = dtype_of(output_dtype) if output_dtype else scale.dtype
        wide = adjoint.promote_types(scale.dtype, adjoint.float32)
        difference = x.to(wide)
        if zero is not None:
            difference = difference - _along(zero, x, axis, block_size).to(wide)
        return (difference * _along(scale, x, axis, block_size).to(wide)).to(kind)

    return run


@operator("DynamicQuantizeLinear", several=True)
def quantize_by_range(site: Any) -> Any:
    def run(x: Any) -> Any:
        low, high = x.amin().clamp(max=0), x.amax().clamp(min=0)
        scale = (high - low) / 255
        zero = adjoint.clamp(adjoint.round(-low / scale), 0, 255).to(adjoint.uint8)
        return _rounded(x / scale, adjoint.uint8, zero), scale, zero

    return run


def _exact(x: Tensor, zero: Tensor | None, shape: Any = None) -> Tensor:
    """Small integers less their zero point, as float64, in which sums of products of them are exact."""
    wide = x.to(adjoint.float64)
    if zero is None:
        return wide
    zero = zero.to(adjoint.float64)
    return wide - (zero if shape is None or zero.dim() == 0 else zero.reshape(shape))


def _rows(zero: Tensor | None) -> Tensor | None:
    return zero.unsqueeze(-1) if zero is not None and zero.dim() == 1 and zero.numel() > 1 else zero


@operator("MatMulInteger")
def matmul_integer(site: Any) -> Any:
    def run(a: Any, b: Any, a_zero: Any = None, b_zero: Any = None) -> Any:
        return adjoint.matmul(_exact(a, _rows(a_zero)), _exact(b, b_zero)).to(adjoint.int32)

    return run


@operator("QLinearMatMul")
def matmul_quantized(site: Any) -> Any:
    def run(a: Any, a_scale: Any, a_zero: Any, b: Any, b_scale: Any, b_zero: Any, y_scale: Any, y_zero: Any) -> Any:
        product = adjoint.matmul(_exact(a, _rows(a_zero)), _exact(b, b_zero))
        scale = _rows(a_scale) * b_scale / _rows(y_scale)
        return _rounded(product * scale.to(adjoint.float64), y_zero.dtype, _rows(y_zero))

    return run


@operator("ConvInteger")
def convolution_integer(
    site: Any, auto_pad: str = "NOTSET", dilations: Any = None, group: int = 1, kernel_shape: Any = None, pads: Any = None,
    strides: Any = None,
) -> Any:  # fmt: skip
    plain = convolution(site, auto_pad, dilations, group, kernel_shape, pads, strides)

    def run(x: Any, w: Any, x_zero: Any = None, w_zero: Any = None) -> Any:
        by_output = (-1, *[1] * (w.dim() - 1))
        return plain(_exact(x, x_zero), _exact(w, w_zero, by_output)).to(adjoint.int32)

    return run


@operator("QLinearConv")
def convolution_quantized(
    site: Any, auto_pad: str = "NOTSET", dilations: Any = None, group: int = 1, kernel_shape: Any = None, pads: Any = None,
    strides: Any = None,
) -> Any:  # fmt: skip
    plain = convolution(site, auto_pad, dilations, group, kernel_shape, pads, strides)

    def run(
        x: Any, x_scale: Any, x_zero: Any, w: Any, w_scale: Any, w_zero: Any, y_scale: Any, y_zero: Any, b: Any = None
    ) -> Any:  # fmt: skip
        by_output = (-1, *[1] * (w.dim() - 1))
        sums = plain(_exact(x, x_zero), _exact(w, w_zero, by_output), None if b is None else b.to(adjoint.float64))
        scale = x_scale.to(adjoint.float64) * w_scale.to(adjoint.float64) / y_scale.to(adjoint.float64)
        if scale.dim() and scale.numel() > 1:
            scale = scale.reshape(by_output[:-1])
        return _rounded(sums * scale.reshape(()) if scale.numel() == 1 else sums * scale, y_zero.dtype, y_zero)

    return run
