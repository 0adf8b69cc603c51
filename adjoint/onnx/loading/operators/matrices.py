"""Products of matrices and sums over indices."""

from __future__ import annotations

from typing import Any

import adjoint
from adjoint.nn import functional
from adjoint.onnx.loading.rows import direct, operator

direct("MatMul", adjoint.matmul)
direct("Det", adjoint.det)


@operator("Einsum")
def einsum(site: Any, equation: str) -> Any:
    return lambda *xs: adjoint.einsum(equation, *xs)


@operator("Gemm", since=7)
def gemm(site: Any, alpha: float = 1.0, beta: float = 1.0, transA: int = 0, transB: int = 0) -> Any:
    def run(a: Any, b: Any, c: Any = None) -> Any:
        if transA:
            a = a.t()
        if transB and alpha == 1 and (c is None or (beta == 1 and c.dim() == 1 and c.shape[0] == b.shape[0])):
            return functional.linear(a, b, c)
        product = adjoint.mm(a, b.t() if transB else b)
        if alpha != 1:
            product = (alpha * product).to(product.dtype)
        if c is None:
            return product
        return product + (c if beta == 1 else (beta * c).to(c.dtype))

    return run
