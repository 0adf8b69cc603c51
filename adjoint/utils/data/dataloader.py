"""DataLoader: a dataset's samples in batches, in PyTorch's order for the same seed."""

from __future__ import annotations

import itertools
import math
import warnings
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Generic, TypeVar

import numpy as np

from adjoint.names import listed_without
from adjoint.places import users_level
from adjoint.random.generator import Generator
from adjoint.tensor import NO_EDGE, Tensor, from_array
from adjoint.utils.data._utils.collate import default_collate, default_convert
from adjoint.utils.data._utils.worker import Worker, get_worker_info
from adjoint.utils.data.dataset import Dataset, IterableDataset, Subset, TensorDataset
from adjoint.utils.data.sampler import BatchSampler, RandomSampler, Sampler, SequentialSampler, draw_seed

__all__ = ["DataLoader", "default_collate", "default_convert", "get_worker_info"]

T_co = TypeVar("T_co", covariant=True)

_warned_of_workers = False


class _DatasetKind:
    Map = 0
    Iterable = 1


class _InfiniteConstantSampler(Sampler[None]):
    """Nothing, for ever: the indices of an iterable dataset."""

    def __iter__(self) -> Iterator[None]:
        while True:
            yield None


class DataLoader(Generic[T_co]):
    """Iterates over a dataset: one epoch for each ``iter``.

    ``batch_size`` samples are made one batch by ``collate_fn``; ``batch_size=None`` gives single ones.  ``shuffle``
    takes them in a random order, which ``generator`` (by default the default one) decides; ``sampler`` or
    ``batch_sampler`` in an order of their own.  ``drop_last`` leaves out a last batch that is not full.

    With ``num_workers`` everything is loaded in this process, and a warning says so once; the batches and their random
    numbers are nevertheless those of that many workers, ``worker_init_fn`` is called for each and ``get_worker_info``
    tells them apart.  ``prefetch_factor`` says how many batches' indices are taken ahead for each; ``timeout``,
    ``in_order`` and ``multiprocessing_context`` are checked as PyTorch does and, as nothing waits for another process,
    change nothing.  ``pin_memory`` warns that there is no accelerator, as PyTorch does without one.

    Raises ValueError for options that exclude each other, in PyTorch's words.

    >>> import adjoint as torch
    >>> data = torch.utils.data.TensorDataset(torch.arange(5))
    >>> [batch.tolist() for batch, in torch.utils.data.DataLoader(data, batch_size=2)]
    [[0, 1], [2, 3], [4]]
    """

    dataset: Dataset[T_co]
    batch_size: int | None
    num_workers: int
    pin_memory: bool
    drop_last: bool
    timeout: float
    sampler: Sampler[Any] | Iterable[Any]
    pin_memory_device: str
    prefetch_factor: int | None
    _iterator: Any
    _complete = False

    __dir__ = listed_without("_multiprocessing_context")

    def __init__(
        self,
        dataset: Dataset[T_co],
        batch_size: int | None = 1,
        shuffle: bool | None = None,
        sampler: Sampler[Any] | Iterable[Any] | None = None,
        batch_sampler: Sampler[list[Any]] | Iterable[list[Any]] | None = None,
        num_workers: int = 0,
        collate_fn: Callable[[list[Any]], Any] | None = None,
        pin_memory: bool = False,
        drop_last: bool = False,
        timeout: float = 0,
        worker_init_fn: Callable[[int], None] | None = None,
        multiprocessing_context: Any = None,
        generator: Generator | None = None,
        *,
        prefetch_factor: int | None = None,
        persistent_workers: bool = False,
        pin_memory_device: str = "",
        in_order: bool = True,
    ) -> None:
        _check_workers(num_workers, timeout, prefetch_factor, persistent_workers)
        self.dataset = dataset
        self.num_workers = num_workers
        self.prefetch_factor = 2 if num_workers and prefetch_factor is None else prefetch_factor
        self.pin_memory = pin_memory
        self.pin_memory_device = pin_memory_device
        self.timeout = timeout
        self.worker_init_fn = worker_init_fn
        self.multiprocessing_context = multiprocessing_context
        self.in_order = in_order
        if isinstance(dataset, IterableDataset):
            self._dataset_kind = _DatasetKind.Iterable
            for name, value in (("shuffle", shuffle or None), ("sampler", sampler), ("batch_sampler", batch_sampler)):
                if value is not None:
                    raise ValueError(
                        f"DataLoader with IterableDataset: expected unspecified {name} option, but got {name}={value}"
                    )
        else:
            self._dataset_kind = _DatasetKind.Map
        if sampler is not None and shuffle:
            raise ValueError("sampler option is mutually exclusive with shuffle")
        if batch_sampler is not None:
            if batch_size != 1 or shuffle or sampler is not None or drop_last:
                raise ValueError(
                    "batch_sampler option is mutually exclusive with batch_size, shuffle, sampler, and drop_last"
                )
            batch_size = None
        elif batch_size is None and drop_last:
            raise ValueError("batch_size=None option disables auto-batching and is mutually exclusive with drop_last")
        if sampler is None:
            if self._dataset_kind == _DatasetKind.Iterable:
                sampler = _InfiniteConstantSampler()
            elif shuffle:
                sampler = RandomSampler(dataset, generator=generator)  # type: ignore[arg-type]
            else:
                sampler = SequentialSampler(dataset)  # type: ignore[arg-type]
        if batch_size is not None and batch_sampler is None:
            batch_sampler = BatchSampler(sampler, batch_size, drop_last)  # type: ignore[arg-type]
        self.batch_size = batch_size
        self.drop_last = drop_last
        self.sampler = sampler
        self.batch_sampler = batch_sampler
        self.generator = generator
        self.collate_fn = collate_fn or (default_convert if batch_sampler is None else default_collate)
        self.persistent_workers = persistent_workers
        self._IterableDataset_len_called: int | None = None
        self._iterator = None
        self._complete = True

    def __setattr__(self, name: str, value: Any) -> None:
        if self._complete and name in (
            "batch_size", "batch_sampler", "sampler", "drop_last", "dataset", "persistent_workers",
        ):  # fmt: skip
            raise ValueError(f"{name} attribute should not be set after {type(self).__name__} is initialized")
        super().__setattr__(name, value)

    @property
    def multiprocessing_context(self) -> Any:
        """How worker processes would be started."""
        return self._multiprocessing_context

    @multiprocessing_context.setter
    def multiprocessing_context(self, context: Any) -> None:
        self._multiprocessing_context = None if context is None else _checked_context(context, self.num_workers)

    @property
    def _auto_collation(self) -> bool:
        return self.batch_sampler is not None

    @property
    def _index_sampler(self) -> Any:
        return self.sampler if self.batch_sampler is None else self.batch_sampler

    def __iter__(self) -> Any:
        if self.num_workers == 0:
            return _Iterator(self)
        if not self.persistent_workers:
            return _WorkersIterator(self)
        if self._iterator is None:
            self._iterator = _WorkersIterator(self)
        else:
            self._iterator._reset(self)
        return self._iterator

    def __len__(self) -> int:
        if self._dataset_kind == _DatasetKind.Map:
            return len(self._index_sampler)
        length = self._IterableDataset_len_called = len(self.dataset)  # type: ignore[arg-type]
        if self.batch_size is None:
            return length
        return length // self.batch_size if self.drop_last else math.ceil(length / self.batch_size)


