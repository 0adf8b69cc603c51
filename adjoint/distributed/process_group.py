"""ProcessGroup: some of the processes, and what they are about to do together."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import lru_cache
from typing import Any

from adjoint.distributed import mpi, overdue
from adjoint.distributed.errors import DistBackendError
from adjoint.distributed.progress import Lane, Steps, Task, run_at_once
from adjoint.distributed.store import Store
from adjoint.distributed.transport import Alone, Disagreement, MPITransport, SplitsDiffer
from adjoint.distributed.work import Work
from adjoint.places import here, tell

_LONGEST = 1024  # of what a rank says about its collective, in bytes


class ProcessGroup:
    """Some of the processes (all, in ``group.WORLD``), in an order that numbers them from 0.

    Made by :func:`init_process_group` and :func:`new_group`.
    """

    def __init__(
        self,
        ranks: Sequence[int],
        rank: int,
        transport: MPITransport | Alone,
        *,
        backend: str,
        name: str,
        timeout: timedelta,
        description: str = "undefined",
        store: Store | None = None,
    ) -> None:
        self._ranks = tuple(ranks)
        self._rank = rank
        self._transport = transport
        self._backend = backend
        self._timeout = timeout
        self._store = store
        self._issued = 0  # collectives
        self._monitored = 0  # barriers of that kind
        self._lane: Lane = Lane()
        self._collecting: list[Work] | None = None  # works inside of a `_coalescing_manager`
        self._process = os.getpid()
        self._broken: str | None = None
        self.group_name = name
        self.group_desc = description
        self.bound_device_id = None

    def rank(self) -> int:
        """This process' rank in the group."""
        return self._rank

    def size(self) -> int:
        """How many processes are in the group."""
        return len(self._ranks)

    def name(self) -> str:
        """The name of what carries its collectives out."""
        return self._backend

    def allreduce(self, tensors: Any, op: Any = None) -> Work:
        """Begin :func:`adjoint.distributed.all_reduce` of a tensor, or of the one in a list; ``op`` is SUM if it is None."""
        from adjoint.distributed import collectives
        from adjoint.distributed.reduce_op import ReduceOp

        return _begun(collectives.all_reduce(_single(tensors), ReduceOp.SUM if op is None else op, self, async_op=True))

    def broadcast(self, tensors: Any, root: int) -> Work:
        """Begin :func:`adjoint.distributed.broadcast` of a tensor, or of the one in a list, from a rank of this group."""
        from adjoint.distributed import collectives

        return _begun(collectives.broadcast(_single(tensors), group=self, group_src=root, async_op=True))

    def allgather(self, output_tensors: Any, input_tensor: Any) -> Work:
        """Begin :func:`adjoint.distributed.all_gather` of a tensor (or the one in a list) into a list, or the one in a list."""
        from adjoint.distributed import gathering

        outputs = output_tensors[0] if output_tensors and isinstance(output_tensors[0], (list, tuple)) else output_tensors
        return _begun(gathering.all_gather(outputs, _single(input_tensor), self, async_op=True))

    def barrier(self) -> Work:
        """Begin :func:`adjoint.distributed.barrier`."""
        from adjoint.distributed import collectives

        return _begun(collectives.barrier(self, async_op=True))

    def __repr__(self) -> str:
        return f"<ProcessGroup {self.group_name!r} of ranks {list(self._ranks)}>"

    def _collective(
        self,
        kind: str,
        body: Callable[[], Steps],
        details: tuple[Any, ...] = (),
        result: Sequence[Any] = (),
        timeout: timedelta | None = None,
    ) -> Work:
        """Issue a collective: the ranks agree on its kind and details, and its body is carried on."""
        self._issued += 1
        number = self._issued
        spoken = Spoken(kind, details, number, here())
        work = self._work(kind, result)
        return self._issue(work, self._agreed(spoken, body), self._lane, timeout, spoken)

    def _message(
        self, kind: str, body: Callable[[], Steps], peer: int | None, result: Sequence[Any] = (), made: list[Work] | None = None,
        timeout: timedelta | None = None,
    ) -> Work:
        """Issue a message, to or from one rank of the group (None: any); its work is put into ``made`` before it begins."""
        spoken = Spoken(kind, (("peer", "any" if peer is None else self._ranks[peer]),), 0, here())
        work = self._work(kind, result)
        if made is not None:
            made.append(work)
        return self._issue(work, body(), None, timeout, spoken)

    def _work(self, kind: str, result: Sequence[Any]) -> Work:
        return Work(kind, result, mpi.world.progress.wait if mpi.world is not None and self.size() > 1 else None)

    def _issue(self, work: Work, steps: Steps, lane: Lane | None, timeout: timedelta | None, spoken: Spoken) -> Work:
        if self._broken:
            raise DistBackendError(f"{work._kind}: the ranks of this group lost each other before: {self._broken}")
        limit = timeout or self._timeout
        late = overdue.steps_for(self, spoken, limit)
        task = Task(work, steps, lane, self._ranks, limit.total_seconds(), late)
        if self.size() == 1:
            run_at_once(task)
        elif os.getpid() != self._process:
            raise RuntimeError(
                f"{work._kind}: this process was forked from rank {self._rank}, and has no part in its group; "
                "processes of a DataLoader cannot speak to other ranks"
            )
        else:
            assert mpi.world is not None
            mpi.world.progress.submit(task)
        if self._collecting is not None:
            self._collecting.append(work)
            work._collected = True
        return work

    def _agreed(self, spoken: Spoken, body: Callable[[], Steps]) -> Steps:
        transport = self._transport
        try:
            yield from transport.agree(_number(spoken.kind, spoken.details))
            yield from body()
        except Disagreement:
            pass
        except SplitsDiffer as error:
            told = "; ".join(
                f"rank {self._ranks[giver]} gives rank {self._ranks[taker]} {given} elements, and it expects {expected}"
                for giver, taker, given, expected in error.pairs[:4]
            )
            raise DistBackendError(f"{spoken.kind}: the split sizes of the ranks do not fit together: {told}") from None
        else:
            return
        yield from self._tell_apart(spoken)

    def _tell_apart(self, spoken: Spoken) -> Steps:
        """The ranks do different things: each says what, and all raise."""
        import numpy as np

        own = spoken.text().encode()[:_LONGEST].ljust(_LONGEST, b"\0")
        every = np.empty((self.size(), _LONGEST), np.uint8)
        yield from self._transport.all_gather(np.frombuffer(own, np.uint8), every.reshape(-1))
        texts = [bytes(row).rstrip(b"\0").decode(errors="replace") for row in every]
        where = [text.partition("\n")[2] for text in texts]
        texts = [text.partition("\n")[0] for text in texts]
        other = next((r for r in range(1, len(texts)) if texts[r] != texts[0]), 0)
        told = (
            f"Detected mismatch between collectives on ranks. Rank {self._ranks[0]} is running collective: {texts[0]}, "
            f"but Rank {self._ranks[other]} is running collective: {texts[other]}."
        )
        others = [self._ranks[r] for r in range(len(texts)) if texts[r] == texts[other]]
        if len(others) > 1:
            told += f" So do ranks {others[1:]}."
        for r in (0, other):
            if where[r]:
                told += f"\nRank {self._ranks[r]}:\n{where[r]}"
        raise DistBackendError(told)


