"""Reductions: what multiprocessing's pickles make of tensors and storages, by the names that PyTorch gives them."""

from __future__ import annotations

from adjoint.interop.sharing import rebuild_tensor, reduce_storage, reduce_tensor
from adjoint.interop.sharing import register as init_reductions

__all__ = ["init_reductions", "rebuild_tensor", "reduce_storage", "reduce_tensor"]