def _check_workers(num_workers: int, timeout: float, prefetch_factor: int | None, persistent_workers: bool) -> None:
    if num_workers < 0:
        raise ValueError("num_workers option should be non-negative; use num_workers=0 to disable multiprocessing.")
    if timeout < 0:
        raise ValueError("timeout option should be non-negative")
    if num_workers == 0 and prefetch_factor is not None:
        raise ValueError(
            "prefetch_factor option could only be specified in multiprocessing.let num_workers > 0 to enable "
            "multiprocessing, otherwise set prefetch_factor to None."
        )
    if prefetch_factor is not None and prefetch_factor < 0:
        raise ValueError("prefetch_factor option should be non-negative")
    if persistent_workers and num_workers == 0:
        raise ValueError("persistent_workers option needs num_workers > 0")


def _checked_context(context: Any, num_workers: int) -> Any:
    if num_workers == 0:
        raise ValueError(
            "multiprocessing_context can only be used with multi-process loading (num_workers > 0), but got "
            f"num_workers={num_workers}"
        )
    import multiprocessing

    if isinstance(context, str):
        valid = multiprocessing.get_all_start_methods()
        if context not in valid:
            raise ValueError(
                f"multiprocessing_context option should specify a valid start method in {valid!r}, but got "
                f"multiprocessing_context={context!r}"
            )
        context = multiprocessing.get_context(context)
    if not isinstance(context, multiprocessing.context.BaseContext):
        raise TypeError(
            "multiprocessing_context option should be a valid context object or a string specifying the start method, "
            f"but got multiprocessing_context={context}"
        )
    return context


class _Iterator:
    """One epoch of a DataLoader."""

    def __init__(self, loader: DataLoader[Any]) -> None:
        if loader.pin_memory:
            _warn_of_pinning(loader)
        self._loader = loader
        self._indices = iter(loader._index_sampler)
        self._base_seed = draw_seed(loader.generator)
        self._yielded = 0
        self._expected = loader._IterableDataset_len_called
        self._start()

    def _start(self) -> None:
        if self._loader.timeout != 0:
            raise AssertionError("_SingleProcessDataLoaderIter requires timeout == 0")
        self._fetch = fetcher(self._loader, self._loader.dataset)

    def __iter__(self) -> _Iterator:
        return self

    def __next__(self) -> Any:
        data = self._next()
        self._yielded += 1
        if self._expected is not None and self._yielded > self._expected:
            self._warn_of_length()
        return data

    def _next(self) -> Any:
        return self._fetch(next(self._indices))

    def __len__(self) -> int:
        return len(self._loader._index_sampler)

    def _warn_of_length(self) -> None:
        text = (
            f"Length of IterableDataset {self._loader.dataset} was reported to be {self._expected}(when accessing "
            f"len(dataloader)), but {self._yielded} samples have been fetched. "
        )
        if self._loader.num_workers > 0:
            text += (
                "For multiprocessing data-loading, this could be caused by not properly configuring the "
                "IterableDataset replica at each worker. Please see "
                "https://pytorch.org/docs/stable/data.html#torch.utils.data.IterableDataset for examples."
            )
        warnings.warn(text, stacklevel=users_level())

    def __getstate__(self) -> Any:
        raise NotImplementedError("{} cannot be pickled", type(self).__name__)


