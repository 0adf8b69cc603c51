"""Transports: how flat arrays travel between the ranks of a group, as steps that :mod:`.progress` carries on.

A method begins something, yields MPI's requests for it, and is at its end when the arrays hold what they should.  Only calls of
the MPI standard are made, all of them nonblocking.  Ranks are those of the group.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from adjoint.distributed.progress import Steps
from adjoint.distributed.reduce_op import RedOpType, mpi_operation, mpi_type
from adjoint.distributed.traffic import count

PIECE = 1 << 30
"""Bytes that are sent at once: MPI before version 4 counts in 31 bits."""


class MPITransport:
    """Over two communicators: one for data and messages, one on which ranks say what they are about to do."""

    def __init__(self, MPI: Any, data: Any, control: Any) -> None:
        self.MPI = MPI
        self.data = data
        self.control = control
        self.rank, self.size = data.Get_rank(), data.Get_size()

    def agree(self, number: int) -> Steps:
        """Find out whether all ranks have the same number; raises Disagreement where they have not."""
        pair = np.array([number, -number], np.int64)
        yield [self.control.Iallreduce(self.MPI.IN_PLACE, [pair, self.MPI.INT64_T], self.MPI.MIN)]
        if pair[0] != -pair[1]:
            raise Disagreement

    def barrier(self) -> Steps:
        yield [self.data.Ibarrier()]

    def all_reduce(self, array: np.ndarray, op: RedOpType) -> Steps:
        kind = mpi_type(self.MPI, array.dtype)
        operation = mpi_operation(self.MPI, op, array.dtype)
        count("all_reduce", array.nbytes)
        for piece in _pieces(array):
            yield [self.data.Iallreduce(self.MPI.IN_PLACE, [piece, kind], operation)]
        if op is RedOpType.AVG:
            _average(array, self.size)

    def reduce(self, array: np.ndarray, op: RedOpType, root: int) -> Steps:
        kind = mpi_type(self.MPI, array.dtype)
        operation = mpi_operation(self.MPI, op, array.dtype)
        count("reduce", array.nbytes)
        for piece in _pieces(array):
            if self.rank == root:
                yield [self.data.Ireduce(self.MPI.IN_PLACE, [piece, kind], operation, root)]
            else:
                yield [self.data.Ireduce([piece, kind], None, operation, root)]
        if op is RedOpType.AVG and self.rank == root:
            _average(array, self.size)

    def broadcast(self, array: np.ndarray, root: int) -> Steps:
        count("broadcast", array.nbytes)
        for piece in _pieces(array.view(np.uint8)):
            yield [self.data.Ibcast([piece, self.MPI.BYTE], root)]

    def all_gather(self, own: np.ndarray, every: np.ndarray) -> Steps:
        count("all_gather", every.nbytes)
        yield [self.data.Iallgather(self._bytes(own), self._bytes(every))]

    def gather(self, own: np.ndarray, every: np.ndarray | None, root: int) -> Steps:
        count("gather", own.nbytes)
        yield [self.data.Igather(self._bytes(own), None if every is None else self._bytes(every), root)]

    def scatter(self, every: np.ndarray | None, own: np.ndarray, root: int) -> Steps:
        count("scatter", own.nbytes)
        yield [self.data.Iscatter(None if every is None else self._bytes(every), self._bytes(own), root)]

    def reduce_scatter(self, every: np.ndarray, own: np.ndarray, op: RedOpType) -> Steps:
        kind = mpi_type(self.MPI, own.dtype)
        operation = mpi_operation(self.MPI, op, own.dtype)
        count("reduce_scatter", every.nbytes)
        yield [self.data.Ireduce_scatter_block([every, kind], [own, kind], operation)]
        if op is RedOpType.AVG:
            _average(own, self.size)

    def all_to_all(
        self, given: np.ndarray, sizes: Sequence[int], taken: np.ndarray, taken_sizes: Sequence[int]
    ) -> Steps:
        """``sizes[r]`` elements go to rank ``r``; raises ValueError where a rank is sent another number than it expects."""
        plan = np.array([[*sizes], [*taken_sizes]], np.int64)
        sent, expected, coming = plan[0], plan[1], np.empty(self.size, np.int64)
        yield [self.data.Ialltoall([sent, self.MPI.INT64_T], [coming, self.MPI.INT64_T])]
        wrong = np.array([(coming != expected).any()], np.int64)
        yield [self.data.Iallreduce(self.MPI.IN_PLACE, [wrong, self.MPI.INT64_T], self.MPI.MAX)]
        if wrong[0]:
            plans = np.empty((self.size, 2, self.size), np.int64)
            yield [self.data.Iallgather([plan, self.MPI.INT64_T], [plans, self.MPI.INT64_T])]
            raise SplitsDiffer(plans)
        count("all_to_all", given.nbytes)
        item = given.dtype.itemsize

        def spec(array: np.ndarray, parts: Sequence[int]) -> list[Any]:
            counts = [p * item for p in parts]
            return [array.view(np.uint8), counts, [sum(counts[:r]) for r in range(len(counts))], self.MPI.BYTE]

        yield [self.data.Ialltoallv(spec(given, sizes), spec(taken, taken_sizes))]

    def send(self, array: np.ndarray, to: int, tag: int) -> Steps:
        count("send", array.nbytes)
        pieces = _pieces(array.view(np.uint8))
        yield [self.data.Isend([piece, self.MPI.BYTE], to, tag) for piece in pieces]

    def receive(self, array: np.ndarray, source: int | None, tag: int, came: list[int]) -> Steps:
        """``came`` gets the rank from which it came (None: from any), and how many bytes."""
        pieces = _pieces(array.view(np.uint8))
        status = self.MPI.Status()
        first = self.data.Irecv([pieces[0], self.MPI.BYTE], self.MPI.ANY_SOURCE if source is None else source, tag)
        yield [Watched(first, status)]
        source = status.Get_source()
        received = status.Get_count(self.MPI.BYTE)
        for piece in pieces[1:]:
            yield [Watched(self.data.Irecv([piece, self.MPI.BYTE], source, tag), status)]
            received += status.Get_count(self.MPI.BYTE)
        count("recv", received)
        came += [source, received]

    def _bytes(self, array: np.ndarray) -> list[Any]:
        return [array.view(np.uint8), self.MPI.BYTE]


class Alone:
    """A group of one rank: what it sends, it has."""

    rank, size = 0, 1

    def agree(self, number: int) -> Steps:
        yield from ()

    def barrier(self) -> Steps:
        yield from ()

    def all_reduce(self, array: np.ndarray, op: RedOpType) -> Steps:
        yield from ()

    def reduce(self, array: np.ndarray, op: RedOpType, root: int) -> Steps:
        yield from ()

    def broadcast(self, array: np.ndarray, root: int) -> Steps:
        yield from ()

    def all_gather(self, own: np.ndarray, every: np.ndarray) -> Steps:
        every[...] = own
        yield from ()

    def gather(self, own: np.ndarray, every: np.ndarray | None, root: int) -> Steps:
        assert every is not None
        return self.all_gather(own, every)

    def scatter(self, every: np.ndarray | None, own: np.ndarray, root: int) -> Steps:
        assert every is not None
        return self.all_gather(every, own)

    def reduce_scatter(self, every: np.ndarray, own: np.ndarray, op: RedOpType) -> Steps:
        return self.all_gather(every, own)

    def all_to_all(
        self, given: np.ndarray, sizes: Sequence[int], taken: np.ndarray, taken_sizes: Sequence[int]
    ) -> Steps:
        return self.all_gather(given, taken)

    def send(self, array: np.ndarray, to: int, tag: int) -> Steps:
        raise ValueError("Invalid destination rank: destination rank should not be the same as the rank of the current process.")

    def receive(self, array: np.ndarray, source: int | None, tag: int, came: list[int]) -> Steps:
        raise ValueError("Invalid source rank: there is no other rank in this group to receive from.")


class Disagreement(Exception):
    """Ranks are about to do different things."""


class SplitsDiffer(Exception):
    """What ranks send each other in an all_to_all is not what they expect."""

    def __init__(self, plans: np.ndarray) -> None:
        super().__init__(plans)
        self.pairs = [
            (giver, taker, int(plans[giver, 0, taker]), int(plans[taker, 1, giver]))
            for giver, taker in np.ndindex(len(plans), len(plans))
            if plans[giver, 0, taker] != plans[taker, 1, giver]
        ]


class Watched:
    """A request whose status is wanted."""

    def __init__(self, request: Any, status: Any) -> None:
        self.request, self.status = request, status

    def Test(self) -> bool:
        """Whether it is over."""
        return self.request.Test(self.status)


def _pieces(array: np.ndarray) -> list[np.ndarray]:
    """A flat array in pieces that MPI can count; an empty one is one piece."""
    step = PIECE // array.itemsize
    if array.size <= step:
        return [array]
    return [array[start : start + step] for start in range(0, array.size, step)]


def _average(array: np.ndarray, size: int) -> None:
    np.divide(array, array.dtype.type(size), out=array)
