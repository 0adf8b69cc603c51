"""Norms and distances: vector_norm, matrix_norm, norm, dist, renorm, cross products."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np

from adjoint import dtypes
from adjoint.declare import composite, op
from adjoint.declare.arranging import IN_ORDER
from adjoint.declare.one_node import as_one_node
from adjoint.declare.operands import fit, result_type_of
from adjoint.declare.outs import SAME, refused
from adjoint.ops.arithmetic import constant, sign_of
from adjoint.ops.arrays import Array, conj
from adjoint.ops.broadcasting import broadcast_shape
from adjoint.ops.dims import wrap_dim
from adjoint.ops.extremes import amax, amin
from adjoint.ops.reduction import axes, reduced_size, spread, written
from adjoint.ops.reduction import sum as summed
from adjoint.ops.scalars import number_argument
from adjoint.ops.unsupported import type_name
from adjoint.places import users_level
from adjoint.summation import total
from adjoint.tensor import Tensor

# Norms of vectors


def vector_norm_of(self: Array, ord=2, dim=None, keepdim=False):
    if self.dtype.kind in "iub":
        raise RuntimeError(f"linalg.vector_norm: Expected a floating point or complex tensor as input. Got {type_name(self)}")
    d = self.real.dtype if self.dtype.kind == "c" else self.dtype
    over = axes(dim, self.ndim)
    if (ord < 0 or ord == math.inf) and reduced_size(self.shape, dim) == 0:
        raise RuntimeError(
            f"linalg.vector_norm cannot compute the {ord:g} norm on an empty tensor because the operation does not have an "
            "identity"
        )
    x = self.astype(np.float32) if self.dtype.itemsize == 2 else self
    if ord == 2 and x.dtype.kind != "c":
        return np.sqrt(total(x * x, over, keepdim)).astype(d)
    x = np.absolute(x)
    if ord == math.inf:
        result = np.maximum.reduce(x, over, None, None, keepdim)
    elif ord == -math.inf:
        result = np.minimum.reduce(x, over, None, None, keepdim)
    elif ord == 0:
        result = total((x != 0).astype(x.dtype), over, keepdim)
    elif ord == 1:
        result = total(x, over, keepdim)
    elif ord == 2:
        result = np.sqrt(total(x * x, over, keepdim))
    else:
        result = total(x ** x.dtype.type(ord), over, keepdim) ** x.dtype.type(1 / ord)
    return result.astype(d)


def vector_norm_gradient(g, self, result, self_shape, ord, dim, keepdim):
    if ord == 0:
        return np.zeros_like(self)
    g, norm = spread(g, self_shape, dim, keepdim), spread(result, self_shape, dim, keepdim)
    if ord == 1:
        return g * sign_of(self)
    zero = constant(0, self)  # of a vector of zeros the subgradient is 0; a NaN from above stays one, as in PyTorch
    if ord == 2:
        return g * np.where(norm == 0, zero, self / np.where(norm == 0, constant(1, g), norm))
    size = np.absolute(self)
    if math.isinf(ord):
        equal = ((size == norm) | (size != size)).astype(g.dtype)
        count = total(equal, axes(dim, len(self_shape)), True)
        return sign_of(self) * (g * equal / count)
    safe_size, safe_norm = (np.where(x == 0, constant(1, g), x) for x in (size, norm))
    ratio = (safe_size / safe_norm) ** constant(ord - 1, g)
    if ord > 1:  # where PyTorch's quotient by a power of the norm leaves the gradient out
        g = np.where(norm == 0, constant(0, g), g)
    g = np.where(norm == norm, g, norm)
    return np.where((size == 0) | (norm == 0), zero, sign_of(self) * ratio) * g


_vector_norm_row = op(
    "linalg_vector_norm", vector_norm_of, lies=IN_ORDER, where="",
    # the number of elements that are not 0 has no derivative: as in PyTorch, None and not zeros
    self=lambda g, self, result, self_shape, ord, dim, keepdim:
        None if ord == 0 else vector_norm_gradient(g, self, result, self_shape, ord, dim, keepdim),
    reads={
        "self": "g * self / result if ord == 2 else g * sign(self) if ord == 1 else g * self * abs(self) ** (ord - 2) / result ** (ord - 1)",
    },
)  # fmt: skip


def _converted(name: str, x: Tensor, dtype: dtypes.dtype | None) -> Tensor:
    if dtype is None:
        return x
    before, after = (dtypes.SCALAR_TYPE_NAMES[d] for d in (x.dtype, dtype))
    if x.dtype.category < dtypes.FLOAT:
        raise RuntimeError(f"{name}: Expected a floating point or complex tensor as input. Got {before}")
    if dtype.category < dtypes.FLOAT:
        raise RuntimeError(f"{name}: dtype should be floating point or complex, but got {after}")
    if x.dtype.category != dtype.category:
        wanted = "complex" if x.dtype.category == dtypes.COMPLEX else "real"
        raise RuntimeError(f"{name}: dtype should be {wanted} for {wanted} inputs, but got {after}")
    if dtypes.promote_types(x.dtype, dtype) is not dtype:
        raise RuntimeError(
            f"{name}: the dtype of the input ({before}) should be convertible without narrowing to the specified dtype "
            f"({after})"
        )
    return x.to(dtype)


@composite(out=SAME, where="linalg")
def vector_norm(
    x: Tensor, ord: float = 2, dim: Any = None, keepdim: bool = False, *, dtype: dtypes.dtype | None = None,
    out: Tensor | None = None,
) -> Tensor:  # fmt: skip
    """The norm of the vectors along ``dim``, or of all elements as one vector.

    Raises RuntimeError on a tensor of integers, or where an empty vector has no such norm.

    >>> import adjoint as torch
    >>> torch.linalg.vector_norm(torch.tensor([3., 4.]))
    tensor(5.)
    """
    x = _converted("linalg.vector_norm", x, dtype)
    ord = number_argument(ord, "linalg_vector_norm", "ord", 2)
    return written(_vector_norm_row.function(x, ord, dim, keepdim), out, "linalg_vector_norm")


# Norms of matrices

_MATRIX_ORDERS = (1, -1, 2, -2, math.inf, -math.inf)


def check_matrices(name: str, x: Tensor) -> None:
    """Raise PyTorch's errors for what is no matrix of floating-point numbers."""
    if x.ndim < 2:
        raise RuntimeError(f"{name}: The input tensor A must have at least 2 dimensions.")
    if x.dtype.category < dtypes.FLOAT:
        raise RuntimeError(
            f"{name}: Expected a floating point or complex tensor as input. Got {dtypes.SCALAR_TYPE_NAMES[x.dtype]}"
        )


