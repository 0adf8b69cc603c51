"""``torch.nn.functional``: every function that the tables declare for it, looked up when first named."""

from __future__ import annotations

from typing import Any

from adjoint import ops as _ops  # noqa: F401  (fills the namespace)
from adjoint.declare.namespaces import FUNCTIONS as _FUNCTIONS
from adjoint.declare.namespaces import lookup as _lookup


def __getattr__(name: str) -> Any:
    found = _lookup("nn.functional", name)
    if found is None:
        raise AttributeError(
            f"module 'adjoint.nn.functional' has no attribute {name!r}: Adjoint does not have torch.nn.functional.{name}"
        )
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted(_FUNCTIONS.get("nn.functional", {}))
