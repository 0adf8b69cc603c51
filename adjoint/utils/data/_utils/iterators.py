"""Iterators: one epoch of a DataLoader, loaded by this process or by workers."""

from __future__ import annotations

import itertools
import threading
import warnings
from typing import Any

from adjoint._utils import ExceptionWrapper
from adjoint.places import users_level
from adjoint.utils.data._utils.crew import Crew
from adjoint.utils.data._utils.fetch import _IterableDatasetFetcher, _MapDatasetFetcher
from adjoint.utils.data._utils.worker import Task, _IterableDatasetStopIteration, _ResumeIteration
from adjoint.utils.data.sampler import draw_seed


class _DatasetKind:
    Map = 0
    Iterable = 1

    @staticmethod
    def create_fetcher(kind: int, dataset: Any, auto_collation: bool, collate_fn: Any, drop_last: bool) -> Any:
        """What fetches batches of a dataset of that kind."""
        cls = _MapDatasetFetcher if kind == _DatasetKind.Map else _IterableDatasetFetcher
        return cls(dataset, auto_collation, collate_fn, drop_last)


class _BaseDataLoaderIter:
    """One epoch: what iterating has to do with the sampler, the seed and the number of batches."""

    def __init__(self, loader: Any) -> None:
        if loader.pin_memory:
            _warn_of_pinning(loader)
        # Not the loader itself: one with persistent workers has the iterator, and both would live until a garbage collection.
        self._dataset = loader.dataset
        self._dataset_kind = loader._dataset_kind
        self._index_sampler = loader._index_sampler
        self._num_workers = loader.num_workers
        self._begin_epoch(loader)
        self._base_seed = draw_seed(loader.generator)

    def _begin_epoch(self, loader: Any) -> None:
        self._sampler_iter = iter(self._index_sampler)
        self._num_yielded = 0
        length = loader._IterableDataset_len_called
        self._expected: float = float("inf") if length is None else length

    def __iter__(self) -> Any:
        return self

    def _next_index(self) -> Any:
        return next(self._sampler_iter)

    def _next_data(self) -> Any:
        raise NotImplementedError

    def __next__(self) -> Any:
        data = self._next_data()
        self._num_yielded += 1
        if self._num_yielded > self._expected and self._dataset_kind == _DatasetKind.Iterable:
            self._warn_of_length()
        return data

    def __len__(self) -> int:
        return len(self._index_sampler)

    def _warn_of_length(self) -> None:
        text = (
            f"Length of IterableDataset {self._dataset} was reported to be {self._expected}(when accessing "
            f"len(dataloader)), but {self._num_yielded} samples have been fetched. "
        )
        if self._num_workers > 0:
            text += (
                "For multiprocessing data-loading, this could be caused by not properly configuring the "
                "IterableDataset replica at each worker. Please see "
                "https://pytorch.org/docs/stable/data.html#torch.utils.data.IterableDataset for examples."
            )
        warnings.warn(text, stacklevel=users_level())

    def __getstate__(self) -> Any:
        raise NotImplementedError("{} cannot be pickled", type(self).__name__)


def _warn_of_pinning(loader: Any) -> None:
    if loader.pin_memory_device:
        warnings.warn(
            "pin_memory_device is deprecated, the current accelerator will be used as the device,ignore "
            f"pin_memory_device='{loader.pin_memory_device}'.",
            stacklevel=users_level(),
        )
    warnings.warn(
        "'pin_memory' argument is set as true but no accelerator is found, then device pinned memory won't be used.",
        stacklevel=users_level(),
    )


class _SingleProcessDataLoaderIter(_BaseDataLoaderIter):
    """Loads each batch when it is asked for."""

    def __init__(self, loader: Any) -> None:
        super().__init__(loader)
        if loader.timeout != 0:
            raise AssertionError("_SingleProcessDataLoaderIter requires timeout == 0")
        if loader.num_workers != 0:
            raise AssertionError("_SingleProcessDataLoaderIter requires num_workers == 0")
        self._dataset_fetcher = _DatasetKind.create_fetcher(
            self._dataset_kind, self._dataset, loader._auto_collation, loader.collate_fn, loader.drop_last
        )

    def _next_data(self) -> Any:
        return self._dataset_fetcher.fetch(next(self._sampler_iter))