@composite(out=refused("linalg.matrix_norm expected out tensor dtype {Result} but got: {Out}"), where="linalg")
def matrix_norm(
    A: Tensor, ord: float | str = "fro", dim: tuple[int, int] = (-2, -1), keepdim: bool = False, *,
    dtype: dtypes.dtype | None = None, out: Tensor | None = None,
) -> Tensor:  # fmt: skip
    """The norm of matrices: "fro", "nuc", or 1, -1, 2, -2, inf or -inf.

    Raises RuntimeError for another order, or for what has fewer than two dimensions.

    >>> import adjoint as torch
    >>> torch.linalg.matrix_norm(torch.ones(2, 2))
    tensor(2.)
    """
    name = "linalg.matrix_norm"
    if isinstance(ord, str) and ord not in ("fro", "nuc"):
        raise RuntimeError(f"{name}: Order {ord} not supported.")
    check_matrices(name, A)
    if not isinstance(ord, str) and ord not in _MATRIX_ORDERS:
        raise RuntimeError(f"{name}: Order {ord:g} not supported.")
    A = _converted(name, A, dtype)
    if len(tuple(dim)) != 2:
        raise RuntimeError(f"{name}: dim must be a 2-tuple. Got {' '.join(map(str, dim))}")
    rows, columns = (wrap_dim(d, A.ndim) for d in dim)
    if rows == columns:
        raise RuntimeError(f"{name}: dims must be different. Got ({dim[0]}, {dim[1]})")
    if ord == "fro":
        return written(_vector_norm_row.function(A, 2, (rows, columns), keepdim), out, "linalg_matrix_norm")
    if ord == "nuc" or ord in (2, -2):
        from adjoint.ops.decompositions import svdvals

        order = [i for i in range(A.ndim) if i not in (rows, columns)] + [rows, columns]
        values = svdvals(A.permute(order))
        result = (
            summed.function(values, -1) if ord == "nuc" else (amax if ord == 2 else amin).function(values, -1)
        )
        if keepdim:
            for d in sorted((rows, columns)):
                result = result.unsqueeze(d)
        return written(result, out, "linalg_matrix_norm")
    if ord in (math.inf, -math.inf):
        rows, columns = columns, rows
    sums = _vector_norm_row.function(A, 1, (rows,), keepdim)
    if not keepdim and columns > rows:
        columns -= 1
    result = (amax if ord > 0 else amin).function(sums, (columns,), keepdim)  # type: ignore[operator]
    return written(result, out, "linalg_matrix_norm")


