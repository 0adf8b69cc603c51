"""``torch.xpu``: there is no such device."""

from __future__ import annotations

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


def manual_seed_all(seed: int) -> None:
    """Seed all devices' generators: there are none."""
    int(seed)


def empty_cache() -> None:
    """Give cached device memory back: there is none."""

_named(__name__)