def _warn_of_pinning(loader: DataLoader[Any]) -> None:
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


class _WorkersIterator(_Iterator):
    """One epoch of a DataLoader with workers, who take turns in this process."""

    def _start(self) -> None:
        global _warned_of_workers
        loader = self._loader
        count = loader.num_workers
        if not _warned_of_workers:
            _warned_of_workers = True
            warnings.warn(
                f"DataLoader(num_workers={count}) loads in this process: Adjoint does not start worker processes. The "
                "batches are those that the workers would give.",
                stacklevel=users_level(),
            )
        self._workers = [Worker(i, count, self._base_seed, loader.dataset) for i in range(count)]
        for worker in self._workers:
            with worker.loading():
                if loader.worker_init_fn is not None:
                    loader.worker_init_fn(worker.info.id)
                worker.fetch = fetcher(loader, worker.dataset)
        self._begin()

    def _begin(self) -> None:
        """Take as many indices ahead as the workers would have been given."""
        ahead = max(1, self._loader.prefetch_factor or 0) * self._loader.num_workers
        self._ahead = deque(itertools.islice(self._indices, ahead))
        self._turns = deque(self._workers)

    def _reset(self, loader: DataLoader[Any]) -> None:
        """Begin another epoch with the same workers."""
        self._indices = iter(loader._index_sampler)
        self._yielded = 0
        self._expected = loader._IterableDataset_len_called
        for worker in self._workers:
            with worker.loading():
                worker.fetch = fetcher(loader, worker.dataset)
        self._begin()

    def _next(self) -> Any:
        if not self._ahead:
            raise StopIteration
        index = self._ahead.popleft()
        self._ahead.extend(itertools.islice(self._indices, 1))
        while self._turns:
            worker = self._turns.popleft()
            try:
                with worker.loading():
                    data = worker.fetch(index)
            except StopIteration:  # this worker's copy of an iterable dataset has ended
                continue
            except BaseException:
                self._turns.append(worker)
                raise
            self._turns.append(worker)
            return data
        raise StopIteration


def fetcher(loader: DataLoader[Any], dataset: Any) -> Callable[[Any], Any]:
    """A function from what the sampler gives (an index, or a list of them) to a batch."""
    collate = loader.collate_fn
    if loader._dataset_kind == _DatasetKind.Iterable:
        return _Stream(dataset, loader).fetch
    if not loader._auto_collation:
        return lambda index: collate(dataset[index])
    if collate is default_collate and _rows(dataset, []) is not None:
        return lambda indices: _take(dataset, indices)
    if getattr(dataset, "__getitems__", None):
        return lambda indices: collate(dataset.__getitems__(indices))
    return lambda indices: collate([dataset[index] for index in indices])


class _Stream:
    """The samples of an iterable dataset, in batches where the loader makes them."""

    def __init__(self, dataset: Any, loader: DataLoader[Any]) -> None:
        self.samples = iter(dataset)
        self.loader = loader
        self.ended = False

    def fetch(self, indices: Any) -> Any:
        if self.ended:
            raise StopIteration
        collate = self.loader.collate_fn
        if not self.loader._auto_collation:
            return collate(next(self.samples))
        batch = []
        for _ in indices:
            try:
                batch.append(next(self.samples))
            except StopIteration:
                self.ended = True
                break
        if not batch or (self.loader.drop_last and len(batch) < len(indices)):
            raise StopIteration
        return collate(batch)


# Tensors' rows need not be taken one by one to be stacked again.


def _rows(dataset: Any, indices: list[int]) -> tuple[tuple[Tensor, ...], list[int]] | None:
    """The tensors and the row numbers that samples of a (subset of a) TensorDataset are; None for other datasets."""
    while type(dataset) is Subset:
        indices = [dataset.indices[i] for i in indices]
        dataset = dataset.dataset
    return (dataset.tensors, indices) if type(dataset) is TensorDataset else None


def _take(dataset: Any, indices: list[int]) -> Any:
    """What collating a TensorDataset's samples gives: for each tensor, the rows stacked."""
    found = _rows(dataset, indices)
    if found is not None and all(t.__class__ is Tensor and t._edge is NO_EDGE for t in found[0]):
        try:
            rows = np.array(found[1], np.int64)
            return [from_array(t._array.take(rows, axis=0)) for t in found[0]]
        except (IndexError, TypeError, ValueError, OverflowError):
            pass  # the plain way says what is wrong
    samples = dataset.__getitems__(indices) if type(dataset) is Subset else [dataset[i] for i in indices]
    return default_collate(samples)
