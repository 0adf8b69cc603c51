"""Sparse tensors made: of places and values, of dense tensors, and dense ones of them.

How they are stored, and what operators do to them, is said at :mod:`adjoint.readings.sparse`: the tape knows nothing of it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from adjoint import dtypes, layouts
from adjoint.declare import composite, op
from adjoint.declare.arguments import check_not_negative, sizes
from adjoint.declare.once import warn_once
from adjoint.ops.arrays import Array, array_function
from adjoint.ops.creation import made, options
from adjoint.ops.from_data import array_of
from adjoint.readings import sparse
from adjoint.readings.sparse import SparseArray, coalesced, keys_of, rule
from adjoint.tensor import Tensor, from_array, writes_of


def is_sparse(tensor: Tensor) -> bool:
    """Whether a tensor is in coordinate format."""
    return tensor._array.__class__ is SparseArray


# What formulas use


@array_function
def with_values(values: Array, like: Array):
    """The sparse array that has these values in the places of another one."""
    return like.with_values(values)


@array_function
def values_in(self: Array, mask: Array):
    """An array's values in the places of a sparse one."""
    if isinstance(self, SparseArray):
        return sparse.found_in(self, mask)
    return np.ascontiguousarray(sparse.taken_at(self, mask.indices))


@array_function
def dense(self: Array):
    """The array with all its elements, dense as it may be already."""
    return sparse.to_dense(self) if isinstance(self, SparseArray) else self


rule(with_values)(with_values.on_arrays)
rule(values_in)(values_in.on_arrays)
rule(dense)(dense.on_arrays)
op("with_values", with_values, where="", fused=False, tangent="linear", values=lambda g, like: values_in(g, like))
op("values_in", values_in, where="", fused=False, tangent="linear", self=lambda g, mask: with_values(g, mask))
op("dense", dense, where="", fused=False, tangent="linear", self=lambda g: g)


# Of places and values


def _of_parts(indices: Array, values: Array, size, is_coalesced=None):
    return SparseArray(indices, values, size, bool(is_coalesced))


_coo = op(
    "_sparse_coo_tensor_with_dims_and_tensors", _of_parts, where="", node="SparseCooTensorWithDimsAndTensorsBackward0", fused=False,
    values=lambda g, result: values_in(g, result), reads={"values": "g in the places of the indices"},
)  # fmt: skip

_checks: list[bool] = []
"""Whether every new sparse tensor is looked at (``torch.sparse.check_sparse_tensor_invariants``); empty while nobody has said so."""


def check_all(value: bool | None = None) -> bool:
    """Whether every new sparse tensor is looked at; if a value is given, it is what holds from now on."""
    if value is not None:
        _checks[:] = [bool(value)]
    return _checks == [True]


def _are_checked() -> bool:
    if not _checks:
        warn_once(
            "sparse invariants",
            "Sparse invariant checks are implicitly disabled. Memory errors (e.g. SEGFAULT) will occur when operating on a sparse "
            "tensor which violates the invariants, but checks incur performance overhead. To silence this warning, explicitly opt in "
            "or out. See `torch.sparse.check_sparse_tensor_invariants.__doc__` for guidance. ",
        )
    return check_all()


def _check_shapes(indices: Any, values: Any, size: tuple[int, ...] | None) -> None:
    if indices.ndim != 2:
        raise RuntimeError(f"indices must be sparse_dim x nnz, but got: {list(indices.shape)}")
    stored = values.shape[0] if values.ndim else 1
    if indices.shape[1] != stored:
        raise RuntimeError(
            f"indices and values must have same nnz, but got nnz from indices: {indices.shape[1]}, nnz from values: {stored}"
        )
    if size is None:
        return
    sparse_dim, dense_dim = indices.shape[0], max(values.ndim - 1, 0)
    if len(size) != sparse_dim + dense_dim:
        raise RuntimeError(
            f"'len(size) == sparse_dim + dense_dim' is not satisfied: len(size) = {len(size)}, sparse_dim = {sparse_dim}, "
            f"dense_dim = {dense_dim}"
        )
    wanted = (indices.shape[1], *size[sparse_dim:])
    if values.shape != wanted:
        raise RuntimeError(f"values has incorrect size, expected {list(wanted)}, got {list(values.shape)}")


