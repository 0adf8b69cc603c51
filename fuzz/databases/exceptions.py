"""Exceptions: what of the databases is not compared, or known to differ, each with its reason."""

from __future__ import annotations

# Whose numbers are what happened to lie in memory.
NO_VALUES = {
    "empty",
    "empty_like",
    "empty_permuted",
    "empty_strided",
    "new_empty",
    "new_empty_strided",
}

# Factors on the tolerance.
LOOSE: dict[str, float] = {}
