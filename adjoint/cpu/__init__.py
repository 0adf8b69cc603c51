"""``torch.cpu``: the processor, as other devices' modules describe theirs, for programs that take any of them.

Work on it is done when the call that asked for it returns.  So a stream is a name for nothing, and an event has happened.
"""

from __future__ import annotations

from typing import Any

from adjoint.names import named as _named

__all__ = [
    "Event", "Stream", "StreamContext", "current_device", "current_stream", "device_count", "is_available", "is_initialized",
    "set_device", "stream", "synchronize",
]  # fmt: skip


def is_available() -> bool:
    """True."""
    return True


def is_initialized() -> bool:
    """True."""
    return True


def device_count() -> int:
    """1."""
    return 1


def current_device() -> str:
    """``"cpu"``."""
    return "cpu"


def set_device(device: Any) -> None:
    """Make a device the current one: it is."""


def synchronize(device: Any = None) -> None:
    """Wait for the work on the device: it is done."""


class Event:
    """A moment in a stream's work, which has passed."""

    def query(self) -> bool:
        """True: the work before it is done."""
        return True

    def record(self, stream: Stream | None = None) -> None:
        """Be the moment that is now."""

    def synchronize(self) -> None:
        """Wait for it: it has passed."""

    def wait(self, stream: Stream | None = None) -> None:
        """Have a stream wait for it: it has passed."""


class Stream:
    """Work that is done in its order, as all of the processor's is."""

    def __init__(self, priority: int = -1) -> None:
        pass

    def wait_stream(self, stream: Stream) -> None:
        """Wait for another stream's work: it is done."""

    def record_event(self) -> None:
        """Mark a moment; as PyTorch's, it returns none."""

    def wait_event(self, event: Event) -> None:
        """Wait for a moment: it has passed."""


_streams = [Stream()]


def current_stream(device: Any = None) -> Stream:
    """The stream that was chosen last by :func:`stream`."""
    return _streams[-1]


class StreamContext:
    """Within it a stream is the current one; None changes nothing."""

    def __init__(self, stream: Stream | None) -> None:
        self.stream = stream

    def __enter__(self) -> None:
        if self.stream is not None:
            _streams.append(self.stream)

    def __exit__(self, *exc: object) -> None:
        if self.stream is not None:
            _streams.pop()


def stream(stream: Stream | None) -> StreamContext:
    """Within it a stream is the current one.

    >>> import adjoint as torch
    >>> with torch.cpu.stream(torch.cpu.Stream()) as nothing:
    ...     torch.cpu.current_stream().wait_stream(torch.cpu.Stream())
    """
    return StreamContext(stream)


_named(__name__, modules={"amp"})
