"""Operators as they were in version 6, before shapes were broadcast as NumPy does: an attribute says how."""

from __future__ import annotations

from typing import Any

import adjoint
from adjoint.onnx.loading.operators.activations import prelu
from adjoint.onnx.loading.operators.arithmetic import division, power
from adjoint.onnx.loading.operators.generators import dropout_by_attribute
from adjoint.onnx.loading.operators.matrices import gemm
from adjoint.onnx.loading.operators.normalization import batch_norm
from adjoint.onnx.loading.operators.pooling import average_pool
from adjoint.onnx.loading.rows import operator

_FUNCTIONS = {"Add": adjoint.add, "Sub": adjoint.sub, "Mul": adjoint.mul, "Greater": adjoint.gt, "Less": adjoint.lt,
              "Equal": adjoint.eq, "And": adjoint.logical_and, "Or": adjoint.logical_or, "Xor": adjoint.logical_xor}  # fmt: skip


@operator(*_FUNCTIONS, "Div", "Pow", since=6)
def broadcast(site: Any, axis: int | None = None, broadcast: int = 0) -> Any:
    makers = {"Div": division, "Pow": power}
    function = makers[site.operator](site) if site.operator in makers else _FUNCTIONS[site.operator]
    if axis is None:
        return function

    def run(x: Any, y: Any) -> Any:
        after = x.dim() - (axis % x.dim()) - y.dim()
        return function(x, y.reshape(*y.shape, *[1] * after))

    return run


@operator("PRelu", since=6)
def prelu_by_channels(site: Any) -> Any:
    function = prelu(site)
    return lambda x, slope: function(x, slope if slope.numel() == 1 else slope.reshape(-1, *[1] * (x.dim() - 2)))


@operator("Gemm", since=6)
def gemm_that_says_broadcast(
    site: Any, alpha: float = 1.0, beta: float = 1.0, broadcast: int = 0, transA: int = 0, transB: int = 0
) -> Any:
    return gemm(site, alpha, beta, transA, transB)


@operator("BatchNormalization", since=6, training=lambda site, options: False, several=True, fixed=(3, 4))
def batch_norm_that_says_test(
    site: Any, epsilon: float = 1e-5, is_test: int = 0, momentum: float = 0.9, spatial: int = 1
) -> Any:
    return batch_norm(site, epsilon, momentum, spatial, 0)


@operator("Dropout", since=6, training=lambda site, options: False, several=True)
def dropout_that_says_test(site: Any, is_test: int = 0, ratio: float = 0.5) -> Any:
    return dropout_by_attribute(site, ratio)


operator("AveragePool")(average_pool)
