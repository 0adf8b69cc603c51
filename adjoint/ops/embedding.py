"""Embedding: rows of a table, by number."""

from __future__ import annotations

import numpy as np

from adjoint import dtypes
from adjoint.autograd.grad_mode import no_grad
from adjoint.declare import composite, op
from adjoint.declare.arranging import made_of
from adjoint.ops.arrays import Array, all_values, array_function
from adjoint.ops.memory import extent
from adjoint.ops.scatter import add_at, taken, zero_in
from adjoint.ops.sparse_making import values_in
from adjoint.readings.sparse import SparseArray, rule
from adjoint.tensor import Tensor, from_array


def _embedding(weight: Array, indices: Array, padding_idx=-1, scale_grad_by_freq=False, sparse=False):
    if weight.ndim != 2:
        raise RuntimeError("'weight' must be 2-D")
    if indices.dtype != np.int64 and indices.dtype != np.int32:
        raise RuntimeError(
            "Expected tensor for argument #1 'indices' to have one of the following scalar types: Long, Int; but got "
            f"{dtypes.legacy_name(dtypes.of_array(indices))} instead (while checking arguments for embedding)"
        )
    low, high = extent(indices)
    if low < 0 or high >= weight.shape[0]:
        raise IndexError("index out of range in self")
    return taken(weight, indices, 0)


def _embedding_back(g, weight_shape, indices, padding_idx, scale_grad_by_freq):
    rows, width = weight_shape
    flat = indices.reshape(-1)
    found = add_at(g.reshape((flat.size, width)), flat, rows)
    if scale_grad_by_freq:
        counts = np.maximum(add_at(np.ones(flat.size, g.dtype), flat, rows), 1).astype(g.dtype)
        found = found / counts.reshape((rows, 1))
    return zero_in(found, (padding_idx,)) if padding_idx >= 0 else found


_rows = op(
    "embedding", _embedding, tangent="linear", where="torch", weight=_embedding_back, reads={"weight": "g added up in the rows of the indices"},
    doc="The rows of ``weight`` (a matrix) at ``indices`` (any shape); the row ``padding_idx`` gets no gradient.",
)  # fmt: skip


@array_function
def listed_rows(g: Array, index: Array, count):
    """The rows of ``g`` at indices, as a sparse array of so many rows: nothing is added up."""
    return SparseArray(index.astype(np.int64)[None], g, (count, *g.shape[1:]))


rule(listed_rows)(listed_rows.on_arrays)
op(
    "listed_rows", listed_rows, where="", fused=False, tangent="linear", node="SparseCooTensorWithDimsAndTensorsBackward0",
    g=lambda g, result: values_in(g, result),
)  # fmt: skip


def _embedding_back_sparsely(g, weight_shape, indices, padding_idx, scale_grad_by_freq):
    if scale_grad_by_freq:
        raise RuntimeError("embedding_backward: scale_grad_by_freq not supported with sparse gradients")
    rows, width = weight_shape
    flat = indices.reshape(-1)
    listed = g.reshape((flat.size, width))
    if padding_idx >= 0:
        kept = np.flatnonzero(all_values(flat) != padding_idx)
        flat, listed = np.take(flat, kept), taken(listed, kept, 0)
    return listed_rows(listed, flat, rows)


_rows_sparsely = op(
    "embedding_sparse", _embedding, tangent="linear", where="", node="EmbeddingBackward0", fused=False,
    weight=_embedding_back_sparsely, reads={"weight": "g listed by the indices, sparse"},
)  # fmt: skip


@composite(where="nn.functional")
def embedding(
    input: Tensor,
    weight: Tensor,
    padding_idx: int | None = None,
    max_norm: float | None = None,
    norm_type: float = 2.0,
    scale_grad_by_freq: bool = False,
    sparse: bool = False,
) -> Tensor:
    """The rows of ``weight``, a table (rows, width), at the integers of ``input``: (*input.shape, width).

    The row ``padding_idx`` gets no gradient.  With ``max_norm``, rows that are looked up and longer than that are first
    shortened in place.  ``scale_grad_by_freq`` divides a row's gradient by how often it was looked up.  With ``sparse``, the
    gradient of ``weight`` is sparse: the rows of the indices, as often as they were looked up.

    Raises IndexError for a row that is not there.

    >>> import adjoint as torch
    >>> torch.nn.functional.embedding(torch.tensor([1, 0]), torch.tensor([[1., 2.], [3., 4.]]))
    tensor([[3., 4.],
            [1., 2.]])
    """
    if weight._array.ndim != 2:
        raise RuntimeError("'weight' must be 2-D")
    rows = weight._array.shape[0]
    if padding_idx is not None:
        if not -rows <= padding_idx < rows:
            raise AssertionError("Padding_idx must be within num_embeddings")
        padding_idx %= rows
    if max_norm is not None:
        _shorten(weight, input, max_norm, norm_type)
    row = _rows_sparsely if sparse else _rows
    return row.function(weight, input, -1 if padding_idx is None else padding_idx, scale_grad_by_freq)


def _shorten(weight: Tensor, input: Tensor, max_norm: float, norm_type: float) -> None:
    """Scale the rows that are looked up down to the norm ``max_norm``, in place."""
    used = np.unique(input._array)
    rows = weight._array[used]
    norms = np.linalg.norm(rows.astype(np.float64), norm_type, axis=1)
    scale = np.where(norms > max_norm, max_norm / (norms + 1e-7), 1.0)
    with no_grad():
        weight[from_array(used)] = from_array((rows * scale[:, None]).astype(rows.dtype))


@composite(where="nn.functional")
def one_hot(tensor: Tensor, num_classes: int = -1) -> Tensor:
    """Each class number as a row of zeros with a one at that place; as many classes as needed unless given.

    >>> import adjoint as torch
    >>> torch.nn.functional.one_hot(torch.tensor([0, 2]))
    tensor([[1, 0, 0],
            [0, 0, 1]])
    """
    array = tensor._array
    if tensor.dtype is not dtypes.int64:
        raise RuntimeError("one_hot is only applicable to index tensor of type LongTensor.")
    if array.size == 0:
        if num_classes <= 0:
            raise RuntimeError("Can not infer total number of classes from empty tensor.")
        return made_of(np.empty((*array.shape, num_classes), np.int64))
    classes = all_values(array)
    if classes.min() < 0:
        raise RuntimeError("Class values must be non-negative.")
    if num_classes == -1:
        num_classes = int(array.max().item()) + 1
    elif num_classes < 1:
        raise RuntimeError("num_classes should be positive")
    elif classes.max() >= num_classes:
        raise RuntimeError("Class values must be smaller than num_classes.")
    return made_of((array[..., None] == np.arange(num_classes)).astype(np.int64))
