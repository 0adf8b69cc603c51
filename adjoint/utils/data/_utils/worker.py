"""What a worker process of a DataLoader does: it is given indices, and gives batches back."""

from __future__ import annotations

import random
import select
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from adjoint._utils import ExceptionWrapper
from adjoint.random import manual_seed
from adjoint.random.generator import Generator
from adjoint.threads import set_num_threads
from adjoint.utils.data._utils import signal_handling
from adjoint.utils.data._utils.fetch import _IterableDatasetFetcher, _MapDatasetFetcher
from adjoint.utils.data._utils.line import Closed, Line


@dataclass(frozen=True, slots=True)
class _RNG:
    """Generators of a worker's own, where workers are threads."""

    random_generator: random.Random
    torch_generator: Generator
    numpy_generator: object | None = None


@dataclass(frozen=True, slots=True)
class WorkerInfo:
    """Which worker is loading: its number, of how many, the seed of its random numbers, its copy of the dataset."""

    id: int
    num_workers: int
    seed: int
    dataset: Any
    rng: _RNG | None = None
    worker_method: str | None = "multiprocessing"


_worker_info: WorkerInfo | None = None


def get_worker_info() -> WorkerInfo | None:
    """Which worker of a DataLoader this process is; None in the main process.

    An iterable dataset uses it to give each worker's share only.

    >>> import adjoint as torch
    >>> torch.utils.data.get_worker_info() is None
    True
    """
    return _worker_info


@dataclass(frozen=True)
class _IterableDatasetStopIteration:
    """In place of a batch: this worker's copy of an iterable dataset has ended."""

    worker_id: int


@dataclass(frozen=True)
class _ResumeIteration:
    """In place of indices: another epoch begins, whose batches are sent back with this number."""

    epoch: int


@dataclass(frozen=True)
class Task:
    """All that a worker needs to know of its loader."""

    iterable: bool
    dataset: Any
    auto_collation: bool
    collate_fn: Callable[[Any], Any]
    drop_last: bool
    base_seed: int
    init_fn: Callable[[int], None] | None
    num_workers: int

    def fetcher(self) -> _IterableDatasetFetcher | _MapDatasetFetcher:
        """What fetches batches, from the beginning of an iterable dataset."""
        kind = _IterableDatasetFetcher if self.iterable else _MapDatasetFetcher
        return kind(self.dataset, self.auto_collation, self.collate_fn, self.drop_last)


def _worker_loop(end: Any, alive: Any, task: Task, worker_id: int) -> None:
    """A worker process's life: until the main process closes the line, or is no more."""
    signal_handling.become_worker(alive)
    line = Line(end)
    try:
        _seed(task, worker_id)
        _Loop(line, task, worker_id).run()
    except Closed:
        pass
    finally:
        line.close()


def _seed(task: Task, worker_id: int) -> None:
    """One thread, and random numbers of this worker's own: those that PyTorch gives it."""
    global _worker_info
    set_num_threads(1)
    seed = task.base_seed + worker_id
    random.seed(seed)
    manual_seed(seed)
    np.random.seed(_generate_state(task.base_seed, worker_id))
    _worker_info = WorkerInfo(worker_id, task.num_workers, seed, task.dataset)


def _generate_state(base_seed: int, worker_id: int) -> list[int]:
    """NumPy's seed: other words than the seed itself, for Python's generator is of the same kind and seeded with that."""
    words = np.random.SeedSequence([worker_id, base_seed & 0xFFFFFFFF, base_seed >> 32, 0]).generate_state(4)
    return words.tolist()


class _Loop:
    """Indices in, batches out."""

    def __init__(self, line: Line, task: Task, worker_id: int) -> None:
        self.line = line
        self.task = task
        self.where = f"in DataLoader worker process {worker_id}"
        self.worker_id = worker_id
        self.epoch = 0
        self.ended = False  # an iterable dataset
        self.fetcher: Any = None
        self.failure: ExceptionWrapper | None = None  # of what comes before the first batch

    def run(self) -> None:
        poll = select.poll()
        closing = getattr(select, "POLLRDHUP", 0) | select.POLLHUP | select.POLLERR
        poll.register(self.line, select.POLLIN | closing)
        self.begin(self.task.init_fn)
        while True:
            # A line that is closed is left at once: what indices still lie in it are of no use to anybody.
            if poll.poll()[0][1] & closing:
                return
            self.line.read()
            while (message := self.line.take()) is not None:
                self.answer(message[0])
                if any(events & closing for _, events in poll.poll(0)):
                    return

    def begin(self, init_fn: Callable[[int], None] | None = None) -> None:
        """Before an epoch; what goes wrong is told in place of its batches."""
        self.ended = False
        self.failure = None
        try:
            if init_fn is not None:
                init_fn(self.worker_id)
            self.fetcher = self.task.fetcher()
        except Exception:
            self.failure = ExceptionWrapper(where=self.where)

    def answer(self, message: Any) -> None:
        if isinstance(message, _ResumeIteration):
            self.epoch = message.epoch
            self.begin()
            return
        if self.ended:
            return
        number, index = message
        batch = self.failure or self.fetched(index)
        try:
            self.line.send((self.epoch, number, batch))
        except Closed:
            raise
        except Exception:  # what cannot be pickled: the batch, or the exception's class
            if isinstance(batch, ExceptionWrapper):
                batch.exc_type = _unknown(batch.exc_type)
            else:
                batch = ExceptionWrapper(where=self.where)
            self.line.send((self.epoch, number, batch))

    def fetched(self, index: Any) -> Any:
        try:
            return self.fetcher.fetch(index)
        except StopIteration:
            if self.task.iterable:
                self.ended = True
                return _IterableDatasetStopIteration(self.worker_id)
            return ExceptionWrapper(where=self.where)
        except Exception:
            return ExceptionWrapper(where=self.where)


def _unknown(kind: type) -> type:
    """The nearest base class of an exception that the main process knows, too."""
    return next(base for base in kind.__mro__ if base.__module__ == "builtins")
