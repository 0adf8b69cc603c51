"""``torch.utils``: the modules and packages in it are imported when first named."""

from __future__ import annotations

import importlib
from importlib.util import find_spec
from typing import Any


def __getattr__(name: str) -> Any:
    if not name.startswith("_") and find_spec(f"adjoint.utils.{name}") is not None:
        return importlib.import_module(f"adjoint.utils.{name}")
    raise AttributeError(f"module 'adjoint.utils' has no attribute {name!r}: Adjoint does not have torch.utils.{name}")
