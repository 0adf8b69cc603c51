"""``torch.mps``: there is no such device."""

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


def empty_cache() -> None:
    """Raises RuntimeError: there is no device."""
    raise RuntimeError("Cannot execute emptyCache() without MPS backend.")

_named(__name__)
