"""``torch.accelerator``: there is none."""

from __future__ import annotations

from typing import Any, NoReturn

from adjoint.device import NO_ACCELERATOR, device
from adjoint.names import named as _named


def is_available() -> bool:
    """False."""
    return False


def device_count() -> int:
    """0."""
    return 0


def current_accelerator(check_available: bool = False) -> device | None:
    """None."""
    return None


# What needs an accelerator.
_NEED_ONE = (
    "current_device_idx", "current_device_index", "current_stream", "empty_cache", "empty_host_cache", "get_device_capability",
    "get_memory_info", "max_memory_allocated", "max_memory_reserved", "memory_allocated", "memory_reserved", "memory_stats",
    "reset_accumulated_memory_stats", "reset_peak_memory_stats", "set_device_idx", "set_device_index", "set_stream",
    "synchronize",
)  # fmt: skip


def _needs_one(name: str) -> Any:
    def function(*args: Any, **kwargs: Any) -> NoReturn:
        raise RuntimeError(NO_ACCELERATOR)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = "Raises RuntimeError: there is no accelerator."
    return function


globals().update({name: _needs_one(name) for name in _NEED_ONE})


class device_index:
    """An accelerator to work on, by its number; None is none.  Raises RuntimeError where another is entered."""

    def __init__(self, device: int | None, /) -> None:
        self.idx = device

    def __enter__(self) -> None:
        if self.idx is not None:
            raise RuntimeError(NO_ACCELERATOR)

    def __exit__(self, *exc: object) -> None:
        pass


_named(__name__, found=lambda: _NEED_ONE)