class _MultiProcessingDataLoaderIter(_BaseDataLoaderIter):
    """Has workers load ahead: each is given ``prefetch_factor`` batches' indices, and new ones as batches are received.

    Batches are numbered as their indices are given out, to the workers in turn.  By default they are returned in that order,
    and those of workers who are ahead wait.  Indices are drawn from the sampler at the same moments as by PyTorch, so that
    random numbers drawn in between come out the same.
    """

    _crew: Crew | None = None

    def __init__(self, loader: Any) -> None:
        super().__init__(loader)
        self._prefetch_factor = loader.prefetch_factor
        if self._prefetch_factor <= 0:
            raise AssertionError("prefetch_factor must be greater than 0 for MultiProcessingDataLoaderIter")
        self._timeout = loader.timeout
        self._in_order = loader.in_order
        self._persistent_workers = loader.persistent_workers
        self._epoch = 0
        self._lock = threading.RLock()  # several threads may take batches from one iterator
        self._crew = Crew(
            Task(
                self._dataset_kind == _DatasetKind.Iterable,
                self._dataset,
                loader._auto_collation,
                loader.collate_fn,
                loader.drop_last,
                self._base_seed,
                loader.worker_init_fn,
                self._num_workers,
            ),
            loader._context(),
        )
        self._workers = self._crew.processes
        self._begin_epoch(loader)
        self._prime()

    def _prime(self) -> None:
        """Give out the first indices of an epoch."""
        workers = range(self._num_workers)
        self._send_idx = 0  # the number of the batch whose indices are given out next
        self._rcvd_idx = 0  # ... and of the one that is returned next
        self._worker_of: dict[int, int] = {}  # by number of the batch, of those not yet returned
        self._waiting: dict[int, Any] = {}  # batches that arrived before their turn
        self._workers_status = [True for _ in workers]  # whether it has samples left in this epoch
        self._workers_num_tasks = [0 for _ in workers]
        self._turns = itertools.cycle(workers)
        for _ in range(self._prefetch_factor * self._num_workers):
            self._try_put_index()

    def _reset(self, loader: Any) -> None:
        """Begin another epoch with the same workers."""
        self._begin_epoch(loader)
        self._epoch += 1
        for worker in range(self._num_workers):
            self._running().tell(worker, _ResumeIteration(self._epoch))
        self._prime()

    def _usable(self) -> bool:
        """Whether another epoch may begin with these workers."""
        return self._crew is not None and self._crew.sound()

    def _running(self) -> Crew:
        if self._crew is None:
            raise RuntimeError("The workers of this DataLoader iterator have been shut down")
        return self._crew

    def _next_data(self) -> Any:
        with self._lock:
            return self._received()

    def _received(self) -> Any:
        while True:
            while True:  # find the next batch that will come
                if self._rcvd_idx >= self._send_idx:
                    if not self._persistent_workers:
                        self._shutdown_workers()
                    raise StopIteration
                worker = self._worker_of.get(self._rcvd_idx)
                if worker is not None:
                    if self._workers_status[worker] or self._rcvd_idx in self._waiting:
                        break
                    del self._worker_of[self._rcvd_idx]  # its dataset ended before
                self._rcvd_idx += 1
            if self._rcvd_idx in self._waiting:
                number, data = self._rcvd_idx, self._waiting.pop(self._rcvd_idx)
            else:
                epoch, number, data = self._running().receive(self._timeout)
                if epoch != self._epoch:
                    continue  # of an epoch that was left before its end
                if isinstance(data, _IterableDatasetStopIteration):
                    self._workers_status[data.worker_id] = False
                    if not self._persistent_workers:
                        self._running().dismiss(data.worker_id)
                    self._try_put_index()
                    continue
                if number != self._rcvd_idx and self._in_order:
                    self._waiting[number] = data
                    continue
            if number == self._rcvd_idx:
                self._rcvd_idx += 1
            self._workers_num_tasks[self._worker_of.pop(number)] -= 1
            self._try_put_index()
            if isinstance(data, ExceptionWrapper):
                data.reraise()
            return data

    def _try_put_index(self) -> None:
        """Give the next indices, if there are more, to the next worker that has samples left."""
        try:
            index = self._next_index()
        except StopIteration:
            return
        most = self._prefetch_factor * self._num_workers
        for _ in range(self._num_workers):
            worker = next(self._turns)
            if self._workers_status[worker] and (
                self._in_order or self._workers_num_tasks[worker] < most // sum(self._workers_status)
            ):
                break
        else:
            return
        self._worker_of[self._send_idx] = worker
        self._workers_num_tasks[worker] += 1
        self._running().tell(worker, (self._send_idx, index))
        self._send_idx += 1

    def _shutdown_workers(self) -> None:
        """End the workers; a second call does nothing."""
        crew, self._crew = self._crew, None
        if crew is not None:
            crew.end()

    def __del__(self) -> None:
        self._shutdown_workers()
