"""Arithmetic: + - * / // % ** and their kin."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np

from adjoint import dtypes
from adjoint.autograd.taped import taped
from adjoint.declare import composite, elementwise, op
from adjoint.declare.arguments import python_number
from adjoint.declare.arranging import IN_ORDER, as_operands, by_operands
from adjoint.declare.operands import FLOATS, INTS, is_number, number
from adjoint.declare.outs import CAST, FOUND
from adjoint.ops.arrays import Array, all_values, array_function, conj
from adjoint.ops.scalars import element
from adjoint.ops.unsupported import unsupported
from adjoint.ops.widening import in_float32, is_half
from adjoint.readings.sparse import SparseArray
from adjoint.stored import ALL as STORED
from adjoint.stored import COMPLEX32
from adjoint.tensor import Tensor, from_array


def with_number(array: Any, value: Any) -> tuple[Any, Any]:
    """An array and a Python number, both of the dtype in which an operator of the two computes."""
    kind = value.__class__
    known = (FLOATS if kind is float else INTS).get((value, array.dtype)) if kind is float or kind is int else None
    beside = (number(value, array.dtype) if known is None else known)._array
    if beside.dtype is array.dtype:
        return array, beside
    d = dtypes.result_of([(dtypes.of_array(array), 0 if array.ndim else 1), (dtypes.of_array(beside), 2)]).array
    return array.astype(d), beside.astype(d)


def conj_number(x):
    return python_number(x).conjugate()


def constant(value, like):
    """A number in the dtype of an array: bfloat16 times a Python float would be float32."""
    return like.dtype.type(value)


def quotient(a, b):
    """``a / b``, and 0 where ``b`` is 0.  There it is divided by 1, so that derivatives are 0, too, and not NaN."""
    zero = b == 0
    return np.where(zero, constant(0, a), a / (b + zero))


def times(array, value):
    """An array times a number, which is not rounded to a half beforehand, and infinite where the dtype does not hold it."""
    dtype = array.dtype
    if dtype.itemsize == 2 and is_half(dtype):
        return (array.astype(np.float32) * np.float32(value)).astype(dtype)
    if dtype.kind in "iub":  # a factor of a gradient, which may be no integer
        return array * (value * 1.0)
    return array * (value if value.__class__ is float else element(value, array))


@array_function
def sign_of(x):
    """-1, 0 or 1 by the sign, on arrays; 0 for a NaN, as in PyTorch (NumPy's is a NaN)."""
    if x.dtype.kind == "V":  # bfloat16, of which NumPy cannot subtract bools
        return (x > 0).astype(x.dtype) - (x < 0).astype(x.dtype)
    if x.dtype.kind != "f":
        return np.sign(x)
    if x.__class__ is np.ndarray:
        found = np.sign(x)
        each = found.reshape(-1)
        if not np.isnan(each.dot(each)):
            return found
    return np.subtract(x > 0, x < 0, dtype=x.dtype)


def not_implemented(name):
    raise RuntimeError(f"derivative for aten::{name} is not implemented")


@taped(np.zeros_like)
def _zeros_like(x: Tensor, dtype: Any = None) -> Tensor:
    return from_array(np.zeros_like(x._array, dtype))


@taped(np.ones_like)
def _ones_like(x: Tensor, dtype: Any = None) -> Tensor:
    return from_array(np.ones_like(x._array, dtype))


# Sums and differences


def _check_alpha(array: Any, alpha: Any) -> None:
    kind = array.dtype.kind
    if kind == "f" and (alpha.__class__ is float or alpha.__class__ is int):
        return
    alpha = float(alpha) if isinstance(alpha, np.bool_) else python_number(alpha)  # NumPy's bools are floats to PyTorch
    if isinstance(alpha, bool) and kind != "b":
        raise RuntimeError("Boolean alpha only supported for Boolean results.")
    if kind in "iub" and isinstance(alpha, (float, complex)):
        raise RuntimeError("For integral input tensors, argument alpha must not be a floating point number.")
    if isinstance(alpha, complex) and kind != "c":
        raise RuntimeError("For non-complex input tensors, argument alpha must not be a complex number.")


@in_float32
def _plus_times(self, other, factor):
    return np.add(self, other * factor)


def _add(self, other, *, alpha=1):
    if alpha.__class__ is int and alpha == 1:
        return np.add(self, other)
    _check_alpha(self, alpha)
    if is_half(self.dtype):
        return _plus_times(self, other, element(alpha, other))
    return np.add(self, other * element(alpha, other))


add = elementwise(
    "add", _add, plain=np.add, stored=COMPLEX32, dunder=("__add__", "__radd__", "__iadd__"), numbers_alone=True, scalar_first=True,
    self=lambda g: g,
    other=lambda g, alpha: g if alpha == 1 else times(g, conj_number(alpha)),
    doc="The sum of two tensors, or of a tensor and a number, element by element: ``input + alpha * other``.",
)  # fmt: skip


def _no_bools(self: Tensor, other: Tensor) -> None:
    bools = (self._array.dtype.kind == "b") + (other._array.dtype.kind == "b")
    if bools == 2:
        raise RuntimeError(
            "Subtraction, the `-` operator, with two bool tensors is not supported. Use the `^` or `logical_xor()` "
            "operator instead."
        )
    if bools:
        raise RuntimeError(
            "Subtraction, the `-` operator, with a bool tensor is not supported. If you are trying to invert a mask, "
            "use the `~` or `logical_not()` operator instead."
        )


def _sub(self, other, *, alpha=1):
    if alpha.__class__ is int and alpha == 1:
        return np.subtract(self, other)
    _check_alpha(self, alpha)
    if is_half(self.dtype):
        return _plus_times(self, other, -element(alpha, other))
    return np.subtract(self, other * element(alpha, other))


sub = elementwise(
    "sub", _sub, plain=np.subtract, stored=COMPLEX32, aliases=("subtract",), dunder=("__sub__", "__isub__"), check=_no_bools, numbers_alone=True,
    scalar_first=True,
    self=lambda g: g,
    other=lambda g, alpha: -g if alpha == 1 else times(g, -conj_number(alpha)),
    doc="The difference, element by element: ``input - alpha * other``.  Raises RuntimeError for two bool tensors.",
)  # fmt: skip


def _rsub_number(self: Array, other, *, alpha=1):
    if self.dtype.kind == "b" or isinstance(other, bool):
        raise RuntimeError(
            "Subtraction, the `-` operator, with a bool tensor is not supported. If you are trying to invert a mask, "
            "use the `~` or `logical_not()` operator instead."
        )
    x, other = with_number(self, other)
    return np.subtract(other, x) if alpha.__class__ is int and alpha == 1 else _sub(other, x, alpha=alpha)


_rsub_scalar = op(
    "rsub_number", _rsub_number, where="", node="RsubBackward1",
    self=lambda g, alpha, self_dtype: _real_if(-g if alpha == 1 else times(g, -conj_number(alpha)), self_dtype),
)  # fmt: skip


def _real_if(g: Any, dtype: Any) -> Any:
    """The gradient of an operand whose dtype the operator left for a higher one."""
    if g.dtype is dtype:
        return g
    return g.real.astype(dtype) if g.dtype.kind == "c" and dtype.kind != "c" else g.astype(dtype)


rsub = elementwise(
    "rsub", lambda self, other, *, alpha=1: _sub(other, self, alpha=alpha), lies=as_operands("other", "self"),
    where="torch", dunder=("__rsub__",), check=_no_bools, scalar=_rsub_scalar, inplace=False, node="RsubBackward0",
    self=lambda g, alpha: -g if alpha == 1 else times(g, -conj_number(alpha)),
    other=lambda g: g,
    doc="The difference the other way round, element by element: ``other - alpha * input``.",
)  # fmt: skip

# Products and quotients

mul = elementwise(
    "mul", np.multiply, stored=STORED, aliases=("multiply",), dunder=("__mul__", "__rmul__", "__imul__"), numbers_alone=True, scalar_first=True, wide=True,
    self=lambda g, other: g * other.conj(),  # of a real array, the method gives the array itself
    other=lambda g, self: g * self.conj(),
    doc="The product of two tensors, or of a tensor and a number, element by element.",
)  # fmt: skip


def _check_divisor(kernel: str, self: Any, divisor: Any) -> None:
    if divisor.dtype.kind in "bc":
        unsupported(kernel, divisor)
    if divisor.dtype.kind in "iu" and self.size and not all_values(divisor).all():
        raise RuntimeError("ZeroDivisionError")


def _div(self, other, *, rounding_mode=None):
    if rounding_mode is None:
        return np.true_divide(self, other)
    if rounding_mode not in ("trunc", "floor"):
        raise RuntimeError(
            f"div expected rounding_mode to be one of None, 'trunc', or 'floor' but found '{rounding_mode}'"
        )
    _check_divisor(f"div_{rounding_mode}_cpu", self, other)
    if rounding_mode == "floor":
        return _floored(self, other)
    if self.dtype.kind in "iu":
        quotient = np.floor_divide(self, other)
        return quotient + ((quotient < 0) & (quotient * other != self)).astype(self.dtype)
    return np.trunc(np.true_divide(self, other))


@in_float32
def _floored(self, other):
    return np.floor_divide(self, other)


def _div_tangent(self_t, other_t, other, result, needed, rounding_mode):
    """By the quotient, as PyTorch's: where that is infinite, a difference of infinities is none."""
    if rounding_mode is not None:
        return np.zeros_like(result)
    change = other_t * result if needed[1] else None
    return (self_t if change is None else self_t - change if needed[0] else -change) / other


div = elementwise(
    "div", _div, plain=np.true_divide, promote="float", aliases=("divide",),
    dunder=("__truediv__", "__itruediv__", "__div__", "__idiv__"),
    numbers_alone=True, scalar_first=True, wide=True, node="DivBackward0 if rounding_mode is None else DivBackward2", tangent=_div_tangent,
    self=lambda g, other, rounding_mode: g / conj(other) if rounding_mode is None else np.zeros_like(g),
    other=lambda g, self, other, rounding_mode:
        -g * conj(self / other / other) if rounding_mode is None else np.zeros_like(g),
    doc="The quotient, element by element: a float, or, with ``rounding_mode`` 'trunc' or 'floor', "
    "rounded toward zero or down in the operands' dtype.",
)  # fmt: skip


@composite(inplace=True)
def true_divide(input: Tensor, other: Any, *, out: Tensor | None = None) -> Tensor:
    """``input / other``; alias of :func:`adjoint.div`.

    >>> import adjoint as torch
    >>> torch.true_divide(torch.tensor([1, 2]), 2)
    tensor([0.5000, 1.0000])
    """
    return div.function(input, other, out=out)


def _rtruediv(self: Tensor, other: Any) -> Any:
    try:
        return reciprocal.function(self) * other  # which may be for the other to answer
    except TypeError:
        return NotImplemented


composite(_rtruediv, where="", dunder=("__rtruediv__", "__rdiv__"))


def _floor_divide(self, other):
    _check_divisor("div_floor_cpu", self, other)
    return _floored(self, other)


floor_divide = elementwise(
    "floor_divide", _floor_divide, plain=None, dunder=("__floordiv__", "__ifloordiv__"), numbers_alone=True, scalar_first=True, wide=True,
    node="NotImplemented",
    self=lambda g: not_implemented("floor_divide"),
    other=lambda g: not_implemented("floor_divide"),
    doc="The quotient rounded down, element by element, in the operands' dtype.  Raises RuntimeError for "
    "an integer divided by zero.",
)  # fmt: skip


def _rfloordiv(self: Tensor, other: Any) -> Any:
    return floor_divide.function(other, self) if is_number(other) or isinstance(other, Tensor) else NotImplemented


composite(_rfloordiv, where="", dunder=("__rfloordiv__",))


def _remainder(self, other):
    _check_divisor("remainder_cpu", self, other)
    if self.dtype.kind in "iu":
        return np.remainder(self, other)
    rest = np.fmod(self, other)
    return np.where((rest != 0) & ((rest < 0) != (other < 0)), rest + other, rest)


def _remainder_number(self: Array, other):
    return _remainder(*with_number(self, other))


_remainder_scalar = op(
    "remainder_number", _remainder_number, where="", node="RemainderBackward0",
    self=lambda g, self_dtype: _real_if(g, self_dtype),
)  # fmt: skip


def _remainder_of_number(self, other: Array):
    other, number = with_number(other, self)
    return _remainder(number, other)


_remainder_of_number_row = op(
    "remainder_of_number", _remainder_of_number, where="", node="NotImplemented",
    other=lambda g: not_implemented("remainder"),
)  # fmt: skip

remainder = elementwise(
    "remainder", _remainder, dunder=("__mod__", "__imod__"), scalar=_remainder_scalar, scalar_first=_remainder_of_number_row,
    node="RemainderBackward1",
    self=lambda g: g,
    other=lambda g, self, other: -g * floor_quotient(self, other),
    reads={"other": "-g * (self // other)"},
    doc="The remainder of the division that rounds down, element by element: of the divisor's sign, as "
    "Python's ``%``.",
)  # fmt: skip


def _rmod(self: Tensor, other: Any) -> Any:
    return remainder.function(other, self) if is_number(other) or isinstance(other, Tensor) else NotImplemented


composite(_rmod, where="", dunder=("__rmod__",))


def _fmod(self, other):
    _check_divisor("fmod_cpu", self, other)
    return np.fmod(self, other)


def _fmod_number(self: Array, other):
    return _fmod(*with_number(self, other))


_fmod_scalar = op(
    "fmod_number", _fmod_number, where="", node="FmodBackward0",
    self=lambda g, self_dtype: _real_if(g, self_dtype),
)  # fmt: skip

fmod = elementwise(
    "fmod", _fmod, scalar=_fmod_scalar, node="FmodBackward1",
    self=lambda g: g,
    other=lambda g, self, other: -g * trunc_quotient(self, other),
    reads={"other": "-g * trunc(self / other)"},
    doc="The remainder of the division that rounds toward zero, element by element: of the dividend's "
    "sign, as C's ``fmod``.",
)  # fmt: skip


@array_function
def floor_quotient(self, other):
    """The quotient that a remainder leaves, rounded down: constant almost everywhere."""
    return _div(self, other, rounding_mode="floor")


@array_function
def trunc_quotient(self, other):
    """As :func:`floor_quotient`, rounded towards zero."""
    return _div(self, other, rounding_mode="trunc")


taped(floor_quotient)(lambda self, other: div.function(self, other, rounding_mode="floor"))
taped(trunc_quotient)(lambda self, other: div.function(self, other, rounding_mode="trunc"))


# Powers


def _pow_number(self: Array, exponent):
    if self.__class__ is SparseArray:  # of what values add up to, which products of them need not
        return np.power(self, exponent)
    kind = self.dtype.kind
    if kind in "iub" or isinstance(exponent, complex):
        self = with_number(self, exponent)[0]
        if self.dtype.kind == "b":
            return np.ones_like(self) if not exponent else self.copy()
        if self.dtype.kind in "iub":
            if exponent < 0:
                raise RuntimeError("Integers to negative integer powers are not allowed.")
            return np.power(self, element(exponent, self))
    return _power(self, exponent)


def _power(self, exponent):
    if exponent == 2:
        return self * self
    if exponent == 3 and self.dtype.itemsize != 2:
        return self * self * self
    if exponent == 1:
        return self.copy()
    if exponent == 0.5:
        return np.sqrt(self)
    if exponent == -1:
        return 1 / self
    if exponent in (3, -2, -0.5):  # halves are rounded once; of bfloat16, PyTorch rounds every product
        if self.dtype.itemsize == 2 and (self.dtype.kind != "V" or exponent == -0.5):
            return _power(self.astype(np.float32), exponent).astype(self.dtype)
        if exponent == 3:
            return self * self * self
        return 1 / (self * self) if exponent == -2 else 1 / np.sqrt(self)
    return np.power(self, element(exponent, self) if is_half(self.dtype) else self.dtype.type(exponent))


def _pow_gradient(g, self, exponent, self_dtype):
    if exponent == 0:
        return np.zeros_like(g)
    if exponent == 2:
        slope = doubled(self)
    elif exponent == 0.5:
        slope = times(1 / np.sqrt(self), 0.5)
    else:
        slope = times(self ** (exponent - 1), exponent)
    return _real_if(g * conj(slope), self_dtype)


@array_function
def doubled(x):
    """Twice the first power, whose own slope is the zeroth: a power has a graph for as many derivatives as PyTorch's has."""
    return x + x


_pow_scalar = op("pow_number", _pow_number, where="", node="PowBackward0", self=_pow_gradient)
taped(doubled)(lambda x: _pow_scalar.function(x, 1) * 2)


def _rpow_number(self, exponent: Array):
    exponent, base = with_number(exponent, self)
    return _pow(base, exponent)


def _is_not_negative(exponent):
    """Where a power of 0 is 0, or 1, and stays it."""
    return exponent >= 0 if exponent.dtype.kind != "c" else (exponent.real >= 0) & (exponent.imag == 0)


_rpow_scalar = op(
    "rpow_number", _rpow_number, lies=IN_ORDER, where="", node="PowBackward2",
    exponent=lambda g, result, self, exponent, exponent_dtype: _real_if(
        g * conj(result * constant(np.log(self + 0j if exponent.dtype.kind == "c" else self), result)) if self != 0 else
        np.where(_is_not_negative(exponent), constant(0, g), g * (result * constant(-np.inf, result))),
        exponent_dtype),
    reads={"exponent": "g * result * log(self)"},
)  # fmt: skip


def _pow(self, exponent):
    if self.dtype.kind == "b":
        unsupported("pow", self)
    if self.dtype.kind in "iu" and exponent.dtype.kind == "i" and (all_values(exponent) < 0).any():
        negative = np.where(self == 1, 1, np.where(self == -1, 1 - 2 * (exponent & 1), 0))
        return np.where(exponent < 0, negative, np.power(self, np.maximum(exponent, 0))).astype(self.dtype)
    return np.power(self, exponent)


pow = elementwise(
    "pow", _pow, dunder=("__pow__", "__ipow__"), scalar=_pow_scalar, scalar_first=_rpow_scalar, node="PowBackward1",
    self=lambda g, self, exponent: _pow_base_gradient(g, self, exponent),
    exponent=lambda g, result, self, exponent: _pow_exponent_gradient(g, result, self, exponent),
    reads={"self": "g * exponent * self ** (exponent - 1)", "exponent": "g * result * log(self)"},
    doc="The powers ``input ** exponent``, element by element; either may be a number.  Raises "
    "RuntimeError for integers to a negative integer.",
)  # fmt: skip
taped(np.power)(lambda self, exponent: pow.function(self, exponent))


def _pow_base_gradient(g, self, exponent):
    still = (exponent == 0) & ((self == 0) | (self != self))  # 0 times what is not finite
    base = np.where(still, constant(1, self), self)
    return np.where(still, constant(0, g), g * conj(exponent * base ** (exponent - 1)))


def _pow_exponent_gradient(g, result, self, exponent):
    zero = (self == 0) & _is_not_negative(exponent)
    base = self if self.dtype == result.dtype else self.astype(result.dtype)  # an integer's logarithm would be a float32
    return np.where(zero, constant(0, g), g * conj(result * np.log(np.where(zero, constant(1, base), base))))


def _rpow(self: Tensor, other: Any) -> Any:
    return pow.function(other, self) if is_number(other) or isinstance(other, Tensor) else NotImplemented


composite(_rpow, where="", dunder=("__rpow__",))


@composite
def float_power(input: Any, exponent: Any, *, out: Tensor | None = None) -> Tensor:
    """``input ** exponent`` in float64 (or complex128).

    >>> import adjoint as torch
    >>> torch.float_power(torch.tensor([1, 2]), 2)
    tensor([1., 4.], dtype=torch.float64)
    """

    def wide(value: Any) -> Any:
        if isinstance(value, Tensor):
            return value.to(dtypes.complex128 if value.dtype.is_complex else dtypes.float64)
        return complex(value) if isinstance(value, complex) else float(value)

    if out is not None:
        needed = _float_power_dtype(input, exponent)
        if out.dtype is not needed:
            raise RuntimeError(
                f"the output given to float_power has dtype {dtypes.SCALAR_TYPE_NAMES[out.dtype]} but the operation's "
                f"result requires dtype {dtypes.SCALAR_TYPE_NAMES[needed]}"
            )
    return pow.function(wide(input), wide(exponent), out=out)


def _float_power_dtype(*operands: Any) -> dtypes.dtype:
    some = any(x.dtype.is_complex if isinstance(x, Tensor) else isinstance(x, complex) for x in operands)
    return dtypes.complex128 if some else dtypes.float64


@composite(where="Tensor")
def float_power_(self: Tensor, exponent: Any) -> Tensor:
    """In-place version of :func:`adjoint.float_power`.

    Raises RuntimeError unless the tensor is of the dtype of the result.
    """
    needed = _float_power_dtype(self, exponent)
    if self.dtype is not needed:
        raise RuntimeError(
            f"the base given to float_power_ has dtype {dtypes.SCALAR_TYPE_NAMES[self.dtype]} but the operation's result "
            f"requires dtype {dtypes.SCALAR_TYPE_NAMES[needed]}"
        )
    return self.pow_(exponent)


@composite(out=CAST, inplace=True)
def square(input: Tensor) -> Tensor:
    """``input ** 2``.

    >>> import adjoint as torch
    >>> torch.square(torch.tensor([1., -3.]))
    tensor([1., 9.])
    """
    return pow.function(input, 2)


sqrt = elementwise(
    "sqrt", np.sqrt, promote="float", self=lambda g, result: g / conj(result * 2),
    doc="The square root of each element; NaN for a negative real number.",
)  # fmt: skip

rsqrt = elementwise(
    "rsqrt", in_float32(lambda self: 1 / np.sqrt(self)), promote="float",
    self=lambda g, result: g * conj(result * result * result) / -2,
    doc="One over the square root of each element; infinite for zero, NaN for a negative number.",
)  # fmt: skip

reciprocal = elementwise(
    "reciprocal", lambda self: 1 / self, promote="float",
    self=lambda g, result: -g * conj(result * result),
    doc="One over each element; infinite for zero.  Integers give the default dtype.",
)  # fmt: skip
taped(np.reciprocal)(lambda x: reciprocal.function(x))

# Signs


def _check_neg(self: Tensor) -> None:
    if self._array.dtype.kind == "b":
        raise RuntimeError(
            "Negation, the `-` operator, on a bool tensor is not supported. If you are trying to invert a mask, use the "
            "`~` or `logical_not()` operator instead."
        )


neg = elementwise(
    "neg", np.negative, out=FOUND, stored=COMPLEX32, aliases=("negative",), dunder=("__neg__",), check=_check_neg,
    self=lambda g: -g,
    doc="Each element with its sign changed.  Raises RuntimeError for bools.",
)  # fmt: skip


@composite(dunder=("__pos__",))
def positive(input: Tensor) -> Tensor:
    """``+input``: the tensor itself.

    Raises RuntimeError on a bool tensor.
    """
    if input._array.dtype.kind == "b":
        raise RuntimeError("The `+` operator, on a bool tensor is not supported.")
    return input


def _abs(self):
    if self.dtype.kind == "b":
        unsupported("abs_cpu", self)
    return np.absolute(self)


abs = elementwise(
    "abs", _abs, out=replace(FOUND, magnitude=True), stored=STORED, aliases=("absolute",), dunder=("__abs__",), inplace=False,
    self=lambda g, self: g * sign_of(self),
    doc="The absolute value of each element; of a complex number, its magnitude, which is real.",
)  # fmt: skip


@composite(aliases=("absolute_",))
def abs_(input: Tensor) -> Tensor:
    """In-place version of :func:`adjoint.abs`.

    Raises RuntimeError on a complex tensor.
    """
    if input.dtype.is_complex:
        raise RuntimeError("In-place abs is not supported for complex tensors.")
    return abs.inplace(input)


taped(np.absolute)(lambda x: abs.function(x))


def _sign(self):
    if self.dtype.kind == "c":
        raise NotImplementedError(
            "Unlike NumPy, torch.sign is not intended to support complex numbers. Please use torch.sgn instead."
        )
    return self.copy() if self.dtype.kind == "b" else sign_of(self)


sign = elementwise(
    "sign", _sign, out=FOUND, self=lambda g: np.zeros_like(g),
    doc="The sign of each element: -1, 0 or 1.  Raises RuntimeError for complex numbers, of which "
    "``sgn`` is the like.",
)  # fmt: skip


def _sgn(self):
    return self.copy() if self.dtype.kind == "b" else sign_of(self)


def _sgn_gradient(g, self, result):
    if g.dtype.kind != "c":
        return np.zeros_like(g)
    # d sgn(z) = (dz - sgn(z) Re(conj(sgn(z)) dz)) / |z|: only what turns z counts.
    tangential = g - (g * conj(result)).real * result
    return quotient(tangential, np.absolute(self))


sgn = elementwise(
    "sgn", _sgn, out=FOUND,
    self=lambda g, self, result: _sgn_gradient(g, self, result),
    reads={"self": "0 if self.dtype.kind != 'c' else (g - real(g / result) * result) / abs(self)"},
    doc="The sign of each element; of a complex number, the number of magnitude one in its direction, or 0.",
)  # fmt: skip
taped(np.sign)(lambda x: sgn.function(x))
taped(sign_of)(lambda x: sgn.function(x))

# Fused ones


@in_float32
def _addcmul(self, tensor1, tensor2, *, value=1):
    if self.dtype.kind == "b":
        unsupported("addcmul_cpu_out", self)
    return self + (tensor1 if value == 1 else tensor1 * element(value, tensor1)) * tensor2


addcmul = elementwise(
    "addcmul", _addcmul, numbers=False,
    self=lambda g: g,
    tensor1=lambda g, tensor2, value: g * times(conj(tensor2), conj_number(value)),
    tensor2=lambda g, tensor1, value: g * times(conj(tensor1), conj_number(value)),
    doc="``input + value * tensor1 * tensor2``, element by element.",
)  # fmt: skip


@in_float32
def _addcdiv(self, tensor1, tensor2, *, value=1):
    if tensor1.dtype.kind in "iub":
        raise RuntimeError(
            "Integer division with addcdiv is no longer supported, and in a future  release addcdiv will perform a true "
            "division of tensor1 and tensor2. The historic addcdiv behavior can be implemented as (input + value * "
            "torch.trunc(tensor1 / tensor2)).to(input.dtype) for integer inputs and as (input + value * tensor1 / "
            "tensor2) for float inputs. The future addcdiv behavior is just the latter implementation: (input + value * "
            "tensor1 / tensor2), for all dtypes."
        )
    return self + (tensor1 if value == 1 else tensor1 * element(value, tensor1)) / tensor2


@in_float32
def _addcdiv_tangent(tensor1, tensor2, value, self_t, tensor1_t, tensor2_t, needed):
    """Divided step by step, as PyTorch's: the square of an infinite or tiny divisor, in the gradient, has no derivative."""
    number = constant(value, tensor1)
    parts = (self_t, number * (tensor1_t / tensor2), number * -(tensor2_t * tensor1 / tensor2) / tensor2)
    found = [part for part, wanted in zip(parts, needed) if wanted]
    return sum(found[1:], found[0])


addcdiv = elementwise(
    "addcdiv", _addcdiv, numbers=False, tangent=_addcdiv_tangent,
    self=lambda g: g,
    tensor1=in_float32(lambda g, tensor2, value: g * conj(constant(python_number(value), g) / tensor2)),
    tensor2=in_float32(
        lambda g, tensor1, tensor2, value: -g * conj(constant(python_number(value), g) * tensor1 / (tensor2 * tensor2))
    ),
    doc="``input + value * tensor1 / tensor2``, element by element.  Raises RuntimeError where all are integers.",
)  # fmt: skip


@in_float32
def _lerp(self, end, weight):
    if self.dtype.kind in "iub":
        unsupported("lerp_kernel_scalar" if is_number(weight) else "lerp_kernel_tensor", self)
    step = end - self
    if is_number(weight):
        weight = element(weight, self)
        near = (weight * weight.conjugate()).real < 0.25
        return self + weight * step if near else end - step * (1 - weight)
    near = np.absolute(weight) < 0.5
    return np.where(near, self + weight * step, end - step * (1 - weight))


def _check_lerp(self: Tensor, end: Tensor) -> None:
    if self.dtype is not end.dtype:
        raise RuntimeError(f"expected dtype {_c_name(self)} for `end` but got dtype {_c_name(end)}")


def _c_name(tensor: Tensor) -> str:
    """The dtype's name in PyTorch's C++ messages."""
    return {
        dtypes.float32: "float", dtypes.float64: "double", dtypes.float16: "c10::Half", dtypes.bfloat16: "c10::BFloat16",
        dtypes.complex64: "c10::complex<float>", dtypes.complex128: "c10::complex<double>", dtypes.int64: "long int",
        dtypes.int32: "int", dtypes.int16: "short int", dtypes.int8: "signed char", dtypes.uint8: "unsigned char",
        dtypes.bool_: "bool",
    }.get(tensor.dtype, tensor.dtype.name)  # fmt: skip


def _lerp_number(self, end, *, weight=0.5):
    return _lerp(self, end, weight)


_lerp_scalar = elementwise(
    "lerp_number", _lerp_number, where="", node="LerpBackward0", inplace=False, check=_check_lerp,
    self=lambda g, weight: times(g, 1 - conj_number(weight)),
    end=lambda g, weight: times(g, conj_number(weight)),
)  # fmt: skip

_lerp_tensor = elementwise(
    "lerp_tensor", _lerp, where="", node="LerpBackward1", inplace=False,
    self=lambda g, weight: g * conj(1 - weight),
    end=lambda g, weight: g * conj(weight),
    weight=lambda g, self, end: g * conj(end - self),
)  # fmt: skip


@composite(inplace=True)
def lerp(input: Tensor, end: Tensor, weight: float | Tensor, *, out: Tensor | None = None) -> Tensor:
    """``input + weight * (end - input)``.

    Raises RuntimeError where ``end`` is of another dtype than ``input``.

    >>> import adjoint as torch
    >>> torch.lerp(torch.tensor([0., 10.]), torch.tensor([10., 20.]), 0.5)
    tensor([ 5., 15.])
    """
    if is_number(weight):
        return _lerp_scalar.function(input, end, weight=weight, out=out)
    _check_lerp(input, end)
    if weight.dtype is not input.dtype and weight._array.ndim:
        raise RuntimeError(f"expected dtype {_c_name(input)} for `weight` but got dtype {_c_name(weight)}")
    return _lerp_tensor.function(input, end, weight, out=out)


def _ldexp(self, other, *, whole=False):
    if self.dtype.kind == "c":
        return self * np.power(constant(2, other), other)
    return _shifted(self, other) if whole else self * np.exp2(other)


@in_float32
def _shifted(self, other):
    # No exponent changes a number that is not yet 0 or infinite beyond these.
    return np.ldexp(self, np.clip(other, -5000, 5000).astype(np.int32))


def _beside_a_power(result, self, other):
    return by_operands(result, self, np.empty(other.shape, np.bool_))  # a number's powers are in order


_ldexp_row = elementwise(
    "ldexp", _ldexp, lies=(_beside_a_power, ("self", "other")), where="", promote="float", numbers=False, inplace=False,
    self=lambda g, other: g * conj(constant(2, g) ** other),
    other=lambda g, result: g * conj(result * constant(math.log(2), result)),
)  # fmt: skip


@composite(inplace=True)
def ldexp(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """``input * 2 ** other``, without ``2 ** other`` having to be a number of the dtype where ``other`` holds integers.

    >>> import adjoint as torch
    >>> torch.ldexp(torch.tensor([1.]), torch.tensor([3]))
    tensor([8.])
    """
    whole = isinstance(other, Tensor) and other._array.dtype.kind in "iub"
    if whole and other._array.dtype.kind == "b" and isinstance(input, Tensor) and input._array.dtype.kind in "fV":
        unsupported("ldexp_cpu_exp", other._array)
    return _ldexp_row.function(input, other, whole=whole, out=out)


# Integers


def _integers_only(name: str, ufunc: Any) -> Any:
    def forward(self, other):
        if self.dtype.kind not in "iu":
            unsupported(f"{name}_cpu", self)
        return ufunc(self, other)

    return forward


gcd = elementwise(
    "gcd", _integers_only("gcd", np.gcd), numbers=False,
    doc="The greatest common divisor of two integers, element by element, never negative.",
)  # fmt: skip
lcm = elementwise(
    "lcm", _integers_only("lcm", np.lcm), numbers=False,
    doc="The least common multiple of two integers, element by element, never negative.",
)  # fmt: skip
