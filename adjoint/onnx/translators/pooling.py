"""Pooling."""

from __future__ import annotations

from typing import Any

import numpy as np

from adjoint import dtypes
from adjoint.onnx.errors import OnnxExporterError
from adjoint.onnx.graph import Graph, Value
from adjoint.onnx.sizes import Varying, product
from adjoint.onnx.translators.convolution import each
from adjoint.onnx.translators.table import TRANSLATORS, unsupported


def _batched(g: Graph, count: int, self: Value) -> tuple[Value, bool]:
    if self.ndim == count + 2:
        return self, True
    made = g.unsqueeze(self, [0])
    made.shape = (1, *self.sizes)
    return made, False


def _max_pool(count: int, with_indices: bool) -> Any:
    def translate(
        g: Graph,
        self: Value,
        kernel_size: Any,
        stride: Any = None,
        padding: Any = 0,
        dilation: Any = 1,
        ceil_mode: bool = False,
        return_indices: bool = False,
    ) -> Any:
        x, batched = _batched(g, count, self)
        stride = kernel_size if stride in (None, (), []) else stride
        options: dict[str, Any] = {
            "kernel_shape": each(kernel_size, count),
            "strides": each(stride, count),
            "pads": each(padding, count) * 2,
            "dilations": each(dilation, count),
            "ceil_mode": int(ceil_mode),
        }
        if not (return_indices or with_indices):
            made = g.op("MaxPool", x, **options)
            return made if batched else g.squeeze(made, [0])
        made, places = g.op("MaxPool", x, outputs=2, **options)
        places.dtype = dtypes.int64  # counted through the whole tensor; PyTorch counts in each image
        places = g.op("Mod", places, g.number(product(x.sizes[2:]), dtypes.int64))
        return (made, places) if batched else (g.squeeze(made, [0]), g.squeeze(places, [0]))

    return translate


def _avg_pool(count: int) -> Any:
    def translate(
        g: Graph,
        self: Value,
        kernel_size: Any,
        stride: Any = None,
        padding: Any = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
        divisor_override: int | None = None,
    ) -> Value:
        x, batched = _batched(g, count, self)
        kernel = each(kernel_size, count)
        stride = kernel_size if stride in (None, (), []) else stride
        if ceil_mode and count_include_pad and any(each(padding, count)) and g.opset < 19:
            raise unsupported(g, f"avg_pool{count}d with ceil_mode and padding", 19)
        made = g.op(
            "AveragePool",
            x,
            kernel_shape=kernel,
            strides=each(stride, count),
            pads=each(padding, count) * 2,
            ceil_mode=int(ceil_mode),
            count_include_pad=int(count_include_pad or divisor_override is not None),
        )
        if divisor_override is not None:
            if ceil_mode:
                raise unsupported(g, f"avg_pool{count}d with ceil_mode and divisor_override")
            made = g.op("Mul", made, g.const(product(kernel) / divisor_override, made.dtype))
        return made if batched else g.squeeze(made, [0])

    return translate


