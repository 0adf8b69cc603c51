"""What goes wrong between processes, in PyTorch's kinds."""

from __future__ import annotations


class DistError(RuntimeError):
    """Something went wrong between processes."""


class DistBackendError(DistError):
    """A collective, or a message, did not come to its end."""


class DistNetworkError(DistError):
    """A process could not be reached, or a connection was lost."""


class DistStoreError(DistError):
    """A store did not answer, or not in time."""


class QueueEmptyError(DistStoreError):
    """Nothing is in the queue that was asked of a store."""


for _error in (DistError, DistBackendError, DistNetworkError, DistStoreError, QueueEmptyError):
    _error.__module__ = __name__.rpartition(".")[0]
