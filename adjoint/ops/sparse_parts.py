"""The parts of sparse tensors: places, values, how many there are; and what dense ones answer when they are asked for those."""

from __future__ import annotations

from typing import Any

import numpy as np

from adjoint.autograd.views import check_writable
from adjoint.declare import composite, op
from adjoint.declare.arguments import sizes
from adjoint.ops.arrays import Array
from adjoint.ops.sparse_making import is_sparse, with_values
from adjoint.readings import sparse
from adjoint.readings.sparse import SparseArray
from adjoint.tensor import Tensor, from_array, writes_of

# What the parts of other layouts are asked of, by PyTorch's words.
_COMPRESSED = {
    "crow_indices": "sparse row compressed tensor",
    "col_indices": "sparse row compressed tensor",
    "ccol_indices": "sparse column compressed tensor",
    "row_indices": "sparse column compressed tensor",
}


def _layout_name(self: Tensor) -> str:
    return "Sparse" if is_sparse(self) else "Strided"


def _coordinates(self: Tensor, name: str, kind: str = "sparse coordinate tensor") -> SparseArray:
    """The array of a sparse tensor.  Raises RuntimeError, in PyTorch's words, for a dense one."""
    if not is_sparse(self):
        raise RuntimeError(f"{name} expected {kind} layout but got {_layout_name(self)}")
    return self._array  # type: ignore[no-any-return]


def _listed(self: Tensor, name: str) -> SparseArray:
    if not is_sparse(self):
        raise NotImplementedError(
            f"Could not run 'aten::{name}' with arguments from the 'CPU' backend. This could be because the operator doesn't exist for "
            "this backend, or was omitted during the selective/custom build process (if using custom build)."
        )
    return self._array  # type: ignore[no-any-return]


def _shown(array: SparseArray) -> Tensor:
    """The places as a tensor, through which they can be written to."""
    found = from_array(array.indices)
    if array.shown is None:
        array.shown = writes_of(found)
    found._writes = array.shown
    return found


def _coalesce(self: Array):
    return sparse.coalesced(self)


_coalesce_row = op("coalesce", _coalesce, where="", fused=False, tangent="linear", self=lambda g: g)


@composite(where="Tensor")
def coalesce(self: Tensor) -> Tensor:
    """The same sparse tensor with every place once, and in order: values that share one are added up.

    Returns the tensor itself where it is coalesced.  Raises RuntimeError for a dense one.

    >>> import adjoint as torch
    >>> torch.sparse_coo_tensor([[1, 1]], [3., 4.], (2,)).coalesce().values()
    tensor([7.])
    """
    return self if _coordinates(self, "coalesce").coalesced else _coalesce_row.function(self)  # type: ignore[no-any-return]


@composite(where="Tensor")
def is_coalesced(self: Tensor) -> bool:
    """Whether a sparse tensor is known to have every place once, and in order.  Raises RuntimeError for a dense one."""
    return _coordinates(self, "is_coalesced").coalesced


@composite(where="Tensor")
def _coalesced_(self: Tensor, coalesced: bool) -> Tensor:
    """Say whether the tensor is coalesced, which nobody checks."""
    _listed(self, "_coalesced_").coalesced = bool(coalesced)
    return self


def _values_of(self: Array):
    return self.values


_values_row = op(
    "values", _values_of, where="", fused=False, tangent="linear", node="ValuesBackward0", self=lambda g, self: with_values(g, self)
)


def _uncoalesced(name: str) -> str:
    return f"Cannot get {name} on an uncoalesced tensor, please call .coalesce() first"


@composite(where="Tensor")
def values(self: Tensor) -> Tensor:
    """The values of a coalesced sparse tensor, (stored, *dense dimensions); gradients flow through them.

    Raises RuntimeError for one that is not coalesced, or dense.

    >>> import adjoint as torch
    >>> torch.eye(2).to_sparse().values()
    tensor([1., 1.])
    """
    if not _coordinates(self, "values", "sparse tensor").coalesced:
        raise RuntimeError(_uncoalesced("values"))
    found = _values_row.function(self)
    found._writes = writes_of(self)
    return found  # type: ignore[no-any-return]


@composite(where="Tensor")
def indices(self: Tensor) -> Tensor:
    """The places of a coalesced sparse tensor, (sparse dimensions, stored).

    Raises RuntimeError for one that is not coalesced, or dense.

    >>> import adjoint as torch
    >>> torch.eye(2).to_sparse().indices()
    tensor([[0, 1],
            [0, 1]])
    """
    if not _coordinates(self, "indices").coalesced:
        raise RuntimeError(_uncoalesced("indices"))
    return _shown(self._array)


@composite(where="Tensor")
def _indices(self: Tensor) -> Tensor:
    """The places as they are listed, coalesced or not."""
    return _shown(_listed(self, "_indices"))


@composite(where="Tensor")
def _values(self: Tensor) -> Tensor:
    """The values as they are listed; no gradient flows through them."""
    return from_array(_listed(self, "_values").values)


@composite(where="Tensor")
def _nnz(self: Tensor) -> int:
    """How many places are listed."""
    return _listed(self, "_nnz").stored  # type: ignore[no-any-return]


