"""Differences and what is made of neighbours or pairs: diff, trapezoid, covariance, isin, vander."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from adjoint import dtypes
from adjoint.declare import composite
from adjoint.declare.arranging import made_of
from adjoint.declare.namespaces import lookup
from adjoint.declare.operands import promote
from adjoint.declare.outs import SAME
from adjoint.ops.arrays import all_values
from adjoint.ops.by_numbers import multiplied, over
from adjoint.ops.contraction import mm
from adjoint.ops.dims import wrap_dim
from adjoint.ops.reduction import mean, written
from adjoint.ops.reduction import sum as summed
from adjoint.ops.scans import cumprod, cumsum
from adjoint.places import users_level
from adjoint.tensor import Tensor, as_number, from_array


def _cat(tensors: list[Tensor], dim: int) -> Tensor:
    return lookup("torch", "cat")(tensors, dim)


@composite
def diff(
    input: Tensor, n: int = 1, dim: int = -1, prepend: Tensor | None = None, append: Tensor | None = None, *,
    out: Tensor | None = None,
) -> Tensor:  # fmt: skip
    """Each element less the one before along ``dim``, ``n`` times; of bools whether they differ.

    >>> import adjoint as torch
    >>> torch.diff(torch.tensor([1, 4, 9]))
    tensor([3, 5])
    """
    if input.ndim == 0:
        raise RuntimeError("diff expects input to be at least one-dimensional")
    if n < 0:
        raise RuntimeError(f"order must be non-negative but got {n}")
    dim = wrap_dim(dim, input.ndim)
    for beside in (prepend, append):
        if beside is not None:
            _check_beside(input, beside, dim)
    if n == 0:  # nothing is joined, as in PyTorch
        return written(input.clone(), out, "diff")
    parts = [t for t in (prepend, input, append) if t is not None]
    result = _cat(parts, dim) if len(parts) > 1 else input
    for _ in range(min(n, result._array.shape[dim])):
        size = max(result._array.shape[dim] - 1, 0)
        later, earlier = result.narrow(dim, min(1, size + 1), size), result.narrow(dim, 0, size)
        result = later.logical_xor(earlier) if result.dtype is dtypes.bool_ else later - earlier
    return written(result, out, "diff")


def _check_beside(input: Tensor, beside: Tensor, dim: int) -> None:
    shape, other = input._array.shape, beside._array.shape
    if len(shape) != len(other):
        raise RuntimeError("diff expects prepend or append to be the same dimension as input")
    for d, (n, m) in enumerate(zip(shape, other)):
        if d != dim and n != m:
            raise RuntimeError(
                "diff expects the shape of tensor to prepend or append to match that of input except along the differencing "
                f"dimension; input.size({d}) = {n}, but got tensor.size({d}) = {m}"
            )


def _steps(y: Tensor, x: Tensor | None, dx: Any, dim: int) -> Any:
    """The distances between the places of neighbours."""
    if x is None:
        return dx
    if x.ndim == 1:
        return diff(x.view([-1 if i == dim else 1 for i in range(y.ndim)]), 1, dim)
    return diff(x, 1, dim - y.ndim)


@composite(where="torch", aliases=("trapz",))
def trapezoid(y: Tensor, x: Tensor | None = None, *, dx: Any = None, dim: int = -1) -> Tensor:
    """The integral along ``dim`` by the trapezoidal rule, at the places ``x`` or ``dx`` apart (1 by default).

    >>> import adjoint as torch
    >>> torch.trapezoid(torch.tensor([1., 2., 3.]))
    tensor(4.)
    """
    dim = wrap_dim(dim, y.ndim)
    n = y._array.shape[dim]
    if not n:
        return y.new_zeros(y.shape[:dim] + y.shape[dim + 1 :])  # type: ignore[attr-defined, no-any-return]
    if x is None:
        step = 1 if dx is None else dx
        middle = summed.function(y, dim) - multiplied(y.select(dim, 0) + y.select(dim, n - 1), 0.5)
        return multiplied(middle, step)
    pairs = y.narrow(dim, 0, n - 1) + y.narrow(dim, 1, n - 1)
    return over(summed.function(pairs * _steps(y, x, dx, dim), dim), 2)


@composite(where="torch")
def cumulative_trapezoid(y: Tensor, x: Tensor | None = None, *, dx: Any = None, dim: int = -1) -> Tensor:
    """The integrals up to each place along ``dim`` by the trapezoidal rule.

    >>> import adjoint as torch
    >>> torch.cumulative_trapezoid(torch.tensor([1., 2., 3.]))
    tensor([1.5000, 4.0000])
    """
    dim = wrap_dim(dim, y.ndim)
    n = y._array.shape[dim]
    pairs = y.narrow(dim, 0, n - 1) + y.narrow(dim, 1, n - 1)
    if x is None:
        return cumsum.function(multiplied(pairs, (1 if dx is None else dx) / 2), dim)
    return over(cumsum.function(pairs * _steps(y, x, dx, dim), dim), 2)


@composite
def cov(
    input: Tensor, *, correction: int = 1, fweights: Tensor | None = None, aweights: Tensor | None = None
) -> Tensor:
    """The covariances of the rows (variables) over the columns (observations), which may be repeated or weighted.

    >>> import adjoint as torch
    >>> torch.cov(torch.tensor([[1., 2., 3.], [3., 2., 1.]]))
    tensor([[ 1., -1.],
            [-1.,  1.]])
    """
    if input.ndim > 2:
        raise RuntimeError(
            "cov(): expected input to have two or fewer dimensions but got an input with "
            f"{input.ndim} dimensions"
        )
    if input.dtype is dtypes.bool_:
        raise RuntimeError("cov(): bool dtype is not supported for input")
    rows = input.reshape(1, -1) if input.ndim < 2 else input
    count = rows._array.shape[1]
    for name, weights in (("fweights", fweights), ("aweights", aweights)):
        if weights is None:
            continue
        if weights.ndim > 1:
            raise RuntimeError(
                f"cov(): expected {name} to have one or fewer dimensions but got {name} with {weights.ndim} dimensions"
            )
        whole = weights.dtype.category < dtypes.FLOAT
        if weights.dtype is dtypes.bool_ or weights.dtype.is_complex or whole is not (name == "fweights"):
            wanted = "integral" if name == "fweights" else "floating point"
            raise RuntimeError(
                f"cov(): expected {name} to have {wanted} dtype but got {name} with {dtypes.SCALAR_TYPE_NAMES[weights.dtype]} dtype"
            )
        if weights._array.size != count:
            raise RuntimeError(
                f"cov(): expected {name} to have the same numel as there are observations in the input but got "
                f"{weights._array.size} != {count}"
            )
        if bool((all_values(weights._array) < 0).any()):
            raise RuntimeError(f"cov(): {name} cannot be negative")
    weights = fweights if aweights is None else aweights if fweights is None else fweights * aweights
    if weights is None:
        total: Any = count
        average = mean.function(rows if rows.dtype.is_floating_point or rows.dtype.is_complex else rows.float(), 1, True)
    else:
        total = summed.function(weights)
        average = summed.function(rows * weights, 1, True) / total
    if weights is None or aweights is None or correction == 0:
        norm = total - correction
    else:
        norm = total - correction * summed.function(weights * aweights) / total
    away = rows - average
    back = away if weights is None else away * weights
    if bool(norm <= 0):
        warnings.warn(
            "cov(): degrees of freedom is <= 0. Correction should be strictly less than the number of observations.",
            UserWarning,
            stacklevel=users_level(),
        )
    norm = norm.clamp(min=0) if isinstance(norm, Tensor) else max(norm, 0)
    return (mm.function(away, back.t().conj()) / norm).squeeze()


@composite
def corrcoef(input: Tensor) -> Tensor:
    """The correlations of the rows (variables) over the columns (observations).

    >>> import adjoint as torch
    >>> torch.corrcoef(torch.tensor([[1., 2., 3.], [3., 2., 1.]]))
    tensor([[ 1., -1.],
            [-1.,  1.]])
    """
    if input.ndim > 2:
        raise RuntimeError(
            "corrcoef(): expected input to have two or fewer dimensions but got an input with "
            f"{input.ndim} dimensions"
        )
    c = cov(input)
    if c.ndim == 0:
        return c / c
    deviations = c.diagonal().sqrt()
    found = c / deviations.unsqueeze(1) / deviations.unsqueeze(0)
    if found.is_complex():
        return lookup("torch", "complex")(found.real.clamp(-1, 1), found.imag.clamp(-1, 1))
    return found.clamp(-1, 1)


@composite(out=SAME, where="torch")
def isin(elements: Any, test_elements: Any, *, assume_unique: bool = False, invert: bool = False) -> Tensor:
    """Whether each element is among ``test_elements``; one of the two may be a number.

    >>> import adjoint as torch
    >>> torch.isin(torch.tensor([1, 2, 3]), torch.tensor([2, 5]))
    tensor([False,  True, False])
    """
    given = [t if isinstance(t, Tensor) else as_number(t) for t in (elements, test_elements)]
    for t in given:
        if t._array.dtype.kind in "bc":
            raise RuntimeError(f"Unsupported input type encountered for isin(): {dtypes.SCALAR_TYPE_NAMES[t.dtype]}")
    a, b = promote(*given)
    if not (a.__class__ is np.ndarray is b.__class__):  # batches: each element beside each
        return made_of((np.equal(np.expand_dims(a, -1), b.reshape(-1)).any(-1)) ^ invert)
    return made_of(np.asarray(np.isin(a, b, assume_unique=assume_unique, invert=invert)))


def _vander(x: Tensor, n: int) -> Tensor:
    """Powers from 0 on along a new last dimension."""
    if x._array.dtype.kind in "iub":
        x = x.to(dtypes.int64)  # type: ignore[attr-defined]
    ones = from_array(np.ones((*x._array.shape, min(n, 1)), x._array.dtype))
    if n <= 1:
        return ones
    return _cat([ones, cumprod.function(x.unsqueeze(-1).expand(*x._array.shape, n - 1), -1).to(x.dtype)], -1)


@composite(where="torch", name="vander")
def vander(x: Tensor, N: int | None = None, increasing: bool = False) -> Tensor:
    """The matrix of powers of a vector's elements, the highest first unless ``increasing``.

    >>> import adjoint as torch
    >>> torch.vander(torch.tensor([1, 2, 3]))
    tensor([[1, 1, 1],
            [4, 2, 1],
            [9, 3, 1]])
    """
    if x.ndim != 1:
        raise RuntimeError("x must be a one-dimensional tensor.")
    powers = _vander(x, x._array.shape[0] if N is None else N)
    return powers if increasing else powers.flip(-1)


@composite(where="linalg", name="vander")
def linalg_vander(x: Tensor, *, N: int | None = None) -> Tensor:
    """The matrices of powers of vectors' elements, from the power 0 on."""
    if not x.ndim:
        x = x.unsqueeze(0)
    return _vander(x, x._array.shape[-1] if N is None else N)


@composite(where="linalg", name="diagonal")
def linalg_diagonal(A: Tensor, *, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Tensor:
    """The diagonals of matrices, a view."""
    return A.diagonal(offset, dim1, dim2)
