"""Workers: processes that run the programs.  One that crashes or hangs is a finding, and another takes its place."""

from __future__ import annotations

import gc
import multiprocessing
import os
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from multiprocessing.connection import Connection, wait
from typing import Any

Task = tuple[str, Any]  # a family and a seed, or whatever the work is told

_STARTING = 120.0  # seconds for a process to import both libraries
_SHRINKING = 90.0
_AT_ONCE = 10  # programs that a process is handed at a time


def run(
    tasks: Iterable[Task],
    jobs: int,
    environment: dict[str, str],
    work: Callable[[Connection], None] | None = None,
    lost: Callable[[Any, Any, str], Any] | None = None,
) -> Iterator[Any]:
    """Run the programs in ``jobs`` processes with these environment variables; a :class:`fuzz.trial.Trial` for each.

    ``work`` is what a process does: it says how many seconds a program may take, what it saw (:func:`watch`: a set), and
    what came of the program.  ``lost`` is what came of a program that ended or outlived its process, told how.
    """
    waiting = _Waiting(tasks)
    workers: list[_Worker] = []
    try:
        while workers or waiting:
            while len(workers) < jobs and waiting:
                workers.append(_Worker(environment, work or _work, lost or _lost_program))
                workers[-1].hand(waiting.some())
            ready = wait([w.pipe for w in workers], timeout=0.5)
            for worker in list(workers):
                if worker.pipe in ready:
                    yield from worker.receive()
                elif time.monotonic() > worker.deadline:
                    worker.process.kill()
                    worker.process.join()
                    yield worker.lost(f"was still running after {worker.limit:g} s")
                if worker.dead:
                    waiting.back(worker.tasks)
                    workers.remove(worker)
                elif not worker.tasks and waiting:
                    worker.hand(waiting.some())
                elif not worker.tasks:
                    worker.pipe.send(None)
                    worker.process.join()
                    workers.remove(worker)
    finally:
        for worker in workers:
            worker.process.kill()


class _Waiting:
    """The programs that nobody has been given yet; of a million of them, only those that came back are kept."""

    def __init__(self, tasks: Iterable[Task]) -> None:
        self._tasks = iter(tasks)
        self._first: deque[Task] = deque()

    def __bool__(self) -> bool:
        if not self._first:
            self._first.extend(islice(self._tasks, _AT_ONCE))
        return bool(self._first)

    def some(self) -> deque[Task]:
        """A few of them."""
        return deque(self._first.popleft() for _ in range(min(_AT_ONCE, len(self._first))))

    def back(self, tasks: deque[Task]) -> None:
        """What a process was given and did not come to."""
        self._first.extendleft(reversed(tasks))


class _Worker:
    """A process, and what it has been given."""

    def __init__(
        self, environment: dict[str, str], work: Callable[[Connection], None], came_of: Callable[[Any, Any, str], Any]
    ) -> None:
        self.came_of = came_of
        context = multiprocessing.get_context("spawn")
        self.pipe, theirs = context.Pipe()
        self.process = context.Process(target=work, args=(theirs,), daemon=True)
        self.environment = {"OMP_NUM_THREADS": "1", **environment}  # each library is told how many threads it may use
        with _variables(self.environment):
            self.process.start()
        theirs.close()
        self.tasks: deque[Task] = deque()
        self.dead = False
        self.limit = _STARTING
        self.deadline = time.monotonic() + _STARTING

    def hand(self, tasks: deque[Task]) -> None:
        """Give the process more to do."""
        self.tasks = tasks
        self.pipe.send(list(tasks))

    def receive(self) -> Iterator[Any]:
        """What the process says: that a program begins, which may take so long, or what came of it."""
        try:
            message = self.pipe.recv()
        except (EOFError, ConnectionResetError):
            self.process.join()
            yield self.lost(f"ended the process with status {self.process.exitcode}")
            return
        if isinstance(message, float):
            self.limit = message
        elif isinstance(message, set):
            yield message
        else:
            self.tasks.popleft()
            self.limit = _STARTING
            yield message
        self.deadline = time.monotonic() + self.limit

    def lost(self, how: str) -> Any:
        """The process is gone: the program that it was at is a finding."""
        self.dead = True
        family, seed = self.tasks.popleft()
        with _variables(self.environment):  # which a family may look at when it makes a program
            return self.came_of(family, seed, how)


def _lost_program(family: str, seed: int, how: str) -> Any:
    from fuzz.trial import Finding, Trial, program_of

    return Trial(family, seed, Finding(family, seed, how, f"{program_of(family, seed)}\n\n  {how}\n"))


@contextmanager
def _variables(environment: dict[str, str]) -> Iterator[None]:
    """Set environment variables for a while."""
    before = dict(os.environ)
    os.environ.update(environment)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def _work(pipe: Connection) -> None:
    """What a process does."""
    from fuzz.trial import program_of, try_out

    gc.freeze()  # or every collection looks through both libraries
    while (tasks := pipe.recv()) is not None:
        for family, seed in tasks:
            program = program_of(family, seed)
            pipe.send(program.seconds + _SHRINKING)
            pipe.send(try_out(family, seed, program, _SHRINKING / 2))


def watch(pipe: Connection) -> None:
    """What a process does whose coverage is measured: before what came of a program, the points that it added."""
    from fuzz.coverage import Coverage
    from fuzz.trial import program_of, try_out

    coverage = Coverage()
    while (tasks := pipe.recv()) is not None:
        for family, seed in tasks:
            program = program_of(family, seed)
            pipe.send(10 * program.seconds + _SHRINKING)
            coverage.on()
            try:
                trial = try_out(family, seed, program, 0)
            finally:
                coverage.off()
            pipe.send(coverage.new())
            pipe.send(trial)
