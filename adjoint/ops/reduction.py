"""Reductions: sum, mean, prod, any, all, variance, logsumexp; and how a reduced gradient spreads out again."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np

from adjoint import dtypes
from adjoint.autograd.taped import taped
from adjoint.declare import composite, op
from adjoint.declare.arranging import IN_ORDER
from adjoint.declare.operands import to_float
from adjoint.declare.outs import COMPUTES, Out, refused, write_outs
from adjoint.ops.arithmetic import constant, quotient
from adjoint.ops.arrays import Array, array_function, conj, expand
from adjoint.ops.dims import wrap_dim, wrap_dims
from adjoint.ops.unsupported import type_name
from adjoint.places import users_level
from adjoint.summation import first_along, product, total, wide_mean
from adjoint.tensor import Tensor

_add_reduce = np.add.reduce
_ndarray = np.ndarray  # of which one without gaps is added up in pairs
_FLOAT32, _FLOAT64 = np.dtype(np.float32), np.dtype(np.float64)

# Which dimensions, and back again


def axes(dim: Any, ndim: int) -> tuple[int, ...] | None:
    """The dimensions to reduce, for NumPy: None for all of them (``dim`` is None or empty)."""
    if dim is None or (dim.__class__ is not int and not isinstance(dim, int) and len(dim) == 0):
        return None
    found = wrap_dims(dim, ndim)
    return found if ndim else None


def reduced_size(shape: tuple[int, ...], dim: Any) -> int:
    """How many elements go into each element of the result."""
    over = axes(dim, len(shape))
    return math.prod(shape) if over is None else math.prod(shape[i] for i in over)


def restore(x: Array, shape: tuple[int, ...], dim: Any, keepdim: bool) -> Array:
    """What was reduced from ``shape``, with its dimensions back as dimensions of size 1."""
    if keepdim or x.ndim == len(shape):
        return x
    over = axes(dim, len(shape))
    return x.reshape([1 if over is None or i in over else n for i, n in enumerate(shape)])


def spread(g: Array, shape: tuple[int, ...], dim: Any = None, keepdim: bool = False) -> Array:
    """A gradient of a reduced array, repeated over the dimensions that were reduced."""
    if g.ndim:
        g = restore(g, shape, dim, keepdim)
    return expand(g, shape)


def _as_dtype(g: Array, dtype: Any) -> Array:
    if g.dtype is dtype:
        return g
    return (g.real if g.dtype.kind == "c" and dtype.kind != "c" else g).astype(dtype)


# Sums and means


def _sum(self: Array, dim=None, keepdim=False, *, dtype=None):
    if dtype is not None:
        self = self if self.dtype == dtype.array else self.astype(dtype.array)
        accumulate = dtype.array
    else:
        accumulate = self.dtype
        if (accumulate is _FLOAT32 or accumulate is _FLOAT64) and dim is None and not keepdim:
            if self.__class__ is _ndarray and self.flags.forc:  # into an array, since of a number one would have to be made
                return _add_reduce(self, None, None, np.empty((), accumulate))
            return total(self)
        if accumulate.kind in "iub":
            accumulate = np.int64
    over = None if dim is None else axes(dim, self.ndim)
    if accumulate is np.int64 or accumulate.kind in "iub":
        return _add_reduce(self, over, accumulate, None, keepdim)
    return total(self, over, keepdim)


sum = op(
    "sum", _sum, out=COMPUTES, lies=IN_ORDER, node="SumBackward0 if dim is None else SumBackward1", tangent="linear",
    self=lambda g, self_shape, self_dtype, dim, keepdim: _as_dtype(spread(g, self_shape, dim, keepdim), self_dtype),
    doc="The sum of all elements, or of those along ``dim`` (one or several).  Integers and bools add up in int64.",
)  # fmt: skip


@taped(np.sum, (np.add, "reduce"))
def _taped_sum(x: Tensor, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: bool = False) -> Tensor:
    return sum.function(x, axis, keepdims)


def _mean(self: Array, dim=None, keepdim=False, *, dtype=None):
    d = self.dtype
    if dtype is None and dim is None and not keepdim and (d is _FLOAT32 or d is _FLOAT64):
        return (_add_reduce(self, None) if self.__class__ is _ndarray and self.flags.forc else total(self)) / self.size
    if dtype is not None:
        if dtype.category < dtypes.FLOAT:
            raise RuntimeError(
                "mean(): could not infer output dtype. Optional dtype must be either a floating point or complex dtype. "
                f"Got: {dtypes.SCALAR_TYPE_NAMES[dtype]}"
            )
        d = dtype.array
    elif d.kind in "iub":
        raise RuntimeError(
            "mean(): could not infer output dtype. Input dtype must be either a floating point or complex dtype. Got: "
            f"{type_name(self)}"
        )
    over = axes(dim, self.ndim)
    size = reduced_size(self.shape, dim)
    if d.itemsize == 2:  # once rounded, at the end
        return (total(self.astype(np.float32), over, keepdim) / size).astype(d)
    return total(self if dtype is None else self.astype(d), over, keepdim) / size


def _mean_gradient(g, self_shape, self_dtype, dim, keepdim):
    if g.ndim == 0:  # ``g[()]`` is a NumPy scalar, which is divided in a tenth of a 0-d array's time
        return _as_dtype(expand(g[()] / math.prod(self_shape), self_shape), self_dtype)
    return _as_dtype(spread(g / reduced_size(self_shape, dim), self_shape, dim, keepdim), self_dtype)


def _have_fractions(operand: dtypes.dtype, out: dtypes.dtype) -> bool:
    return min(operand.category, out.category) >= dtypes.FLOAT


mean = op(
    "mean", _mean, out=Out("mean.dtype_out(): input types can't be cast to the desired output type {Out}", computes=_have_fractions), lies=IN_ORDER, node="MeanBackward0 if dim is None else MeanBackward1", tangent="linear", self=_mean_gradient,
    doc="The mean of all elements, or of those along ``dim`` (one or several).  Raises RuntimeError for "
    "integers without ``dtype``.",
)


@taped(np.mean)
def _taped_mean(x: Tensor, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: bool = False) -> Tensor:
    return mean.function(x, axis, keepdims)


def _nansum(self: Array, dim=None, keepdim=False, *, dtype=None):
    if self.dtype.kind == "c":
        raise RuntimeError("nansum on CPU does not support complex inputs")
    if self.dtype.kind not in "iub":
        self = np.where(np.isnan(self), constant(0, self), self)
    return _sum(self, dim, keepdim, dtype=dtype)


nansum = op(
    "nansum", _nansum, out=Out(computes=lambda operand, out: out.category >= dtypes.FLOAT), lies=IN_ORDER,
    self=lambda g, self, self_shape, self_dtype, dim, keepdim:
        np.where(np.isnan(self), constant(0, self), _as_dtype(spread(g, self_shape, dim, keepdim), self_dtype)),
    doc="The sum as ``sum`` has it, of the elements that are not NaN.",
)  # fmt: skip


@composite
def nanmean(
    input: Tensor, dim: Any = None, keepdim: bool = False, *, dtype: dtypes.dtype | None = None, out: Any = None
) -> Tensor:
    """The mean of the elements that are not NaN.

    Raises RuntimeError on a tensor of integers.

    >>> import adjoint as torch
    >>> torch.nanmean(torch.tensor([1., torch.nan, 3.]))
    tensor(2.)
    """
    if input.dtype.category < dtypes.FLOAT:
        raise RuntimeError(
            "nanmean(): expected input to have floating point or complex dtype but got "
            f"{dtypes.SCALAR_TYPE_NAMES[input.dtype]}"
        )
    if dtype is not None and dtype.category < dtypes.FLOAT:
        raise RuntimeError(
            "nanmean(): could not infer output dtype. Optional dtype must be either a floating point or complex dtype. Got: "
            f"{dtypes.SCALAR_TYPE_NAMES[dtype]}"
        )
    count = sum.function(~input.detach().isnan(), dim, keepdim)
    return written(nansum.function(input, dim, keepdim, dtype=dtype) / count, out, "nanmean")


def written(result: Any, out: Any, name: str, rule: Out | None = None) -> Any:
    """A composite's result, in ``out`` where one was given, by the rule of its declaration if none is given."""
    return result if out is None else write_outs(name, result, out, rule)


