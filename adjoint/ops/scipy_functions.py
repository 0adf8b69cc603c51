"""Functions that SciPy computes: its ufuncs, with the dtypes that PyTorch has for them.

SciPy is imported when the first of them is called.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from adjoint.declare.operands import to_float
from adjoint.ops.arrays import special_function
from adjoint.ops.unsupported import unsupported


def by_scipy(name: str, kernel: str, halves: bool = True) -> Callable[..., Any]:
    """A forward of one array: the SciPy ufunc of a name, of floats.

    Complex numbers are refused in the name of PyTorch's ``kernel``, and so are halves where it has none for them; otherwise
    they are computed in single precision.
    """
    function = special_function(name)

    def forward(self):
        x = to_float(self)
        if x.dtype.kind == "c" or (not halves and x.dtype.itemsize == 2):
            unsupported(kernel, x)
        wide = x.astype(np.float32) if x.dtype.itemsize == 2 else x
        return function(wide).astype(x.dtype)

    return forward
