"""Stored dtypes: numbers as elements of float8 and complex32 arrays, and back.

Tensors of these dtypes are kept, moved and converted, and computed with by few operators, whose rows' column ``stored`` says so.  A
conversion goes by way of float32, as PyTorch's does, or complex64.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from adjoint import dtypes

_E4M3FN, _E5M2, _E8M0 = (d.array for d in (dtypes.float8_e4m3fn, dtypes.float8_e5m2, dtypes.float8_e8m0fnu))
_COMPLEX32 = dtypes.complex32.array
ALL = frozenset(d.array for d in dtypes.STORED)
"""The dtypes of such arrays."""
COMPLEX32 = frozenset({_COMPLEX32})


def is_stored(dtype: Any) -> bool:
    """Whether elements of an array's dtype are stored and not computed with."""
    return dtype.names is not None and dtype in ALL


def numbers_of(array: Any) -> Any:
    """The elements as numbers that can be computed with, float32 or complex64; of any other dtype the array itself."""
    if not is_stored(array.dtype):
        return array
    if array.dtype == _COMPLEX32:
        found = np.empty(array.shape, np.complex64)
        found.real, found.imag = array["real"], array["imag"]  # parts of a record are views of it
        return found
    return array[array.dtype.names[0]].astype(np.float32)


def store(target: Any, source: Any) -> None:
    """Write an array, broadcast, into one of another dtype, where either is of a stored one."""
    if target.dtype == source.dtype:
        target[...] = source
        return
    numbers = numbers_of(source)
    if numbers.dtype.kind == "c" and target.dtype.kind not in "cb" and target.dtype != _COMPLEX32:
        numbers = numbers.real
    with np.errstate(all="ignore"):
        if not is_stored(target.dtype):
            target[...] = numbers
        elif target.dtype == _COMPLEX32:
            target["real"], target["imag"] = numbers.real, numbers.imag
        else:
            _store_float8(target, numbers.astype(np.float32))


def _store_float8(target: Any, numbers: Any) -> None:
    rounded: Callable[[Any], Any] | None = _ROUNDED.get(target.dtype)
    target[target.dtype.names[0]] = numbers if rounded is None else rounded(numbers)


def _within_448(x: Any) -> Any:
    """The largest number stands for all that are larger, infinity too."""
    return np.clip(x, -448, 448)


def _one_nan(x: Any) -> Any:
    """Every NaN becomes the one whose bits are all set."""
    element = x.astype(_E5M2[0])
    bits = element.view(np.uint8)
    bits[np.isnan(x)] |= 0x7F
    return element


def _power_of_two(x: Any) -> Any:
    """There are neither signs nor zero: the smallest stands for that."""
    return np.where(x == 0, np.float32(2.0**-127), np.abs(x))


_ROUNDED = {_E4M3FN: _within_448, _E5M2: _one_nan, _E8M0: _power_of_two}


def converted(array: Any, dtype: Any) -> Any:
    """An array in another dtype, where either is a stored one."""
    found = np.empty(array.shape, dtype)
    store(found, array)
    return found


def as_type(array: Any, dtype: Any) -> Any:
    """``array.astype(dtype)``, for stored dtypes too, whose numbers NumPy takes for records; other readings have their own way."""
    if getattr(dtype, "names", None) is None is array.dtype.names or not isinstance(array, np.ndarray):
        return array.astype(dtype)
    return converted(array, dtype)


def element(number: complex, dtype: Any) -> Any:
    """A number as an element of a stored dtype: an array without dimensions."""
    return converted(np.asarray(number, np.complex128 if isinstance(number, complex) else np.float64), dtype)
