"""Weighted sums of rows by a sparse matrix: what every pooling of regions is once the regions are known.

A pixel is a row of channels.  A region's cell is a weighted sum of pixels, so pooling is a product with a sparse matrix that does
not depend on the pixels, and its gradient the product with the matrix turned round.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from adjoint.declare import op
from adjoint.kernels.late import LARGE, Late
from adjoint.ops.arrays import Array, array_function
from adjoint.readings import batched, meta

_by_kernel = Late("weighing:sums_of_rows")


@dataclass(frozen=True, slots=True)
class SparseRows:
    """A sparse matrix of ``shape``, row by row: row ``i`` has ``weights[begins[i]:begins[i + 1]]`` in the columns ``places[...]``;
    all three are None on the device meta.  ``turned`` reads it as its transpose."""

    shape: tuple[int, int]
    begins: Any = None
    places: Any = None
    weights: Any = None
    turned: bool = False

    @property
    def transposed(self) -> SparseRows:
        """The matrix turned round, of the same memory."""
        return SparseRows(self.shape[::-1], self.begins, self.places, self.weights, not self.turned)

    def times(self, rows: Any) -> Any:
        """The product with a dense matrix, in its dtype."""
        if not self.turned and rows.size >= LARGE and self.shape[0]:
            found = _by_kernel(rows, self.begins, self.places, self.weights)
            if found is not NotImplemented:
                return found
        from scipy.sparse import csc_matrix, csr_matrix

        made = (csc_matrix if self.turned else csr_matrix)(self.shape, dtype=rows.dtype)
        made.data, made.indices, made.indptr = self.weights.astype(rows.dtype, copy=False), self.places, self.begins
        return made @ rows


@array_function
def row_sums(rows: Array, matrix: Any) -> Array:
    """``matrix``, a :class:`SparseRows` (M, P), times rows (P, C): (M, C)."""
    return matrix.times(rows)


op(
    "row_sums", row_sums, where="", fused=False, tangent="linear",
    rows=lambda g, matrix: row_sums(g, matrix.transposed), reads={"rows": "matrix.T @ g"},
)  # fmt: skip


@batched.rule(row_sums)
def _of_a_batch(level: Any, rows: Any, matrix: Any) -> Any:
    samples, places, columns = rows.array.shape
    beside = np.swapaxes(rows.array, 0, 1).reshape(places, samples * columns)
    found = row_sums(beside, matrix).reshape(matrix.shape[0], samples, columns)
    return batched.BatchedArray(np.swapaxes(found, 0, 1), level)


@meta.rule(row_sums)
def _without_memory(rows: Any, matrix: Any) -> Any:
    return meta.new((matrix.shape[0], rows.shape[1]), rows.dtype)
