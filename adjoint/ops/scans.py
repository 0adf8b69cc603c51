"""Scans: cumulative sums, products, maxima, minima and logarithms of sums."""

from __future__ import annotations

from typing import Any

import ml_dtypes
import numpy as np

from adjoint.autograd.taped import taped
from adjoint.declare import op
from adjoint.declare.operands import to_float
from adjoint.ops.arithmetic import constant
from adjoint.ops.arrays import Array, conj
from adjoint.ops.dims import wrap_dim
from adjoint.ops.selection import add_along
from adjoint.tensor import Tensor


def _scan(ufunc: Any, x: Any, dim: int, dtype: Any) -> Any:
    if dtype is not None:
        x = x.astype(dtype.array)
    elif x.dtype.kind in "iub":
        x = x.astype(np.int64)
    dim = wrap_dim(dim, x.ndim)
    if x.ndim == 0:
        return x.copy()
    if x.dtype.itemsize == 2 and x.dtype.kind in "fV":
        return ufunc.accumulate(x.astype(np.float32), dim).astype(x.dtype)
    return ufunc.accumulate(x, dim)


def _cumsum(self: Array, dim, *, dtype=None):
    return _scan(np.add, self, dim, dtype)


def _cumsum_gradient(g, dim, self_dtype):
    if g.ndim:
        dim = wrap_dim(dim, g.ndim)
        g = np.flip(np.cumsum(np.flip(g, dim), dim), dim)
    return g if g.dtype is self_dtype else g.astype(self_dtype)


cumsum = op("cumsum", _cumsum, inplace=True, tangent="linear", self=_cumsum_gradient)


@taped(np.cumsum, (np.add, "accumulate"))
def _taped_cumsum(x: Tensor, axis: int = 0, dtype: Any = None) -> Tensor:
    return cumsum.function(x, axis)


def _cumprod(self: Array, dim, *, dtype=None):
    return _scan(np.multiply, self, dim, dtype)


def _cumprod_gradient(g, self, result, dim, self_dtype):  # PyTorch saves the result too, and minds writes to it
    """``grad_k = (product of all before k) * h_k`` with ``h_k = g_k + x_(k+1) h_(k+1)``: right for zeros too."""
    if not g.ndim:
        return g
    dim = wrap_dim(dim, g.ndim)
    n = g.shape[dim]
    if n == 0:
        return g
    x = np.moveaxis(conj(self), dim, 0)
    g = np.moveaxis(g, dim, 0)
    h = [g[n - 1]]
    for k in range(n - 2, -1, -1):
        h.append(g[k] + x[k + 1] * h[-1])
    before = [np.ones_like(x[0])]
    for k in range(n - 1):
        before.append(before[-1] * x[k])
    grad = np.moveaxis(np.stack([b * a for b, a in zip(before, h[::-1])]), 0, dim)
    return grad if grad.dtype is self_dtype else grad.astype(self_dtype)


cumprod = op("cumprod", _cumprod, inplace=True, self=_cumprod_gradient)


@taped(np.cumprod, (np.multiply, "accumulate"))
def _taped_cumprod(x: Tensor, axis: int = 0, dtype: Any = None) -> Tensor:
    return cumprod.function(x, axis)


def _extreme_scan(ufunc: Any) -> Any:
    def forward(self: Array, dim):
        dim = wrap_dim(dim, self.ndim)
        if self.ndim == 0:
            return self.copy(), np.zeros((), np.int64)
        values = ufunc.accumulate(self, dim)
        place = np.arange(self.shape[dim]).reshape([-1 if i == dim else 1 for i in range(self.ndim)])
        found = (self == values) | (self != self)  # the latest of equal ones, and every NaN
        indices = np.maximum.accumulate(np.where(found, place, 0), dim)
        return values, indices

    return forward


def _scatter_back(g, indices, self, dim):
    self_shape = self.shape
    return add_along(g, indices, wrap_dim(dim, len(self_shape)), self_shape) if self_shape else g


cummax = op(
    "cummax", _extreme_scan(np.maximum), outputs=("values", "indices"), differentiable=("values",),
    self=_scatter_back,
)  # fmt: skip
cummin = op(
    "cummin", _extreme_scan(np.minimum), outputs=("values", "indices"), differentiable=("values",),
    self=_scatter_back,
)  # fmt: skip


def _logcumsumexp(self: Array, dim):
    x = to_float(self)
    dim = wrap_dim(dim, x.ndim)
    return np.logaddexp.accumulate(x, dim) if x.ndim else x.copy()


def _logcumsumexp_gradient(g, self, result, dim):
    """``sum over j >= k of g_j exp(x_k - result_j)``, the positive and the negative ones apart, in the logarithm.

    The logarithm of nothing is a large negative number rather than -inf, whose own gradient would be NaN.
    """
    if not g.ndim:
        return g
    dim = wrap_dim(dim, g.ndim)
    nothing = constant(float(ml_dtypes.finfo(g.dtype).min) / 4, g)

    def part(positive):
        size = np.where(positive > 0, positive, constant(0, g))
        safe = np.where(size > 0, size, constant(1, g))
        log = np.where(size > 0, np.log(safe), nothing)
        total = np.flip(np.logaddexp.accumulate(np.flip(log - result, dim), dim), dim)
        return np.exp(total + self)

    return part(g) - part(-g)


logcumsumexp = op("logcumsumexp", _logcumsumexp, self=_logcumsumexp_gradient)


@taped((np.logaddexp, "accumulate"))
def _taped_logcumsumexp(x: Tensor, axis: int = 0, dtype: Any = None) -> Tensor:
    return logcumsumexp.function(x, axis)
