"""Fetching: from what the sampler gives, an index or a list of them, to a batch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from adjoint.tensor import NO_EDGE, Tensor, from_array
from adjoint.utils.data._utils.collate import default_collate
from adjoint.utils.data._utils.room import room
from adjoint.utils.data.dataset import Subset, TensorDataset


class _BaseDatasetFetcher:
    def __init__(self, dataset: Any, auto_collation: bool, collate_fn: Callable[[Any], Any], drop_last: bool) -> None:
        self.dataset = dataset
        self.auto_collation = auto_collation
        self.collate_fn = collate_fn
        self.drop_last = drop_last

    def fetch(self, possibly_batched_index: Any) -> Any:
        raise NotImplementedError


class _IterableDatasetFetcher(_BaseDatasetFetcher):
    """The samples of an iterable dataset one after the other; StopIteration when it has ended."""

    def __init__(self, dataset: Any, auto_collation: bool, collate_fn: Callable[[Any], Any], drop_last: bool) -> None:
        super().__init__(dataset, auto_collation, collate_fn, drop_last)
        self.dataset_iter = iter(dataset)
        self.ended = False

    def fetch(self, possibly_batched_index: Any) -> Any:
        if self.ended:
            raise StopIteration
        if not self.auto_collation:
            return self.collate_fn(next(self.dataset_iter))
        batch: list[Any] = []
        for _ in possibly_batched_index:
            try:
                batch.append(next(self.dataset_iter))
            except StopIteration:
                self.ended = True
                break
        if not batch or (self.drop_last and len(batch) < len(possibly_batched_index)):
            raise StopIteration
        return self.collate_fn(batch)


class _MapDatasetFetcher(_BaseDatasetFetcher):
    """Samples by their indices."""

    def fetch(self, possibly_batched_index: Any) -> Any:
        dataset = self.dataset
        if not self.auto_collation:
            return self.collate_fn(dataset[possibly_batched_index])
        if self.collate_fn is default_collate:
            batch = _rows_of_tensors(dataset, possibly_batched_index)
            if batch is not None:
                return batch
        if getattr(dataset, "__getitems__", None):
            return self.collate_fn(dataset.__getitems__(possibly_batched_index))
        return self.collate_fn([dataset[index] for index in possibly_batched_index])


def _rows_of_tensors(dataset: Any, indices: Any) -> list[Tensor] | None:
    """A batch of a (subset of a) TensorDataset, whose rows need not be taken one by one to be stacked again.

    None for other datasets, and where the plain way has to say what is wrong.
    """
    inner = dataset
    while type(inner) is Subset:
        inner = inner.dataset
    if type(inner) is not TensorDataset or type(indices) is not list:
        return None
    if any(t.__class__ is not Tensor or t._edge is not NO_EDGE for t in inner.tensors):
        return None
    try:
        while type(dataset) is Subset:
            indices = [dataset.indices[i] for i in indices]
            dataset = dataset.dataset
        rows = np.array(indices, np.int64)
        if not len(rows) or rows.ndim != 1:
            return None
        mode = "raise" if rows.min() < 0 or rows.max() >= len(inner) else "clip"  # which takes without a buffer between
        batch = []
        for t in inner.tensors:
            values = t._array
            out = room((len(rows), *values.shape[1:]), values.dtype)
            batch.append(from_array(values.take(rows, 0, out, mode)))
        return batch
    except (IndexError, TypeError, ValueError, OverflowError):
        return None
