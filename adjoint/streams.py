"""Streams and events: where work waits for other work.  On a CPU nothing does, and PyTorch's answer accordingly."""

from __future__ import annotations

from types import ModuleType
from typing import Any, NoReturn

from adjoint._utils import _get_device_module
from adjoint.device import NO_ACCELERATOR
from adjoint.device import device as Device


def get_device_module(device: Any = None) -> ModuleType:
    """The module of a device, ``torch.cpu`` or ``torch.cuda``; of the CPU for None, there being no accelerator.

    Raises RuntimeError for what is no device, and for one that has no module.

    >>> import adjoint as torch
    >>> torch.get_device_module() is torch.cpu
    True
    """
    if device is not None and not isinstance(device, (str, Device)):
        raise RuntimeError(f"Invalid value of device '{device}', expect torch.device, str, or None")
    return _get_device_module("cpu" if device is None else Device(device).type)


_NO_EVENTS = "cpu backend doesn't support events."


def _device(given: Any) -> Any:
    """The device that was asked for; RuntimeError for one that is not there, and for a number, which would be an accelerator's."""
    if isinstance(given, int):
        raise RuntimeError(NO_ACCELERATOR)
    return Device("cpu" if given is None else given)


class Stream:
    """A queue of work on a device; on a CPU all work is done when it is asked for.

    >>> import adjoint as torch
    >>> torch.Stream().query()
    True
    """

    stream_id = 0
    native_handle = 0

    def __init__(self, device: Any = None, *, priority: int = 0) -> None:
        self.device = _device(device)

    @property
    def device_index(self) -> int:
        """-1: a device without a number."""
        return -1 if self.device.index is None else self.device.index

    @property
    def device_type(self) -> int:
        """The number of PyTorch's kind of device: 0 for a CPU."""
        return 0

    def query(self) -> bool:
        """True: all work is done."""
        return True

    def synchronize(self) -> None:
        """Wait for nothing."""

    def wait_event(self, event: Event) -> None:
        """Wait for nothing."""

    def wait_stream(self, stream: Stream) -> NoReturn:
        """Raises RuntimeError: there are no events on a CPU."""
        raise RuntimeError(_NO_EVENTS)

    def record_event(self, event: Event | None = None) -> NoReturn:
        """Raises RuntimeError: there are no events on a CPU."""
        raise RuntimeError(_NO_EVENTS)

    def __enter__(self) -> Stream:
        return self

    def __exit__(self, *exc: object) -> None:
        pass

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Stream) and self.device == other.device

    def __hash__(self) -> int:
        return hash((Stream, self.device))

    def __repr__(self) -> str:
        return f"torch.Stream device_type={self.device.type}, device_index={self.device_index}, stream_id={self.stream_id}"


class Event:
    """A mark in a queue of work, of which a CPU has none.

    >>> import adjoint as torch
    >>> torch.Event().query()
    True
    """

    event_id = 0

    def __init__(
        self, device: Any = None, *, enable_timing: bool = False, blocking: bool = False, interprocess: bool = False
    ) -> None:
        self.device = _device(device)
        self._timed = enable_timing

    def query(self) -> bool:
        """True: there is nothing to wait for."""
        return True

    def synchronize(self) -> None:
        """Wait for nothing."""

    def wait(self, stream: Stream | None = None) -> None:
        """Wait for nothing."""

    def record(self, stream: Stream | None = None) -> NoReturn:
        """Raises RuntimeError: there are no events on a CPU."""
        raise RuntimeError(_NO_EVENTS)

    def elapsed_time(self, end_event: Event) -> NoReturn:
        """Raises ValueError for events without times, and RuntimeError otherwise: there are no events on a CPU."""
        if not (self._timed and end_event._timed):
            raise ValueError("Both events must be created with argument 'enable_timing=True'.")
        raise RuntimeError(_NO_EVENTS)

    def __repr__(self) -> str:
        index = -1 if self.device.index is None else self.device.index
        return f"torch.Event device_type={self.device.type}, device_index={index}, event_flag={int(self._timed)}, event_id=0"
