"""Convolutions."""

from __future__ import annotations

from typing import Any

from adjoint.onnx.graph import Graph, Value
from adjoint.onnx.translators.table import TRANSLATORS, translates


def each(value: Any, count: int) -> list[Any]:
    """A number for each dimension."""
    if isinstance(value, (tuple, list)):
        return list(value) * (count if len(value) == 1 else 1)
    return [value] * count


def _convolved(g: Graph, count: int, input: Value, weight: Value, bias: Value | None, body: Any) -> Value:
    """What ``body`` makes of the input, which may have no batch."""
    batched = input.ndim == count + 2
    if not batched:
        shape = None if input.shape is None else (1, *input.shape)
        input = g.unsqueeze(input, [0])
        input.shape = shape
    made = body(input)
    return made if batched else g.squeeze(made, [0])  # type: ignore[no-any-return]


def _convolution(count: int) -> Any:
    def translate(
        g: Graph,
        input: Value,
        weight: Value,
        bias: Value | None = None,
        stride: Any = 1,
        padding: Any = 0,
        dilation: Any = 1,
        groups: int = 1,
    ) -> Value:
        pads, auto = None, None
        dilations, kernel = each(dilation, count), weight.sizes[2:]
        if padding == "same":  # more at the end, where it is odd
            total = [d * (k - 1) for d, k in zip(dilations, kernel)]
            pads = [t // 2 for t in total] + [t - t // 2 for t in total]
        elif padding == "valid":
            pads = [0] * (2 * count)
        else:
            pads = each(padding, count) * 2

        def body(x: Value) -> Value:
            return g.op(  # type: ignore[no-any-return]
                "Conv",
                x,
                weight,
                bias,
                kernel_shape=list(kernel),
                strides=each(stride, count),
                pads=pads,
                dilations=dilations,
                group=groups,
                auto_pad=auto,
            )

        return _convolved(g, count, input, weight, bias, body)

    return translate


def _transposed(count: int) -> Any:
    def translate(
        g: Graph,
        input: Value,
        weight: Value,
        bias: Value | None = None,
        stride: Any = 1,
        padding: Any = 0,
        output_padding: Any = 0,
        groups: int = 1,
        dilation: Any = 1,
    ) -> Value:
        g.static(each(output_padding, count), "output_padding")

        def body(x: Value) -> Value:
            return g.op(  # type: ignore[no-any-return]
                "ConvTranspose",
                x,
                weight,
                bias,
                kernel_shape=list(weight.sizes[2:]),
                strides=each(stride, count),
                pads=each(padding, count) * 2,
                output_padding=each(output_padding, count),
                dilations=each(dilation, count),
                group=groups,
            )

        return _convolved(g, count, input, weight, bias, body)

    return translate


for _count in (1, 2, 3):
    TRANSLATORS[f"conv{_count}d"] = _convolution(_count)
    TRANSLATORS[f"conv_transpose{_count}d"] = _transposed(_count)


@translates("convolution", "_convolution")
def convolution(
    g: Graph,
    input: Value,
    weight: Value,
    bias: Value | None,
    stride: Any,
    padding: Any,
    dilation: Any,
    transposed: bool,
    output_padding: Any,
    groups: int,
    *_: Any,
) -> Value:
    """Any of them."""
    count = weight.ndim - 2
    if transposed:
        return _transposed(count)(g, input, weight, bias, stride, padding, output_padding, groups, dilation)  # type: ignore[no-any-return]
    return _convolution(count)(g, input, weight, bias, stride, padding, dilation, groups)  # type: ignore[no-any-return]
