"""What ranks print: each line whole, whichever of them prints it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import BinaryIO

_LONGEST = 1 << 20  # of a line that is held back
_HELD = 0.3  # seconds that the beginning of a line is held back: a question that waits for its answer has no end


class Sink:
    """Where lines go to: this program's own stdout or stderr."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        self.open_line: Lines | None = None  # whose beginning of a line stands there without an end
        self.broken = False

    def write(self, data: bytes, source: Lines) -> None:
        if self.open_line is not None and self.open_line is not source:
            data = b"\n" + data
        self.open_line = None if data.endswith((b"\n", b"\r")) else source
        while data and not self.broken:
            try:
                data = data[os.write(self.descriptor, data) :]
            except BlockingIOError:
                time.sleep(0.001)
            except OSError:  # nobody reads it any more: `| head`
                self.broken = True


class Lines:
    """One stream of a rank: takes what comes, and passes on lines.

    ``prefix`` goes in front of each; ``copy`` is a file that everything goes to as it comes. ``shown`` says whether to pass on.
    """

    def __init__(self, sink: Sink | None, prefix: bytes = b"", copy: BinaryIO | None = None) -> None:
        self.sink = sink
        self.prefix = prefix
        self.copy = copy
        self.rest = b""
        self.begun = False  # whether the beginning of this line was passed on
        self.since = 0.0
        self.wanted: Callable[[], bool] = lambda: True

    def take(self, data: bytes) -> None:
        """What came from the rank."""
        if self.copy is not None:
            self.copy.write(data)
            self.copy.flush()
        held = self.rest + data
        end = max(held.rfind(b"\n"), held.rfind(b"\r")) + 1  # a progress bar ends its lines by going back
        if end:
            self._show(held[:end])
        self.rest = held[end:]
        self.since = time.monotonic()
        if len(self.rest) > _LONGEST:
            self._flush()

    def idle(self, now: float) -> None:
        """Pass on the beginning of a line that has waited long enough."""
        if self.rest and now - self.since > _HELD:
            self._flush()

    def close(self) -> None:
        """No more will come."""
        if self.rest:
            self._flush()

    def _flush(self) -> None:
        self._show(self.rest)
        self.rest = b""

    def _show(self, data: bytes) -> None:
        if self.sink is None or not self.wanted():
            return
        if self.prefix:
            lines = data.splitlines(keepends=True)
            # What comes after a beginning that was shown already belongs to its line.
            joined = self.begun and self.sink.open_line is self
            data = b"".join(line if joined and n == 0 else self.prefix + line for n, line in enumerate(lines))
        self.begun = not data.endswith((b"\n", b"\r"))
        self.sink.write(data, self)
