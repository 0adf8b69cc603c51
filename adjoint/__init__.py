"""Adjoint: PyTorch's autograd system in Python.

``import adjoint as torch`` and go on as with PyTorch, or run a PyTorch program as it is: ``adjoint run train.py``.
"""

from __future__ import annotations

import importlib
from typing import Any

from adjoint import autograd, ops
from adjoint.autograd.grad_mode import (
    enable_grad,
    inference_mode,
    is_grad_enabled,
    is_inference_mode_enabled,
    no_grad,
    set_grad_enabled,
)
from adjoint.declare.namespaces import lookup
from adjoint.dtypes import (
    bfloat16,
    can_cast,
    cdouble,
    cfloat,
    complex64,
    complex128,
    double,
    dtype,
    float16,
    float32,
    float64,
    get_default_dtype,
    half,
    int8,
    int16,
    int32,
    int64,
    long,
    promote_types,
    set_default_dtype,
    short,
    uint8,
    uint16,
    uint32,
    uint64,
)
from adjoint.dtypes import bool_ as bool
from adjoint.dtypes import float_ as float
from adjoint.dtypes import int_ as int
from adjoint.tensor import Size, Tensor

__version__ = "2.13.0+adjoint"

# Packages and modules that are imported when first named.
_MODULES = frozenset({"nn", "optim", "utils"})


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return importlib.import_module(f"adjoint.{name}")
    found = lookup("torch", name)
    if found is None:
        raise AttributeError(f"module 'adjoint' has no attribute {name!r}: Adjoint does not have torch.{name}")
    globals()[name] = found
    return found
