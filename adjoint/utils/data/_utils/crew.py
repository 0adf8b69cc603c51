"""A crew: the worker processes of one iterator, and how the main process waits for them, misses them, and ends them."""

from __future__ import annotations

import atexit
import contextlib
import multiprocessing
import os
import pickle
import select
import signal
import socket
import threading
import time
import warnings
import weakref
from collections import deque
from collections.abc import Iterator
from multiprocessing import process as standard_process
from multiprocessing import util
from typing import Any

from adjoint.places import users_level
from adjoint.utils.data._utils.line import Closed, Line, Torn
from adjoint.utils.data._utils.signal_handling import held_off
from adjoint.utils.data._utils.worker import Task, _worker_loop

LOOK_EVERY = 0.5
"""Seconds after which workers are looked after, should their end not have woken us up."""

PATIENCE = 5.0
"""Seconds that workers are given to finish what they are at."""

_crews: weakref.WeakSet[Crew] = weakref.WeakSet()
_starting = threading.local()  # .end: the worker's end of the line, and .crew, in the thread that starts a worker
_exiting = False
_starts: set[int] = set()  # the daemon threads that are starting a worker


class Crew:
    """``task.num_workers`` processes, started at once.

    ``processes`` and ``lines`` are in the workers' order.  Whoever receives a batch does so by :meth:`receive`; all that arrives
    meanwhile waits in ``arrived``.
    """

    def __init__(self, task: Task, context: Any) -> None:
        self.processes: list[Any] = []
        self.made: list[Any] = []  # these, and one that may be about to start
        self.lines: list[Line] = []
        self.arrived: deque[Any] = deque()
        self.owner = os.getpid()
        self._working: set[int] = set()  # workers whose end would be a surprise
        self._poll = select.poll()
        self._by_descriptor: dict[int, int] = {}
        self._alive: list[Any] = []  # a pipe to each worker, of which nothing is asked but that it is open
        _crews.add(self)
        _end_with_the_process()
        try:
            for number in range(task.num_workers):
                with _silent_at_exit(), _not_at_exit():
                    self._start(context, task, number)
        except BaseException:
            self.end(0)
            raise

    def _start(self, context: Any, task: Task, number: int) -> None:
        ours, theirs = socket.socketpair()
        line = Line(ours)
        self.lines.append(line)
        alive, keep = context.Pipe(duplex=False)  # not one for all: what signals a pipe sends belongs to its opened end
        self._alive.append(keep)
        worker = context.Process(target=_worker_loop, args=(theirs, alive, task, number), daemon=True)
        self.made.append(worker)
        _starting.end, _starting.crew = theirs, self
        try:
            # A forkserver hands its own signals' state on, and not ours.
            with held_off(context.get_start_method() != "forkserver"):
                worker.start()
                self.processes.append(worker)
        except (TypeError, AttributeError, pickle.PicklingError):
            warnings.warn(
                "Got pickle error when attempting to start a worker Process. This might be because the worker Process "
                "arguments are not picklable. Python 3.14+ changed the multiprocessing start method in non-Mac POSIX platforms "
                "to 'forkserver', which requires the worker Process arguments to be picklable. You can also try "
                "multiprocessing.set_start_method('fork').",
                stacklevel=users_level(),
            )
            raise
        finally:
            _starting.end = _starting.crew = None
            theirs.close()
            alive.close()
        self._working.add(number)
        for descriptor in (line.fileno(), worker.sentinel):
            self._by_descriptor[descriptor] = number
            self._poll.register(descriptor, select.POLLIN)

    def tell(self, number: int, content: Any) -> None:
        """Send a worker a message, without waiting for it."""
        line = self.lines[number]
        with _silent_at_exit():
            line.send_soon(content)
            self._expect(line)

    def _expect(self, line: Line) -> None:
        if not line.flush():
            self._poll.modify(line.fileno(), select.POLLIN | select.POLLOUT)

    def receive(self, timeout: float = 0) -> Any:
        """The next message of any worker.

        Raises RuntimeError if a worker has ended that should not have, or after ``timeout`` seconds (0: never).
        """
        with _silent_at_exit():
            return self._receive(timeout)

    def _receive(self, timeout: float) -> Any:
        until = time.monotonic() + timeout if timeout else float("inf")
        while not self.arrived:
            now = time.monotonic()
            if now >= until:
                raise RuntimeError(f"DataLoader timed out after {timeout} seconds")
            events = self._poll.poll(1000 * min(LOOK_EVERY, until - now))
            ends = False
            for descriptor, event in events:
                number = self._by_descriptor.get(descriptor)
                if number is None:
                    continue
                line = self.lines[number]
                if descriptor != line.fileno():
                    ends = True
                    continue
                if event & select.POLLOUT and line.flush():
                    self._poll.modify(descriptor, select.POLLIN)
                if event & ~select.POLLOUT:
                    ends |= not self._read(number, line)
            if (ends or not events) and not self.arrived:
                self._look_after()
        return self.arrived.popleft()

    def _read(self, number: int, line: Line) -> bool:
        """Take a worker's messages; whether it is still there."""
        try:
            line.read()
        except Closed:
            self._poll.unregister(line.fileno())
            return False
        except Torn:
            raise RuntimeError(
                "What a DataLoader worker sent was lost: the program was interrupted while it was received, or has too many open "
                "files (`ulimit -n`). The next iteration over the DataLoader starts workers anew."
            ) from None
        while (message := line.take()) is not None:
            self.arrived.append(message[0])
        return True

    def _look_after(self) -> None:
        """Raise RuntimeError for workers that have ended."""
        if _exiting:
            raise SystemExit  # in a daemon thread, which ends silently
        ended = [n for n in sorted(self._working) if not self.processes[n].is_alive()]
        for number in ended:
            code = self.processes[number].exitcode
            if code:
                raise RuntimeError(_obituary(self.processes[number].pid, code))
        if ended:
            pids = ", ".join(str(self.processes[n].pid) for n in ended)
            raise RuntimeError(f"DataLoader worker (pid(s) {pids}) exited unexpectedly")

    def sound(self) -> bool:
        """Whether the workers are all there, and nothing that they sent was lost."""
        return all(worker.is_alive() for worker in self.processes) and not any(line.torn for line in self.lines)

    def dismiss(self, number: int) -> None:
        """Let a worker end: nothing more is expected of it."""
        if number in self._working:
            self._working.discard(number)
            line = self.lines[number]
            for descriptor in (line.fileno(), self.processes[number].sentinel):
                self._by_descriptor.pop(descriptor, None)
                with contextlib.suppress(KeyError, ValueError):
                    self._poll.unregister(descriptor)
            line.close()

    def _let_go(self) -> None:
        """Close what tells workers that this process lives: who is left of them is killed."""
        while self._alive:
            with contextlib.suppress(IndexError):  # the program's end and the thread that loads may both do this
                self._alive.pop().close()

    def end(self, patience: float = PATIENCE) -> None:
        """End all workers: those that are idle at once, others when they are done, but none later than ``patience`` seconds."""
        if os.getpid() != self.owner:
            return  # a fork's copy of this object
        for number, _ in enumerate(self.processes):
            self.dismiss(number)
        for line in self.lines:
            line.close()
        try:
            for stop, seconds in ((None, patience), ("terminate", 1.0), ("kill", 5.0)):
                left = [worker for worker in self.processes if worker.is_alive()]
                for worker in left:
                    if stop is not None:
                        getattr(worker, stop)()
                _join(left, seconds)
        finally:
            self._let_go()
            _crews.discard(self)  # not before: a fork meanwhile has to forget these processes as well


