"""Progress: the thread that carries on what ranks exchange while the program computes.

MPI moves little by itself: somebody has to ask it whether a request is done.  Here that is one thread, the only one that talks
to MPI after it was started.  What it carries on are :class:`Task` objects: generators that begin something and yield MPI's
requests for it, and go on when these are done.

Tasks of one lane (the collectives of one group) go on one after the other, in the order of issue, which has to be the same on
all ranks.  Each is begun at once, though, up to its first ``yield``: that the ranks agree on what comes next is found out while
the one before is under way.  Tasks without a lane, messages, all go on at the same time.

The thread asks often while somebody waits for it, and else with a growing pause: ranks share cores with each other, and a
thread that asks takes Python's lock from the one that computes.
"""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Sequence
from typing import Any

from adjoint.distributed import lifetime
from adjoint.distributed.errors import DistBackendError
from adjoint.distributed.work import Work

Steps = Generator[Sequence[Any], None, None]
Lane = deque["Task"]

_EAGER = 2e-4
"""Seconds for which it asks again at once when somebody waits: as long as a small collective takes."""
_IDLE = 0.25
"""Seconds between two looks at questions of other ranks while nothing is under way."""


class Task:
    """A collective or a message on its way."""

    def __init__(
        self,
        work: Work,
        steps: Steps,
        lane: Lane | None,
        ranks: Sequence[int],
        seconds: float,
        overdue: Callable[[Task], Steps],
    ) -> None:
        self.work = work
        self.steps = steps
        self.lane = lane
        self.ranks = ranks  # of the world, for whether one of them is gone
        self.overdue = overdue  # what is to be done instead when it takes too long
        self.started = time.monotonic()
        self.deadline = self.started + seconds
        self.late = False
        self.requests: Sequence[Any] = ()
        self.begun = False


def run_at_once(task: Task) -> None:
    """Carry a task through that waits for nobody."""
    try:
        for _ in task.steps:
            pass
    except BaseException as error:
        task.work._finish(error)
        if not isinstance(error, Exception):
            raise
    else:
        task.work._finish()


class Progress:
    """The thread, what it carries on, and who waits for it."""

    def __init__(self) -> None:
        self._new: deque[Task] = deque()
        self._active: list[Task] = []
        self._wake = threading.Lock()
        self._wake.acquire()
        self._waiting = 0
        self._stopped = False
        self._since = 0.0  # when something last went on
        self.listeners: list[Callable[[], bool]] = []  # what is looked at now and then; whether something was there
        self._heard = 0.0
        self._thread = threading.Thread(target=self._run, daemon=True, name="adjoint-communication")
        self._thread.start()
        lifetime.before_finalize.append(self.stop)

    def submit(self, task: Task) -> None:
        """Have a task carried on."""
        if self._stopped:
            raise DistBackendError("MPI has ended in this process: nothing can be sent any more")
        self._new.append(task)
        self._nudge()

    def wait(self, work: Work, seconds: float | None) -> bool:
        """Wait until a work is over; False if it takes longer."""
        if threading.current_thread() is self._thread:  # a callback waits: the thread goes on with the others meanwhile
            until = None if seconds is None else time.monotonic() + seconds
            while not work._done:
                if until is not None and time.monotonic() > until:
                    return False
                self._turn()
            return True
        self._waiting += 1
        try:
            self._nudge()
            return work._sleep(seconds)
        finally:
            self._waiting -= 1

    def stop(self) -> None:
        """End the thread; what is still under way stays as it is."""
        self._stopped = True
        self._nudge()
        if threading.current_thread() is not self._thread:
            self._thread.join(timeout=5)

    def _nudge(self) -> None:
        try:
            self._wake.release()
        except RuntimeError:
            pass  # it is awake

    def _run(self) -> None:
        while not self._stopped:
            self._turn()

    def _turn(self) -> None:
        """Begin what is new, carry on what can go on, and pause if nothing could."""
        now = time.monotonic()
        if not self._active and not self._new:
            self._since = now
            if not self._listen():
                self._wake.acquire(timeout=_IDLE)
            self._since = time.monotonic()
        moved = False
        while self._new:
            task = self._new.popleft()
            self._active.append(task)
            if task.lane is not None:
                task.lane.append(task)
            self._step(task)
            moved = True
        for task in list(self._active):
            moved |= self._look_at(task)
        now = time.monotonic()
        if moved:
            self._since = now
        elif self._active:
            if now - self._heard > _IDLE:
                self._heard = now
                self._listen()
            self._pause(now - self._since)

    def _pause(self, still: float) -> None:
        """Longer the longer nothing went on."""
        if not self._waiting:
            self._wake.acquire(timeout=min(max(still / 5, 1e-4), 2e-3))
        elif still < _EAGER:
            os.sched_yield()
        else:
            self._wake.acquire(timeout=min(still / 10, 1e-3))

    def _listen(self) -> bool:
        return any([listener() for listener in self.listeners])

    def _look_at(self, task: Task) -> bool:
        """Carry a task on if it can go on; whether it could."""
        if task.lane is not None and task.lane[0] is not task:
            return False
        try:
            if not task.requests or all([request.Test() for request in task.requests]):
                return self._step(task)
        except Exception as error:  # MPI's own
            self._end(task, DistBackendError(f"{task.work._kind}: {error}"))
            return True
        if lifetime.news:
            gone = lifetime.error_for(task.ranks, task.started)
            if gone is not None:
                self._end(task, gone)
                return True
        if time.monotonic() > task.deadline and not task.late:
            task.late = True
            task.steps, task.requests = task.overdue(task), ()
        return False

    def _step(self, task: Task) -> bool:
        """Let a task go on to its next wait; whether it did anything."""
        try:
            task.requests = next(task.steps)
        except StopIteration:
            self._end(task, None)
        except Exception as error:
            self._end(task, error)
        return bool(task.requests) or task.work._done

    def _end(self, task: Task, error: Exception | None) -> None:
        self._active.remove(task)
        if task.lane is not None:
            task.lane.remove(task)
        try:
            task.work._finish(error)
        except Exception:  # of a callback: it must not end the thread
            import sys
            import traceback

            sys.stderr.write(f"A callback of a collective raised:\n{traceback.format_exc()}")
