"""Products of sparse matrices, by the rows of what is stored (CSR).

A matrix's places row by row are found once and kept with it.  Only their order is kept, not the values: those may be written to.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from adjoint.readings.sparse import SparseArray, no_rule


class Rows:
    """The places of a matrix row by row: where those of each row begin, the columns, and which of the list they are (None: all in
    order)."""

    __slots__ = ("begins", "columns", "other", "taken", "version")

    def __init__(self, begins: Any, columns: Any, taken: Any) -> None:
        self.begins = begins
        self.columns = columns
        self.taken = taken
        self.other: Rows | None = None  # those of the transposed matrix
        self.version = 0  # how often the places had been written to


def rows_of(array: SparseArray) -> Rows:
    """The places of a matrix row by row."""
    found = array.rows
    version = 0 if array.shown is None else array.shown.count
    if found is None or found.version != version:
        found = array.rows = _rows_of(array)
        found.version = version
    return found


def _rows_of(array: SparseArray) -> Rows:
    n, m = array.shape
    rows, columns = array.indices
    small = np.int32 if max(n, m, array.stored) < 2**31 else np.int64
    in_order = array.coalesced or bool((rows[1:] >= rows[:-1]).all())
    if array.stored and (rows.min() < 0 or rows.max() >= n or columns.min() < 0 or columns.max() >= m):
        raise RuntimeError("addmm: index out of bounds")
    begins = np.zeros(n + 1, small)
    np.cumsum(np.bincount(rows, minlength=n), out=begins[1:])
    if in_order:
        return Rows(begins, columns.astype(small), None)
    order = np.argsort(rows.astype(np.uint16) if n <= 1 << 16 else rows, kind="stable")  # by counting
    return Rows(begins, columns[order].astype(small), order)


def turned_rows_of(array: SparseArray) -> Rows:
    """The places of the transposed matrix row by row, kept with those of the matrix."""
    rows = rows_of(array)
    if rows.other is None:
        rows.other = _rows_of(SparseArray(array.indices[::-1], array.values, array.shape[::-1]))
        rows.other.other, rows.other.version = rows, rows.version
    return rows.other


def values_by_rows(rows: Rows, values: Any) -> Any:
    """A matrix's values in the order of its rows."""
    return values if rows.taken is None else values[rows.taken]


def compressed(array: SparseArray) -> Any:
    """A matrix as SciPy's."""
    from scipy.sparse import csr_array

    rows = rows_of(array)
    made = csr_array(array.shape, dtype=array.dtype)
    made.data, made.indices, made.indptr = values_by_rows(rows, array.values), rows.columns, rows.begins
    return made


def times_dense(array: SparseArray, dense: Any) -> Any:
    """A sparse matrix times a dense matrix or vector."""
    if array.sparse_dim != 2 or array.ndim != 2:
        raise no_rule("mm (of a sparse tensor with dense dimensions)")
    if array.dtype.kind == "V" or array.dtype == np.float16:  # once rounded, at the end
        wide = array.with_values(array.values.astype(np.float32))
        return times_dense(wide, dense.astype(np.float32)).astype(array.dtype)
    return compressed(array) @ np.ascontiguousarray(dense)


def matmul(a: Any, b: Any, **kwargs: Any) -> Any:
    """The product of two matrices (or a matrix and a vector, or batches of them) of which one is sparse, or both are."""
    if a.ndim == 3 and b.ndim == 3:
        return _batched(a, b)
    if a.ndim > 2 or b.ndim > 2:
        raise no_rule("bmm")
    if isinstance(a, SparseArray) and isinstance(b, SparseArray):
        return _sparse_times_sparse(a, b)
    if isinstance(a, SparseArray):
        return times_dense(a, b)
    if a.ndim == 1:
        return times_dense(_transposed(b), a)
    return np.ascontiguousarray(times_dense(_transposed(b), a.T).T)


def _transposed(array: SparseArray) -> SparseArray:
    made = SparseArray(array.indices[::-1], array.values, array.shape[::-1])
    made.rows, made.shown = turned_rows_of(array), array.shown
    return made


def _batched(a: Any, b: Any) -> Any:
    """One product per sample."""
    if not isinstance(a, SparseArray) or isinstance(b, SparseArray):
        raise no_rule("bmm")
    n = a.shape[0]
    # All samples as one matrix with a block per sample.
    rows = a.indices[0] * a.shape[1] + a.indices[1]
    columns = a.indices[0] * a.shape[2] + a.indices[2]
    blocks = SparseArray(np.array([rows, columns]), a.values, (n * a.shape[1], n * a.shape[2]), a.coalesced)
    return times_dense(blocks, b.reshape(-1, b.shape[-1])).reshape(n, a.shape[1], b.shape[-1])


def _sparse_times_sparse(a: SparseArray, b: SparseArray) -> SparseArray:
    if a.ndim != 2 or b.ndim != 2 or a.sparse_dim != 2 or b.sparse_dim != 2:
        raise no_rule("mm")
    product = compressed(a) @ compressed(b)
    product.sort_indices()
    rows = np.repeat(np.arange(a.shape[0]), np.diff(product.indptr))
    return SparseArray(np.array([rows, product.indices], np.int64), product.data, (a.shape[0], b.shape[1]), True)
