"""Signals to a launcher, as a queue: which came, and whether the terminal sent it to all of the foreground."""

from __future__ import annotations

import os
import queue
import signal
import threading
from typing import Any

_HANDLED = ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT")
_STOP = signal.SIGURG  # wakes the thread at the end; ignored by default, should it come from elsewhere


class Signals:
    """A context in which signals end nothing by themselves; ``reader`` can be read when some came."""

    def __enter__(self) -> Signals:
        # What was ignored, under nohup, say, stays so.
        wanted = {getattr(signal, name) for name in _HANDLED if hasattr(signal, name)}
        self.handled = {number for number in wanted if signal.getsignal(number) is not signal.SIG_IGN}
        self.mask = signal.pthread_sigmask(signal.SIG_BLOCK, self.handled | {_STOP})
        self.queue: queue.SimpleQueue[tuple[int, bool]] = queue.SimpleQueue()
        self.reader, self.writer = os.pipe()
        os.set_blocking(self.reader, False)
        self.thread = threading.Thread(target=self._wait, daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        signal.pthread_kill(self.thread.ident or 0, _STOP)
        self.thread.join()
        os.close(self.reader)
        os.close(self.writer)
        signal.pthread_sigmask(signal.SIG_SETMASK, self.mask)

    def drain(self) -> bool:
        """Empty what woke the reader; never a reason to read on."""
        try:
            os.read(self.reader, 4096)
        except OSError:
            pass
        return False

    def received(self) -> list[tuple[int, bool]]:
        """What came since this was last asked."""
        found = []
        while not self.queue.empty():
            found.append(self.queue.get())
        return found

    def _wait(self) -> None:
        while True:
            number, from_terminal = _next(self.handled | {_STOP})
            if number == _STOP:
                return
            self.queue.put((number, from_terminal))
            os.write(self.writer, b"\0")


def _next(handled: set[Any]) -> tuple[int, bool]:
    if not hasattr(signal, "sigwaitinfo"):
        return signal.sigwait(handled), os.isatty(0)
    info = signal.sigwaitinfo(handled)
    return info.si_signo, info.si_code > 0  # the kernel's own; a process's kill() is SI_USER, 0, or below