def _adaptive(count: int, kind: str) -> Any:
    def translate(g: Graph, self: Value, output_size: Any, return_indices: bool = False) -> Any:
        x, batched = _batched(g, count, self)
        sizes = x.sizes[2:]
        wanted = [size if w is None else w for w, size in zip(each(output_size, count), sizes)]
        if return_indices:
            raise unsupported(g, f"adaptive_{kind}_pool{count}d with indices")
        if all(w == 1 for w in wanted):
            made = g.op("GlobalAveragePool" if kind == "avg" else "GlobalMaxPool", x)
        else:
            if any(isinstance(s, Varying) and w is not s for s, w in zip(sizes, wanted)):
                raise OnnxExporterError(
                    f"adaptive_{kind}_pool{count}d to {tuple(wanted)} of images whose size varies has no operator "
                    "of ONNX; make the size static, or pool to 1"
                )
            if any(not isinstance(s, Varying) and s % w for s, w in zip(sizes, wanted)):
                made = x
                for axis, (size, w) in enumerate(zip(sizes, wanted), start=2):
                    made = made if w is size else _unequal(g, made, x.ndim, axis, size, w, kind)
            else:
                kernel = [1 if w is s else s // w for s, w in zip(sizes, wanted)]
                made = g.op("AveragePool" if kind == "avg" else "MaxPool", x, kernel_shape=kernel, strides=kernel)
        return made if batched else g.squeeze(made, [0])

    return translate


def _unequal(g: Graph, x: Value, ndim: int, axis: int, size: int, parts: int, kind: str) -> Value:
    """Windows of unequal sizes along one dimension: gathered to the longest, by a place of their own where they are shorter."""
    windows = [range(i * size // parts, -(-(i + 1) * size // parts)) for i in range(parts)]
    longest = max(map(len, windows))
    places = np.array([[*window, *[window[-1]] * (longest - len(window))] for window in windows], np.int64)
    gathered = g.op("Gather", x, places, axis=axis)
    if kind == "max":
        return g.reduced("ReduceMax", gathered, [axis + 1], False)
    shares = np.array([[1 / len(w)] * len(w) + [0.0] * (longest - len(w)) for w in windows])
    weighted = g.op("Mul", gathered, g.const(shares.reshape(parts, longest, *[1] * (ndim - axis - 1)), x.dtype))
    return g.reduced("ReduceSum", weighted, [axis + 1], False)


def _lp_pool(count: int) -> Any:
    def translate(
        g: Graph, self: Value, norm_type: Any, kernel_size: Any, stride: Any = None, ceil_mode: bool = False
    ) -> Value:
        """The root of the sum of powers: PyTorch's is of numbers with their signs, and of what is left above zero."""
        if ceil_mode:
            raise unsupported(g, f"lp_pool{count}d with ceil_mode")
        x, batched = _batched(g, count, self)
        kernel = each(kernel_size, count)
        steps = each(kernel_size if stride in (None, (), []) else stride, count)
        powers = g.op("Pow", x, g.const(float(norm_type), x.dtype))
        means = g.op("AveragePool", powers, kernel_shape=kernel, strides=steps)
        total = g.op(
            "Mul", g.op("Mul", g.op("Sign", means), g.op("Relu", g.op("Abs", means))), g.const(product(kernel), x.dtype)
        )
        made = g.op("Pow", total, g.const(1 / norm_type, x.dtype))
        return made if batched else g.squeeze(made, [0])

    return translate


def _max_unpool(count: int) -> Any:
    def translate(g: Graph, input: Value, indices: Value, *_: Any, **__: Any) -> Value:
        """Zeros, and the elements at the places that they were taken from, which are counted in each image."""
        sizes = g.out[0].sizes
        lead = list(sizes[:-count])
        zeros = g.expand(g.const(0, input.dtype), [*lead, product(sizes[-count:])])
        flat = [g.reshape(each_one, [*lead, product(input.sizes[-count:])]) for each_one in (indices, input)]
        return g.reshape(g.op("ScatterElements", zeros, *flat, axis=len(lead)), sizes)

    return translate


for _count in (1, 2, 3):
    TRANSLATORS[f"lp_pool{_count}d"] = _lp_pool(_count)
    TRANSLATORS[f"max_unpool{_count}d"] = _max_unpool(_count)
    TRANSLATORS[f"max_pool{_count}d"] = _max_pool(_count, False)
    TRANSLATORS[f"max_pool{_count}d_with_indices"] = _max_pool(_count, True)
    TRANSLATORS[f"avg_pool{_count}d"] = _avg_pool(_count)
    TRANSLATORS[f"adaptive_avg_pool{_count}d"] = _adaptive(_count, "avg")
    TRANSLATORS[f"adaptive_max_pool{_count}d"] = _adaptive(_count, "max")
