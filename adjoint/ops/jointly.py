"""Jointly: operators of large arrays that follow each other for certain, computed by one kernel.

Eager calls are seen one by one, so a kernel ends where an operator does.  A composite knows more: cross entropy is
log-softmax and then the likelihood, a Sequential's Linear is followed by its activation.  There the rows' formulas are
compiled as one, and each row records its node for what came out (:attr:`Operator.recorded`), so that the graph, what is
saved and the gradients are those of the operators one by one.
"""

from __future__ import annotations

import numpy as np

from adjoint.autograd.interception import intercept
from adjoint.autograd.quiet import calmly
from adjoint.kernels.late import LARGE
from adjoint.kernels.reading import usable
from adjoint.ops.arrays import Array


def is_large(x: Array) -> bool:
    """Whether kernels compute on ``x``."""
    return x.__class__ is np.ndarray and x.size >= LARGE and x.dtype.char in "fd" and usable()


def worthwhile(x: Array) -> bool:
    """Whether one kernel may compute several operators on ``x``: it is large, and nobody asks to see each call."""
    return not intercept.active and is_large(x)


jointly = calmly
"""``function(*args)`` of arrays, with NumPy's warnings off, as operators compute."""
