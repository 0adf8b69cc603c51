"""Activations."""

from __future__ import annotations

import math
from typing import Any

from adjoint import dtypes
from adjoint.onnx.graph import Graph, Value
from adjoint.onnx.translators.arithmetic import clamp, number
from adjoint.onnx.translators.table import TRANSLATORS, axis_of, like, translates


def _with(kind: str, **defaults: Any) -> Any:
    """An operator whose attributes are the function's arguments, by ONNX's names."""
    names = list(defaults)

    def translate(g: Graph, self: Value, *args: Any, **kwargs: Any) -> Value:
        kwargs.pop("inplace", None)
        given = {**defaults, **dict(zip(names, args)), **kwargs}
        given = {
            ("alpha" if name in ("negative_slope", "beta") else name): float(value) for name, value in given.items()
        }
        return like(self, g.op(kind, self, **given))

    return translate


@translates("relu")
def relu(g: Graph, self: Value, inplace: bool = False) -> Value:
    """``max(self, 0)``."""
    return like(self, g.op("Relu", self))


@translates("relu6")
def relu6(g: Graph, self: Value, inplace: bool = False) -> Value:
    """Between 0 and 6."""
    return clamp(g, self, 0, 6)


@translates("hardtanh")
def hardtanh(g: Graph, self: Value, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False) -> Value:
    """Between ``min_val`` and ``max_val``."""
    return clamp(g, self, min_val, max_val)


@translates("elu")
def elu(g: Graph, self: Value, alpha: float = 1.0, inplace: bool = False) -> Value:
    """``x`` above zero, ``alpha * (exp(x) - 1)`` below."""
    return like(self, g.op("Elu", self, alpha=float(alpha)))


@translates("celu")
def celu(g: Graph, self: Value, alpha: float = 1.0, inplace: bool = False) -> Value:
    """``max(0, x) + min(0, alpha * (exp(x / alpha) - 1))``."""
    return like(self, g.op("Celu", self, alpha=float(alpha)))


TRANSLATORS["selu"] = _with("Selu")
TRANSLATORS["leaky_relu"] = _with("LeakyRelu", negative_slope=0.01)
TRANSLATORS["softsign"] = _with("Softsign")


@translates("hardsigmoid")
def hardsigmoid(g: Graph, self: Value, inplace: bool = False) -> Value:
    """``clamp(x / 6 + 1 / 2, 0, 1)``."""
    return like(self, g.op("HardSigmoid", self, alpha=1 / 6, beta=0.5))


@translates("hardswish")
def hardswish(g: Graph, self: Value, inplace: bool = False) -> Value:
    """``x * hardsigmoid(x)``."""
    return like(self, g.op("HardSwish", self))


@translates("prelu")
def prelu(g: Graph, self: Value, weight: Value) -> Value:
    """``x`` above zero, ``weight * x`` below, a weight for each channel."""
    if self.ndim > 2 and weight.sizes[0] != 1:
        weight = g.unsqueeze(weight, range(1, self.ndim - 1))
    return like(self, g.op("PRelu", self, weight))


@translates("rrelu")
def rrelu(
    g: Graph,
    self: Value,
    lower: float = 1 / 8,
    upper: float = 1 / 3,
    training: bool = False,
    inplace: bool = False,
    **_: Any,
) -> Value:
    """Outside of training a leaky ReLU with the mean slope."""
    if training:
        from adjoint.onnx.translators.table import unsupported

        raise unsupported(g, "rrelu")
    return like(self, g.op("LeakyRelu", self, alpha=(lower + upper) / 2))


@translates("gelu")
def gelu(g: Graph, self: Value, approximate: str = "none") -> Value:
    """``x`` times the normal distribution's probability of less, or an approximation of that."""
    if g.opset >= 20:
        return like(self, g.op("Gelu", self, approximate=approximate))
    half, one = number(g, self, 0.5), number(g, self, 1)
    if approximate == "tanh":
        cube = g.op("Mul", g.op("Mul", self, self), self)
        inner = g.op("Add", self, g.op("Mul", cube, number(g, self, 0.044715)))
        curve = g.op("Tanh", g.op("Mul", inner, number(g, self, math.sqrt(2 / math.pi))))
    else:
        curve = g.op("Erf", g.op("Div", self, number(g, self, math.sqrt(2))))
    return like(self, g.op("Mul", g.op("Mul", self, g.op("Add", curve, one)), half))