ProcessGroup.__module__ = __name__.rpartition(".")[0]


def _single(tensors: Any) -> Any:
    """The tensor that is given, or the only one of a list.  Raises ValueError for lists of several: a process has one device."""
    if not isinstance(tensors, (list, tuple)):
        return tensors
    if len(tensors) != 1:
        raise ValueError(f"requires a single-element tensor list, not one of {len(tensors)}")
    return tensors[0]


def _begun(work: Work | None) -> Work:
    assert work is not None  # this process is in the group
    return work


class Spoken:
    """What a rank is about to do, as it says to others."""

    __slots__ = ("details", "kind", "number", "place")

    def __init__(self, kind: str, details: tuple[Any, ...], number: int, place: Any) -> None:
        self.kind, self.details, self.number, self.place = kind, details, number, place

    def call(self) -> str:
        """As a call: ``all_reduce(shape=[3], dtype=float32, op=SUM)``."""
        return f"{self.kind}({', '.join(f'{name}={value}' for name, value in self.details)})"

    def text(self) -> str:
        """The call and its number; on the lines after it, the user's line."""
        return f"{self.call()}, the group's collective number {self.number}\n{tell(self.place)}"


@lru_cache(maxsize=1024)
def _number(kind: str, details: tuple[Any, ...]) -> int:
    """A number for a collective and all in which ranks have to agree."""
    text = repr((kind, details)).encode()
    return int.from_bytes(hashlib.blake2b(text, digest_size=7).digest(), "little")
