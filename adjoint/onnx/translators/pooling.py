"""Pooling."""

from __future__ import annotations

from typing import Any

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
                raise OnnxExporterError(
                    f"adaptive_{kind}_pool{count}d of {tuple(sizes)} to {tuple(wanted)} has windows of unequal sizes, for which "
                    "ONNX has no operator"
                )
            kernel = [1 if w is s else s // w for s, w in zip(sizes, wanted)]
            made = g.op("AveragePool" if kind == "avg" else "MaxPool", x, kernel_shape=kernel, strides=kernel)
        return made if batched else g.squeeze(made, [0])

    return translate


for _count in (1, 2, 3):
    TRANSLATORS[f"max_pool{_count}d"] = _max_pool(_count, False)
    TRANSLATORS[f"max_pool{_count}d_with_indices"] = _max_pool(_count, True)
    TRANSLATORS[f"avg_pool{_count}d"] = _avg_pool(_count)
    TRANSLATORS[f"adaptive_avg_pool{_count}d"] = _adaptive(_count, "avg")
    TRANSLATORS[f"adaptive_max_pool{_count}d"] = _adaptive(_count, "max")
