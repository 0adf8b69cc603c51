"""Array objects, as native code sees them: where an ndarray keeps the address of its elements.

Asking an array for it in Python costs more than a small kernel; native code reads it from the object itself.  The
place is checked once, on an array of ours.
"""

from __future__ import annotations

import ctypes
import sys
from functools import lru_cache

import numpy as np

from adjoint.kernels.native import cast, elements_of, inline, ptr


@lru_cache(maxsize=None)
def data_word() -> int:
    """At which word of an ndarray object the address of its elements is."""
    if sys.implementation.name != "cpython":  # elsewhere an object's id is not its address
        raise RuntimeError("kernels know arrays of CPython only")
    probe = np.arange(3.0)
    wanted = probe.ctypes.data
    words = (ctypes.c_int64 * 8).from_address(id(probe))
    for word in range(2, 8):
        if words[word] == wanted:
            return word
    raise RuntimeError("this interpreter keeps arrays in a way that kernels do not know")


@inline
def pointer(array, offset, of):
    """A pointer to the elements of the array object at an address, so many bytes on."""
    return cast(elements_of(array, data_word()) + offset, ptr(of))
