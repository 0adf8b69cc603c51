"""Operators of onnxruntime's own, which its optimizer writes into files."""

from __future__ import annotations

from typing import Any

import adjoint
from adjoint.nn import functional
from adjoint.onnx.loading.operators.normalization import layer_norm
from adjoint.onnx.loading.rows import MICROSOFT, direct, operator

direct("Gelu", functional.gelu, domain=MICROSOFT)
direct("BiasGelu", lambda x, bias: functional.gelu(x + bias), domain=MICROSOFT)
direct(
    "FastGelu",
    lambda x, bias=None: functional.gelu(x if bias is None else x + bias, approximate="tanh"),
    domain=MICROSOFT,
)
direct("Inverse", adjoint.inverse, domain=MICROSOFT)
operator("LayerNormalization", domain=MICROSOFT, several=True)(layer_norm)
operator("LayerNormalization", since=1, several=True)(layer_norm)  # where files say so before it was one of ONNX's


@operator("QuickGelu", domain=MICROSOFT)
def quick_gelu(site: Any, alpha: float = 1.702) -> Any:
    return lambda x: x * adjoint.sigmoid(alpha * x)


@operator("FusedMatMul", domain=MICROSOFT)
def fused_matmul(
    site: Any, alpha: float = 1.0, transA: int = 0, transB: int = 0, transBatchA: int = 0, transBatchB: int = 0
) -> Any:  # fmt: skip
    if transBatchA or transBatchB:
        raise NotImplementedError("FusedMatMul with transposed batches")

    def run(a: Any, b: Any) -> Any:
        product = adjoint.matmul(a.transpose(-1, -2) if transA else a, b.transpose(-1, -2) if transB else b)
        return product if alpha == 1 else alpha * product

    return run


@operator("SimplifiedLayerNormalization", several=True)
def simplified(site: Any, axis: int = -1, epsilon: float = 1e-5, stash_type: int = 1) -> Any:
    def run(x: Any, weight: Any) -> Any:
        scale = (x.square().mean(tuple(range(axis % x.dim(), x.dim())), keepdim=True) + epsilon).rsqrt()
        return functional.rms_norm(x, x.shape[axis:], weight, epsilon), scale

    return run


@operator("SkipLayerNormalization", domain=MICROSOFT, several=True)
def skip_layer_norm(site: Any, epsilon: float = 1e-5) -> Any:
    def run(x: Any, skip: Any, weight: Any, beta: Any = None, bias: Any = None) -> Any:
        total = x + skip if bias is None else x + skip + bias
        return functional.layer_norm(total, total.shape[-1:], weight, beta, epsilon), None, None, total

    return run


@operator("SkipSimplifiedLayerNormalization", domain=MICROSOFT, several=True)
def skip_rms_norm(site: Any, epsilon: float = 1e-5) -> Any:
    def run(x: Any, skip: Any, weight: Any, bias: Any = None) -> Any:
        total = x + skip if bias is None else x + skip + bias
        return functional.rms_norm(total, total.shape[-1:], weight, epsilon), None, None, total

    return run
