"""Traffic: how often ranks spoke, and how much they had to say."""

from __future__ import annotations

_counted: dict[str, list[int]] = {}


def count(kind: str, size: int) -> None:
    """One collective or message of so many bytes."""
    entry = _counted.setdefault(kind, [0, 0])
    entry[0] += 1
    entry[1] += size


def traffic(reset: bool = False) -> dict[str, tuple[int, int]]:
    """What this rank took part in since the beginning (or the last ``reset``): kind -> (how many, their bytes).

    The bytes are those of the tensors: for ``all_reduce``, ``reduce``, ``broadcast``, ``gather`` and ``scatter`` of this rank's
    tensor, for the others of the large one (what all gather, what all give).  How many of them an MPI sends over which wire is
    its own affair; a ring of ``n`` ranks sends ``2 (n - 1) / n`` times those of an ``all_reduce``.

    >>> import adjoint.distributed as dist
    >>> dist.traffic(reset=True) and dist.traffic()
    {}
    """
    found = {kind: (calls, size) for kind, (calls, size) in _counted.items()}
    if reset:
        _counted.clear()
    return found


traffic.__module__ = __name__.rpartition(".")[0]
