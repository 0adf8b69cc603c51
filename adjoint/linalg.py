"""``torch.linalg``: linear algebra.  The operators are declared in :mod:`adjoint.ops.linalg`, ``.decompositions``, ``.norms``.

>>> import adjoint as torch
>>> torch.linalg.norm(torch.tensor([3., 4.]))
tensor(5.)
"""

from __future__ import annotations

from typing import Any

from adjoint.declare.namespaces import FUNCTIONS, lookup


def __getattr__(name: str) -> Any:
    found = lookup("linalg", name)
    if found is None:
        raise AttributeError(f"module 'adjoint.linalg' has no attribute {name!r}: Adjoint does not have torch.linalg.{name}")
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted(FUNCTIONS["linalg"])
