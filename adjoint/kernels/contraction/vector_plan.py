"""Plans for products with a vector and for sums of rows: the matrix is divided so that each part is read in one go."""

from __future__ import annotations

from typing import Any

from adjoint.kernels import pool
from adjoint.kernels.contraction import units as u
from adjoint.kernels.contraction import vectors
from adjoint.kernels.contraction.plan import Plan
from adjoint.kernels.machine_code import address

ALONE = 16_384  # elements that one thread reads sooner than it wakes another
PART = 16_384  # elements that are worth a task


class VectorPlan(Plan):
    """``x @ b`` for a row x, or ``a @ x`` for a column."""

    def __init__(self, a: Any, b: Any, weighted: bool = True) -> None:
        self.swapped = a.shape[-2] != 1
        self.weighted = weighted
        super().__init__(*((b.T, a.T) if self.swapped else (a, b)))
        if self.swapped:
            self.shape = self.shape[::-1]

    def run(self, a: Any, b: Any, bias: Any, out: Any, final: Any = None) -> None:
        """Compute into a C-contiguous array; nothing comes after these products."""
        if not self.swapped:
            super().run(a, b, bias, out)
            return
        super().run(b, a, None, out)
        if bias is not None:
            out += bias

    def choose_tiles(self) -> None:
        """There are none."""

    def divide(self) -> None:
        """Rows that are contiguous are divided into chunks and blocks of columns, others into groups."""
        words = self.words
        threads = pool.pool().threads if self.n * self.k > ALONE else 1
        wanted = max(threads, min(8 * threads, self.n * self.k // PART)) if threads > 1 else 1
        if words[u.B_N] == 1:
            blocks = -(-self.n // vectors.BROAD)
            chunk_k = max(vectors.ROWS, -(-self.k * blocks // wanted))
            chunks = -(-self.k // chunk_k)
            self.set_chunks(chunks, chunk_k, threads)
            words[u.PER_TASK], words[u.TASKS] = min(self.n, vectors.BROAD), blocks * chunks
            words[u.COMPUTE] = address(vectors.weigh_rows, of=self.type, weighted=self.weighted)
        else:
            per_task = -(-self.n // wanted)
            self.set_chunks(1, self.k, threads)
            words[u.PER_TASK], words[u.TASKS] = per_task, -(-self.n // per_task)
            words[u.COMPUTE] = address(vectors.dot_columns, of=self.type)


def suits(a: Any, b: Any) -> bool:
    """Whether a product is one with a vector, and laid out so that a :class:`VectorPlan` can compute it."""
    if a.ndim != 2 or b.ndim != 2:
        return False
    if b.shape[1] == 1 and a.shape[0] != 1:
        a, b = b.T, a.T
    if a.shape[0] != 1:
        return False
    size = a.itemsize
    return b.strides[1] == size or (b.strides[0] == size and a.strides[1] == size)
