"""``torch.functional``: those functions of ``torch`` that PyTorch writes in Python; here they are as the others are."""

from __future__ import annotations

from typing import Any

from adjoint import ops as _ops  # noqa: F401  (fills the namespace)
from adjoint.autograd.overriding import IN_FUNCTIONAL as _IN_FUNCTIONAL
from adjoint.declare.namespaces import FUNCTIONS as _FUNCTIONS
from adjoint.declare.namespaces import lookup as _lookup
from adjoint.names import named as _named

_NAMES = _IN_FUNCTIONAL | {"istft", "pca_lowrank", "svd_lowrank"}  # which PyTorch only imports there


def _find(name: str) -> Any:
    return _lookup("torch", name) if name in _NAMES else None


_named(__name__, find=_find, found=lambda: _NAMES & set(_FUNCTIONS["torch"]))
