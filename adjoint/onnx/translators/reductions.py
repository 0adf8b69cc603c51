"""Reductions and running sums."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from adjoint import dtypes
from adjoint.onnx.graph import Graph, Value
from adjoint.onnx.sizes import product
from adjoint.onnx.translators.arithmetic import binary, truth
from adjoint.onnx.translators.table import axes_of, axis_of, needs, translates, unsupported


def reduce(g: Graph, kind: str, value: Value, dim: Any, keepdim: bool) -> Value:
    """A reduction over some dimensions, or all; of a tensor without any, itself."""
    if not value.ndim:
        return g.op("Identity", value)  # type: ignore[no-any-return]
    return g.reduced(kind, value, axes_of(dim, value.ndim), keepdim)


@translates("sum")
def sum(g: Graph, self: Value, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Value:
    """The sum."""
    return reduce(g, "ReduceSum", g.cast(self, g.out[0].dtype), dim, keepdim)


@translates("mean")
def mean(g: Graph, self: Value, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Value:
    """The mean."""
    return reduce(g, "ReduceMean", g.cast(self, g.out[0].dtype), dim, keepdim)


@translates("prod")
def prod(g: Graph, self: Value, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Value:
    """The product."""
    return reduce(g, "ReduceProd", g.cast(self, g.out[0].dtype), dim, keepdim)


@translates("amax")
def amax(g: Graph, self: Value, dim: Any = (), keepdim: bool = False) -> Value:
    """The largest."""
    return reduce(g, "ReduceMax", self, dim, keepdim)


@translates("amin")
def amin(g: Graph, self: Value, dim: Any = (), keepdim: bool = False) -> Value:
    """The smallest."""
    return reduce(g, "ReduceMin", self, dim, keepdim)


def _extreme(kind: str) -> Any:
    def translate(g: Graph, self: Value, dim: Any = None, keepdim: bool = False) -> Any:
        if isinstance(dim, Value):
            return binary(g, kind, self, dim)
        if dim is None:
            return reduce(g, f"Reduce{kind}", self, None, False)
        axis = axis_of(dim, self.ndim)
        if not self.ndim:
            return g.op("Identity", self), g.const(0)
        return reduce(g, f"Reduce{kind}", self, axis, keepdim), g.op(
            f"Arg{kind}", self, axis=axis, keepdims=int(keepdim)
        )

    return translate


translates("max")(_extreme("Max"))
translates("min")(_extreme("Min"))


def _place(kind: str) -> Any:
    def translate(g: Graph, self: Value, dim: int | None = None, keepdim: bool = False) -> Value:
        if dim is None:
            made = g.op(kind, g.reshape(self, [-1]), axis=0, keepdims=0)
            return g.reshape(made, [1] * self.ndim) if keepdim else made  # type: ignore[no-any-return]
        return g.op(kind, self, axis=axis_of(dim, self.ndim), keepdims=int(keepdim))  # type: ignore[no-any-return]

    return translate


translates("argmax")(_place("ArgMax"))
translates("argmin")(_place("ArgMin"))


def _truths(kind: str) -> Any:
    def translate(g: Graph, self: Value, dim: Any = None, keepdim: bool = False) -> Value:
        numbers = g.cast(truth(g, self), dtypes.int32)
        numbers.shape = self.shape
        return g.cast(reduce(g, kind, numbers, dim, keepdim), dtypes.bool_)

    return translate


translates("all")(_truths("ReduceMin"))
translates("any")(_truths("ReduceMax"))


@translates("logsumexp", "special.logsumexp")
def logsumexp(g: Graph, self: Value, dim: Any, keepdim: bool = False) -> Value:
    """``log(sum(exp(self)))``."""
    return reduce(g, "ReduceLogSumExp", g.cast(self, g.out[0].dtype), dim, keepdim)


def _variance(g: Graph, self: Value, dim: Any, unbiased: Any, correction: Any, keepdim: bool) -> Value:
    if isinstance(dim, bool):  # var(unbiased)
        dim, unbiased = None, dim
    if correction is None:
        correction = 1 if unbiased is None or unbiased else 0
    axes = axes_of(dim, self.ndim) or list(range(self.ndim))
    count = product(self.sizes[a] for a in axes)
    centred = g.op("Sub", self, g.reduced("ReduceMean", self, axes, True))
    total = g.op("ReduceSum", g.op("Mul", centred, centred), np.array(axes, np.int64), keepdims=int(keepdim))
    return g.op("Div", total, g.number(count - correction, self.dtype))  # type: ignore[no-any-return]


@translates("var")
def var(
    g: Graph, self: Value, dim: Any = None, unbiased: Any = None, keepdim: bool = False, *, correction: Any = None
) -> Value:
    """The variance."""
    return _variance(g, self, dim, unbiased, correction, keepdim)


@translates("std")
def std(
    g: Graph, self: Value, dim: Any = None, unbiased: Any = None, keepdim: bool = False, *, correction: Any = None
) -> Value:
    """The standard deviation."""
    return g.op("Sqrt", _variance(g, self, dim, unbiased, correction, keepdim))  # type: ignore[no-any-return]


@translates("var_mean")
def var_mean(
    g: Graph, self: Value, dim: Any = None, unbiased: Any = None, keepdim: bool = False, *, correction: Any = None
) -> Any:
    """The variance and the mean."""
    own = None if isinstance(dim, bool) else dim
    return _variance(g, self, dim, unbiased, correction, keepdim), reduce(g, "ReduceMean", self, own, keepdim)


@translates("std_mean")
def std_mean(
    g: Graph, self: Value, dim: Any = None, unbiased: Any = None, keepdim: bool = False, *, correction: Any = None
) -> Any:
    """The standard deviation and the mean."""
    variance, average = var_mean(g, self, dim, unbiased, keepdim, correction=correction)
    return g.op("Sqrt", variance), average


@translates("norm", "linalg.vector_norm", "linalg.norm", "linalg_vector_norm")
def norm(
    g: Graph,
    self: Value,
    p: Any = None,
    dim: Any = None,
    keepdim: bool = False,
    dtype: Any = None,
    *,
    ord: Any = None,
    **_: Any,
) -> Value:
    """A vector's length, of order ``p``."""
    order = p if p is not None else ord
    order = 2 if order is None or order == "fro" else order
    if g.key == "linalg.norm" and (order != 2 or (dim is not None and isinstance(dim, (tuple, list)) and len(dim) > 1)):
        raise unsupported(g, "linalg_norm of matrices")
    if isinstance(order, str):
        raise unsupported(g, f"norm of order {order}")
    self = g.cast(self, g.out[0].dtype)
    if order in (1, 2):
        return reduce(g, f"ReduceL{int(order)}", self, dim, keepdim)
    size = g.op("Abs", self)
    size.shape = self.shape
    if math.isinf(order):
        return reduce(g, "ReduceMax" if order > 0 else "ReduceMin", size, dim, keepdim)
    if order == 0:
        return reduce(g, "ReduceSum", _as(g, truth(g, size), self), dim, keepdim)
    powers = g.op("Pow", size, g.const(float(order), self.dtype))
    powers.shape = self.shape
    return g.op("Pow", reduce(g, "ReduceSum", powers, dim, keepdim), g.const(1 / order, self.dtype))  # type: ignore[no-any-return]


def _as(g: Graph, value: Value, other: Value) -> Value:
    made = g.cast(value, other.dtype)
    made.shape = other.shape
    return made


@translates("cumsum")
def cumsum(g: Graph, self: Value, dim: int, *, dtype: Any = None) -> Value:
    """The running sum."""
    return g.op("CumSum", g.cast(self, g.out[0].dtype), g.const(axis_of(dim, self.ndim)))  # type: ignore[no-any-return]


@translates("cumprod")
def cumprod(g: Graph, self: Value, dim: int, *, dtype: Any = None) -> Value:
    """The running product."""
    needs(g, 26)
    return g.op("CumProd", g.cast(self, g.out[0].dtype), g.const(axis_of(dim, self.ndim)))  # type: ignore[no-any-return]


@translates("count_nonzero")
def count_nonzero(g: Graph, self: Value, dim: Any = None) -> Value:
    """How many are not zero."""
    numbers = g.cast(truth(g, self), dtypes.int64)
    numbers.shape = self.shape
    return reduce(g, "ReduceSum", numbers, dim, False)
