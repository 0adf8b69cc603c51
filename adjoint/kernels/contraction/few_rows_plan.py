"""Plans for products of few rows: the columns are divided, and nothing is packed."""

from __future__ import annotations

from typing import Any

from adjoint.kernels import pool
from adjoint.kernels.contraction import few_rows
from adjoint.kernels.contraction import units as u
from adjoint.kernels.contraction.plan import ALONE, TASK, Plan
from adjoint.kernels.machine_code import address

LENGTHS = 10  # of k for every row of A: for shorter columns a packed panel is sooner multiplied


class FewRowsPlan(Plan):
    """``a @ b`` for few rows of A, where the columns of B are contiguous."""

    def choose_tiles(self) -> None:
        """They are the kernel's."""

    def divide(self) -> None:
        """The columns are divided among tasks, in whole tiles."""
        words = self.words
        work = self.matrices * self.m * self.n * self.k
        threads = pool.pool().threads if work > ALONE else 1
        wanted = min(4 * threads, max(threads, work // TASK)) if threads > 1 else 1
        across = few_rows.wide()
        tiles = -(-self.n // across)
        blocks = min(tiles, -(-wanted // self.matrices))
        per_task = -(-tiles // blocks) * across
        parts = -(-self.k // few_rows.DEPTH)
        words[u.BLOCK_K] = -(-self.k // (parts * self.lanes)) * self.lanes
        words[[u.PER_TASK, u.BLOCKS]] = per_task, -(-self.n // per_task)
        words[u.TASKS] = self.matrices * words[u.BLOCKS]
        words[u.COMPUTE] = address(few_rows.dot_rows, of=self.type, after=self.after)


def suits_few(a: Any, b: Any) -> bool:
    """Whether a product is one of few rows with contiguous columns, long enough that adding up lanes costs less than packing."""
    rows, k = a.shape[-2:]
    return rows <= few_rows.FEW and rows * LENGTHS <= k and b.strides[-2] == b.itemsize and b.shape[-1] > 1
