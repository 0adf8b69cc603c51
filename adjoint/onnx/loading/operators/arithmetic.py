"""Arithmetic of one and of several tensors."""

from __future__ import annotations

from functools import reduce
from typing import Any

import adjoint
from adjoint.onnx.loading.rows import direct, operator

_SAME: dict[str, Any] = {
    "Abs": adjoint.abs, "Acos": adjoint.acos, "Acosh": adjoint.acosh, "Asin": adjoint.asin, "Asinh": adjoint.asinh,
    "Atan": adjoint.atan, "Atanh": adjoint.atanh, "Ceil": adjoint.ceil, "Cos": adjoint.cos, "Cosh": adjoint.cosh,
    "Erf": adjoint.erf, "Exp": adjoint.exp, "Floor": adjoint.floor, "Log": adjoint.log, "Neg": adjoint.neg,
    "Reciprocal": adjoint.reciprocal, "Round": adjoint.round, "Sign": adjoint.sign, "Sin": adjoint.sin, "Sinh": adjoint.sinh,
    "Sqrt": adjoint.sqrt, "Tan": adjoint.tan, "BitwiseAnd": adjoint.bitwise_and, "BitwiseNot": adjoint.bitwise_not,
    "BitwiseOr": adjoint.bitwise_or, "BitwiseXor": adjoint.bitwise_xor,
}  # fmt: skip
_BROADCAST: dict[str, Any] = {"Add": adjoint.add, "Mul": adjoint.mul, "Sub": adjoint.sub}

for _name, _function in _SAME.items():
    direct(_name, _function)
for _name, _function in _BROADCAST.items():
    direct(_name, _function, since=7)


@operator("Div", since=7)
def division(site: Any) -> Any:
    def divide(x: Any, y: Any) -> Any:
        return adjoint.div(x, y) if x.dtype.is_floating_point else adjoint.div(x, y, rounding_mode="trunc")

    return divide


@operator("Mod")
def modulus(site: Any, fmod: int = 0) -> Any:
    return adjoint.fmod if fmod else adjoint.remainder


@operator("Pow", since=7)
def power(site: Any) -> Any:
    exponent = site.constant(1)
    if exponent is not None and exponent.ndim == 0:
        number = exponent.item()
        if float(number).is_integer():
            return lambda x, y: adjoint.pow(x, int(number))

    def pow_(x: Any, y: Any) -> Any:
        result = adjoint.pow(x, y)
        return result if result.dtype is x.dtype else result.to(x.dtype)

    return pow_


@operator("BitShift")
def shift(site: Any, direction: str) -> Any:
    shifted = {"LEFT": adjoint.bitwise_left_shift, "RIGHT": adjoint.bitwise_right_shift}[direction]

    def bit_shift(x: Any, y: Any) -> Any:
        if x.dtype in (
            adjoint.uint16,
            adjoint.uint32,
            adjoint.uint64,
        ):  # of which the bits are those of a wider or a signed one
            bits = 8 * x.dtype.itemsize
            wide = shifted(x.to(adjoint.int64), y.to(adjoint.int64))
            if direction == "RIGHT" and bits == 64:
                wide = wide & ~(adjoint.tensor(-1) << (64 - y.to(adjoint.int64)))
            return (wide if bits == 64 else wide & (2**bits - 1)).to(x.dtype)
        return shifted(x, y)

    return bit_shift


def _of_all(function: Any) -> Any:
    def make(site: Any) -> Any:
        return function if len(site.inputs) == 2 else lambda *xs: reduce(function, xs)

    return make


operator("Max")(_of_all(adjoint.maximum))
operator("Min")(_of_all(adjoint.minimum))
operator("Sum")(_of_all(adjoint.add))


@operator("Mean")
def mean(site: Any) -> Any:
    return lambda *xs: reduce(adjoint.add, xs) / len(xs)


@operator("Clip", since=6)
def clip_by_attributes(site: Any, min: float | None = None, max: float | None = None) -> Any:
    if min is None and max is None:
        return lambda x: x
    return lambda x: adjoint.clamp(x, min, max)


@operator("Clip", since=11)
def clip(site: Any) -> Any:
    bounds = [site.constant(place) for place in (1, 2)]
    if all(b is not None or not site.given(place) for place, b in zip((1, 2), bounds)):
        low, high = (None if b is None else b.item() for b in bounds)
        return (
            clip_by_attributes(site, low, high)
            if low is None and high is None
            else lambda x, *_: adjoint.clamp(x, low, high)
        )
    return lambda x, low=None, high=None: adjoint.clamp(x, low, high)


def _running(function: Any) -> Any:
    """A sum or product along an axis, of what is before each place and perhaps of the place itself, from either end."""

    def make(site: Any, exclusive: int = 0, reverse: int = 0) -> Any:
        def prepare(axis: Any) -> Any:
            dim = int(axis.item())

            def run(x: Any) -> Any:
                if reverse:
                    x = x.flip(dim)
                if exclusive:
                    start = (adjoint.zeros_like if function is adjoint.cumsum else adjoint.ones_like)(
                        x.narrow(dim, 0, 1)
                    )
                    x = adjoint.cat([start, x.narrow(dim, 0, x.shape[dim] - 1)], dim)
                result = function(x, dim, dtype=x.dtype)
                return result.flip(dim) if reverse else result

            return run

        return prepare

    return make


operator("CumSum", host=(1,))(_running(adjoint.cumsum))
operator("CumProd", host=(1,))(_running(adjoint.cumprod))