# Products


@array_function
def products_of_others(x, result, dim, whole=False):
    """For each element the product of all others along a dimension: ``result``, that of all, divided by it if there are no
    zeros.

    Of a ``whole`` tensor, two zeros silence infinities and NaNs too, as in PyTorch.
    """
    zeros = x == 0
    if not zeros.any():
        return result / x
    around = _around(x, dim)
    return np.where(np.count_nonzero(zeros, dim, keepdims=True) > 1, constant(0, x), around) if whole else around


def _around(x, dim):
    ones = np.ones_like(np.take(x, [0], dim)) if x.shape[dim] else x
    n = x.shape[dim]
    before = np.concatenate((ones, np.cumprod(_part(x, dim, 0, n - 1), dim)), dim)
    after = np.concatenate((ones, np.cumprod(np.flip(_part(x, dim, 1, n), dim), dim)), dim)
    return before * np.flip(after, dim)


def _part(x, dim, start, stop):
    return x[(slice(None),) * dim + (slice(start, stop),)]


@taped(products_of_others)
def _taped_products(x: Tensor, result: Tensor, dim: int, whole: bool = False) -> Tensor:
    from adjoint.ops.scans import cumprod

    n = x._array.shape[dim]
    ones = x.detach().narrow(dim, 0, min(1, n)) * 0 + 1
    before = _cat([ones, cumprod.function(x.narrow(dim, 0, n - 1), dim)], dim)
    after = _cat([ones, cumprod.function(x.narrow(dim, 1, n - 1).flip(dim), dim)], dim)
    return before * after.flip(dim)


