"""Images in other sizes, edges, and sampling at points."""

from __future__ import annotations

from typing import Any

import numpy as np

from adjoint import dtypes
from adjoint.onnx.graph import Graph, Value
from adjoint.onnx.sizes import Varying
from adjoint.onnx.translators.convolution import each
from adjoint.onnx.translators.table import needs, translates, unsupported


@translates("interpolate", "upsample")
def interpolate(
    g: Graph,
    input: Value,
    size: Any = None,
    scale_factor: Any = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
    recompute_scale_factor: bool | None = None,
    antialias: bool = False,
) -> Value:
    """Resized."""
    count = input.ndim - 2
    if antialias:
        needs(g, 18)
    if mode == "area":
        raise unsupported(g, "interpolate of mode area")
    kinds = {
        "nearest": ("nearest", "asymmetric", "floor"),
        "nearest-exact": ("nearest", "half_pixel", "round_prefer_ceil"),
        "bicubic": ("cubic", "half_pixel", None),
    }
    kind, where, nearest = kinds.get(
        mode, ("linear", "pytorch_half_pixel" if mode != "trilinear" or count else "half_pixel", None)
    )
    if mode == "bicubic":
        where = "pytorch_half_pixel"
    if align_corners:
        where = "align_corners"
    options: dict[str, Any] = {
        "mode": kind,
        "coordinate_transformation_mode": where,
        "nearest_mode": nearest,
        "cubic_coeff_a": -0.75 if kind == "cubic" else None,
        "antialias": 1 if antialias else None,
    }
    if size is None and not recompute_scale_factor:
        factors = [float(f) for f in each(scale_factor, count)]
        scales = np.array([1.0, 1.0, *factors], np.float32)
        return g.op("Resize", input, None, scales, **options)  # type: ignore[no-any-return]
    wanted = g.out[0].sizes[2:]
    return g.op("Resize", input, None, None, g.ints([*input.sizes[:2], *wanted]), **options)  # type: ignore[no-any-return]


@translates("pad", "constant_pad_nd")
def pad(g: Graph, input: Value, pad: Any, mode: Any = "constant", value: Any = None) -> Value:
    """More at the edges."""
    if not isinstance(mode, str):  # constant_pad_nd's number
        mode, value = "constant", mode
    pairs = list(pad)
    before, after = [0] * input.ndim, [0] * input.ndim
    for i in range(len(pairs) // 2):
        before[-1 - i], after[-1 - i] = pairs[2 * i], pairs[2 * i + 1]
    kind = {"constant": "constant", "reflect": "reflect", "replicate": "edge", "circular": "wrap"}[mode]
    if kind == "wrap" and g.opset < 19:
        raise unsupported(g, "pad of mode circular", 19)
    fill = g.number(value or 0, input.dtype) if kind == "constant" else None
    if input.dtype == dtypes.bool_:
        whole = g.op(
            "Pad",
            g.cast(input, dtypes.int32),
            g.ints([*before, *after]),
            g.const(int(value or 0), dtypes.int32),
            mode=kind,
        )
        return g.cast(whole, dtypes.bool_)
    return g.op("Pad", input, g.ints([*before, *after]), fill, mode=kind)  # type: ignore[no-any-return]


@translates("grid_sample")
def grid_sample(
    g: Graph,
    input: Value,
    grid: Value,
    mode: str = "bilinear",
    padding_mode: str = "zeros",
    align_corners: bool | None = None,
) -> Value:
    """Sampled at points."""
    if input.ndim == 5:
        needs(g, 20)
    names = {"bilinear": "linear", "nearest": "nearest", "bicubic": "cubic"} if g.opset >= 20 else {}
    return g.op(  # type: ignore[no-any-return]
        "GridSample",
        input,
        grid,
        mode=names.get(mode, mode),
        padding_mode=padding_mode,
        align_corners=int(bool(align_corners)),
    )


@translates("affine_grid")
def affine_grid(g: Graph, theta: Value, size: Any, align_corners: bool | None = None) -> Value:
    """The points that an affine map sends a grid to."""
    needs(g, 20)
    return g.op("AffineGrid", theta, g.ints(list(size)), align_corners=int(bool(align_corners)))  # type: ignore[no-any-return]


@translates("col2im")
def col2im(
    g: Graph, input: Value, output_size: Any, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1
) -> Value:
    """Windows added up to images."""
    needs(g, 18)
    if any(isinstance(s, Varying) for s in each(output_size, 2)) or input.ndim != 3:
        raise unsupported(g, "fold")
    return g.op(  # type: ignore[no-any-return]
        "Col2Im",
        input,
        g.ints(each(output_size, 2)),
        g.ints(each(kernel_size, 2)),
        dilations=each(dilation, 2),
        pads=each(padding, 2) * 2,
        strides=each(stride, 2),
    )


@translates("im2col")
def im2col(g: Graph, input: Value, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1) -> Value:
    """Windows of images as columns: a convolution with weights that pick one element each."""
    kernel = each(kernel_size, 2)
    channels = g.static(input.sizes[1], "the number of channels")
    picks = np.eye(kernel[0] * kernel[1], dtype=np.float32).reshape(-1, 1, *kernel)
    weight = g.const(np.tile(picks, (channels, 1, 1, 1)), input.dtype)
    made = g.op(
        "Conv",
        input,
        weight,
        kernel_shape=kernel,
        strides=each(stride, 2),
        pads=each(padding, 2) * 2,
        dilations=each(dilation, 2),
        group=channels,
    )
    return g.op("Reshape", made, np.array([0, g.out[0].sizes[1], -1], np.int64))  # type: ignore[no-any-return]
