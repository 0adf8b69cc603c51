"""``torch.accelerator``: there is none."""

from __future__ import annotations

from typing import Any

from adjoint.device import NO_ACCELERATOR, device
from adjoint.names import list_names as _list_names


def is_available() -> bool:
    """False."""
    return False


def device_count() -> int:
    """0."""
    return 0


def current_accelerator(check_available: bool = False) -> device | None:
    """None."""
    return None


def synchronize(device: Any = None) -> None:
    """Raises RuntimeError: there is no accelerator."""
    raise RuntimeError(NO_ACCELERATOR)


_list_names(__name__)
