"""``torch.xpu``: there is no such device, and every function says so as PyTorch built without it does."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any, NoReturn

from adjoint.names import named as _named


def is_available() -> bool:
    """False."""
    return False


def is_initialized() -> bool:
    """False."""
    return False


def is_bf16_supported(including_emulation: bool = True) -> bool:
    """False."""
    return False


def device_count() -> int:
    """0."""
    return 0


def get_arch_list() -> list[str]:
    """The architectures that kernels were built for: none."""
    return []


def manual_seed(seed: int) -> None:
    """Seed the device's generator: there is none."""
    int(seed)


def manual_seed_all(seed: int) -> None:
    """Seed all devices' generators: there are none."""
    int(seed)


def seed() -> None:
    """Seed the device's generator at random: there is none."""


def seed_all() -> None:
    """Seed all devices' generators at random: there are none."""


def get_rng_state_all() -> list[Any]:
    """The states of all devices' generators: none."""
    return []


def set_rng_state_all(new_states: Any) -> None:
    """Set the states of all devices' generators.  Raises AssertionError if one is given: there is no device."""
    for _ in new_states:
        _refuse()


def empty_cache() -> None:
    """Give cached device memory back: there is none."""


def memory_allocated(device: Any = None) -> int:
    """Bytes in use on the device: 0."""
    return 0


max_memory_allocated = memory_reserved = max_memory_reserved = memory_allocated


def memory_stats(device: Any = None) -> dict[str, Any]:
    """Figures about device memory: none."""
    return OrderedDict()


default_generators: tuple[Any, ...] = ()


def _refuse(*args: Any, **kwargs: Any) -> NoReturn:
    raise AssertionError("Torch not compiled with XPU enabled")


def _needs_device(name: str) -> Any:
    def function(*args: Any, **kwargs: Any) -> NoReturn:
        _refuse()

    function.__name__ = function.__qualname__ = name
    function.__doc__ = "Raises AssertionError: there is no device."
    return function


_NEED_A_DEVICE = (
    "can_device_access_peer", "current_device", "current_stream", "get_device_capability", "get_device_name",
    "get_device_properties", "get_rng_state", "init", "initial_seed", "mem_get_info", "reset_accumulated_memory_stats",
    "reset_peak_memory_stats", "set_device", "set_rng_state", "set_stream", "synchronize",
)  # fmt: skip
globals().update({name: _needs_device(name) for name in _NEED_A_DEVICE})


class Event:
    """A mark in a queue of work on a device.  Raises RuntimeError: there is none."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        raise RuntimeError("Tried to instantiate dummy base class Event")


class Stream:
    """A queue of work on a device.  Raises RuntimeError: there is none."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        raise RuntimeError("Tried to instantiate dummy base class Stream")


class StreamContext:
    """A context in which a stream is the current one; without a stream it does nothing."""

    def __init__(self, stream: Any) -> None:
        self.stream = stream

    def __enter__(self) -> None:
        if self.stream is not None:
            _refuse()

    def __exit__(self, *exc: object) -> None:
        pass


stream = StreamContext


class device:
    """A device to work on.  Raises AssertionError where it is entered: there is none."""

    def __init__(self, device: Any) -> None:
        self.idx = device

    def __enter__(self) -> NoReturn:
        _refuse()

    def __exit__(self, *exc: object) -> None:
        pass


_named(__name__, found=lambda: _NEED_A_DEVICE)
