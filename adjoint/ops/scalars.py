"""Scalars: a Python number as an element of a dtype, with PyTorch's check that it fits."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from adjoint import dtypes
from adjoint.autograd.quiet import quietly
from adjoint.declare.arguments import python_number, type_name
from adjoint.stored import element as stored_element
from adjoint.tensor import Tensor

# C's names of the types, which the message gives.
_C_NAMES: dict[dtypes.dtype, str] = {
    dtypes.float16: "c10::Half",
    dtypes.bfloat16: "c10::BFloat16",
    dtypes.float32: "float",
    dtypes.float64: "double",
    dtypes.complex64: "c10::complex<float>",
    dtypes.complex128: "c10::complex<double>",
    dtypes.uint8: "uint8_t",
    dtypes.int8: "int8_t",
    dtypes.int16: "int16_t",
    dtypes.int32: "int",
    dtypes.int64: "int64_t",
    dtypes.uint16: "uint16_t",
    dtypes.uint32: "uint32_t",
    dtypes.uint64: "uint64_t",
    dtypes.bool_: "bool",
    dtypes.complex32: "c10::complex<c10::Half>",
} | {d: f"c10::{dtypes.SCALAR_TYPE_NAMES[d]}" for d in dtypes.FLOAT8}
_LARGEST = {
    dtypes.float16: 65504.0,
    dtypes.bfloat16: 3.3895313892515355e38,
    dtypes.float32: 3.4028234663852886e38,
    dtypes.float64: math.inf,
    dtypes.complex64: 3.4028234663852886e38,
    dtypes.complex128: math.inf,
    dtypes.complex32: 3.4028234663852886e38,
    dtypes.float8_e4m3fn: 448.0,
    dtypes.float8_e5m2: 57344.0,
    dtypes.float8_e4m3fnuz: 240.0,
    dtypes.float8_e5m2fnuz: 57344.0,
    dtypes.float8_e8m0fnu: 2.0**127,
}
_WITHOUT_INFINITIES = frozenset(d for d in dtypes.FLOAT8 if d is not dtypes.float8_e5m2)


def fits(value: complex, dtype: dtypes.dtype) -> bool:
    """Whether a number can be an element: negative integers may wrap around into unsigned types."""
    if dtype.category == dtypes.BOOL:
        return True
    if dtype.category == dtypes.COMPLEX:
        z = complex(value)
        return all(not math.isfinite(part) or abs(part) <= _LARGEST[dtype] for part in (z.real, z.imag))
    if isinstance(value, complex):
        if value.imag != 0:
            return False
        value = value.real
    if dtype.category == dtypes.FLOAT:
        if dtype in _WITHOUT_INFINITIES and (math.isinf(value) or (value < 0 and not dtype.is_signed)):
            return False
        return not math.isfinite(value) or abs(value) <= _LARGEST[dtype]
    if isinstance(value, float) and not math.isfinite(value):
        return False
    bits = dtype.itemsize * 8
    if dtype.is_signed:
        return -(2 ** (bits - 1)) <= int(value) < 2 ** (bits - 1)
    lowest = 0 if isinstance(value, float) else 1 - 2**bits
    return lowest <= value < 2**bits


def number_argument(value: Any, function: str, name: str, position: int, expected: str = "Number") -> Any:
    """An argument that has to be a number, as Python's own.

    Raises PyTorch's TypeError for anything else, a tensor that requires grad among it: its gradient would be lost.
    """
    number = python_number(value)
    if number is None:
        raise TypeError(f"{function}(): argument '{name}' (position {position}) must be {expected}, not {type_name(value)}")
    return number


def filling(value: Any, dtype: dtypes.dtype, count: int) -> Any:
    """As :func:`convert`, for ``count`` elements that are all to be this number.

    A single half is written by way of a double in PyTorch, and so infinite where the number is too large.
    """
    if count == 1 and dtype in (dtypes.float16, dtypes.bfloat16):
        return float(quietly(np.array(convert(value, dtypes.float64), np.float64).astype, dtype.array))
    return convert(value, dtype)


def check_item(value: Any, dtype: dtypes.dtype) -> None:
    """Raise PyTorch's RuntimeError where the one element of an array, which becomes one of another dtype, does not fit."""
    item = getattr(value, "item", None)
    if item is not None and value.dtype != dtype.array:
        convert(item(), dtype)


def element(value: Any, array: Any) -> Any:
    """A number that was passed as an argument, as NumPy takes it beside an array, whose dtype it must not change.

    Raises RuntimeError, in PyTorch's words, where it does not fit.
    """
    dtype = array.dtype
    kind = value.__class__
    if dtype.kind == "f" and (kind is float or kind is int) and -65504 <= value <= 65504:  # which every dtype holds
        return value
    found = None if isinstance(value, Tensor) else python_number(value)  # a call with a tensor is made again with its number
    if found is None:
        raise TypeError(f"argument must be Number, not {type_name(value)}")
    found = convert(found, dtypes.OF_ARRAY[dtype])
    return dtype.type(found) if dtype.kind == "V" else found  # beside a bfloat16, any of Python's makes a float32


def convert(value: complex, dtype: dtypes.dtype) -> Any:
    """The number as NumPy takes it for this dtype.

    Raises RuntimeError, in PyTorch's words, where it does not fit.
    """
    if isinstance(value, int) and not -(2**63) <= value < 2**64:
        raise OverflowError("int too big to convert")
    if not fits(value, dtype):
        raise RuntimeError(f"value cannot be converted to type {_C_NAMES[dtype]} without overflow")
    if dtype.category == dtypes.BOOL:
        return bool(value)
    if dtype in dtypes.STORED:
        return stored_element(value, dtype.array)[()]
    if dtype.category == dtypes.COMPLEX:
        return complex(value)
    if isinstance(value, complex):
        value = value.real
    if dtype.category == dtypes.FLOAT:
        return float(value)
    number = int(value)
    return number % 2 ** (dtype.itemsize * 8) if number < 0 and not dtype.is_signed else number
