"""Pool: Python's own, by the name that PyTorch gives it."""

from __future__ import annotations

import multiprocessing.pool


class Pool(multiprocessing.pool.Pool):
    """A pool of processes whose arguments and results may be tensors, which are sent by where they lie."""
