"""Overdue: a collective that does not come to its end says who is missing.

A rank that waited for too long asks the others how far they are, on a communicator that is there for nothing else.  Their
communication threads answer, also of ranks that compute, sleep, or wait somewhere else.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from adjoint.distributed import mpi
from adjoint.distributed.errors import DistBackendError
from adjoint.distributed.progress import Steps, Task

if TYPE_CHECKING:
    from adjoint.distributed.process_group import ProcessGroup, Spoken

_QUESTION, _ANSWER = 1, 2
_LONGEST = 2048
_PATIENCE = 2.0  # seconds for an answer

_line: Any = None  # the communicator
_answers: dict[int, dict[str, Any]] = {}  # by rank of the world
_reached: dict[str, tuple[int, str]] = {}  # by a group's name: the number of the latest collective, and what it is


def listen(world: mpi.World) -> None:
    """Answer the others' questions from now on; collective."""
    global _line
    if _line is not None:
        return
    _line = world.communicator.Dup()
    world.progress.listeners.append(_look)


def note(group: ProcessGroup, spoken: Spoken) -> None:
    """This rank came to a collective."""
    _reached[group.group_name] = (spoken.number, spoken.kind)


def steps_for(group: ProcessGroup, spoken: Spoken, limit: timedelta) -> Callable[[Task], Steps]:
    """What is done with a task once it is overdue: it ends with an error that says what is known."""
    if spoken.number:
        note(group, spoken)

    def steps(task: Task) -> Steps:
        milliseconds = round(limit.total_seconds() * 1000)
        told = f"Timed out after {milliseconds} ms in {spoken.call()}"
        if spoken.number:
            told += f", collective number {spoken.number} of group {group.group_name!r}: "
            told += yield from _who_is_missing(group, spoken)
            group._broken = f"{spoken.kind} (collective number {spoken.number}) timed out"
        raise DistBackendError(told)

    return steps


def _who_is_missing(group: ProcessGroup, spoken: Spoken) -> Any:
    others = [rank for index, rank in enumerate(group._ranks) if index != group._rank]
    _answers.clear()
    for rank in others:
        _tell(rank, _QUESTION, {"group": group.group_name})
    until = time.monotonic() + _PATIENCE
    while time.monotonic() < until and not all(rank in _answers for rank in others):
        _look()
        yield ()
    silent = [rank for rank in others if rank not in _answers]
    behind = {rank: _answers[rank] for rank in others if rank in _answers and _answers[rank]["number"] < spoken.number}
    parts = [
        f"rank {rank} has not come to it (its latest is "
        + (f"number {said['number']}, {said['kind']})" if said["number"] else "none)")
        for rank, said in behind.items()
    ]
    if silent:
        parts.append(f"rank{'s' * (len(silent) > 1)} {', '.join(map(str, silent))} did not answer when asked")
    return "; ".join(parts) or "all ranks came to it, and it is still under way"


def _tell(rank: int, tag: int, message: dict[str, Any]) -> None:
    data = np.frombuffer(json.dumps(message).encode()[:_LONGEST], np.uint8).copy()
    _sent.append((_line.Isend([data, mpi.world.MPI.BYTE], rank, tag), data))  # type: ignore[union-attr]
    _sent[:] = [pair for pair in _sent if not pair[0].Test()]


_sent: list[tuple[Any, Any]] = []


def _look() -> bool:
    """Answer a question that has come, or keep an answer."""
    assert mpi.world is not None
    MPI = mpi.world.MPI
    status = MPI.Status()
    if not _line.Iprobe(MPI.ANY_SOURCE, MPI.ANY_TAG, status):
        return False
    data = np.empty(status.Get_count(MPI.BYTE), np.uint8)
    rank, tag = status.Get_source(), status.Get_tag()
    _line.Recv([data, MPI.BYTE], rank, tag)  # it is here, so this does not wait
    message = json.loads(data.tobytes())
    if tag == _QUESTION:
        number, kind = _reached.get(message["group"], (0, ""))
        _tell(rank, _ANSWER, {"number": number, "kind": kind})
    else:
        _answers[rank] = message
    return True
