"""Vision: what programs use of torchvision, under its names (``import torchvision`` gives this package)."""

from __future__ import annotations

import importlib
from typing import Any

__version__ = "0.28.0+adjoint"

_MODULES = frozenset({"datasets", "models", "transforms", "utils"})


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return importlib.import_module(f"adjoint.vision.{name}")
    raise AttributeError(f"module 'adjoint.vision' has no attribute {name!r}: Adjoint does not have torchvision.{name}")
