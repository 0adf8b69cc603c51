"""Scans: cumulative sums, products, maxima, minima and logarithms of sums."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from adjoint import dtypes
from adjoint.autograd.quiet import silence
from adjoint.autograd.taped import taped
from adjoint.autograd.views import check_writable
from adjoint.declare import composite, op
from adjoint.declare.arranging import IN_ORDER
from adjoint.declare.inplace import inplace_method
from adjoint.declare.operands import to_float
from adjoint.declare.outs import COMPUTES, SAME, SCALAR_TYPE, Out, always
from adjoint.kernels.late import Late, Often, from_on
from adjoint.ops.arithmetic import constant
from adjoint.ops.arrays import Array, array_function, conj
from adjoint.ops.dims import wrap_dim
from adjoint.ops.selection import add_along
from adjoint.ops.unsupported import unsupported
from adjoint.ops.widening import is_half
from adjoint.summation import ROWS
from adjoint.tensor import Tensor

_scanned = Late("scans:scan")
_extremes_so_far = Often("scans:extremes_so_far")
_products_back = Late("scans:products_back")
_shared = Late("scans:shared")
_SOME = from_on(256)  # elements from which on a scan is worth a kernel
_HOW = {np.add: "add", np.multiply: "multiply", np.logaddexp: "logaddexp"}

_WIDE = {np.dtype(np.float32): np.dtype(np.float64), np.dtype(np.complex64): np.dtype(np.complex128)}


def _wide(dtype: Any) -> Any:
    """What a scan accumulates in: a number of single precision in double, a half in single."""
    return np.dtype(np.float32) if dtype.itemsize == 2 and dtype.kind in "fV" else _WIDE.get(dtype, dtype)


def _accumulated(ufunc: Any, x: Any, dim: int) -> Any:
    """``ufunc.accumulate`` along a dimension, rounded to the dtype of ``x`` only at the end."""
    found = _by_kernel(ufunc, x, dim, False)
    if found is not NotImplemented:
        return found
    if x.dtype.kind == "f" and x.dtype.itemsize > 2 and x.shape[dim] <= ROWS:
        return ufunc.accumulate(x, dim)
    if x.__class__ is np.ndarray and x.size >= _MANY and x.dtype.kind != "c":
        return _in_blocks(ufunc, x, dim % x.ndim, x.dtype if x.dtype.kind in "iub" else _wide(x.dtype))
    wide = _wide(x.dtype)
    if x.dtype.kind in "iub":  # NumPy would go on in int64
        return ufunc.accumulate(x, dim, x.dtype)
    return ufunc.accumulate(x, dim) if wide is x.dtype else ufunc.accumulate(x.astype(wide), dim).astype(x.dtype)


def _by_kernel(ufunc: Any, x: Any, dim: int, back: bool) -> Any:
    if x.size < _SOME or x.__class__ is not np.ndarray:
        return NotImplemented
    if is_half(x.dtype):
        found = _scanned(x.astype(np.float32), _HOW[ufunc], dim, back)
        return found if found is NotImplemented else found.astype(x.dtype)
    return _scanned(x, _HOW[ufunc], dim, back)


_MANY = 1 << 14  # elements from which on a row is more than the call that adds it
_BLOCK = 1 << 17  # elements that stay in the cache in the wider dtype; NumPy is slow with a few rows


def _in_blocks(ufunc: Any, x: Any, dim: int, wide: Any) -> Any:
    """As :func:`_accumulated`, of many elements: block by block, so that the wider numbers are never in memory."""
    result = np.empty(x.shape, x.dtype)
    n = x.shape[dim]
    if dim < x.ndim - 1 and x.size // n >= ROWS:  # a row at a time
        rows, to = np.moveaxis(x, dim, 0), np.moveaxis(result, dim, 0)
        sofar = rows[0].astype(wide)
        to[0] = sofar
        for i in range(1, n):
            ufunc(sofar, rows[i].astype(wide, copy=False), sofar)
            to[i] = sofar
        return result
    lines, to = np.moveaxis(x, dim, -1), np.moveaxis(result, dim, -1)
    few = max(1, _BLOCK // n)
    shape = (min(few, lines.shape[-2]), min(n, _BLOCK)) if lines.ndim > 1 else (min(n, _BLOCK),)
    room, found = np.empty(shape, wide), np.empty(shape, wide)  # fresh memory for each block would take as long as the block
    for lead in np.ndindex(lines.shape[:-2]):
        for start in range(0, lines.shape[-2] if lines.ndim > 1 else 1, few):
            at: tuple[Any, ...] = (*lead, slice(start, start + few)) if lines.ndim > 1 else ()
            carried = None
            for i in range(0, n, _BLOCK):
                block = lines[(*at, slice(i, i + _BLOCK))]
                inside = tuple([slice(size) for size in block.shape])
                part = room[inside]
                part[...] = block
                if carried is not None:
                    part[..., :1] = ufunc(carried, part[..., :1])
                part = ufunc.accumulate(part, -1, None, found[inside])
                carried = part[..., -1:].copy()
                to[(*at, slice(i, i + _BLOCK))] = part
    return result


def _from_last(ufunc: Any, x: Any, dim: int) -> Any:
    """As :func:`_accumulated`, from the last element to the first."""
    found = _by_kernel(ufunc, x, dim, True)
    if found is not NotImplemented:
        return found
    return np.flip(_accumulated(ufunc, np.flip(x, dim), dim), dim)


def _scan(ufunc: Any, x: Any, dim: int, dtype: Any) -> Any:
    if dtype is not None:
        if dtype.array.kind == "b" and x.ndim and math.prod(x.shape):
            unsupported(f"{'cumsum' if ufunc is np.add else 'cumprod'}_out_cpu", np.empty(0, bool))
        x = x.astype(dtype.array)
    elif x.dtype.kind in "iub":
        x = x.astype(np.int64)
    dim = wrap_dim(dim, x.ndim)
    return _accumulated(ufunc, x, dim) if x.ndim else x.copy()


def _cumsum(self: Array, dim, *, dtype=None):
    return _scan(np.add, self, dim, dtype)


def _cumsum_gradient(g, dim, self_dtype):
    if g.dtype.kind == "c" and self_dtype.kind != "c":
        g = g.real
    if g.ndim:
        dim = wrap_dim(dim, g.ndim)
        g = _from_last(np.add, g, dim)
    return g if g.dtype is self_dtype else g.astype(self_dtype)


cumsum = op(
    "cumsum", _cumsum, out=Out(SAME.text, same=True, computes=always), lies=IN_ORDER, tangent="linear", self=_cumsum_gradient, reads={"self": "g summed from the end"},
    doc="The sums of the elements up to each one, along ``dim``.  Integers and bools add up in int64.",
)  # fmt: skip


def _in_place(row: Any, self: Tensor, dim: int, dtype: dtypes.dtype | None) -> Tensor:
    """The scan in the tensor's own dtype, in which PyTorch has it computed; no other may be asked for."""
    if dtype not in (None, self.dtype):
        check_writable(self, self.requires_grad)
        wrap_dim(dim, self.ndim)
        mine, wanted = (dtypes.C_NAMES[d] for d in (self.dtype, dtype))
        raise RuntimeError(f"Bad in-place call: input tensor dtype {mine} and output tensor dtype {wanted} should match")
    return inplace_method(row)(self, dim, dtype=self.dtype)  # type: ignore[no-any-return]


