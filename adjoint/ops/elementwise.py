"""Element-wise functions: exponentials, logarithms, trigonometry, error and gamma functions, rounding."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from adjoint.autograd.taped import taped
from adjoint.declare import elementwise, op
from adjoint.declare.operands import to_float
from adjoint.declare.outs import FOUND, refused
from adjoint.ops.arithmetic import constant, not_implemented, quotient, times
from adjoint.ops.arrays import Array, array_function, conj
from adjoint.ops.scalars import element
from adjoint.ops.unsupported import unsupported
from adjoint.ops.widening import in_float32
from adjoint.stored import numbers_of
from adjoint.tensor import Tensor

# Exponentials and logarithms

exp = elementwise(
    "exp", np.exp, promote="float", self=lambda g, result: g * conj(result),
    doc="e to the power of each element.  Integers give the default dtype.",
)  # fmt: skip
exp2 = elementwise(
    "exp2", np.exp2, promote="float", self=lambda g, result: g * conj(result) * constant(math.log(2), g),
    doc="Two to the power of each element.",
)  # fmt: skip
expm1 = elementwise(
    "expm1", np.expm1, promote="float", self=lambda g, result: g * conj(result + 1),
    doc="``exp(x) - 1`` of each element, exact to the last digits where ``x`` is near zero.",
)  # fmt: skip
log = elementwise(
    "log", np.log, promote="float", self=lambda g, self: g / conj(self),
    doc="The natural logarithm of each element: minus infinity for zero, NaN for a negative real number.",
)  # fmt: skip
log2 = elementwise(
    "log2", np.log2, promote="float", self=lambda g, self: g / conj(self * constant(math.log(2), self)),
    doc="The logarithm to the base 2 of each element.",
)  # fmt: skip
log10 = elementwise(
    "log10", np.log10, promote="float", self=lambda g, self: g / conj(self * constant(math.log(10), self)),
    doc="The logarithm to the base 10 of each element.",
)
log1p = elementwise(
    "log1p", np.log1p, promote="float", node="Log1PBackward0", self=lambda g, self: g / conj(self + 1),
    doc="``log(1 + x)`` of each element, exact to the last digits where ``x`` is near zero.",
)

# Trigonometric and hyperbolic functions

sin = elementwise(
    "sin", np.sin, promote="float", self=lambda g, self: g * conj(np.cos(self)),
    doc="The sine of each element, an angle in radians.",
)  # fmt: skip
cos = elementwise(
    "cos", np.cos, promote="float", self=lambda g, self: -g * conj(np.sin(self)),
    doc="The cosine of each element, an angle in radians.",
)  # fmt: skip
tan = elementwise(
    "tan", np.tan, promote="float", self=lambda g, result: g * conj(result * result + 1),
    doc="The tangent of each element, an angle in radians.",
)  # fmt: skip
asin = elementwise(
    "asin", np.arcsin, promote="float", aliases=("arcsin",), self=lambda g, self: g / conj(np.sqrt(1 - self * self)),
    doc="The angle in radians, from -pi/2 to pi/2, whose sine each element is; NaN outside of [-1, 1].",
)
acos = elementwise(
    "acos", np.arccos, promote="float", aliases=("arccos",), self=lambda g, self: -g / conj(np.sqrt(1 - self * self)),
    doc="The angle in radians, from 0 to pi, whose cosine each element is; NaN outside of [-1, 1].",
)
atan = elementwise(
    "atan", np.arctan, promote="float", aliases=("arctan",), self=lambda g, self: g / conj(self * self + 1),
    doc="The angle in radians, between -pi/2 and pi/2, whose tangent each element is.",
)
sinh = elementwise(
    "sinh", np.sinh, promote="float", self=lambda g, self: g * conj(np.cosh(self)),
    doc="The hyperbolic sine of each element: ``(exp(x) - exp(-x)) / 2``.",
)  # fmt: skip
cosh = elementwise(
    "cosh", np.cosh, promote="float", self=lambda g, self: g * conj(np.sinh(self)),
    doc="The hyperbolic cosine of each element: ``(exp(x) + exp(-x)) / 2``.",
)  # fmt: skip
tanh = elementwise(
    "tanh", np.tanh, promote="float", self=lambda g, result: g * conj(1 - result * result),
    doc="The hyperbolic tangent of each element, between -1 and 1: ``sinh(x) / cosh(x)``.",
)  # fmt: skip
asinh = elementwise(
    "asinh", np.arcsinh, promote="float", aliases=("arcsinh",), self=lambda g, self: g / conj(np.sqrt(self * self + 1)),
    doc="The number whose hyperbolic sine each element is.",
)
acosh = elementwise(
    "acosh", np.arccosh, promote="float", aliases=("arccosh",),
    self=lambda g, self: g / (
        conj(np.sqrt(self - 1) * np.sqrt(self + 1)) if self.dtype.kind == "c" else np.sqrt((self - 1) * (self + 1))
    ),
    doc="The number, not negative, whose hyperbolic cosine each element is; NaN below 1.",
)  # fmt: skip
atanh = elementwise(
    "atanh", np.arctanh, promote="float", aliases=("arctanh",), self=lambda g, self: g / conj(1 - self * self),
    doc="The number whose hyperbolic tangent each element is; infinite for -1 and 1, NaN beyond.",
)


def _real(name: str, x: Any) -> Any:
    if x.dtype.kind == "c":
        raise RuntimeError(f"{name} is not supported for complex tensors.")
    return to_float(x)


deg2rad = elementwise(
    "deg2rad", lambda self: times(_real("deg2rad", self), math.pi / 180), promote="float",
    node="Deg2RadBackward0", self=lambda g: times(g, math.pi / 180),
    reads={"self": "g * pi / 180"},
    doc="Each element, an angle in degrees, in radians.",
)  # fmt: skip
rad2deg = elementwise(
    "rad2deg", lambda self: times(_real("rad2deg", self), 180 / math.pi), promote="float",
    node="Rad2DegBackward0", self=lambda g: times(g, 180 / math.pi),
    reads={"self": "g * 180 / pi"},
    doc="Each element, an angle in radians, in degrees.",
)  # fmt: skip


def _without(kinds: str, kernel: str, ufunc: Any) -> Callable[..., Any]:
    """A ufunc of two arrays for which PyTorch has no kernel where their dtype is of these kinds."""

    def forward(self, other):
        if self.dtype.kind in kinds:
            unsupported(kernel, self)
        return ufunc(self, other)

    return forward


def _turned(across, self, other):
    """A step across, as seen from the origin; none where the distance, or its square, is zero."""
    square = self * self + other * other
    return across / np.where(square == 0, constant(np.inf, square), square)


atan2 = elementwise(
    "atan2", _without("c", "atan2_cpu", np.arctan2), plain=np.arctan2, promote="float", aliases=("arctan2",), numbers=False,
    self=lambda g, self, other: _turned(g * other, self, other),
    other=lambda g, self, other: _turned(-g * self, self, other),
    reads={"self": "g * other / (self ** 2 + other ** 2)", "other": "-g * self / (self ** 2 + other ** 2)"},
    doc="The angle in radians, from -pi to pi, of the point whose height is ``input`` and whose distance "
    "to the right is ``other``.",
)  # fmt: skip
hypot = elementwise(
    "hypot", _without("iubc", "hypot_cpu", np.hypot), plain=np.hypot, numbers=False,
    self=lambda g, result, self: g * (self / result),
    other=lambda g, result, other: g * (other / result),
    reads={"self": "g * self / result", "other": "g * other / result"},
    doc="The length of a right triangle's longest side, ``sqrt(input**2 + other**2)``, element by element.",
)  # fmt: skip


def _sinc(self):
    x = to_float(self) * constant(math.pi, to_float(self))
    return np.where(x == 0, constant(1, x), np.sin(x) / np.where(x == 0, constant(1, x), x))


def _sinc_gradient(g, self):
    x = self * constant(math.pi, self)
    small = np.absolute(x) < 0.03  # where the difference has few digits: by the series
    s = np.where(small, x, constant(0, x))
    series = s * (-1 / 3 + s * s * (1 / 30 - s * s * (1 / 840 - s * s / 45360)))
    safe = np.where(small, constant(1, x), x)
    slope = (np.cos(safe) * safe - np.sin(safe)) / (safe * safe)
    return g * conj(np.where(small, series, slope) * constant(math.pi, x))


sinc = elementwise(
    "sinc", in_float32(_sinc), promote="float", self=in_float32(_sinc_gradient), reads={"self": "g * (cos(pi * self) - result) / self"},
    doc="``sin(pi x) / (pi x)`` of each element, 1 at zero.",
)  # fmt: skip


# Sigmoids


_ONES = {np.dtype(d): np.ones((), d) for d in (np.float32, np.float64)}


def _sigmoid(self):
    one = _ONES.get(self.dtype)
    if one is None or not self.ndim or self.__class__ is not np.ndarray:
        return _logistic(to_float(self))
    e = np.negative(self)
    np.exp(e, e)
    np.add(e, one, e)
    return np.true_divide(one, e, e)


@in_float32
def _logistic(x):
    return 1 / (1 + np.exp(-x))


sigmoid = elementwise(
    "sigmoid", _sigmoid, promote="float",
    self=lambda g, result: g * conj((1 - result) * result),
    doc="The logistic function of each element, between 0 and 1: ``1 / (1 + exp(-x))``.",
)  # fmt: skip


def _logit(self, eps=None):
    x = to_float(self)
    if eps is not None:
        x = np.minimum(np.maximum(x, element(eps, x)), element(1 - eps, x))
    return np.log(x / (1 - x))


def _logit_gradient(g, self, eps):
    slope = g / (self * (1 - self))
    if eps is None:
        return np.where((self < 0) | (self > 1), constant(np.nan, g), slope)
    return np.where((self < eps) | (self > 1 - eps), constant(0, g), slope)


logit = elementwise(
    "logit", _logit, promote="float", self=_logit_gradient, reads={"self": "g / (self * (1 - self))"},
    doc="The log of the odds ``x / (1 - x)`` of each element, the inverse of the sigmoid; with ``eps``, "
    "of ``x`` held within [eps, 1 - eps].",
)  # fmt: skip


# Sums and products in the logarithm


@array_function
def sigmoid_of(x):
    """``1 / (1 + exp(-x))`` of an array."""
    return _sigmoid(x)


taped(sigmoid_of)(lambda x: sigmoid.function(x))


def _logaddexp(self, other):
    if self.dtype.kind in "iub":
        unsupported("logaddexp_cpu", self)
    if self.dtype.kind != "c":
        return np.logaddexp(self, other)
    larger = np.where(self.real >= other.real, self, other)
    return np.where(
        np.isinf(larger), larger, larger + np.log(np.exp(self - larger) + np.exp(other - larger))
    ).astype(self.dtype)


logaddexp = elementwise(
    "logaddexp", _logaddexp, numbers=False, inplace=False,
    self=lambda g, self, other: g * conj(sigmoid_of(_difference(self, other))),
    other=lambda g, self, other: g * conj(sigmoid_of(_difference(other, self))),
    reads={"self": "g * σ(self - other)", "other": "g * σ(other - self)"},
    doc="``log(exp(input) + exp(other))``, element by element, where neither need fit a float.",
)  # fmt: skip


taped(np.logaddexp)(lambda a, b: logaddexp.function(a, b))


def _difference(a, b):
    """``a - b``, and 0 for equal infinities."""
    return np.where((a == b) & np.isinf(a), constant(0, a), a - b)


logaddexp2 = elementwise(
    "logaddexp2", _without("iubc", "logaddexp2_cpu", np.logaddexp2), plain=np.logaddexp2, numbers=False, inplace=False,
    self=lambda g, self, other: g * sigmoid_of(_difference(self, other) * constant(math.log(2), g)),
    other=lambda g, self, other: g * sigmoid_of(_difference(other, self) * constant(math.log(2), g)),
    reads={"self": "g * σ((self - other) * log(2))", "other": "g * σ((other - self) * log(2))"},
    doc="``log2(2**input + 2**other)``, element by element, where neither need fit a float.",
)  # fmt: skip


def _xlogy(self, other):
    if self.dtype.kind == "c":
        unsupported("xlogy_cpu", self)
    x, y = to_float(self), to_float(other)
    return np.where((x == 0) & ~np.isnan(y), constant(0, x), x * np.log(y))


def _xlogy_gradient(g, self, other):
    """In PyTorch itself ``xlogy(g, other)``: no gradient stays none, even by the logarithm of a negative number."""
    none = ((self == 0) & (other <= 0)) | ((g == 0) & ((other <= 0) | (other == np.inf)))
    return np.where(none, constant(0, g), g * np.log(np.where(none, constant(1, g), other)))


xlogy = elementwise(
    "xlogy", _xlogy, promote="float", scalar_first=True,
    node="XlogyBackward1 if input._wrapped else XlogyBackward2 if other._wrapped else XlogyBackward0",
    self=lambda g, self, other: _xlogy_gradient(g, self, other),
    other=lambda g, self, other: g * self / other,
    reads={"self": "g * log(other)"},
    doc="``input * log(other)``, element by element, and 0 where ``input`` is 0; NaN where ``other`` is.",
)  # fmt: skip


def _xlog1py(self, other):
    x, y = to_float(self), to_float(other)
    if x.dtype.kind == "c":
        unsupported("xlog1py_cpu", x)
    return np.where((x == 0) & ~np.isnan(y), constant(0, x), x * np.log1p(y))


def _xlog1py_gradient(g, self, other):
    none = ((self == 0) & (other <= -1)) | ((g == 0) & ((other <= -1) | (other == np.inf)))
    return np.where(none, constant(0, g), g * np.log1p(np.where(none, constant(0, g), other)))


xlog1py = elementwise(
    "xlog1py", _xlog1py, promote="float", where="special", inplace=False, scalar_first=True,
    node="SpecialXlog1PyBackward1 if input._wrapped else SpecialXlog1PyBackward2 if other._wrapped else SpecialXlog1PyBackward0",
    self=lambda g, self, other: _xlog1py_gradient(g, self, other),
    other=lambda g, self, other: g * self / (other + 1),
    reads={"self": "g * log1p(other)"},
    doc="``input * log1p(other)``, element by element, and 0 where ``input`` is 0; NaN where ``other`` is.",
)  # fmt: skip


def _entr(self):
    x = to_float(self)
    if x.dtype.kind == "c":
        unsupported("entr_cpu", x)
    inside = x > 0
    found = -x * np.log(np.where(inside, x, constant(1, x)))
    return np.where(inside | np.isnan(x), found, np.where(x == 0, constant(0, x), constant(-np.inf, x)))


entr = elementwise(
    "entr", in_float32(_entr), promote="float", where="special", inplace=False, node="SpecialEntrBackward0",
    self=lambda g, self: g * -(np.log(self) + 1),
    doc="The summand of an entropy of each element, ``-x log(x)``: 0 at zero, minus infinity below.",
)  # fmt: skip


# Rounding


def _whole(ufunc: Any) -> Callable[..., Any]:
    """A rounding ufunc that leaves integers as they are."""

    name = ufunc.__name__

    def forward(self):
        if self.dtype.kind in "iu":
            return self.copy()
        if self.dtype.kind == "b":
            unsupported(f"{name}_vml_cpu", self)
        if self.dtype.kind == "c":
            raise NotImplementedError(f"{name} is not supported for complex inputs")
        return ufunc(self)

    return forward


floor = elementwise(
    "floor", _whole(np.floor), out=FOUND, self=lambda g: np.zeros_like(g),
    doc="The largest integer not above each element, in the same dtype.",
)  # fmt: skip
ceil = elementwise(
    "ceil", _whole(np.ceil), out=FOUND, self=lambda g: np.zeros_like(g),
    doc="The smallest integer not below each element, in the same dtype.",
)  # fmt: skip
trunc = elementwise(
    "trunc", _whole(np.trunc), out=FOUND, aliases=("fix",), self=lambda g: np.zeros_like(g),
    doc="Each element without its fraction: rounded toward zero.",
)  # fmt: skip
taped(np.floor)(lambda x: floor.function(x))
taped(np.trunc)(lambda x: trunc.function(x))


def _round(self, *, decimals=0):
    if self.dtype.kind in "iub":
        if self.dtype.kind == "b":
            unsupported("round_vml_cpu", self)
        if decimals:
            unsupported("round_cpu", self)
        return self.copy()
    if self.dtype.kind == "c":
        unsupported("round_vml_cpu", self)
    return np.rint(self) if decimals == 0 else _round_to(self, decimals)


@in_float32
def _round_to(self, decimals):
    scale = constant(10.0 ** abs(decimals), self)
    return np.rint(self * scale) / scale if decimals > 0 else np.rint(self / scale) * scale


round = elementwise(
    "round", _round, out=FOUND, node="RoundBackward1 if decimals else RoundBackward0", self=lambda g: np.zeros_like(g),
    doc="Each element rounded to the nearest integer, of two as near to the even one; with ``decimals``, "
    "to so many digits behind the point.",
)


def _frac(self):
    if self.dtype.kind in "iubc":
        unsupported("frac_cpu", self)
    return self - np.trunc(self)


frac = elementwise(
    "frac", _frac, out=FOUND, self=lambda g: g,
    doc="The fraction of each element, of its sign: ``x - trunc(x)``.",
)  # fmt: skip


# Signs carried over


copysign = elementwise(
    "copysign", _without("c", "copysign_cpu", np.copysign), plain=np.copysign, promote="float",
    node="CopysignBackward1 if other._wrapped else CopysignBackward0",
    self=lambda g, self, result: g * quotient(result, self),
    other=lambda g: np.zeros_like(g),
    reads={"self": "g * result / self"},
    doc="The magnitudes of ``input`` with the signs of ``other``, element by element.",
)  # fmt: skip
nextafter = elementwise(
    "nextafter", _without("iubc", "nextafter_cpu", np.nextafter), plain=np.nextafter, numbers=False,
    self=lambda g, self, other: np.where(self == other, constant(0, g), g),
    other=lambda g: np.zeros_like(g),
    doc="The next number of the dtype after ``input`` in the direction of ``other``, element by element.",
)


def _signbit(self):
    if self.dtype.kind == "c":
        raise NotImplementedError("signbit is not implemented for complex tensors.")
    return np.signbit(self) if self.dtype.kind not in "iub" else self < 0


signbit = elementwise(
    "signbit", _signbit, out=refused("signbit does not support non-boolean outputs."), promote="bool", inplace=False,
    doc="Whether the sign of each element is set: True for negative numbers and for -0.0.",
)  # fmt: skip


def _check_heaviside(self: Tensor, values: Tensor) -> None:
    if self.dtype.is_complex or values.dtype.is_complex:
        raise RuntimeError("heaviside is not yet implemented for complex tensors.")
    if self.dtype is not values.dtype:
        raise RuntimeError("heaviside is not yet implemented for tensors with different dtypes.")


def _heaviside(self, values):
    if self.dtype.kind == "c":
        unsupported("heaviside_cpu", self)
    if self.dtype.kind == "f":  # of a NaN, NumPy's is a NaN and PyTorch's 0
        return np.heaviside(np.fmax(self, -np.inf), values)
    return np.where(self == 0, values, (self > 0).astype(self.dtype))


heaviside = elementwise(
    "heaviside", _heaviside, out=refused("heaviside is not yet implemented for tensors with different dtypes."), numbers=False, check=_check_heaviside, node="NotImplemented",
    self=lambda g: not_implemented("heaviside"),
    values=lambda g: not_implemented("heaviside"),
    doc="The step function of each element: 0 below zero, 1 above it, and the value in ``values`` at zero.",
)  # fmt: skip


def _frexp(self: Array):
    if self.dtype.kind in "iubc":
        raise RuntimeError("torch.frexp() only supports floating-point dtypes")
    mantissa, exponent = np.frexp(self)
    return mantissa, exponent.astype(np.int32)


frexp = op(
    "frexp", _frexp, out=refused(("torch.frexp() expects mantissa to have dtype {result} but got {out}", "torch.frexp() expects exponent to have int dtype but got {out}")), outputs=("mantissa", "exponent"), differentiable=("mantissa",),
    self=lambda g, exponent: g / 2 ** exponent.astype(g.dtype),
    doc="Each element as ``mantissa * 2**exponent``, the mantissa's magnitude from 0.5 to 1, the exponent an int32.",
)  # fmt: skip

# What numbers are


def _test(ufunc: Any, real_only: str = "") -> Callable[..., Any]:
    def forward(self: Array):
        if real_only and self.dtype.kind == "c":
            raise RuntimeError(f"{real_only} does not support complex inputs.")
        return ufunc(self if self.dtype.names is None else numbers_of(self))

    return forward


isnan = op(
    "isnan", _test(np.isnan),
    doc="Whether each element is NaN.",
)  # fmt: skip
isinf = op(
    "isinf", _test(np.isinf),
    doc="Whether each element is infinite, of either sign.",
)  # fmt: skip
isposinf = op(
    "isposinf", _test(lambda x: x == np.inf, "isposinf"), out=refused("isposinf does not support non-boolean outputs."),
    doc="Whether each element is plus infinity.",
)  # fmt: skip
isneginf = op(
    "isneginf", _test(lambda x: x == -np.inf, "isneginf"), out=refused("isneginf does not support non-boolean outputs."),
    doc="Whether each element is minus infinity.",
)  # fmt: skip


def _isfinite(self: Array):
    return np.ones(self.shape, bool) if self.dtype.kind in "iub" else np.isfinite(self if self.dtype.names is None else numbers_of(self))


def _isreal(self: Array):
    return self.imag == 0 if self.dtype.kind == "c" else np.ones_like(self, bool)


isfinite = op(
    "isfinite", _isfinite,
    doc="Whether each element is neither infinite nor NaN.",
)  # fmt: skip
isreal = op(
    "isreal", _isreal,
    doc="Whether each element has no imaginary part.",
)  # fmt: skip
for _row, _ufunc in ((isnan, np.isnan), (isinf, np.isinf), (isfinite, np.isfinite)):
    taped(_ufunc)(lambda x, row=_row: row.function(x))
