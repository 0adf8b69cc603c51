"""Ranks as processes of this machine: started together, heard line by line, and ended together."""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from adjoint.distributed.launching import children
from adjoint.distributed.launching.output import Lines, Sink
from adjoint.distributed.launching.signals import Signals
from adjoint.distributed.uncaught import SECONDARY, TRACEBACKS

_SAVING = 30.0  # seconds that ranks have after Ctrl-C: one may save what it has
OUT, ERR = 1, 2


@dataclass
class Start:
    """What is started as one rank."""

    rank: int
    local_rank: int
    command: list[str]
    variables: dict[str, str]


@dataclass
class Settings:
    """How ranks are heard and ended; streams are ``OUT``, ``ERR`` or their sum, by local rank."""

    world: int
    prefix: Callable[[Start], str] = lambda start: ""
    folder: Path | None = None
    redirects: Callable[[int], int] = lambda local_rank: 0
    tees: Callable[[int], int] = lambda local_rank: 0
    shown: frozenset[int] | None = None  # local ranks; None: all
    grace: float = 5.0  # seconds from SIGTERM to SIGKILL
    poll: float = 0.05  # seconds from one look at the ranks to the next


@dataclass
class Ended:
    """How it ended: the exit status that a launcher ends with, the first rank that failed, and the signal that ended all."""

    status: int
    failed: int | None = None
    signal: int | None = None


@dataclass
class _Rank:
    start: Start
    process: subprocess.Popen[bytes]
    lines: dict[int, Lines] = field(default_factory=dict)
    traceback: bytes = b""
    status: int | None = None

    @property
    def secondary(self) -> bool:
        """Whether it failed since another one had."""
        return self.traceback.startswith(SECONDARY)


def run(starts: list[Start], settings: Settings) -> Ended:
    """Run all until they end; the first that fails ends the others."""
    with Signals() as signals:
        return _Run(starts, settings, signals).ended()


