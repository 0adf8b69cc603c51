"""Placements: descriptions of how one dimension of a mesh of processes would hold a tensor."""

from __future__ import annotations

from dataclasses import dataclass

from adjoint.names import list_names as _list_names


class Placement:
    """How a dimension of the mesh holds a tensor."""

    def is_shard(self, dim: int | None = None) -> bool:
        """Whether each process has a part of the tensor's dimension ``dim`` (None: of any)."""
        return False

    def is_replicate(self) -> bool:
        """Whether each process has the whole tensor."""
        return False

    def is_partial(self, reduce_op: str | None = None) -> bool:
        """Whether the tensor is what a reduction of all processes' tensors (by ``reduce_op``) would be."""
        return False


@dataclass(frozen=True)
class Shard(Placement):
    """Each process has a part of the tensor's dimension ``dim``.

    >>> from adjoint.distributed.tensor import Shard
    >>> Shard(1), str(Shard(1)), Shard.local_shard_size_and_offset(10, 4, 3)
    (Shard(dim=1), 'S(1)', (1, 9))
    """

    dim: int

    def is_shard(self, dim: int | None = None) -> bool:
        return dim is None or dim == self.dim

    @staticmethod
    def local_shard_size_and_offset(curr_local_size: int, num_chunks: int, rank: int) -> tuple[int, int]:
        """How many of ``curr_local_size`` elements the process ``rank`` of ``num_chunks`` has, and where they begin: all have
        as many, but for the last ones, which have what is left."""
        most = -(-curr_local_size // num_chunks)
        begin = min(curr_local_size, most * rank)
        return min(most, curr_local_size - begin), begin

    def __str__(self) -> str:
        return f"S({self.dim})"


@dataclass(frozen=True)
class _StridedShard(Placement):
    """Each process has parts of the tensor's dimension ``dim``, one from each of ``split_factor`` groups."""

    dim: int
    split_factor: int

    def __repr__(self) -> str:
        return f"_StridedShard(dim={self.dim}, sf={self.split_factor})"

    def __str__(self) -> str:
        return f"_S({self.dim}, {self.split_factor})"


@dataclass(frozen=True)
class Replicate(Placement):
    """Each process has the whole tensor."""

    def is_replicate(self) -> bool:
        return True

    def __str__(self) -> str:
        return "R"


@dataclass(frozen=True)
class Partial(Placement):
    """The tensor is what a reduction of all processes' tensors would be."""

    reduce_op: str = "sum"

    def is_partial(self, reduce_op: str | None = None) -> bool:
        return reduce_op is None or reduce_op == self.reduce_op

    def __repr__(self) -> str:
        return f"Partial({self.reduce_op})"

    def __str__(self) -> str:
        return f"P({self.reduce_op})"

_list_names(__name__)
