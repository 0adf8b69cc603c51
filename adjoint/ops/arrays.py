"""Array functions that formulas share: what NumPy lacks, or has only at the price of a slow call."""

from __future__ import annotations

from typing import Any

import numpy as np

Array = Any  # numpy.ndarray, or what another reading hands a formula
Arrays = Any


def conj(x: Array) -> Array:
    """The complex conjugate; a real array as it is, not copied."""
    return np.conjugate(x) if x.dtype.kind == "c" else x


def expand(g: Array, shape: tuple[int, ...]) -> Array:
    """``g`` broadcast to ``shape`` without a copy."""
    if g.__class__ is np.ndarray and g.ndim == 0:
        return np.ndarray(shape, g.dtype, g, 0, (0,) * len(shape))
    return np.broadcast_to(g, shape)
