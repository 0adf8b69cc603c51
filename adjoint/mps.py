"""``torch.mps``: there is no such device."""

from __future__ import annotations

from typing import Any, NoReturn

from adjoint.names import named as _named


def is_available() -> bool:
    """False."""
    return False


def device_count() -> int:
    """0."""
    return 0


def manual_seed(seed: int) -> None:
    """Seed the device's generator: there is none."""
    int(seed)


# What needs a device, and what PyTorch without it says that it cannot execute.
_NEED_A_DEVICE = {
    "current_allocated_memory": "getCurrentAllocatedMemory",
    "driver_allocated_memory": "getDriverAllocatedMemory",
    "empty_cache": "emptyCache",
    "get_rng_state": "getDefaultGenerator",
    "recommended_max_memory": "getRecommendedMaxMemory",
    "seed": "getDefaultGenerator",
    "set_per_process_memory_fraction": "setMemoryFraction",
    "set_rng_state": "getDefaultGenerator",
    "synchronize": "deviceSynchronize",
}


def _needs_device(name: str, what: str) -> Any:
    def function(*args: Any, **kwargs: Any) -> NoReturn:
        raise RuntimeError(f"Cannot execute {what}() without MPS backend.")

    function.__name__ = function.__qualname__ = name
    function.__doc__ = "Raises RuntimeError: there is no device."
    return function


globals().update({name: _needs_device(name, what) for name, what in _NEED_A_DEVICE.items()})


class Event:
    """A mark in a queue of work on the device.  Raises RuntimeError: there is none."""

    def __init__(self, enable_timing: bool = False) -> None:
        raise RuntimeError("Cannot execute acquireEvent() without MPS backend.")


_named(__name__, found=lambda: _NEED_A_DEVICE)