def _check_places(indices: Any, size: tuple[int, ...], is_coalesced: bool | None) -> None:
    if not indices.shape[1]:
        return
    for d, (low, high) in enumerate(zip(indices.min(1).tolist(), indices.max(1).tolist())):
        if low < 0:
            raise RuntimeError(f"found negative index {low} for dim {d}")
        if high >= size[d]:
            raise RuntimeError(f"size is inconsistent with indices: for dim {d}, size is {size[d]} but found index {high}")
    if is_coalesced:
        keys = keys_of(indices, size)
        if not (keys[1:] > keys[:-1]).all():
            raise RuntimeError("cannot set is_coalesced to true if indices correspond to uncoalesced COO tensor")


def _smallest_size(indices: Any, values: Any) -> tuple[int, ...]:
    lows = indices.min(1, initial=0).tolist()
    for d, low in enumerate(lows):
        if low < 0:
            raise RuntimeError(f"found negative index {low} for dim {d}")
    highs = (indices.max(1) + 1).tolist() if indices.shape[1] else [0] * indices.shape[0]
    return (*highs, *values.shape[1:])


@composite(where="torch")
def sparse_coo_tensor(
    indices: Any = None,
    values: Any = None,
    size: Any = None,
    *,
    dtype: dtypes.dtype | None = None,
    device: Any = None,
    pin_memory: bool = False,
    requires_grad: bool = False,
    check_invariants: bool | None = None,
    is_coalesced: bool | None = None,
) -> Tensor:
    """A tensor in coordinate format: of ``indices``, (sparse dimensions, stored), and the ``values`` in those places, (stored, *dense
    dimensions).  Values in one place add up.

    Without a ``size`` it is the smallest that has all places.  Given a size alone, the tensor has no values.  ``check_invariants``
    has the places looked at, ``is_coalesced`` says that they are in order, each once.  Gradients flow to ``values`` that are a tensor,
    unless ``requires_grad`` makes the result a leaf.  Raises RuntimeError where the parts do not fit together.

    >>> import adjoint as torch
    >>> torch.sparse_coo_tensor([[0, 1], [2, 0]], [3., 4.], (2, 3)).to_dense()
    tensor([[0., 0., 3.],
            [4., 0., 0.]])
    """
    chosen = options("sparse_coo_tensor", dtype, None, device, pin_memory)
    checked = _are_checked() if check_invariants is None else check_invariants
    if values is None:
        shape = sizes("sparse_coo_tensor", (size if size is not None else indices,))
        check_not_negative(shape)
        return made(sparse.empty(shape, (chosen or dtypes.get_default_dtype()).array), requires_grad, function="sparse_coo_tensor")
    if not isinstance(indices, Tensor):
        indices = from_array(array_of(indices, dtypes.int64, copy=True))
    if indices._array.dtype != np.int64:
        indices = from_array(indices._array.astype(np.int64))
    if not isinstance(values, Tensor):
        values = from_array(array_of(values, chosen, copy=True))
    if chosen is not None and chosen is not values.dtype:
        values = values.to(chosen)  # type: ignore[attr-defined]
    places = indices._array
    shape = None if size is None else sizes("sparse_coo_tensor", (size,))
    if values._array.ndim == 0 and places.ndim == 2 and places.shape[1] == 1:
        values = values.reshape(1)  # type: ignore[attr-defined]
    _check_shapes(places, values._array, shape)
    if shape is None:
        shape = _smallest_size(places, values._array)
    if checked:
        _check_places(places, shape, is_coalesced)
    if requires_grad:
        values = values.detach()  # type: ignore[attr-defined]
    found = _coo.function(indices, values, tuple(shape), is_coalesced)
    found._array.shown = writes_of(indices)
    return made(found._array, True, function="sparse_coo_tensor") if requires_grad else found  # type: ignore[no-any-return]


