"""Constants: ``torch.pi``, ``torch.inf`` and the like."""

from __future__ import annotations

from math import e, inf, nan, pi

newaxis = None

__all__ = ["e", "inf", "nan", "newaxis", "pi"]