def _cat(tensors: Any, dim: int) -> Tensor:
    from adjoint.declare.namespaces import lookup

    return lookup("torch", "cat")(tensors, dim)


def _prod(self: Array, dim=None, keepdim=False, *, dtype=None):
    if dtype is not None:
        self = self.astype(dtype.array)
    if dim is not None and not isinstance(dim, int):
        raise TypeError(
            f"prod() received an invalid combination of arguments - got ({type(dim).__name__}), but expected one of:\n"
            " * (*, torch.dtype dtype = None)\n * (int dim, bool keepdim = False, *, torch.dtype dtype = None)\n"
        )
    accumulate = self.dtype
    over = axes(dim, self.ndim)
    if accumulate.kind in "iub":
        return np.multiply.reduce(self, over, np.int64 if dtype is None else accumulate, None, keepdim)
    if accumulate.itemsize == 2:
        return product(self.astype(np.float32), over, keepdim).astype(accumulate)
    return product(self, over, keepdim)


def _prod_gradient(g, self, result, self_shape, dim, keepdim):  # PyTorch saves the result too, and minds writes to it
    if not self_shape:
        return _as_dtype(g, self.dtype)
    x = _as_dtype(self, result.dtype)  # as the forward took it
    if dim is None:
        others = products_of_others(x.reshape(-1), result, 0, True).reshape(self_shape) if math.prod(self_shape) else x
    else:
        of_all = restore(result, self_shape, dim, keepdim)
        others = products_of_others(x, of_all, wrap_dim(dim, len(self_shape))) if math.prod(self_shape) else x
    return _as_dtype(_as_dtype(spread(g, self_shape, dim, keepdim), others.dtype) * conj(others), self.dtype)


prod = op(
    "prod", _prod, out=COMPUTES, lies=IN_ORDER, node="ProdBackward0 if dim is None else ProdBackward1",
    self=_prod_gradient,
    reads={"self": "g * result / self"},
    doc="The product of all elements, or of those along ``dim``.  Integers and bools multiply in int64.",
)  # fmt: skip


