"""``torch.cpu``: the processor, as other devices' modules describe theirs."""

from __future__ import annotations

from typing import Any

from adjoint.names import list_names as _list_names


def is_available() -> bool:
    """True."""
    return True


def device_count() -> int:
    """1."""
    return 1


def current_device() -> str:
    """``"cpu"``."""
    return "cpu"


def synchronize(device: Any = None) -> None:
    """Wait for the work on the device: it is done."""


_list_names(__name__)
