"""Distances between rows: cdist and pdist."""

from __future__ import annotations

import math

import numpy as np

from adjoint import dtypes
from adjoint.declare import composite, op
from adjoint.declare.arranging import IN_ORDER
from adjoint.declare.kernel_dtypes import WIDE, Kernel
from adjoint.declare.namespaces import lookup
from adjoint.declare.one_node import as_one_node
from adjoint.declare.operands import fit
from adjoint.kernels.late import Late, from_on
from adjoint.ops.arithmetic import constant, sign_of
from adjoint.ops.arrays import Array
from adjoint.ops.broadcasting import broadcast_shape
from adjoint.ops.norms import vector_norm_gradient, vector_norm_of
from adjoint.ops.scatter import add_at, index_at
from adjoint.ops.widening import in_float32
from adjoint.summation import total
from adjoint.tensor import Tensor

_between = Late("distances:between")
_among = Late("distances:among")
_gradient_among = Late("distances:gradient_among")
_gradient = Late("distances:gradient")

_MANY = from_on(4096)
"""Differences from which on native code takes less time than NumPy, which has to write them down."""


def _are_many(x, others):
    """Whether there are many differences between the rows of an array and so many others."""
    return x.__class__ is np.ndarray and x.size * others >= _MANY


def _distances_of(away, p):
    """The norms of differences: in what NaN does, not quite those of ``linalg.vector_norm``."""
    if p == 0:  # of which a NaN is no number, where a norm counts it
        return total(np.minimum(np.ceil(np.absolute(away)), constant(1, away)), -1)
    if p == math.inf:  # of which PyTorch leaves a NaN out
        return np.fmax.reduce(np.absolute(away), -1, None, None, False, 0)
    return vector_norm_of(away, p, -1)


def _slopes(g, away, result, p):
    """The gradient of the differences."""
    if p == math.inf:  # PyTorch's: of equal ones each has all of it
        beyond = np.absolute(np.absolute(away) - result[..., None])
        return g[..., None] * sign_of(away) * (1 - np.minimum(np.ceil(beyond), constant(1, beyond)))
    found = vector_norm_gradient(g, away, result, away.shape, p, -1, False)
    if p == 1:  # the sign of a NaN is 0 in a norm's gradient, and a NaN here
        return np.where(away == away, found, away)
    return np.where(away == 0, constant(0, found), found) if p < 1 else found


@in_float32
def _cdist(x1: Array, x2: Array, p=2.0, exact=False):
    if x2.__class__ is np.ndarray and _are_many(x1, x2.shape[-2]) and (exact or not _is_product(x1, p)):
        found = _between(x1, x2, p)
        if found is not NotImplemented:
            return found
    if p == 2 and not exact:
        squares = total(x1 * x1, -1)[..., :, None] + total(x2 * x2, -1)[..., None, :]
        if x1.shape[-2] > 25 or x2.shape[-2] > 25:  # as PyTorch: a product where there are many, which is less exact
            return np.sqrt(np.maximum(squares - 2 * np.matmul(x1, x2.swapaxes(-1, -2)), constant(0, x1)))
    return _distances_of(x1[..., :, None, :] - x2[..., None, :, :], p)


def _is_product(x1, p):
    """Whether the rows are so long that a product takes less time than their differences."""
    return p == 2 and x1.shape[-1] > _LONG


_LONG = 64


def _cdist_gradient(g, x1, x2, result, p, axis):
    """That of ``x1`` (``axis`` -2) or of ``x2`` (-3)."""
    if all([x.__class__ is np.ndarray for x in (g, x2, result)]) and _are_many(x1, x2.shape[-2]):
        if axis == -2:
            found = _gradient(g, x1, x2, result, p)
        else:
            found = _gradient(g.swapaxes(-1, -2), x2, x1, result.swapaxes(-1, -2), p)
        if found is not NotImplemented:
            return found
    found = total(_slopes(g, x1[..., :, None, :] - x2[..., None, :, :], result, p), axis)
    return found if axis == -2 else -found


def _cdist_of(name, fused):
    return op(
        name, _cdist, lies=IN_ORDER, where="", node="CdistBackward0", fused=fused,
        x1=lambda g, x1, x2, result, p, x1_shape, x1_dtype: fit(_cdist_gradient(g, x1, x2, result, p, -2), x1_shape, x1_dtype),
        x2=lambda g, x1, x2, result, p, x2_shape, x2_dtype: fit(_cdist_gradient(g, x1, x2, result, p, -3), x2_shape, x2_dtype),
        reads={
            "x1": "the sum over x2 of g times each distance's slope",
            "x2": "the sum over x1 of g times each distance's slope",
        },
    )  # fmt: skip


