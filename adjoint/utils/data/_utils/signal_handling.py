"""Signals and deaths: how workers and the main process learn of each other's end.

The main process waits for its workers' batches and for their ends alike (:mod:`crew <adjoint.utils.data._utils.crew>`), so it
needs no handler of SIGCHLD, which is the program's own.  A worker learns that the main process is no more from two things: the
line's end, when it waits for indices, and a signal, when it does not: the kernel sends one when the last writer of a pipe is
gone, whatever the worker may be doing.
"""

from __future__ import annotations

import fcntl
import os
import select
import signal
from collections.abc import Iterator
from typing import Any

from adjoint.interrupts import contextmanager

_HELD = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def held_off(hold: bool) -> Iterator[None]:
    """Inside, SIGINT and SIGTERM wait: a process that is started inherits that, and is not hit before it has its handlers."""
    if not hold:
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _HELD)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def become_worker(alive: Any) -> None:
    """Set up this process's signals as a worker's; ``alive`` is the end of a pipe that the main process keeps open.

    Ctrl-C reaches all processes of a terminal; what it means is the main process's to decide.  A handler that does nothing,
    and not SIG_IGN, since programs that the dataset starts would inherit that.  SIGTERM ends a worker at once, whatever handler
    the program has for itself.
    """
    signal.signal(signal.SIGINT, _nothing)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _HELD)
    descriptor = alive.fileno()
    if hasattr(fcntl, "F_SETSIG"):
        fcntl.fcntl(descriptor, fcntl.F_SETOWN, os.getpid())
        fcntl.fcntl(descriptor, fcntl.F_SETSIG, signal.SIGKILL)
        fcntl.fcntl(descriptor, fcntl.F_SETFL, fcntl.fcntl(descriptor, fcntl.F_GETFL) | os.O_ASYNC)
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    if poll.poll(0):  # it ended before this process could be told
        os._exit(1)


def _nothing(number: int, frame: Any) -> None:
    """A handler."""
