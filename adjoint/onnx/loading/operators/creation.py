"""Tensors of nothing but numbers, and other dtypes."""

from __future__ import annotations

from typing import Any

import adjoint
from adjoint.onnx.loading.rows import operator
from adjoint.onnx.loading.tensors import dtype_of


@operator("ConstantOfShape", host=(0,))
def constant_of_shape(site: Any, value: Any = None) -> Any:
    number = adjoint.zeros(1) if value is None else value

    def prepare(shape: Any) -> Any:
        sizes = shape.tolist()
        return lambda: number.reshape(()).expand(sizes).clone()

    return prepare


@operator("Range", host=(0, 1, 2), differentiable=(0, 1, 2))
def numbers(site: Any) -> Any:
    def prepare(start: Any, limit: Any, delta: Any) -> Any:
        dtype = adjoint.as_tensor(start).dtype
        first, last, step = start.item(), limit.item(), delta.item()
        if not dtype.is_floating_point:
            return lambda: adjoint.arange(first, last, step, dtype=dtype)
        count = max(int(-((first - last) // step)), 0)
        return lambda: first + step * adjoint.arange(count, dtype=dtype)

    return prepare


@operator("EyeLike")
def eye_like(site: Any, dtype: int | None = None, k: int = 0) -> Any:
    def run(x: Any) -> Any:
        rows, columns = x.shape
        kind = x.dtype if dtype is None else dtype_of(dtype)
        places = adjoint.arange(columns) - adjoint.arange(rows).unsqueeze(1)
        return (places == k).to(kind)

    return run


_FLOAT8 = (adjoint.float8_e4m3fn, adjoint.float8_e5m2, adjoint.float8_e4m3fnuz, adjoint.float8_e5m2fnuz)


def cast_to(x: Any, dtype: Any, saturate: int = 1, round_mode: str = "up") -> Any:
    """``x`` in another dtype.

    What is too large for one of eight bits becomes the largest there is, or without ``saturate`` what the dtype has for it;
    powers of two are rounded as ``round_mode`` says.
    """
    if x.dtype is dtype:
        return x
    if dtype is adjoint.float8_e8m0fnu:
        return _power_of_two(x, round_mode).to(dtype)
    if dtype not in _FLOAT8:
        return x.to(dtype)
    wide = x if x.dtype in (adjoint.float32, adjoint.float64) else x.to(adjoint.float32)
    largest = adjoint.finfo(dtype).max
    if saturate:
        wide = adjoint.clamp(wide, -largest, largest)
    elif dtype is adjoint.float8_e4m3fn:  # 464 is halfway to what would come next
        wide = adjoint.where(wide.abs() > 464, float("nan"), wide)
    return wide.to(dtype)


def _power_of_two(x: Any, round_mode: str) -> Any:
    wide = x.to(adjoint.float32)
    fraction, exponent = adjoint.frexp(wide)  # the fraction is from a half to one
    exact = fraction == 0.5
    up = {"up": ~exact, "down": exact & False, "nearest": fraction >= 0.75}[round_mode]
    rounded = adjoint.ldexp(adjoint.ones_like(wide), exponent - 1 + up.to(exponent.dtype))
    return adjoint.where(adjoint.isfinite(wide) & (wide > 0), rounded, wide)


@operator("Cast", since=6)
def cast(site: Any, to: int, saturate: int = 1, round_mode: str = "up") -> Any:
    dtype = dtype_of(to)
    if dtype is adjoint.float8_e8m0fnu or dtype in _FLOAT8:
        return lambda x: cast_to(x, dtype, saturate, round_mode)
    return lambda x: x.to(dtype)


@operator("CastLike")
def cast_like(site: Any, saturate: int = 1, round_mode: str = "up") -> Any:
    return lambda x, like: cast_to(x, like.dtype, saturate, round_mode)


@operator("BitCast")
def bit_cast(site: Any, to: int) -> Any:
    dtype = dtype_of(to)
    return lambda x: x.contiguous().view(dtype)