@composite(where="linalg", name="norm")
def linalg_norm(
    A: Tensor, ord: float | str | None = None, dim: Any = None, keepdim: bool = False, *,
    dtype: dtypes.dtype | None = None, out: Tensor | None = None,
) -> Tensor:  # fmt: skip
    """The norm of a vector or of a matrix: of a matrix where two dims are given, or where there are two and an order.

    >>> import adjoint as torch
    >>> torch.linalg.norm(torch.ones(2, 2), 1)
    tensor(2.)
    """
    if dim is not None:
        dims = (dim,) if isinstance(dim, int) else tuple(dim)
        if len(dims) not in (1, 2):
            raise RuntimeError(f"linalg.norm: If dim is specified, it must be of length 1 or 2. Got {list(dims)}")
    elif ord is not None:
        if A.ndim not in (1, 2):
            raise RuntimeError(
                f"linalg.norm: If dim is not specified but ord is, the input must be 1D or 2D. Got {A.ndim}D."
            )
        dims = tuple(range(A.ndim))
    else:
        dims = None
    if ord is not None and dims is not None and len(dims) == 2:
        return matrix_norm(A, ord, dims, keepdim, dtype=dtype, out=out)
    if isinstance(ord, str):
        return matrix_norm(A, ord, dims or (-2, -1), keepdim, dtype=dtype, out=out)
    return vector_norm(A, 2 if ord is None else ord, dims, keepdim, dtype=dtype, out=out)


@composite(out=SAME)
def norm(
    input: Tensor, p: float | str | None = "fro", dim: Any = None, keepdim: bool = False, dtype: dtypes.dtype | None = None,
    out: Tensor | None = None,
) -> Tensor:  # fmt: skip
    """The p-norm over ``dim``, by default of all elements; "fro" is 2, "nuc" the sum of a matrix's singular values.

    >>> import adjoint as torch
    >>> torch.norm(torch.tensor([3., 4.]))
    tensor(5.)
    """
    if p is None or p == "fro":
        return vector_norm(input, 2, dim, keepdim, dtype=dtype, out=out)
    if isinstance(p, str):
        return matrix_norm(input, p, (-2, -1) if dim is None else dim, keepdim, dtype=dtype, out=out)
    return vector_norm(input, p, dim, keepdim, dtype=dtype, out=out)


# Distances


def _dist(self: Array, other: Array, p=2):
    if self.dtype.kind in "iub":
        raise RuntimeError("dist only supports floating-point dtypes, got " + type_name(self))
    try:
        away = self - other
    except ValueError:
        from adjoint.declare.operands import raise_shapes

        raise_shapes(self, other)
    return vector_norm_of(away, p)


def _dist_gradient(g, self, other, result, p):
    away = self - other
    return vector_norm_gradient(g, away, result, away.shape, p, None, False)


_dist_row = op(
    "dist", _dist, where="",
    self=lambda g, self, other, result, p, self_shape, self_dtype:
        fit(_dist_gradient(g, self, other, result, p), self_shape, self_dtype),
    other=lambda g, self, other, result, p, other_shape, other_dtype:
        fit(-_dist_gradient(g, self, other, result, p), other_shape, other_dtype),
    reads={
        "self": "g * (self - other) / result if p == 2 else g * (self - other) * abs(self - other) ** (p - 2) / result ** (p - 1)",
        "other": "g * (other - self) / result if p == 2 else g * (other - self) * abs(self - other) ** (p - 2) / result ** (p - 1)",
    },
)  # fmt: skip


@composite
def dist(input: Tensor, other: Tensor, p: float = 2) -> Tensor:
    """The p-norm of ``input - other``.

    >>> import adjoint as torch
    >>> torch.dist(torch.tensor([1., 2.]), torch.tensor([4., 6.]))
    tensor(5.)
    """
    d = result_type_of(input, other)
    return _dist_row.function(*(t if t.dtype is d else t.to(d) for t in (input, other)), p)