_cdist_row = _cdist_of("cdist", False)
_cdist_of_other_p = _cdist_of("cdist.other", True)
_NATIVE = (1, 2, math.inf)


@composite(where="torch")
def cdist(x1: Tensor, x2: Tensor, p: float = 2.0, compute_mode: str = "use_mm_for_euclid_dist_if_necessary") -> Tensor:
    """The p-norm distances between all rows of two matrices, in batches: (*, n, d) and (*, m, d) give (*, n, m).

    Raises RuntimeError where the rows differ in length.

    >>> import adjoint as torch
    >>> torch.cdist(torch.tensor([[0., 0.]]), torch.tensor([[3., 4.], [0., 1.]]))
    tensor([[5., 1.]])
    """
    modes = ("use_mm_for_euclid_dist_if_necessary", "use_mm_for_euclid_dist", "donot_use_mm_for_euclid_dist")
    if compute_mode not in modes:
        raise ValueError(f"{compute_mode} is not a valid value for compute_mode")
    for name, x in (("X1", x1), ("X2", x2)):
        if x.ndim < 2:
            raise RuntimeError(f"cdist only supports at least 2D tensors, {name} got: {x.ndim}D")
    if x1._array.shape[-1] != x2._array.shape[-1]:
        raise RuntimeError(
            f"X1 and X2 must have the same number of columns. X1: {x1._array.shape[-1]} X2: {x2._array.shape[-1]}"
        )
    if p < 0:
        raise RuntimeError("cdist only supports non-negative p values")
    broadcast_shape(x1._array.shape[:-2], x2._array.shape[:-2])  # raises PyTorch's error
    row = _cdist_row if p in _NATIVE else _cdist_of_other_p
    return row.function(x1, x2, p, compute_mode == modes[2])


# All rows of one array


@in_float32
def _pdist(self: Array, p=2.0):
    if _are_many(self, len(self)):
        found = _among(self, p)
        if found is not NotImplemented:
            return found
    first, second = _pairs(len(self))
    return vector_norm_of(self[first] - self[second], p, -1)


def _pairs(n):
    """The numbers of every two rows."""
    return np.triu_indices(n, 1)


def _pdist_gradient(g, self, result, p):
    if g.__class__ is result.__class__ is np.ndarray and _are_many(self, self.shape[0]):
        found = _gradient_among(g, self, result, p)
        if found is not NotImplemented:
            return found
    n = self.shape[0]
    first, second = _pairs(n)
    slopes = _slopes(g, index_at(self, [first], (0,)) - index_at(self, [second], (0,)), result, p)
    return add_at(slopes, first, n) - add_at(slopes, second, n)


_PDIST = Kernel("pdist", WIDE)
_pdist_row = op(
    "pdist", _pdist, kernel=_PDIST, lies=IN_ORDER, where="", node="PdistBackward0", fused=False,
    self=_pdist_gradient,
    reads={"self": "the sum over the other rows of g times each distance's slope"},
)  # fmt: skip


@composite(where="torch nn.functional")
def pdist(input: Tensor, p: float = 2.0) -> Tensor:
    """The p-norm distances between every two rows of (N, M): N * (N - 1) / 2 of them.

    >>> import adjoint as torch
    >>> torch.pdist(torch.tensor([[0., 0.], [3., 4.], [0., 1.]]))
    tensor([5.0000, 1.0000, 4.2426])
    """
    if input.ndim != 2:
        raise RuntimeError(f"pdist only supports 2D tensors, got: {input.ndim}D")
    if p < 0:
        raise RuntimeError("pdist only supports non-negative p values")
    if not input.dtype.is_floating_point:
        raise RuntimeError("pdist only supports floating-point dtypes")
    if p in _NATIVE and input._array.size:
        return _pdist_row.function(input, p)
    _PDIST.check(input._array)
    return as_one_node("PdistBackward0", lambda x: _between_rows(x, p), input)  # type: ignore[no-any-return]


def _between_rows(input: Tensor, p: float) -> Tensor:
    n = input.shape[0]
    i, j = lookup("torch", "triu_indices")(n, n, 1).unbind(0)
    away = input[i] - input[j]
    if p == 0 or not away.size(1):  # differences that are counted, or that there are none of: the gradient is zeros
        zeros = away.masked_fill(lookup("torch", "ones_like")(away, dtype=dtypes.bool_), 0.0)
        return ((away != 0).to(away.dtype) + zeros).sum(-1)  # type: ignore[no-any-return]
    return away.norm(p, -1)  # type: ignore[no-any-return]