class _Run:
    def __init__(self, starts: list[Start], settings: Settings, signals: Signals) -> None:
        self.settings = settings
        self.signals = signals
        self.out, self.err = Sink(1), Sink(2)
        self.selector = selectors.DefaultSelector()
        self.selector.register(signals.reader, selectors.EVENT_READ, signals.drain)
        self.files: list[BinaryIO] = []
        self.ranks: list[_Rank] = []
        self.shown: _Rank | None = None  # whose traceback was printed
        self.failed: _Rank | None = None
        self.received: list[int] = []
        self.next_step: tuple[float, int] | None = None  # when to send those that still run which signal
        # At a terminal all are in the foreground: what is typed there, Ctrl-C too, reaches them without help.
        self.apart = not os.isatty(0)
        children.adopt_orphans()
        try:
            for start in starts:
                self.ranks.append(self._start(start))
        except BaseException:
            self._signal(signal.SIGKILL)
            raise

    def ended(self) -> Ended:
        settings = self.settings
        while any(rank.status is None for rank in self.ranks):
            self._listen(settings.poll)
            for number, from_terminal in self.signals.received():
                self._on_signal(number, from_terminal)
            self._look()
            if self.next_step is not None and time.monotonic() > self.next_step[0]:
                self._end(self.next_step[1])
            if self.out.broken and self.next_step is None:
                self._end(signal.SIGTERM)
        while self._listen(0):
            pass
        for rank in self.ranks:
            for lines in rank.lines.values():
                lines.close()
        if self.failed is not None or self.received:
            children.end_orphans(self.settings.grace)
        for file in self.files:
            file.close()
        self.selector.close()
        return self._verdict()

    def _start(self, start: Start) -> _Rank:
        variables = {**os.environ, **start.variables}
        read, write = os.pipe()
        variables[TRACEBACKS] = str(write)
        process = subprocess.Popen(
            start.command, env=variables, pass_fds=(write,), preexec_fn=children.beginning(self.apart, self.signals.mask),
            stdin=None if start.rank == 0 else subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        os.close(write)
        rank = _Rank(start, process)
        for stream, source, sink in ((OUT, process.stdout, self.out), (ERR, process.stderr, self.err)):
            assert source is not None
            rank.lines[stream] = self._lines(rank, stream, sink)
            self._read(source.fileno(), source, rank.lines[stream].take)
        self._read(read, os.fdopen(read, "rb", 0), lambda data: self._traceback(rank, data))
        return rank

    def _lines(self, rank: _Rank, stream: int, sink: Sink) -> Lines:
        start, settings = rank.start, self.settings
        tee, redirect = settings.tees(start.local_rank) & stream, settings.redirects(start.local_rank) & stream
        copy = None
        if (tee or redirect) and settings.folder is not None:
            folder = settings.folder / str(start.local_rank)
            folder.mkdir(parents=True, exist_ok=True)
            copy = open(folder / ("stdout.log" if stream == OUT else "stderr.log"), "wb")
            self.files.append(copy)
        hidden = (redirect and not tee) or (settings.shown is not None and start.local_rank not in settings.shown)
        lines = Lines(None if hidden else sink, settings.prefix(start).encode(), copy)
        if stream == ERR:
            lines.wanted = lambda: not (signal.SIGINT in self.received and rank is not self.ranks[0])
        return lines

    def _read(self, descriptor: int, source: Any, take: Callable[[bytes], None]) -> None:
        os.set_blocking(descriptor, False)

        def ready() -> bool:
            try:
                data = os.read(descriptor, 1 << 16)
            except BlockingIOError:
                return False
            except OSError:
                data = b""
            if data:
                take(data)
                return True
            self.selector.unregister(descriptor)
            source.close()
            return False

        self.selector.register(descriptor, selectors.EVENT_READ, ready)

    def _listen(self, seconds: float) -> bool:
        """Pass on what came; whether anything did."""
        came = [key.data() for key, _ in self.selector.select(seconds)]
        now = time.monotonic()
        for rank in self.ranks:
            for lines in rank.lines.values():
                lines.idle(now)
        return any(came)

    def _traceback(self, rank: _Rank, data: bytes) -> None:
        """The traceback of the first rank that fails is printed; the others fail of the same, or of that one's end."""
        rank.traceback += data
        if rank.secondary:
            return
        if self.shown is None and not (self.received and rank is not self.ranks[0]):
            self.shown = rank
        if self.shown is rank:
            rank.lines[ERR].take(data)

    def _look(self) -> None:
        """Which ranks have ended, and how."""
        ended = [rank for rank in self.ranks if rank.status is None and rank.process.poll() is not None]
        if not ended:
            return
        while self._listen(0):  # their last words
            pass
        for rank in ended:
            rank.status = rank.process.returncode
        # Of several, the one that was not ended by the others' end, and whose traceback was seen first.
        bad = sorted((rank for rank in ended if rank.status), key=lambda rank: (rank.secondary, rank is not self.shown))
        if bad and self.failed is None and not self.received:
            self.failed = bad[0]
            self._end(signal.SIGTERM)
        elif self.received and self.next_step is not None:  # one has ended of the signal: the others should
            self.next_step = (min(self.next_step[0], time.monotonic() + self.settings.grace), self.next_step[1])

    def _on_signal(self, number: int, from_terminal: bool) -> None:
        again = self.received.count(number)
        self.received.append(number)
        if number == signal.SIGINT and again == 0:
            if not from_terminal or self.apart:
                self._signal(number, whole_group=True)
            self.next_step = (time.monotonic() + _SAVING, signal.SIGTERM)
        elif again > 1:
            self._end(signal.SIGKILL)
        else:
            self._end(signal.SIGTERM if number == signal.SIGINT else number)

    def _end(self, number: int) -> None:
        self._signal(number)
        self.next_step = (time.monotonic() + self.settings.grace, signal.SIGKILL)

    def _signal(self, number: int, whole_group: bool = False) -> None:
        for rank in self.ranks:
            if rank.status is None:
                try:
                    if self.apart and (whole_group or number == signal.SIGKILL):
                        os.killpg(rank.process.pid, number)
                    else:
                        rank.process.send_signal(number)
                except ProcessLookupError:
                    pass

    def _verdict(self) -> Ended:
        if self.received:
            return Ended(128 + self.received[0], None, self.received[0])
        if self.out.broken:
            return Ended(128 + signal.SIGPIPE)
        if self.failed is None:
            return Ended(0)
        rank = self.failed
        if self.shown is not None and self.shown.status:  # it may have taken longer to end
            rank = self.shown
        elif rank.secondary:
            own = (each for each in self.ranks if each.status not in (0, -signal.SIGTERM) and not each.secondary)
            rank = next(own, rank)
        status = rank.status
        assert status is not None
        if rank is self.shown and rank is not self.failed and status == -signal.SIGTERM:
            status = 1  # its error was told already when the end of another one ended it, too
        if self.shown is None and rank.secondary:
            rank.lines[ERR].take(rank.traceback[len(SECONDARY) :])
        others = [each for each in self.ranks if each is not rank and each.traceback and not each.secondary]
        self._say(_sentence(rank, status, self.settings.world, others))
        return Ended(status if status > 0 else 128 - status, rank.start.rank)

    def _say(self, text: str) -> None:
        self.err.write(f"adjoint: {text}\n".encode(), Lines(self.err))


def _sentence(rank: _Rank, status: int, world: int, others: Iterable[_Rank]) -> str:
    end = f"ended with exit status {status}"
    if status < 0:
        try:
            name = f" ({signal.Signals(-status).name})"
        except ValueError:
            name = ""
        end = f"was ended by signal {-status}{name}"
        if status == -signal.SIGKILL:
            end += "; the system does so when memory runs out"
    also = ", ".join(str(each.start.rank) for each in others)
    also = f"; so did {'ranks' if ',' in also else 'rank'} {also}" if also else ""
    rest = "" if world == 1 else "; the others were ended"
    return f"rank {rank.start.rank} of {world} {end}{also or rest}"


def python_command() -> list[str]:
    """This Python, with the options that it was started with."""
    return [sys.executable, *subprocess._args_from_interpreter_flags()]  # type: ignore[attr-defined]
