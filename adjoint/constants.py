"""Constants: ``torch.pi``, ``torch.inf`` and the like."""

from __future__ import annotations

from math import e, inf, nan, pi

newaxis = None

# What PyTorch was built with, by names that old programs ask for: LAPACK and transforms are SciPy's here.
has_lapack = True
has_mkl = False
has_openmp = False
has_spectral = True

__all__ = ["e", "has_lapack", "has_mkl", "has_openmp", "has_spectral", "inf", "nan", "newaxis", "pi"]