@composite(where="Tensor")
def cumsum_(self: Tensor, dim: int, *, dtype: dtypes.dtype | None = None) -> Tensor:
    """In-place version of :func:`adjoint.cumsum`; ``dtype`` can only be the tensor's own."""
    return _in_place(cumsum, self, dim, dtype)


@composite(where="Tensor")
def cumprod_(self: Tensor, dim: int, *, dtype: dtypes.dtype | None = None) -> Tensor:
    """In-place version of :func:`adjoint.cumprod`; ``dtype`` can only be the tensor's own."""
    return _in_place(cumprod, self, dim, dtype)


@taped(np.cumsum, (np.add, "accumulate"))
def _taped_cumsum(x: Tensor, axis: int = 0, dtype: Any = None) -> Tensor:
    return cumsum.function(x, axis)


def _cumprod(self: Array, dim, *, dtype=None):
    return _scan(np.multiply, self, dim, dtype)


def _cumprod_gradient(g, self, result, dim, self_dtype):  # PyTorch saves the result too, and minds writes to it
    if g.dtype.kind == "c" and self_dtype.kind != "c":
        g = g.real
    if g.dtype.kind != "c" and self_dtype.kind == "c":  # the products were of the real parts
        self = self.real
    if math.prod(g.shape) < 2:
        return g if g.dtype is self_dtype else g.astype(self_dtype)
    dim = wrap_dim(dim, g.ndim)
    grad = products_back(g, self, dim) if g.shape[dim] > 1 else g
    return grad if grad.dtype is self_dtype else grad.astype(self_dtype)


