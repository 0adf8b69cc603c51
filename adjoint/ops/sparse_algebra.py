"""The algebra of sparse tensors: masks, sums, products and softmax whose gradients are sparse themselves (``torch.sparse``).

``x @ y`` and ``x.sum()`` of sparse tensors are the operators of dense ones, with their formulas; what is here is what those formulas
would make dense.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from adjoint import dtypes
from adjoint.declare import composite, op
from adjoint.declare.namespaces import FUNCTIONS
from adjoint.ops.arithmetic import not_implemented, times
from adjoint.ops.arrays import Array, array_function, conj
from adjoint.ops.dims import wrap_dim, wrap_dims
from adjoint.ops.sparse_making import dense, in_places, is_sparse, values_in, with_values
from adjoint.readings import sparse
from adjoint.readings.sparse import SparseArray, coalesced, keys_of, rule
from adjoint.readings.sparse_products import matmul, times_dense
from adjoint.tensor import Tensor, from_array

# Masks


def _sparse_mask(self: Array, mask: Array, of_sparse=False):
    return sparse.masked(self, mask)


def _mask_back(g, mask, of_sparse):
    listed = with_values(values_in(g, mask), mask)  # as often as the mask lists a place, it was taken
    return in_places(listed, mask) if of_sparse else dense(listed)


_mask_row = op(
    "sparse_mask", _sparse_mask, where="", fused=False, self=_mask_back, reads={"self": "g in the places of mask, 0 elsewhere"},
)  # fmt: skip


@composite(where="Tensor")
def sparse_mask(self: Tensor, mask: Tensor) -> Tensor:
    """The elements in the places that ``mask``, a sparse tensor of the same size, has; sparse.

    Raises RuntimeError where the mask is dense or of another size.

    >>> import adjoint as torch
    >>> torch.tensor([[1., 2.], [3., 4.]]).sparse_mask(torch.eye(2).to_sparse()).values()
    tensor([1., 4.])
    """
    if not is_sparse(mask):
        raise RuntimeError("sparse_mask(): expected mask to have a sparse layout")
    if self._array.shape != mask._array.shape:
        raise RuntimeError(
            f"sparse_mask(): operands have incompatible sizes; self has size {list(self.shape)} but mask has size {list(mask.shape)}"
        )
    if is_sparse(self) and self._array.sparse_dim != mask._array.sparse_dim:
        raise RuntimeError("sparse_mask(): the tensors have different numbers of sparse dimensions")
    return _mask_row.function(self, mask, is_sparse(self))  # type: ignore[no-any-return]


# Sums


def _sum_over(self: Array, dim):
    return np.add.reduce(coalesced(self), dim, None, None, False)


@array_function
def sum_spread(g: Array, self: Array, dim):
    """The gradient of a sum over dimensions of a sparse array, in the places that that has."""
    mask = coalesced(self)
    sparse_dim = mask.sparse_dim
    kept = [d for d in range(sparse_dim) if d not in dim]
    if isinstance(g, SparseArray):
        g = coalesced(g)
        shape = tuple(mask.shape[d] for d in kept)
        keys, wanted = keys_of(g.indices, shape), keys_of(mask.indices[kept], shape)
        at = np.searchsorted(keys, wanted)
        at[at == len(keys)] = 0
        there = keys[at] == wanted if len(keys) else np.zeros(len(wanted), bool)
        rows = np.zeros((mask.stored, *g.values.shape[1:]), g.dtype)
        rows[there] = g.values[at[there]]
    else:
        rows = sparse.taken_at(g, mask.indices[kept])
    for d in sorted(d for d in dim if d >= sparse_dim):
        rows = np.expand_dims(rows, d - sparse_dim + 1)
    values = np.broadcast_to(rows, mask.values.shape).astype(mask.dtype)
    return SparseArray(mask.indices, values, mask.shape, True)


rule(sum_spread)(sum_spread.on_arrays)
op(
    "sum_spread", sum_spread, where="", fused=False, tangent="linear",
    g=lambda g, self, dim: np.add.reduce(in_places(g, self), dim, None, None, False),
)  # fmt: skip

_sum_row = op(
    "_sparse_sum", _sum_over, where="", node="SparseSumBackward0", fused=False, tangent="linear",
    self=lambda g, self, dim: sum_spread(g, self, dim), reads={"self": "g along dim, in the places of self"},
)  # fmt: skip


@composite(where="sparse")
def sum(input: Tensor, dim: Any = None, dtype: dtypes.dtype | None = None) -> Tensor:
    """The sum of all elements of a sparse tensor, or along dimensions: sparse, unless all its sparse dimensions are summed over.

    Its gradient is sparse, unlike that of ``input.sum()``.

    >>> import adjoint as torch
    >>> torch.sparse.sum(torch.eye(2).to_sparse())
    tensor(2.)
    """
    if not is_sparse(input):
        raise RuntimeError("torch.sparse.sum: expected a sparse tensor")
    if dtype is not None:
        input = input.to(dtype)  # type: ignore[attr-defined]
    if dim is None:
        return input.coalesce().values().sum()  # type: ignore[attr-defined, no-any-return]
    dims = wrap_dims(dim, input._array.ndim)
    if not dims:
        raise RuntimeError("dim_list is empty")
    if len(dims) == input._array.ndim:
        return input.coalesce().values().sum()  # type: ignore[attr-defined, no-any-return]
    return _sum_row.function(input, dims)  # type: ignore[no-any-return]


# Products


@array_function
def product_in_places(a: Array, b: Array, mask: Array):
    """The product of two dense matrices in the places of a sparse one alone."""
    mask = coalesced(mask)
    rows, columns = mask.indices
    values = np.empty(mask.stored, np.result_type(a.dtype, b.dtype))
    across = np.ascontiguousarray(b.T)
    a = np.ascontiguousarray(a)
    step = max(1, 1 << 16 if a.shape[1] < 16 else (1 << 20) // a.shape[1])
    for begin in range(0, mask.stored, step):
        part = slice(begin, begin + step)
        np.einsum("ij,ij->i", a[rows[part]], across[columns[part]], out=values[part])
    return mask.with_values(values)


rule(product_in_places)(product_in_places.on_arrays)
op(
    "product_in_places", product_in_places, where="", fused=False,
    a=lambda g, b, mask: matmul_of(in_places(g, mask), conj(b).T), b=lambda g, a, mask: matmul_of(conj(a).T, in_places(g, mask)),
    tangent="multilinear",
)  # fmt: skip


@array_function
def matmul_of(a: Array, b: Array):
    """A product of matrices of which one is sparse."""
    return matmul(a, b)


rule(matmul_of)(matmul_of.on_arrays)


def _addmm(self: Array, mat1: Array, mat2: Array, beta=1, alpha=1):
    found = times_dense(mat1, mat2)
    if alpha != 1:
        found = times(found, alpha)
    if beta == 0:
        return found
    return found + (self if beta == 1 else times(self, beta))


op(
    "matmul_of", matmul_of, where="", fused=False, tangent="multilinear",
    a=lambda g, b: g @ conj(b).T, b=lambda g, a: conj(a).T @ g,
)  # fmt: skip

_addmm_row = op(
    "_sparse_addmm", _addmm, where="", node="SparseAddmmBackward0", fused=False,
    self=lambda g, beta: times(g, beta),
    mat1=lambda g, mat1, mat2, alpha: times(product_in_places(dense(g), conj(mat2).T, mat1), alpha),
    mat2=lambda g, mat1, alpha: times(matmul_of(conj(mat1).T, g), alpha),
)  # fmt: skip


def _check_matrices(name: str, a: Any, b: Any) -> None:
    for position, x in enumerate((a, b), 1):
        if x.ndim != 2:
            raise RuntimeError(f"{name}: Expected dense_dim and sparse_dim of matrix {position} to make 2 dimensions, got {x.ndim}D tensor")
    if a.shape[1] != b.shape[0]:
        raise RuntimeError(
            f"mat1 and mat2 shapes cannot be multiplied ({a.shape[0]}x{a.shape[1]} and {b.shape[0]}x{b.shape[1]})"
        )
    if a.dtype != b.dtype:
        first, second = (dtypes.SCALAR_TYPE_NAMES[dtypes.of_array(x)] for x in (a, b))
        raise RuntimeError(f"mat1 dtype {first} does not match mat2 dtype {second}")


@composite(where="sparse")
def addmm(input: Tensor, mat1: Tensor, mat2: Tensor, *, beta: Any = 1, alpha: Any = 1) -> Tensor:
    """``beta * input + alpha * mat1 @ mat2`` of a sparse ``mat1``, whose gradient is sparse.

    >>> import adjoint as torch
    >>> torch.sparse.addmm(torch.ones(2, 2), torch.eye(2).to_sparse(), torch.ones(2, 2))
    tensor([[2., 2.],
            [2., 2.]])
    """
    if not is_sparse(mat1) or is_sparse(mat2):
        raise RuntimeError("torch.sparse.addmm: expected a sparse and a dense matrix")
    _check_matrices("addmm", mat1._array, mat2._array)
    shape = (mat1._array.shape[0], mat2._array.shape[1])
    if input._array.shape != shape:
        input = input.expand(shape)  # type: ignore[attr-defined]
    return _addmm_row.function(input, mat1, mat2, beta, alpha)  # type: ignore[no-any-return]


def _sparse_matmul(self: Array, other: Array):
    return matmul(self, other)


@array_function
def kept_in(self: Array, mask: Array):
    """An array with zeros where another, sparse one has no places; sparse."""
    if not isinstance(self, SparseArray):
        return sparse.masked(self, coalesced(mask))
    self, mask = coalesced(self), coalesced(mask)
    _, there = sparse.positions(mask, self)
    shaped = there.reshape(-1, *(1,) * (self.values.ndim - 1))
    return self.with_values(np.where(shaped, self.values, self.dtype.type(0)))


rule(kept_in)(kept_in.on_arrays)
op("kept_in", kept_in, where="", fused=False, tangent="linear", self=lambda g, mask: kept_in(g, mask))

_sparse_matmul_row = op(
    "_sparse_sparse_matmul", _sparse_matmul, where="torch", node="SparseSparseMatmulBackward0", fused=False,
    self=lambda g, self, other: kept_in(matmul_of(g, conj(other).T), self),
    other=lambda g, self, other: kept_in(matmul_of(conj(self).T, g), other), tangent="multilinear",
)  # fmt: skip


@composite(where="sparse")
def mm(mat1: Tensor, mat2: Tensor, reduce: str = "sum") -> Tensor:
    """The product of a sparse matrix and a dense one, or of two sparse ones (which is sparse); gradients of sparse ones are sparse,
    in their own places.

    Raises NotImplementedError for a ``reduce`` other than ``"sum"``.

    >>> import adjoint as torch
    >>> torch.sparse.mm(torch.eye(2).to_sparse(), torch.tensor([[1., 2.], [3., 4.]]))
    tensor([[1., 2.],
            [3., 4.]])
    """
    if reduce != "sum":
        raise NotImplementedError(f"torch.sparse.mm: Adjoint's sparse tensors are in coordinate format, which has no reduce={reduce!r}")
    first, second = is_sparse(mat1), is_sparse(mat2)
    _check_matrices("mm", mat1._array, mat2._array)
    if first and second:
        return _sparse_matmul_row.function(mat1, mat2)  # type: ignore[no-any-return]
    if first:
        zeros = np.zeros((mat1._array.shape[0], mat2._array.shape[1]), mat1._array.dtype)
        return _addmm_row.function(from_array(zeros), mat1, mat2, 0, 1)  # type: ignore[no-any-return]
    if second:
        return mm(mat2.t(), mat1.t()).t()  # type: ignore[attr-defined, no-any-return]
    raise RuntimeError("torch.sparse.mm: expected at least one of the matrices to be sparse")


def _product_rows(mat1: Array, mat2: Array) -> tuple[Any, Any]:
    """The rows of a product that the sparse matrix has something in, and which they are."""
    found = times_dense(mat1, mat2)
    rows = np.unique(mat1.indices[0])
    return rows, found[rows]


def _hspmm(mat1: Array, mat2: Array):
    rows, found = _product_rows(mat1, mat2)
    return SparseArray(rows[None], found, (mat1.shape[0], mat2.shape[1]))


def _sspaddmm(self: Array, mat1: Array, mat2: Array, *, beta=1, alpha=1):
    rows, found = _product_rows(mat1, mat2)
    columns = np.arange(mat2.shape[1])
    indices = np.array([np.repeat(rows, len(columns)), np.tile(columns, len(rows))])
    values = np.concatenate([times(self.values, beta), times(found.reshape(-1), alpha)])
    return SparseArray(np.concatenate([self.indices, indices], 1), values, (mat1.shape[0], mat2.shape[1]))


hspmm = op(
    "hspmm", _hspmm, where="torch", fused=False,
    mat1=lambda g: not_implemented("hspmm"), mat2=lambda g: not_implemented("hspmm"),
    doc="The product of a sparse matrix and a dense one, as rows: with one sparse dimension and a dense one.  It has no derivative.",
)  # fmt: skip
sspaddmm = op(
    "sspaddmm", _sspaddmm, where="torch Tensor", fused=False,
    self=lambda g: not_implemented("sspaddmm"), mat1=lambda g: not_implemented("sspaddmm"), mat2=lambda g: not_implemented("sspaddmm"),
    doc="``beta * input + alpha * mat1 @ mat2`` of a sparse input, a sparse matrix and a dense one; sparse.  It has no derivative.",
)  # fmt: skip


@composite(where="torch Tensor")
def smm(input: Tensor, mat2: Tensor) -> Tensor:
    """The product of a sparse matrix and a dense one, made sparse again.  It has no derivative.

    >>> import adjoint as torch
    >>> torch.smm(torch.eye(2).to_sparse(), torch.ones(2, 1)).to_dense()
    tensor([[1.],
            [1.]])
    """
    zero = sparse.empty((input._array.shape[0], mat2._array.shape[1]), input._array.dtype)
    return sspaddmm.function(from_array(zero), input, mat2)  # type: ignore[no-any-return]


for _name, _same in {"dsmm": "mm", "spmm": "mm", "hsmm": "hspmm", "saddmm": "sspaddmm"}.items():
    FUNCTIONS["torch"][_name] = FUNCTIONS["torch"][_same]  # by their older names

# Softmax


def _pools(array: SparseArray, dim: int) -> tuple[Any, int]:
    """Of each place the number of its line along a sparse dimension, and how many lines there are."""
    others = [d for d in range(array.sparse_dim) if d != dim]
    keys = keys_of(array.indices[others], tuple(array.shape[d] for d in others))
    _, pool = np.unique(keys, return_inverse=True)
    return pool, int(pool.max(initial=-1)) + 1


def _over_pools(ufunc: Any, values: Any, pool: Any, count: int, start: Any) -> Any:
    found = np.full((count, *values.shape[1:]), start, values.dtype)
    ufunc.at(found, pool, values)
    return found[pool]


def _softmax(self: Array, dim, log):
    array = coalesced(self)
    if dim >= array.sparse_dim:
        axis, values = dim - array.sparse_dim + 1, array.values
        shifted = values - values.max(axis, keepdims=True, initial=-np.inf)
        sums = np.exp(shifted).sum(axis, keepdims=True)
    else:
        pool, count = _pools(array, dim)
        shifted = array.values - _over_pools(np.maximum, array.values, pool, count, -np.inf)
        sums = _over_pools(np.add, np.exp(shifted), pool, count, 0)
    return array.with_values(shifted - np.log(sums) if log else np.exp(shifted) / sums)


@array_function
def softmax_back(g: Array, result: Array, dim, log):
    """The gradient of a softmax along lines of stored elements."""
    rows = sparse.found_in(g, result) if isinstance(g, SparseArray) else sparse.taken_at(g, result.indices)
    values = result.values
    weighed = rows if log else rows * values
    if dim >= result.sparse_dim:
        sums = weighed.sum(dim - result.sparse_dim + 1, keepdims=True)
    else:
        sums = _over_pools(np.add, weighed, *_pools(result, dim), 0)
    return result.with_values(rows - np.exp(values) * sums if log else weighed - values * sums)


rule(softmax_back)(softmax_back.on_arrays)
op(
    "softmax_back", softmax_back, where="", fused=False,
    g=lambda g: not_implemented("_sparse_softmax_backward_data"), result=lambda g: not_implemented("_sparse_softmax_backward_data"),
)  # fmt: skip

def _plain_softmax(self: Array, dim):
    return _softmax(self, dim, False)


def _log_softmax(self: Array, dim):
    return _softmax(self, dim, True)


_rows = {
    name: op(
        name, forward, where="", node=node, fused=False,
        self=(lambda g, result, dim: softmax_back(g, result, dim, True)) if log else (lambda g, result, dim: softmax_back(g, result, dim, False)),
        reads={"self": "the softmax's gradient, of the stored elements of each line"},
    )
    for name, forward, node, log in (
        ("_sparse_softmax", _plain_softmax, "SparseSoftmaxBackward0", False),
        ("_sparse_log_softmax", _log_softmax, "SparseLogSoftmaxBackward0", True),
    )
}  # fmt: skip


def _along(row: Any, input: Tensor, dim: int, dtype: dtypes.dtype | None) -> Tensor:
    if not is_sparse(input):
        raise NotImplementedError(
            f"Could not run 'aten::{row.name}' with arguments from the 'CPU' backend. This could be because the operator doesn't exist "
            "for this backend, or was omitted during the selective/custom build process (if using custom build)."
        )
    if dtype is not None:
        input = input.to(dtype)  # type: ignore[attr-defined]
    return row.function(input, wrap_dim(dim, input._array.ndim))  # type: ignore[no-any-return]


@composite(where="sparse")
def softmax(input: Tensor, dim: int, *, dtype: dtypes.dtype | None = None) -> Tensor:
    """The softmax along a dimension of what is stored; elements that are not are taken for minus infinity, whose softmax is zero.

    >>> import adjoint as torch
    >>> torch.sparse.softmax(torch.eye(2).to_sparse(), 1).values()
    tensor([1., 1.])
    """
    return _along(_rows["_sparse_softmax"], input, dim, dtype)


@composite(where="sparse")
def log_softmax(input: Tensor, dim: int, *, dtype: dtypes.dtype | None = None) -> Tensor:
    """The logarithm of :func:`softmax`, of what is stored.

    >>> import adjoint as torch
    >>> torch.sparse.log_softmax(torch.eye(2).to_sparse(), 1).values()
    tensor([0., 0.])
    """
    return _along(_rows["_sparse_log_softmax"], input, dim, dtype)


# Diagonals


@composite(where="sparse")
def spdiags(diagonals: Tensor, offsets: Tensor, shape: Any, layout: Any = None) -> Tensor:
    """A matrix of a shape with the rows of ``diagonals`` on the diagonals ``offsets``, as a sparse one.

    Element ``j`` of a row is in column ``j``, as in ``scipy.sparse.spdiags``.  Raises RuntimeError for offsets that repeat.

    >>> import adjoint as torch
    >>> torch.sparse.spdiags(torch.tensor([[1., 2.], [3., 4.]]), torch.tensor([0, 1]), (2, 2)).to_dense()
    tensor([[1., 4.],
            [0., 2.]])
    """
    from adjoint import layouts
    from adjoint.ops.sparse_making import sparse_coo_tensor

    places, rows = offsets._array, diagonals
    if rows._array.ndim == 1:
        rows = rows.unsqueeze(0)  # type: ignore[attr-defined]
    if places.ndim == 0:
        places = places[None]
    if rows._array.ndim != 2:
        raise RuntimeError("Diagonals must be vector or matrix")
    if len(shape) != 2:
        raise RuntimeError("Output shape must be 2d")
    if places.ndim != 1:
        raise RuntimeError("Offsets must be scalar or vector")
    if rows._array.shape[0] != len(places):
        raise RuntimeError(f"Number of diagonals ({rows._array.shape[0]}) does not match the number of offsets ({len(places)})")
    if len(np.unique(places)) != len(places):
        raise RuntimeError("Offset tensor contains duplicate values")
    if layout not in (None, layouts.sparse_coo):
        raise NotImplementedError(f"spdiags: Adjoint's sparse tensors are in coordinate format alone, not {layout!r}")
    n, m = (int(s) for s in shape)
    parts, taken = [], []
    for i, offset in enumerate(places.tolist()):
        columns = np.arange(max(offset, 0), min(m, rows._array.shape[1], n + offset))
        parts.append(np.array([columns - offset, columns]))
        taken.append(i * rows._array.shape[1] + columns)
    parts.append(np.empty((2, 0), np.int64))
    taken.append(np.empty(0, np.int64))
    indices = np.concatenate(parts, 1)
    values = rows.reshape(-1)[from_array(np.concatenate(taken).astype(np.int64))]  # type: ignore[attr-defined]
    return sparse_coo_tensor(from_array(indices), values, (n, m), check_invariants=False)