@translates("silu")
def silu(g: Graph, self: Value, inplace: bool = False) -> Value:
    """``x * sigmoid(x)``."""
    return like(self, g.op("Mul", self, g.op("Sigmoid", self)))


@translates("mish")
def mish(g: Graph, self: Value, inplace: bool = False) -> Value:
    """``x * tanh(softplus(x))``."""
    return like(self, g.op("Mul", self, g.op("Tanh", g.op("Softplus", self))))


@translates("softplus")
def softplus(g: Graph, self: Value, beta: float = 1, threshold: float = 20) -> Value:
    """``log(1 + exp(beta * x)) / beta``, and ``x`` where that is it in all digits."""
    if beta == 1:
        return like(self, g.op("Softplus", self))
    scale = number(g, self, beta)
    return like(self, g.op("Div", g.op("Softplus", g.op("Mul", self, scale)), scale))


@translates("logsigmoid")
def logsigmoid(g: Graph, self: Value) -> Value:
    """``log(sigmoid(x))``."""
    return like(self, g.op("Neg", g.op("Softplus", g.op("Neg", self))))


@translates("tanhshrink")
def tanhshrink(g: Graph, self: Value) -> Value:
    """``x - tanh(x)``."""
    return like(self, g.op("Sub", self, g.op("Tanh", self)))


@translates("softshrink")
def softshrink(g: Graph, self: Value, lambd: float = 0.5) -> Value:
    """Nearer to zero by ``lambd``."""
    return like(self, g.op("Shrink", self, bias=float(lambd), lambd=float(lambd)))


@translates("hardshrink")
def hardshrink(g: Graph, self: Value, lambd: float = 0.5) -> Value:
    """Zero within ``lambd`` of zero."""
    return like(self, g.op("Shrink", self, lambd=float(lambd)))


@translates("threshold")
def threshold(g: Graph, self: Value, threshold: float, value: float, inplace: bool = False) -> Value:
    """``x`` above ``threshold``, else ``value``."""
    above = g.op("Greater", self, number(g, self, threshold))
    return g.op("Where", above, self, number(g, self, value), dtype=self.dtype)  # type: ignore[no-any-return]


def _softmax(kind: str, sign: int = 1) -> Any:
    def translate(g: Graph, self: Value, dim: int | None = None, dtype: Any = None, *, _stacklevel: int = 3) -> Value:
        if not isinstance(dtype, dtypes.dtype):
            dtype = None
        self = g.cast(self, dtype or g.out[0].dtype)
        if dim is None:
            dim = 0 if self.ndim in (0, 1, 3) else 1
        given = self if sign > 0 else g.op("Neg", self)
        if not self.ndim:
            return g.reshape(g.op(kind, g.reshape(given, [1]), axis=0), [])
        return like(self, g.op(kind, given, axis=axis_of(dim, self.ndim)))

    return translate


TRANSLATORS["softmax"] = TRANSLATORS["special.softmax"] = _softmax("Softmax")
TRANSLATORS["log_softmax"] = TRANSLATORS["special.log_softmax"] = _softmax("LogSoftmax")
TRANSLATORS["softmin"] = _softmax("Softmax", -1)


@translates("glu")
def glu(g: Graph, self: Value, dim: int = -1) -> Value:
    """One half times the sigmoid of the other."""
    axis = axis_of(dim, self.ndim)
    half = self.sizes[axis] // 2
    first, second = g.slice(self, axis, 0, half), g.slice(self, axis, half, 2 * half)
    return g.op("Mul", first, g.op("Sigmoid", second))  # type: ignore[no-any-return]