@array_function
def products_back(g: Array, x: Array, dim: int) -> Array:
    """The gradient of cumulative products.

    Before the first zero it is the sum of ``g_j y_j`` from there on, divided by x.  At the first zero it is the sum of what
    the products would be without it, up to the second one; after it there is none.
    """
    if x.__class__ is g.__class__ is np.ndarray and x.size >= _SOME:
        half = is_half(x.dtype)
        found = _products_back(*([a.astype(np.float32) for a in (g, x)] if half else (g, x)), dim)
        if found is not NotImplemented:
            return found.astype(x.dtype) if half else found
    wide = _wide(x.dtype)
    x, g, dtype = conj(x).astype(wide), g.astype(wide), x.dtype
    zeros = x == 0
    if not zeros.any():
        return (_from_last(np.add, g * np.multiply.accumulate(x, dim), dim) / x).astype(dtype)
    count = np.add.accumulate(zeros, dim, np.int64)
    first = zeros & (count == 1)
    instead = np.where(first, constant(1, x), x)
    products = np.multiply.accumulate(instead, dim)
    none = constant(0, x)
    with silence():
        before = _from_last(np.add, np.where(count == 0, g * products, none), dim) / np.where(count == 0, x, constant(1, x))
    at = _from_last(np.add, np.where(count == 1, g * products, none), dim)
    return np.where(count == 0, before, np.where(first, at, none)).astype(dtype)


@taped(products_back)
def _taped_products_back(g: Tensor, x: Tensor, dim: int) -> Tensor:
    """``grad_k = (product of all before k) * h_k`` with ``h_k = g_k + x_(k+1) h_(k+1)``: can be differentiated at zeros."""
    from adjoint.declare.namespaces import lookup

    xs, gs = (lookup("torch", "unbind")(t, dim) for t in (x.conj() if x.is_complex() else x, g))
    h = [gs[-1]]
    for k in range(len(xs) - 2, -1, -1):
        h.append(gs[k] + xs[k + 1] * h[-1])
    before = [lookup("torch", "ones_like")(xs[0].detach())]
    for k in range(len(xs) - 1):
        before.append(before[-1] * xs[k])
    return lookup("torch", "stack")([b * a for b, a in zip(before, h[::-1])], dim)


cumprod = op(
    "cumprod", _cumprod, out=COMPUTES, lies=IN_ORDER, self=_cumprod_gradient, reads={"self": "g * result summed from the end, / self"},
    doc="The products of the elements up to each one, along ``dim``.  Integers and bools multiply in int64.",
)  # fmt: skip


@taped(np.cumprod, (np.multiply, "accumulate"))
def _taped_cumprod(x: Tensor, axis: int = 0, dtype: Any = None) -> Tensor:
    return cumprod.function(x, axis)


def _extreme_scan(ufunc: Any) -> Any:
    def forward(self: Array, dim):
        dim = wrap_dim(dim, self.ndim)
        if self.dtype.kind == "c" and self.ndim and math.prod(self.shape):
            unsupported(f"{'cummax' if ufunc is np.maximum else 'cummin'}_cpu", self)
        if self.ndim == 0:
            return self.copy(), np.zeros((), np.int64)
        if self.__class__ is np.ndarray and _extremes_so_far.wants(self):
            half = is_half(self.dtype)
            found = _extremes_so_far(self.astype(np.float32) if half else self, dim, ufunc is np.maximum)
            if found is not NotImplemented:
                return (found[0].astype(self.dtype), found[1]) if half else found
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
    "cummax", _extreme_scan(np.maximum), out=SCALAR_TYPE, lies=IN_ORDER, outputs=("values", "indices"), differentiable=("values",),
    self=_scatter_back,
    reads={"self": "g added up at indices"},
    doc="The largest of the elements up to each one, along ``dim``, and its index (int64), the last of equal ones.",
)  # fmt: skip
cummin = op(
    "cummin", _extreme_scan(np.minimum), out=SCALAR_TYPE, lies=IN_ORDER, outputs=("values", "indices"), differentiable=("values",),
    self=_scatter_back,
    reads={"self": "g added up at indices"},
    doc="The smallest of the elements up to each one, along ``dim``, and its index (int64), the last of equal ones.",
)  # fmt: skip