@composite(where="torch")
def _validate_sparse_coo_tensor_args(
    indices: Tensor, values: Tensor, size: Any, is_coalesced: bool | None = None, check_pinning: bool | None = None
) -> None:
    """Raise RuntimeError where these do not make a sparse tensor."""
    shape = sizes("_validate_sparse_coo_tensor_args", (size,))
    _check_shapes(indices._array, values._array, shape)
    _check_places(indices._array, shape, is_coalesced)


# Of dense tensors, and back


def _to_sparse(self: Array, sparse_dim):
    return sparse.of_dense(self, sparse_dim)


_sparse = op(
    "to_sparse", _to_sparse, where="", node="ToSparseBackward0", fused=False, tangent="linear", self=lambda g: dense(g)
)  # fmt: skip


@composite(where="Tensor")
def to_sparse(self: Tensor, *args: Any, sparse_dim: int | None = None, layout: Any = None, blocksize: Any = None, dense_dim: Any = None) -> Tensor:
    """The tensor in coordinate format, or in another sparse ``layout``; itself, if it is that already.

    ``sparse_dim`` is how many dimensions, the first ones, places have: all, unless it is given; the others are dense.

    >>> import adjoint as torch
    >>> torch.eye(2).to_sparse()
    tensor(indices=tensor([[0, 1],
                           [0, 1]]),
           values=tensor([1., 1.]),
           size=(2, 2), nnz=2, layout=torch.sparse_coo)
    """
    if args:
        sparse_dim = args[0]
    if layout is not None:
        if layout is layouts.strided:
            return to_dense(self)
        if layout is not layouts.sparse_coo:
            return getattr(self, f"to_{layout._name}")(*([blocksize] if blocksize is not None else []), dense_dim=dense_dim)  # type: ignore[no-any-return]
    if is_sparse(self):
        if sparse_dim is not None and sparse_dim != self._array.sparse_dim:
            raise RuntimeError("to_sparse: conversion from Sparse to Sparse with sparse_dim argument !=self.sparse_dim() is not supported")
        return self
    ndim = self._array.ndim
    if sparse_dim is None:
        sparse_dim = ndim
    elif not 0 <= sparse_dim <= ndim:
        raise RuntimeError(f"dense_to_sparse: sparse_dim argument must be in [0,{ndim}] range, but {sparse_dim} is given")
    return _sparse.function(self, sparse_dim)  # type: ignore[no-any-return]


@composite(where="Tensor")
def to_sparse_coo(self: Tensor) -> Tensor:
    """The tensor in coordinate format.

    >>> import adjoint as torch
    >>> torch.eye(2).to_sparse_coo().values()
    tensor([1., 1.])
    """
    return to_sparse(self)


def _to_dense(self: Array, masked_grad=None):
    return sparse.to_dense(self)


@array_function
def in_places(self: Array, mask: Array):
    """The elements that are in the places of a sparse array, coalesced, as a sparse one."""
    return sparse.masked(self, coalesced(mask))


rule(in_places)(in_places.on_arrays)
op("in_places", in_places, where="", fused=False, tangent="linear", self=lambda g, mask: in_places(g, mask))

_dense = op(
    "to_dense", _to_dense, where="", node="ToDenseBackward0", fused=False, tangent="linear",
    self=lambda g, self, masked_grad: g if masked_grad is False else in_places(g, self),
)  # fmt: skip


@composite(where="Tensor")
def to_dense(self: Tensor, dtype: dtypes.dtype | None = None, *, masked_grad: bool | None = None) -> Tensor:
    """The tensor with all its elements, zeros included; itself, if it is dense already.

    Its gradient is sparse, in the places that the tensor has, unless ``masked_grad`` is False.

    >>> import adjoint as torch
    >>> torch.eye(2).to_sparse().to_dense()
    tensor([[1., 0.],
            [0., 1.]])
    """
    if not is_sparse(self):
        return self if dtype is None else self.to(dtype)  # type: ignore[attr-defined, no-any-return]
    found = _dense.function(self, masked_grad)
    return found if dtype is None else found.to(dtype)  # type: ignore[no-any-return]
