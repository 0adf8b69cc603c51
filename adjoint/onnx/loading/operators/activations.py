"""Functions between layers."""

from __future__ import annotations

from typing import Any

import adjoint
from adjoint.nn import functional
from adjoint.onnx.loading.rows import direct, operator

direct("Relu", adjoint.relu)
direct("Sigmoid", adjoint.sigmoid)
direct("Tanh", adjoint.tanh)
direct("Softsign", functional.softsign)
direct("Mish", functional.mish)
direct("HardSwish", functional.hardswish)
direct("Softplus", lambda x: functional.softplus(x, threshold=40))  # from where on it is the identity in any precision


@operator("LeakyRelu")
def leaky_relu(site: Any, alpha: float = 0.01) -> Any:
    return lambda x: functional.leaky_relu(x, alpha)


@operator("Elu")
def elu(site: Any, alpha: float = 1.0) -> Any:
    return lambda x: functional.elu(x, alpha)


@operator("Celu")
def celu(site: Any, alpha: float = 1.0) -> Any:
    return lambda x: functional.celu(x, alpha)


@operator("Selu")
def selu(
    site: Any, alpha: float = 1.6732632423543772848170429916717, gamma: float = 1.0507009873554804934193349852946
) -> Any:
    if abs(alpha - 1.6732632) < 1e-6 and abs(gamma - 1.050701) < 1e-6:
        return functional.selu
    return lambda x: gamma * functional.elu(x, alpha)


@operator("PRelu", since=7)
def prelu(site: Any) -> Any:
    return lambda x, slope: adjoint.where(x > 0, x, slope * x)


@operator("HardSigmoid")
def hard_sigmoid(site: Any, alpha: float = 0.2, beta: float = 0.5) -> Any:
    if abs(alpha - 1 / 6) < 1e-7 and beta == 0.5:
        return functional.hardsigmoid
    return lambda x: adjoint.clamp(alpha * x + beta, 0.0, 1.0)


@operator("ThresholdedRelu")
def thresholded_relu(site: Any, alpha: float = 1.0) -> Any:
    return lambda x: functional.threshold(x, alpha, 0.0)


@operator("Shrink")
def shrink(site: Any, bias: float = 0.0, lambd: float = 0.5) -> Any:
    def shrunk(x: Any) -> Any:
        zero = adjoint.zeros((), dtype=x.dtype)
        return adjoint.where(x < -lambd, x + bias, adjoint.where(x > lambd, x - bias, zero)).to(x.dtype)

    return shrunk


@operator("Gelu")
def gelu(site: Any, approximate: str = "none") -> Any:
    return lambda x: functional.gelu(x, approximate=approximate)


@operator("Swish")
def swish(site: Any, alpha: float = 1.0) -> Any:
    return functional.silu if alpha == 1.0 else lambda x: x * adjoint.sigmoid(alpha * x)


def hardmax(x: Any, dim: int) -> Any:
    """One where the first of the largest values along a dimension is, zero elsewhere."""
    largest = x.argmax(dim, keepdim=True)
    return adjoint.zeros_like(x).scatter(dim, largest, 1)


_LIKE_SOFTMAX: dict[str, Any] = {
    "Softmax": functional.softmax,
    "LogSoftmax": functional.log_softmax,
    "Hardmax": hardmax,
}


@operator(*_LIKE_SOFTMAX)
def over_all_behind(site: Any, axis: int = 1) -> Any:
    function = _LIKE_SOFTMAX[site.operator]

    def run(x: Any) -> Any:
        if axis % x.dim() == x.dim() - 1:
            return function(x, -1)
        return function(x.flatten(axis), -1).reshape(x.shape)

    return run


@operator(*_LIKE_SOFTMAX, since=13)
def over_a_dimension(site: Any, axis: int = -1) -> Any:
    function = _LIKE_SOFTMAX[site.operator]
    return lambda x: function(x, axis)