def _logcumsumexp(self: Array, dim):
    if self.dtype.kind in "iub":
        unsupported("logcumsumexp_out_cpu", self)
    if self.dtype.kind == "c":
        raise NotImplementedError("logcumsumexp of complex numbers is not implemented")
    x = to_float(self)
    dim = wrap_dim(dim, x.ndim)
    return _accumulated(np.logaddexp, x, dim) if x.ndim else x.copy()


def _logcumsumexp_gradient(g, self, result, dim, self_dtype):
    if not g.ndim:
        return g
    return shares_back(g, self, result, wrap_dim(dim, g.ndim)).astype(self_dtype)


# Element k has the share exp(x_k - total_j) in the sum up to j.  Both functions are linear in the values, and each is the
# other's gradient by them; as one formula with the logarithm of values in it, neither would be at values of 0.


@array_function
def shares_back(values: Array, x: Array, total: Array, dim: int) -> Array:
    """``sum over j >= k of values_j exp(x_k - total_j)``"""
    found = _by_shares(values, x, total, dim, True)
    if found is not NotImplemented:
        return found
    return _in_logarithms(values, x, total, lambda log, x, total: _from_last(np.logaddexp, log - total, dim) + x)


@array_function
def shares_forth(values: Array, x: Array, total: Array, dim: int) -> Array:
    """``sum over k <= j of values_k exp(x_k - total_j)``"""
    found = _by_shares(values, x, total, dim, False)
    if found is not NotImplemented:
        return found
    return _in_logarithms(values, x, total, lambda log, x, total: _accumulated(np.logaddexp, log + x, dim) - total)


def _by_shares(values: Any, x: Any, total: Any, dim: int, back: bool) -> Any:
    if not (values.__class__ is x.__class__ is total.__class__ is np.ndarray and x.size >= _SOME):
        return NotImplemented
    if not is_half(x.dtype):
        return _shared(values, x, total, dim, back)
    found = _shared(*[a.astype(np.float32) for a in (values, x, total)], dim, back)
    return found if found is NotImplemented else found.astype(x.dtype)


def _in_logarithms(values: Any, x: Any, total: Any, scan: Any) -> Any:
    """The sums of the positive values and of the negative ones, apart; the logarithm of nothing is a large negative number."""
    wide = _wide(values.dtype)
    v, x, total = values.astype(wide), x.astype(wide), total.astype(wide)
    nothing = constant(float(np.finfo(wide).min) / 4, v)

    def part(positive: Any) -> Any:
        some = positive > 0
        log = np.where(some, np.log(np.where(some, positive, constant(1, v))), nothing)
        return np.exp(scan(log, x, total))

    return (part(v) - part(-v)).astype(values.dtype)


op(
    "_shares_back", shares_back, where="", fused=False,
    values=lambda g, x, total, dim: shares_forth(g, x, total, dim),
    x=lambda g, result: g * result,
    total=lambda g, values, x, total, dim: -values * shares_forth(g, x, total, dim),
)  # fmt: skip
op(
    "_shares_forth", shares_forth, where="", fused=False,
    values=lambda g, x, total, dim: shares_back(g, x, total, dim),
    x=lambda g, values, x, total, dim: values * shares_back(g, x, total, dim),
    total=lambda g, result: -g * result,
)  # fmt: skip
logcumsumexp = op(
    "logcumsumexp", _logcumsumexp, out=SCALAR_TYPE, lies=IN_ORDER, self=_logcumsumexp_gradient, reads={"self": "g * exp(self - result), summed from the end"},
    doc="The logarithms of the sums of exponentials up to each element, along ``dim``.",
)  # fmt: skip


@taped((np.logaddexp, "accumulate"))
def _taped_logcumsumexp(x: Tensor, axis: int = 0, dtype: Any = None) -> Tensor:
    return logcumsumexp.function(x, axis)
