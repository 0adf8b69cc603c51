"""``torch.backends``: what computes.  Everything that Adjoint does not use is not available."""

from __future__ import annotations

from typing import Any

from adjoint.backends import cpu, cuda, cudnn, mkl, mkldnn, mps, openmp, opt_einsum

__all__ = ["cpu", "cuda", "cudnn", "mkl", "mkldnn", "mps", "openmp", "opt_einsum"]


def __getattr__(name: str) -> Any:
    raise AttributeError(
        f"module 'adjoint.backends' has no attribute {name!r}: Adjoint does not have torch.backends.{name}"
    )