@composite(where="Tensor")
def sparse_dim(self: Tensor) -> int:
    """The number of dimensions that places have: none, of a dense tensor."""
    return self._array.sparse_dim if is_sparse(self) else 0


@composite(where="Tensor")
def dense_dim(self: Tensor) -> int:
    """The number of dense dimensions: all, of a dense tensor."""
    return self._array.ndim - (self._array.sparse_dim if is_sparse(self) else 0)  # type: ignore[no-any-return]


@composite(where="Tensor")
def _dimI(self: Tensor) -> int:
    """As :func:`sparse_dim`."""
    return _listed(self, "_dimI").sparse_dim  # type: ignore[no-any-return]


@composite(where="Tensor")
def _dimV(self: Tensor) -> int:
    """As :func:`dense_dim`."""
    return self._array.ndim - _listed(self, "_dimV").sparse_dim  # type: ignore[no-any-return]


# Other sizes


def _resized(self: Tensor, name: str, size: Any, sparse_dim: int, dense_dim: int) -> tuple[SparseArray, tuple[int, ...]]:
    array = _coordinates(self, name)
    check_writable(self, self._edge is not None and self.requires_grad)
    if self.requires_grad and self.is_leaf:
        raise RuntimeError("a leaf Variable that requires grad is being used in an in-place operation.")
    shape = sizes(name, (size,))
    if sparse_dim + dense_dim != len(shape):
        raise RuntimeError(
            f"'len(size) == sparse_dim + dense_dim' is not satisfied: len(size) = {len(shape)}, sparse_dim = {sparse_dim}, "
            f"dense_dim = {dense_dim}"
        )
    return array, shape


@composite(where="Tensor")
def sparse_resize_(self: Tensor, size: Any, sparse_dim: int, dense_dim: int) -> Tensor:
    """Give a sparse tensor another size in place.  One that has values can only grow, and keeps its dimensions.

    Raises RuntimeError otherwise.
    """
    array, shape = _resized(self, "sparse_resize_", size, sparse_dim, dense_dim)
    if array.stored:
        for kind, new, old in (("sparse", sparse_dim, array.sparse_dim), ("dense", dense_dim, array.ndim - array.sparse_dim)):
            if new != old:
                raise RuntimeError(
                    f"changing the number of {kind} dimensions (from {old} to {new}) on a non-empty sparse tensor is not supported.\n"
                    + _RESIZING
                )
        for kind, part, of in (
            ("sparse", slice(0, sparse_dim), array.shape), ("dense", slice(sparse_dim, None), array.shape)
        ):  # fmt: skip
            if any(n < o for n, o in zip(shape[part], of[part])):
                raise RuntimeError(
                    f"shrinking the size of {kind} dimensions (from {list(of[part])} to {list(shape[part])}) on a non-empty sparse "
                    "tensor is not supported.\n" + _RESIZING
                )
    if array.shape[array.sparse_dim :] != shape[sparse_dim:] or not array.stored:
        wide = np.zeros((array.stored, *shape[sparse_dim:]), array.dtype)
        wide[tuple(slice(0, n) for n in array.values.shape)] = array.values if array.stored else 0
        indices = array.indices if array.stored else np.empty((sparse_dim, 0), np.int64)
        array.become(SparseArray(indices, wide, shape, array.coalesced))
    else:
        array.become(SparseArray(array.indices, array.values, shape, array.coalesced))
    writes_of(self).bump()
    return self


_RESIZING = """You could try the following options:
1. If you need an empty sparse tensor of this size, call `x = torch.sparse_coo_tensor(size)`.
2. If you need to resize this tensor, you have the following options:
    1. For both sparse and dense dimensions, keep the number of them constant and the size of them non-shrinking, and then try the \
same call again.
    2. Or, create a new sparse tensor with the correct indices and values from this sparse tensor."""


@composite(where="Tensor")
def sparse_resize_and_clear_(self: Tensor, size: Any, sparse_dim: int, dense_dim: int) -> Tensor:
    """Give a sparse tensor another size in place, and no values."""
    array, shape = _resized(self, "sparse_resize_and_clear_", size, sparse_dim, dense_dim)
    array.become(sparse.empty(shape, array.dtype, sparse_dim))
    writes_of(self).bump()
    return self


# Other layouts


def _lacks(name: str, kind: str) -> Any:
    def part(self: Tensor) -> Any:
        raise RuntimeError(f"{name} expected {kind} layout but got {_layout_name(self)}")

    part.__name__ = part.__qualname__ = name
    part.__doc__ = f"Raises RuntimeError: only a {kind} has it, and there is none."
    return part


def _refused(name: str) -> Any:
    def made(self: Tensor, *args: Any, **kwargs: Any) -> Any:
        raise NotImplementedError(f"{name}: Adjoint's sparse tensors are in coordinate format alone; use to_sparse()")

    made.__name__ = made.__qualname__ = name
    made.__doc__ = "Raises NotImplementedError: there are no compressed layouts."
    return made


for _name, _kind in _COMPRESSED.items():
    composite(_lacks(_name, _kind), where="Tensor")
for _name in ("to_sparse_csr", "to_sparse_csc", "to_sparse_bsr", "to_sparse_bsc"):
    composite(_refused(_name), where="Tensor")