@taped(np.prod, (np.multiply, "reduce"))
def _taped_prod(x: Tensor, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: bool = False) -> Tensor:
    return prod.function(x, axis, keepdims)


# Truth


def _truth(ufunc: Any) -> Any:
    def forward(self: Array, dim=None, keepdim=False):
        result = ufunc.reduce(self, axes(dim, self.ndim), np.bool_, None, keepdim)
        return result.astype(np.uint8) if self.dtype == np.uint8 else result

    return forward


any = op(
    "any", _truth(np.logical_or), out=refused("any only supports bool tensor for result, got: {Out}", "Byte"), lies=IN_ORDER,
    doc="Whether any element is not zero, of all, or of those along ``dim``: a bool (of uint8, uint8).",
)  # fmt: skip
all = op(
    "all", _truth(np.logical_and), out=refused("all only supports bool tensor for result, got: {Out}", "Byte"), lies=IN_ORDER,
    doc="Whether no element is zero, of all, or of those along ``dim``: a bool (of uint8, uint8).",
)  # fmt: skip


def _count_nonzero(self: Array, dim=None):
    return _add_reduce(self != 0, axes(dim, self.ndim), np.int64)


count_nonzero = op(
    "count_nonzero", _count_nonzero, lies=IN_ORDER,
    doc="How many elements are not zero, of all, or of those along ``dim`` (one or several): int64.",
)  # fmt: skip

# Variance


def _deviations(x, dim):
    """The elements less their mean over the dimensions, which is found from the first one: equal elements deviate by 0.

    An infinite first one would make all deviations NaN, where only its own is.
    """
    if x.dtype.itemsize == 2:
        return _deviations(x.astype(np.float32), dim).astype(x.dtype)
    over = axes(dim, x.ndim)
    mean = wide_mean(x, over)
    if mean is None:
        first = first_along(x, over)
        first = np.where(np.isfinite(first), first, constant(0, x))
        mean = first + total(x - first, over, True) / constant(reduced_size(x.shape, dim), x)
    return x - mean


def _check_variance(name: str, array: Any, dim: Any, correction: float) -> float:
    """The degrees of freedom, with PyTorch's error and warning."""
    if array.dtype.kind in "iub":
        many = name in ("std_mean", "var_mean")
        raise RuntimeError(
            f"{name} only support floating point and complex dtypes"
            if many
            else "std and var only support floating point and complex dtypes"
        )
    freedom = reduced_size(array.shape, dim) - correction
    if freedom <= 0 or not array.size:
        warnings.warn(
            f"{name}(): degrees of freedom is <= 0. Correction should be strictly less than the reduction factor (input "
            "numel divided by output numel).",
            UserWarning,
            stacklevel=users_level(),
        )
    return max(freedom, 0)


def variance_of(x: Any, dim: Any, correction: float, keepdim: bool, name: str = "var") -> Any:
    """The variance of an array, computed in two passes and in float32 at least."""
    freedom = _check_variance(name, x, dim, correction)
    wide = x.astype(np.float32) if x.dtype.itemsize == 2 else x
    away = _deviations(wide, dim)
    squares = (away * conj(away)).real if away.dtype.kind == "c" else away * away
    return total(squares, axes(dim, x.ndim), keepdim) / wide.real.dtype.type(freedom)


def _var(self: Array, dim=None, correction=1, keepdim=False):
    return variance_of(self, dim, correction, keepdim).astype(self.real.dtype if self.dtype.kind == "c" else self.dtype)


def _std(self: Array, dim=None, correction=1, keepdim=False):
    return np.sqrt(variance_of(self, dim, correction, keepdim, "std")).astype(
        self.real.dtype if self.dtype.kind == "c" else self.dtype
    )


