"""Products of matrices."""

from __future__ import annotations

from typing import Any

import numpy as np

from adjoint.onnx.graph import Graph, Value
from adjoint.onnx.translators.table import translates


@translates("matmul", "mm", "bmm", "mv", "dot", "inner_vectors")
def matmul(g: Graph, self: Value, other: Value, **_: Any) -> Value:
    """``self @ other``."""
    return g.op("MatMul", self, other)  # type: ignore[no-any-return]


@translates("__rmatmul__")
def rmatmul(g: Graph, self: Value, other: Value) -> Value:
    """``other @ self``."""
    return matmul(g, other, self)


@translates("linear")
def linear(g: Graph, input: Value, weight: Value, bias: Value | None = None) -> Value:
    """``input @ weightᵀ + bias``."""
    if input.ndim == 2 and weight.ndim == 2:
        return g.op("Gemm", input, weight, bias, transB=1)  # type: ignore[no-any-return]
    turned = g.op("Transpose", weight, perm=[1, 0]) if weight.ndim == 2 else weight
    made = g.op("MatMul", input, turned)
    return made if bias is None else g.op("Add", made, bias)  # type: ignore[no-any-return]


@translates("addmm")
def addmm(g: Graph, self: Value, mat1: Value, mat2: Value, *, beta: Any = 1, alpha: Any = 1, **_: Any) -> Value:
    """``beta * self + alpha * mat1 @ mat2``."""
    return g.op("Gemm", mat1, mat2, self, alpha=float(alpha), beta=float(beta))  # type: ignore[no-any-return]


@translates("baddbmm", "addmv")
def baddbmm(g: Graph, self: Value, batch1: Value, batch2: Value, *, beta: Any = 1, alpha: Any = 1, **_: Any) -> Value:
    """``beta * self + alpha * batch1 @ batch2``."""
    made = g.op("MatMul", batch1, batch2)
    made = made if alpha == 1 else g.op("Mul", made, g.const(alpha, made.dtype))
    if beta == 0:
        return made  # type: ignore[no-any-return]
    return g.op("Add", self if beta == 1 else g.op("Mul", self, g.const(beta, self.dtype)), made)  # type: ignore[no-any-return]


@translates("outer", "ger")
def outer(g: Graph, self: Value, vec2: Value) -> Value:
    """Each times each."""
    return g.op("Mul", g.unsqueeze(self, [1]), g.unsqueeze(vec2, [0]))  # type: ignore[no-any-return]


@translates("einsum")
def einsum(g: Graph, equation: str, *operands: Any) -> Value:
    """Einstein's sum."""
    given = list(operands[0]) if len(operands) == 1 and isinstance(operands[0], (tuple, list)) else list(operands)
    return g.op("Einsum", *given, equation=equation.replace(" ", ""))  # type: ignore[no-any-return]


@translates("bilinear")
def bilinear(g: Graph, input1: Value, input2: Value, weight: Value, bias: Value | None = None) -> Value:
    """``input1ᵀ weight input2`` for each output."""
    made = g.op("Einsum", input1, weight, input2, equation="...i,oij,...j->...o")
    return made if bias is None else g.op("Add", made, bias)  # type: ignore[no-any-return]


@translates("det", "linalg.det")
def det(g: Graph, self: Value) -> Value:
    """The determinant."""
    return g.op("Det", self)  # type: ignore[no-any-return]


@translates("cosine_similarity")
def cosine_similarity(g: Graph, x1: Value, x2: Value, dim: int = 1, eps: float = 1e-8) -> Value:
    """The product of two vectors by the product of their lengths, each at least ``eps``."""

    def total(a: Value, b: Value) -> Value:
        return g.op("ReduceSum", g.op("Mul", a, b), np.array([dim], np.int64), keepdims=0)  # type: ignore[no-any-return]

    lengths = [g.op("Max", g.op("Sqrt", total(x, x)), g.const(eps, x.dtype)) for x in (x1, x2)]
    return g.op("Div", total(x1, x2), g.op("Mul", *lengths))  # type: ignore[no-any-return]