@composite(out=SAME, inplace="copied")
def renorm(input: Tensor, p: float, dim: int, maxnorm: float) -> Tensor:
    """The tensor with each slice along ``dim`` scaled down to a p-norm of ``maxnorm`` at most.

    >>> import adjoint as torch
    >>> torch.renorm(torch.tensor([[3., 4.], [0., 1.]]), 2, 0, 1.)
    tensor([[0.6000, 0.8000],
            [0.0000, 1.0000]])
    """
    p = number_argument(p, "renorm", "p", 2)
    if p <= 0:
        raise RuntimeError("renorm: non-positive-norm not supported")
    if input.ndim < 2:
        raise RuntimeError(f"renorm: input needs at least 2 dimensions, got {input.ndim} dimensions")
    dim = wrap_dim(dim, input.ndim)
    over = tuple(i for i in range(input.ndim) if i != dim)
    from adjoint.ops.bounds import where

    def scaled(input: Tensor) -> Tensor:
        size = _vector_norm_row.function(input, p, over, True)
        return input.contiguous() * where(size.detach() > maxnorm, maxnorm / (size + 1e-7), 1.0)  # the result is in order

    return as_one_node("RenormBackward0", scaled, input)  # type: ignore[no-any-return]


# Cross products


def _cross(self: Array, other: Array, *, dim=-1):
    shape = broadcast_shape(self.shape, other.shape)
    a, b = (np.moveaxis(np.broadcast_to(x, shape), dim, 0) for x in (self, other))
    parts = [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
    return np.moveaxis(np.stack(parts), 0, dim)


def _cross_of(a, b, dim):
    """The cross product in a formula."""
    a, b = np.moveaxis(a, dim, 0), np.moveaxis(b, dim, 0)
    parts = [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
    return np.moveaxis(np.stack(parts), 0, dim)


_cross_row = op(
    "linalg_cross", _cross, lies=IN_ORDER, where="",
    self=lambda g, other, dim, self_shape, self_dtype:
        fit(_cross_of(np.broadcast_to(conj(other), g.shape), g, dim), self_shape, self_dtype),
    other=lambda g, self, dim, other_shape, other_dtype:
        fit(_cross_of(g, np.broadcast_to(conj(self), g.shape), dim), other_shape, other_dtype),
    reads={"self": "cross(other, g)", "other": "cross(g, self)"},
)  # fmt: skip


@composite(out=SAME, where="linalg", name="cross")
def linalg_cross(input: Tensor, other: Tensor, *, dim: int = -1, out: Tensor | None = None) -> Tensor:
    """The cross products of vectors of three elements along ``dim``.

    Raises RuntimeError for vectors of another length.

    >>> import adjoint as torch
    >>> torch.linalg.cross(torch.tensor([1., 0., 0.]), torch.tensor([0., 1., 0.]))
    tensor([0., 0., 1.])
    """
    if input.ndim != other.ndim:
        raise RuntimeError("linalg.cross: inputs must have the same number of dimensions.")
    a, b = (x._array.shape[wrap_dim(dim, x.ndim)] for x in (input, other))
    if a != 3 or b != 3:
        raise RuntimeError(f"linalg.cross: inputs dimension {dim} must have length 3. Got {a} and {b}")
    d = result_type_of(input, other)
    result = _cross_row.function(*(t if t.dtype is d else t.to(d) for t in (input, other)), dim=wrap_dim(dim, input.ndim))
    return written(result, out, "linalg_cross")


@composite(out=SAME)
def cross(input: Tensor, other: Tensor, dim: int | None = None, *, out: Tensor | None = None) -> Tensor:
    """As :func:`adjoint.linalg.cross`; without ``dim`` along the first dimension of size 3, with a warning."""
    if dim is None:
        sizes = input._array.shape
        if 3 not in sizes:
            raise RuntimeError("no dimension of size 3 in input")
        dim = sizes.index(3)
        warnings.warn(
            "Using torch.cross without specifying the dim arg is deprecated.\nPlease either pass the dim explicitly or "
            "simply use torch.linalg.cross.\nThe default value of dim will change to agree with that of linalg.cross in a "
            "future release.",
            UserWarning,
            stacklevel=users_level(),
        )
    return linalg_cross(input, other, dim=dim, out=out)
