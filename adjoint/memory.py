"""Memory: what the buffers of large arrays take, and how much is kept of those that are free."""

from __future__ import annotations

from typing import Any

from adjoint.declare import composite
from adjoint.kernels import memory


@composite(where="torch")
def memory_stats() -> dict[str, int]:
    """Figures of the pool of buffers, by PyTorch's names for those of a device's memory; bytes, or counts.

    ``allocated_bytes`` are those of buffers that arrays have, ``cached_bytes`` those of free buffers that are kept for
    further arrays, ``reserved_bytes`` both; each ``.current``, and the first and the last ``.peak``.
    ``allocation.current`` arrays have a buffer and ``allocation.allocated`` have had one: ``num_hits`` of them one that was
    kept, the others (``num_misses``) new memory, for which all that was kept had to be given back
    ``num_alloc_retries`` times, and of which there was none ``num_ooms`` times.

    Only what compiled operators write is counted, and no array below 64 KB.  A buffer is up to an eighth larger than its
    array, and one that was kept up to two fifths.

    >>> import adjoint as torch
    >>> torch.memory_stats()["allocated_bytes.peak"] <= torch.memory_stats()["reserved_bytes.peak"]
    True
    """
    return memory.memory_stats()


@composite(where="torch")
def set_cache_limit(limit: int | None) -> None:
    """Keep at most ``limit`` bytes of free buffers for further arrays, 0 for none at all; None for the default.

    The default is as much as arrays needed at once of late, or 256 MB if that is more, and at most a quarter of the
    machine's memory; and new memory is taken only when what is kept makes the whole no more than 32 MB larger than what
    arrays needed at once.  Raises TypeError unless given an integer or None, and ValueError for a negative one.

    >>> import adjoint as torch
    >>> torch.set_cache_limit(2**20)
    >>> torch.memory_stats()["cached_bytes.current"] <= 2**20
    True
    >>> torch.set_cache_limit(None)
    """
    memory.set_cache_limit(None if limit is None else _bytes(limit))


@composite(where="torch")
def empty_cache() -> None:
    """Give all free buffers back to the system.

    >>> import adjoint as torch
    >>> torch.empty_cache()
    >>> torch.memory_stats()["cached_bytes.current"]
    0
    """
    memory.empty_cache()


def _bytes(limit: Any) -> int:
    if isinstance(limit, bool) or not hasattr(limit, "__index__"):
        raise TypeError(f"set_cache_limit expects a number of bytes or None, but got {type(limit).__name__}")
    count = limit.__index__()
    if count < 0:
        raise ValueError(f"set_cache_limit expects no negative number of bytes, but got {count}")
    return min(count, 2**62)