@contextlib.contextmanager
def _silent_at_exit() -> Iterator[None]:
    """When the program ends, daemon threads lose their workers in the middle of what they do: they end, and say nothing."""
    try:
        yield
    except (OSError, ValueError, RuntimeError):
        if _exiting:
            raise SystemExit from None
        raise


@contextlib.contextmanager
def _not_at_exit() -> Iterator[None]:
    """Inside, a daemon thread starts a worker: the program's end waits for that, and none is started afterwards.

    Nobody would end it.  Other threads than daemons the program waits for before it ends, and what is called at its end may load.
    """
    if not threading.current_thread().daemon:
        yield
        return
    own = threading.get_ident()
    _starts.add(own)  # before the question, as the end asks for it after its answer
    try:
        if _exiting:
            raise SystemExit
        yield
    finally:
        _starts.discard(own)


def _join(workers: list[Any], seconds: float) -> None:
    until = time.monotonic() + seconds
    for worker in workers:
        # A process that a worker has started may hold the sentinel, so that we are not woken up.
        while worker.is_alive() and (left := until - time.monotonic()) > 0:
            worker.join(min(left, LOOK_EVERY))


def _obituary(pid: int, code: int) -> str:
    if code > 0:
        return (
            f"DataLoader worker (pid {pid}) exited unexpectedly with exit code {code}. Details are lost due to multiprocessing. "
            "Rerunning with num_workers=0 may give better error trace."
        )
    text = f"DataLoader worker (pid {pid}) is killed by signal: {signal.strsignal(-code)}. "
    if -code == signal.SIGBUS:
        text += (
            "It is possible that dataloader's workers are out of shared memory. Please try to raise your shared memory limit."
        )
    return text


def _end_with_the_process() -> None:
    """Have this process end its workers before it ends, also where it is one of multiprocessing's."""
    global _ended_by
    if _ended_by != os.getpid():
        _ended_by = os.getpid()
        if multiprocessing.parent_process() is None:
            atexit.register(_end_all)  # before multiprocessing's own, which waits for them without a limit
        else:
            util.Finalize(None, _end_all, exitpriority=100)


_ended_by = 0


def _end_all() -> None:
    global _exiting
    _exiting = True
    until = time.monotonic() + PATIENCE
    while _starts and time.monotonic() < until:
        time.sleep(0.001)
    for crew in list(_crews):
        crew.end(0)


def _in_forked_child() -> None:
    """A fork has nothing to do with its parent's workers: it must not hold their lines open, nor end them when it exits."""
    mine, starting = getattr(_starting, "end", None), getattr(_starting, "crew", None)
    _starting.end = _starting.crew = None
    _starts.clear()
    for crew in {*_crews, *([starting] if starting else [])}:  # also one that was ended while it started a worker
        for line in crew.lines:
            if line.socket is not mine:
                line.close()
        crew._let_go()
        standard_process._children.difference_update(crew.made)  # type: ignore[attr-defined]
    _crews.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_in_forked_child)