def _var_gradient(g, self, self_shape, dim, correction, keepdim):
    freedom = reduced_size(self_shape, dim) - correction
    away = _deviations(self, dim)
    if freedom <= 0 and (dim is None or not self_shape):  # as PyTorch has it, and without a graph
        whole = spread(g, self_shape, dim, keepdim)
        return np.where(away == 0, whole * constant(np.nan, g), whole * constant(np.inf, g)).astype(self.dtype)
    factor = constant(np.inf if freedom == 0 else 2 / freedom, g)
    return spread(g * factor, self_shape, dim, keepdim) * away


def _std_gradient(g, result, self, self_shape, dim, correction, keepdim):
    return _var_gradient(quotient(g, result * 2), self, self_shape, dim, correction, keepdim)


_var_row = op("var", _var, lies=IN_ORDER, where="", self=_var_gradient, reads={"self": "2 * g * (self - mean(self, dim)) / (reduced_size(self_shape, dim) - correction)"})
_std_row = op("std", _std, lies=IN_ORDER, where="", self=_std_gradient, reads={"self": "g * (self - mean(self, dim)) / (result * (reduced_size(self_shape, dim) - correction))"})


def _var_mean(self: Array, dim=None, correction=1, keepdim=False):
    variance = variance_of(self, dim, correction, keepdim, "var_mean").astype(
        self.real.dtype if self.dtype.kind == "c" else self.dtype
    )
    return variance, _mean(self, dim, keepdim)


def _std_mean(self: Array, dim=None, correction=1, keepdim=False):
    variance = variance_of(self, dim, correction, keepdim, "std_mean")
    return np.sqrt(variance).astype(self.real.dtype if self.dtype.kind == "c" else self.dtype), _mean(self, dim, keepdim)


def _mean_share(g, self_shape, dim, keepdim):
    return spread(g / reduced_size(self_shape, dim), self_shape, dim, keepdim)


def _var_mean_gradient(gs, arrived, self, self_shape, dim, correction, keepdim):
    share = _mean_share(gs[1], self_shape, dim, keepdim)
    return share + _var_gradient(gs[0], self, self_shape, dim, correction, keepdim) if arrived[0] else share


def _std_mean_gradient(gs, arrived, std, self, self_shape, dim, correction, keepdim):
    share = _mean_share(gs[1], self_shape, dim, keepdim)
    return share + _std_gradient(gs[0], std, self, self_shape, dim, correction, keepdim) if arrived[0] else share


_var_mean_row = op("var_mean", _var_mean, lies=IN_ORDER, where="", outputs=("var", "mean"), apart=True, self=_var_mean_gradient, reads={"self": "2 * g_var * (self - mean) / (reduced_size(self_shape, dim) - correction) + g_mean / reduced_size(self_shape, dim)"})
_std_mean_row = op("std_mean", _std_mean, lies=IN_ORDER, where="", outputs=("std", "mean"), apart=True, self=_std_mean_gradient, reads={"self": "g_std * (self - mean) / (std * (reduced_size(self_shape, dim) - correction)) + g_mean / reduced_size(self_shape, dim)"})


def _variance_arguments(dim: Any, unbiased: Any, correction: Any) -> tuple[Any, float]:
    """``var(unbiased)`` and ``var(dim, unbiased)`` as (dim, correction)."""
    if isinstance(dim, bool):
        dim, unbiased = None, dim
    if correction is None:
        correction = 1 if unbiased is None or unbiased else 0
    return dim, correction


@composite
def var(
    input: Tensor,
    dim: Any = None,
    unbiased: bool | None = None,
    keepdim: bool = False,
    *,
    correction: float | None = None,
    axis: Any = None,
    keepdims: bool | None = None,
    out: Tensor | None = None,
) -> Tensor:
    """The variance over ``dim`` (all dimensions by default), divided by the count less ``correction`` (1).

    Raises RuntimeError on a tensor of integers; warns where the count does not exceed ``correction``.

    >>> import adjoint as torch
    >>> torch.var(torch.tensor([1., 2., 3.]))
    tensor(1.)
    """
    dim, correction = _variance_arguments(dim if axis is None else axis, unbiased, correction)
    keepdim = keepdim if keepdims is None else keepdims
    return written(_var_row.function(input, dim, correction, keepdim), out, "var")


