"""What programs import from ``torch._dynamo.utils``."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any

__all__ = ["counters", "is_compile_supported"]

counters: defaultdict[str, Counter[str]] = defaultdict(Counter)
"""How often a compiler did what: never."""


def is_compile_supported(device_type: Any) -> bool:
    """False: nothing is compiled, for any device."""
    return False
