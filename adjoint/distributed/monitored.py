"""A barrier that names the ranks that do not come."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

import numpy as np

from adjoint.distributed.collectives import Group
from adjoint.distributed.errors import DistBackendError
from adjoint.distributed.groups import own, warn_of_stranger
from adjoint.distributed.process_group import ProcessGroup
from adjoint.distributed.progress import Steps
from adjoint.distributed.transport import MPITransport

_SLACK = 5.0
"""Seconds that the others wait longer for the answer of rank 0, which waits for the time that was asked for."""


def monitored_barrier(group: Group = None, timeout: timedelta | None = None, wait_all_ranks: bool = False) -> None:
    """Wait until all ranks of the group have come here; where one does not within ``timeout`` (the group's), rank 0 raises an error
    that names it, or, with ``wait_all_ranks``, all that do not come, and the others raise one that says so."""
    found = own(group)
    if found is None:
        return warn_of_stranger("monitored_barrier")
    limit = timeout or found._timeout
    transport = found._transport
    if not isinstance(transport, MPITransport):
        return None
    found._monitored = number = found._monitored + 1
    tag = number % 16384
    seconds = limit.total_seconds()

    def body() -> Steps:
        if found.rank() == 0:
            return _collect(found, transport, tag, seconds, wait_all_ranks)
        return _report(found, transport, tag, seconds)

    found._message("monitored_barrier", body, None, timeout=timedelta(seconds=seconds + 2 * _SLACK)).wait()
    return None


def _collect(group: ProcessGroup, transport: MPITransport, tag: int, seconds: float, wait_all: bool) -> Steps:
    """Rank 0: hear of each, then tell each."""
    until = time.monotonic() + seconds
    waiting: dict[int, Any] = {}
    for rank in range(1, transport.size):
        waiting[rank] = transport.control.Irecv([np.empty(1, np.uint8), transport.MPI.BYTE], rank, tag)
    while waiting:
        for rank, request in list(waiting.items()):
            if request.Test():
                del waiting[rank]
        if waiting and time.monotonic() > until:
            for request in waiting.values():
                request.Cancel()
            missing = [group._ranks[rank] for rank in waiting]
            if not wait_all:
                missing = missing[:1]
            named = f"Rank{'s' * (len(missing) > 1)} {', '.join(map(str, missing))}"
            raise DistBackendError(
                f"[Rank {group._ranks[0]}]: {named} failed to pass monitoredBarrier in {round(seconds * 1000)} ms"
            )
        yield ()
    note = np.zeros(1, np.uint8)
    yield [transport.control.Isend([note, transport.MPI.BYTE], rank, tag) for rank in range(1, transport.size)]


def _report(group: ProcessGroup, transport: MPITransport, tag: int, seconds: float) -> Steps:
    """Another rank: tell rank 0, and hear from it."""
    note, answer = np.zeros(1, np.uint8), np.empty(1, np.uint8)
    until = time.monotonic() + seconds + _SLACK
    sent = transport.control.Isend([note, transport.MPI.BYTE], 0, tag)
    heard = transport.control.Irecv([answer, transport.MPI.BYTE], 0, tag)
    while not (sent.Test() and heard.Test()):
        if time.monotonic() > until:
            heard.Cancel()
            rank = group._ranks[group.rank()]
            raise DistBackendError(
                f"Rank {rank} successfully reached monitoredBarrier, but received errors while waiting for send/recv from rank "
                f"{group._ranks[0]}. Please check rank {group._ranks[0]} logs for faulty rank."
            )
        yield ()
