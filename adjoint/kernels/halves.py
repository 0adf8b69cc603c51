"""Halves: float16 and bfloat16 in memory, computed with in float32.

A vector of them is widened when it is loaded, and what a kernel computed is rounded once, when it is stored: to the nearest, of
two equally near ones to the even one, as PyTorch's kernels do.  A bfloat16 is the upper half of a float32's bits; it has no type of
its own in native code, where it is an i16.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from adjoint.kernels.native import bits_as, cast, f16, f32, i16, i32, inline, where

NAN = 0x7FC0  # what PyTorch makes of every NaN


def is_half(dtype: Any) -> bool:
    """Whether a dtype is float16 or bfloat16.

    >>> is_half(np.dtype("float16")), is_half(np.dtype("int16"))
    (True, False)
    """
    return dtype.itemsize == 2 and dtype.kind in "fV"


def computing(dtype: Any) -> Any:
    """The dtype in which a kernel computes with numbers of a dtype.

    >>> computing(np.dtype("float16")), computing(np.dtype("int32"))
    (dtype('float32'), dtype('int32'))
    """
    return np.dtype(np.float32) if is_half(dtype) else dtype


def is_floating(dtype: Any) -> bool:
    """Whether a dtype is one of floating-point numbers that kernels compute with.

    >>> is_floating(np.dtype("float64")), is_floating(np.dtype("int64"))
    (True, False)
    """
    return dtype.kind == "f" or is_half(dtype)


@inline
def widened_bfloat16(x):
    """The upper halves of float32 numbers as these."""
    return bits_as(cast(x, i32) << 16, f32)


@inline
def narrowed_bfloat16(x):
    """The upper halves of float32 numbers, rounded to the nearest, or to the even one."""
    bits = bits_as(x, i32)
    return cast(where(x != x, NAN, (bits + 0x7FFF + ((bits >> 16) & 1)) >> 16), i16)


@inline
def widened_float16(x):
    """float16 numbers as float32."""
    return cast(x, f32)


@inline
def narrowed_float16(x):
    """float32 numbers rounded to float16."""
    return cast(x, f16)


MEMORY = {"bfloat16": "i16", "float16": "f16"}
"""What elements of halves are in native code."""
WIDENED = {"bfloat16": widened_bfloat16, "float16": widened_float16}
NARROWED = {"bfloat16": narrowed_bfloat16, "float16": narrowed_float16}
