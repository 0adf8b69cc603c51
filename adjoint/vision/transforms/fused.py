"""Products that are added and rounded once, as the processor's fused instructions do: PyTorch's ``add(alpha=)`` does it so, and a
pixel's value, which is cut off to a whole one, may depend on it."""

from __future__ import annotations

from typing import Any

import numpy as np

from adjoint import dtypes
from adjoint.autograd.interception import intercept
from adjoint.kernels.late import LARGE
from adjoint.kernels.reading import compiled
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


def alone(x: Tensor) -> bool:
    """Whether nobody looks at the single operators by which this tensor is computed on: then one function of arrays may do it."""
    if intercept.active or x.requires_grad or type(x) is not Tensor or type(x._array) is not np.ndarray:
        return False
    return bool(x._array.flags.c_contiguous)


def centered(x: Tensor, middle: Any, spread: Any) -> Tensor:
    """``(x - middle) / spread`` of a tensor that is :func:`alone` and arrays of its dtype: each step is rounded, in one pass."""
    array = x._array
    if array.size >= LARGE:
        return from_array(compiled(_centered, array, middle, spread))
    found = np.subtract(array, middle)
    return from_array(np.divide(found, spread, out=found))


def _centered(x: Any, middle: Any, spread: Any) -> Any:
    return (x - middle) / spread


def scaled(x: Tensor, dtype: dtypes.dtype, factor: float) -> Tensor:
    """A tensor of integers that is :func:`alone`, as floats of this dtype, times a factor."""
    found = x._array.astype(dtype.array)
    return from_array(np.multiply(found, dtype.array.type(factor), out=found))
