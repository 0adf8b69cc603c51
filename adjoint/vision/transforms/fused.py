"""Products that are added and rounded once, as the processor's fused instructions do: PyTorch's ``add(alpha=)`` does it so, and a
pixel's value, which is cut off to a whole one, may depend on it."""

from __future__ import annotations

import numpy as np

from adjoint import dtypes
from adjoint.tensor import Tensor


def plus(x: Tensor, y: Tensor, alpha: float) -> Tensor:
    """``x + alpha * y``; of 32-bit floats the product is exact, for it fits into 64."""
    if x.dtype is not dtypes.float32:
        return x.add(y, alpha=alpha)
    return (x.to(dtypes.float64) + y.to(dtypes.float64) * float(np.float32(alpha))).to(dtypes.float32)
