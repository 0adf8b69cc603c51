"""Uncomputed: PyTorch's error where an operator was to compute with a dtype that is stored only (:mod:`adjoint.stored`).

NumPy's ufuncs do not take such arrays; what they raise is looked at here, so that no operator has to ask before it computes.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Any

import numpy as np

from adjoint import dtypes, stored
from adjoint.declare.operands import raise_shapes
from adjoint.readings.sparse import SparseArray, renamed
from adjoint.tensor import Tensor

# Where PyTorch's kernel is not called as the operator with "_cpu" behind it.
_KERNELS = {
    "add": "add_stub", "allclose": "mul_cpu_reduced_float", "clamp": "clamp_scalar_cpu", "count_nonzero": "nonzero_count_cpu",
    "cumprod": "cumprod_out_cpu", "cumsum": "cumsum_out_cpu", "dot": "dot", "isfinite": "isfinite", "isinf": "isinf",
    "log_softmax": "log_softmax_lastdim_kernel_impl", "max": "max_all", "mean": "sum_cpu", "min": "min_all",
    "mul": "mul_cpu_reduced_float", "pow": "pow", "prod": "prod_out_cpu", "relu": "clamp_min_scalar_cpu",
    "sigmoid": "sigmoid_cpu_reduced_float", "softmax": "softmax_lastdim_kernel_impl", "sub": "add_stub",
} | {
    name: f"{name}_vml_cpu"
    for name in (
        "acos", "asin", "atan", "ceil", "cos", "cosh", "erf", "erfc", "exp", "expm1", "floor", "lgamma", "log", "log10", "log1p",
        "log2", "round", "rsqrt", "sin", "sinh", "sqrt", "tan", "tanh", "trunc",
    )
}  # fmt: skip


def not_computed(function: str, operands: Iterable[Any]) -> NotImplementedError | None:
    """The error for a call of ``function`` with these arrays or tensors; None where all can be computed with."""
    for operand in operands:
        if operand.__class__ in (tuple, list):
            found = not_computed(function, operand)
            if found is not None:
                return found
            continue
        array = operand._array if isinstance(operand, Tensor) else operand
        d = dtypes.OF_ARRAY.get(getattr(array, "dtype", None))  # type: ignore[arg-type]
        if d in dtypes.STORED:
            kernel = _KERNELS.get(function, f"{function}_cpu")
            return NotImplementedError(f"\"{kernel}\" not implemented for '{dtypes.SCALAR_TYPE_NAMES[d]}'")  # type: ignore[index]
    return None


def of_stored(operator: Any, values: dict[str, Any], *arrays: Any) -> Any:
    """While NumPy's error is being handled: the result of an operator that takes such operands all the same, computed in float32 or
    complex64 and rounded (its column ``stored``).

    Raises PyTorch's error for the others, and for operands that do not broadcast.
    """
    if any([a.__class__ is SparseArray for a in arrays]):
        error = renamed(sys.exc_info()[1], operator.name)
        if error is not None:
            raise error from None
        raise
    dtype = arrays[0].dtype
    if dtype in operator.stored and all(a.dtype == dtype for a in arrays):
        with np.errstate(all="ignore"):
            found = np.asarray(operator.forward(*map(stored.numbers_of, arrays), **values))
        if found.dtype == np.bool_:
            return found
        lone = found.dtype.kind == "f" and dtype in stored.COMPLEX32  # a complex number's length
        return found.astype(np.float16) if lone else stored.converted(found, dtype)
    refused = not_computed(operator.name.partition(".")[0], arrays)
    if refused is not None:
        raise refused from None
    if len(arrays) > 1:
        raise_shapes(*arrays)
    raise