@composite
def std(
    input: Tensor,
    dim: Any = None,
    unbiased: bool | None = None,
    keepdim: bool = False,
    *,
    correction: float | None = None,
    axis: Any = None,
    keepdims: bool | None = None,
    out: Tensor | None = None,
) -> Tensor:
    """The standard deviation, the square root of :func:`var`.

    >>> import adjoint as torch
    >>> torch.std(torch.tensor([1., 2., 3.]), correction=0)
    tensor(0.8165)
    """
    dim, correction = _variance_arguments(dim if axis is None else axis, unbiased, correction)
    keepdim = keepdim if keepdims is None else keepdims
    return written(_std_row.function(input, dim, correction, keepdim), out, "std")


@composite(where="torch")
def var_mean(
    input: Tensor, dim: Any = None, unbiased: bool | None = None, keepdim: bool = False, *, correction: float | None = None
) -> tuple[Tensor, Tensor]:
    """The variance and the mean."""
    dim, correction = _variance_arguments(dim, unbiased, correction)
    return tuple(_var_mean_row.function(input, dim, correction, keepdim))  # type: ignore[return-value]


@composite(where="torch")
def std_mean(
    input: Tensor, dim: Any = None, unbiased: bool | None = None, keepdim: bool = False, *, correction: float | None = None
) -> tuple[Tensor, Tensor]:
    """The standard deviation and the mean."""
    dim, correction = _variance_arguments(dim, unbiased, correction)
    return tuple(_std_mean_row.function(input, dim, correction, keepdim))  # type: ignore[return-value]


# Sums in the logarithm


def _logsumexp(self: Array, dim, keepdim=False):
    x = to_float(self)
    over = axes(dim, x.ndim)
    wide = x.astype(np.float32) if x.dtype.itemsize == 2 else x
    if wide.size == 0:
        return np.log(total(np.exp(wide), over, keepdim)).astype(x.dtype)
    most = np.maximum.reduce(wide.real, over, None, None, True)
    most = np.where(np.isinf(most), constant(0, most), most)
    found = np.log(total(np.exp(wide - most), over, keepdim))
    return (found + most.reshape(found.shape)).astype(x.dtype)


logsumexp = op(
    "logsumexp", _logsumexp, out=Out("logsumexp(): Expected floating point type for result tensor, but got: {Out}"), lies=IN_ORDER,
    self=lambda g, self, result, self_shape, dim, keepdim:
        spread(g, self_shape, dim, keepdim) * conj(np.exp(self - spread(result, self_shape, dim, keepdim))),
    doc="The logarithm of the sum of exponentials along ``dim`` (one or several), which need not fit a float.",
)  # fmt: skip


# The diagonal's sum


def _trace(self: Array):
    if self.ndim != 2:
        raise RuntimeError(f"trace: expected a matrix, but got tensor with dim {self.ndim}")
    return _sum(self.diagonal())


@array_function
def identity_like(g, shape):
    """A matrix of this shape with a number all along its diagonal."""
    found = np.zeros(shape, g.dtype)
    found.reshape(-1)[: shape[1] * min(shape) : shape[1] + 1] = g
    return found


@taped(identity_like)
def _taped_identity(g: Tensor, shape: tuple[int, ...]) -> Tensor:
    from adjoint.declare.namespaces import lookup
    from adjoint.tensor import from_array

    return lookup("torch", "where")(from_array(np.eye(*shape, dtype=bool)), g, 0.0)


trace = op(
    "trace", _trace, tangent="linear", self=lambda g, self_shape: identity_like(g, self_shape), reads={"self": "g * eye(self_shape[0])"},
    doc="The sum of a matrix's diagonal.  Raises RuntimeError for what is not a matrix.",
)  # fmt: skip
