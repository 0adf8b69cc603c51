"""DistributedSampler: each of several processes takes its share of a dataset."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from adjoint.random import draws
from adjoint.random.generator import Generator
from adjoint.utils.data.sampler import Sampler


class DistributedSampler(Sampler[int]):
    """Every ``num_replicas``-th index, from ``rank`` on, of the indices in an order that all processes share.

    Samples are taken twice, or with ``drop_last`` left out, so that all shares are of one length.  The order is that
    of ``seed`` and the epoch, so :meth:`set_epoch` is to be called before each.

    ``num_replicas`` and ``rank`` are those of the default process group where they are not given; ValueError where there is none.

    >>> import adjoint as torch
    >>> list(torch.utils.data.DistributedSampler(range(5), num_replicas=2, rank=1, shuffle=False))
    [1, 3, 0]
    """

    def __init__(
        self,
        dataset: Any,
        num_replicas: int | None = None,
        rank: int | None = None,
        shuffle: bool = True,
        seed: int = 0,
        drop_last: bool = False,
    ) -> None:
        if num_replicas is None or rank is None:
            import adjoint.distributed as dist

            num_replicas = dist.get_world_size() if num_replicas is None else num_replicas
            rank = dist.get_rank() if rank is None else rank
        if rank >= num_replicas or rank < 0:
            raise ValueError(f"Invalid rank {rank}, rank should be in the interval [0, {num_replicas - 1}]")
        self.dataset = dataset
        self.num_replicas = num_replicas
        self.rank = rank
        self.epoch = 0
        self.drop_last = drop_last
        count = len(dataset)
        if drop_last and count % num_replicas:
            count -= num_replicas
        self.num_samples = math.ceil(count / num_replicas)
        self.total_size = self.num_samples * num_replicas
        self.shuffle = shuffle
        self.seed = seed

    def __iter__(self) -> Iterator[int]:
        count = len(self.dataset)
        if self.shuffle:
            indices = draws.shuffled(Generator().manual_seed(self.seed + self.epoch), count)
        else:
            indices = list(range(count))
        if not self.drop_last:
            indices *= math.ceil(self.total_size / count)
        return iter(indices[: self.total_size][self.rank :: self.num_replicas])

    def __len__(self) -> int:
        return self.num_samples

    def set_epoch(self, epoch: int) -> None:
        """Have the next iterations shuffle as this epoch does."""
        self.epoch = epoch
