"""Workers: what ``get_worker_info`` says, and the random numbers that each worker has for itself.

A :class:`~adjoint.utils.data.DataLoader` with workers loads in this process.  So that it gives what PyTorch's worker
processes give, each worker has its own copy of the dataset object and its own state of the generators of Adjoint,
Python and NumPy, seeded as PyTorch seeds them, which are in place while it loads.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass
from typing import Any

import numpy as np

from adjoint.random.generator import Generator, default_generator


@dataclass(frozen=True, slots=True)
class WorkerInfo:
    """Which worker is loading: its number, of how many, the seed of its random numbers, its copy of the dataset."""

    id: int
    num_workers: int
    seed: int
    dataset: Any


class _Current(threading.local):
    info: WorkerInfo | None = None


_current = _Current()


def get_worker_info() -> WorkerInfo | None:
    """The worker that is loading; None outside of a DataLoader with workers.

    >>> import adjoint as torch
    >>> torch.utils.data.get_worker_info() is None
    True
    """
    return _current.info


class Worker:
    """One worker of a DataLoader: its dataset, what it fetches with, and its random numbers."""

    def __init__(self, number: int, count: int, base_seed: int, dataset: Any) -> None:
        self.dataset = copy(dataset)
        self.info = WorkerInfo(number, count, base_seed + number, self.dataset)
        self.fetch: Callable[[Any], Any]
        self._generator = Generator().manual_seed(base_seed + number)
        self._python = random.Random(base_seed + number).getstate()
        words = np.random.SeedSequence([number, base_seed & 0xFFFFFFFF, base_seed >> 32, 0]).generate_state(4)
        self._numpy = np.random.RandomState(words).get_state()

    @contextmanager
    def loading(self) -> Iterator[None]:
        """This worker's random numbers and information are in place inside."""
        outside = random.getstate(), np.random.get_state(), _current.info
        default_generator.exchange(self._generator)
        random.setstate(self._python)
        np.random.set_state(self._numpy)
        _current.info = self.info
        try:
            yield
        finally:
            self._python, self._numpy = random.getstate(), np.random.get_state()
            default_generator.exchange(self._generator)
            random.setstate(outside[0])
            np.random.set_state(outside[1])
            _current.info = outside[2]
