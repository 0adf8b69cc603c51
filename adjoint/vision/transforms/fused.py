"""Products that are added and rounded once, as the processor's fused instructions do: PyTorch's ``add(alpha=)`` does it so, and a
pixel's value, which is cut off to a whole one, may depend on it."""

from __future__ import annotations

from typing import Any

import numpy as np

from adjoint import dtypes
from adjoint.autograd.interception import intercept
from adjoint.tensor import Tensor, from_array


def plus(x: Tensor, y: Tensor, alpha: float) -> Tensor:
    """``x + alpha * y``; of 32-bit floats the product is exact, for it fits into 64."""
    if x.dtype is not dtypes.float32:
        return x.add(y, alpha=alpha)
    exact = np.float64(np.float32(alpha))
    if intercept.active or x.requires_grad or y.requires_grad or not type(x._array) is type(y._array) is np.ndarray:
        return y.to(dtypes.float64).mul(float(exact)).add(x).to(dtypes.float32)
    product: Any = np.multiply(y._array, exact, dtype=np.float64)  # the same on arrays, which is faster
    return from_array(np.add(product, x._array).astype(np.float32))
