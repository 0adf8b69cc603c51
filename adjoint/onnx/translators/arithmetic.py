"""Element by element: arithmetic, comparisons, logic, and functions of one number."""

from __future__ import annotations

import math
from typing import Any

import adjoint
from adjoint import dtypes
from adjoint.onnx.graph import Graph, Value
from adjoint.onnx.sizes import Varying
from adjoint.onnx.translators.table import TRANSLATORS, like, needs, translates, unsupported

# Functions of one tensor that are one operator of ONNX.
UNARY = {
    "abs": "Abs",
    "acos": "Acos",
    "acosh": "Acosh",
    "asin": "Asin",
    "asinh": "Asinh",
    "atan": "Atan",
    "atanh": "Atanh",
    "ceil": "Ceil",
    "cos": "Cos",
    "cosh": "Cosh",
    "erf": "Erf",
    "exp": "Exp",
    "floor": "Floor",
    "log": "Log",
    "neg": "Neg",
    "reciprocal": "Reciprocal",
    "sigmoid": "Sigmoid",
    "sign": "Sign",
    "sin": "Sin",
    "sinh": "Sinh",
    "sqrt": "Sqrt",
    "tan": "Tan",
    "tanh": "Tanh",
}
_SAME = {
    "arccos": "acos",
    "arccosh": "acosh",
    "arcsin": "asin",
    "arcsinh": "asinh",
    "arctan": "atan",
    "arctanh": "atanh",
    "negative": "neg",
    "absolute": "abs",
    "special.erf": "erf",
    "special.expit": "sigmoid",
}


def _unary(kind: str) -> Any:
    def translate(g: Graph, self: Value, **_: Any) -> Value:
        return g.op(kind, g.cast(self, g.out[0].dtype))  # type: ignore[no-any-return]

    return translate


for _name, _kind in UNARY.items():
    TRANSLATORS[_name] = _unary(_kind)
for _name, _known in _SAME.items():
    TRANSLATORS[_name] = TRANSLATORS[_known]


def is_float(dtype: Any) -> bool:
    """Whether a dtype has fractions."""
    return bool(dtype.is_floating_point)


def number(g: Graph, like: Value, value: Any) -> Value:
    """A number in the dtype of a value."""
    return g.number(value, like.dtype)  # type: ignore[no-any-return]


def _stand_in(operand: Any) -> Any:
    """What promotes as an operand does."""
    if isinstance(operand, Value):
        return adjoint.empty([0] * (1 if operand.shape is None or operand.shape else 0), dtype=operand.dtype)
    return operand.seen[0] if isinstance(operand, Varying) else operand


def common(*operands: Any) -> Any:
    """The dtype to which operands are promoted."""
    stand_ins = [_stand_in(o) for o in operands]
    found = adjoint.result_type(stand_ins[0], stand_ins[1]) if len(stand_ins) > 1 else stand_ins[0].dtype
    for other in stand_ins[2:]:
        found = adjoint.promote_types(found, adjoint.result_type(other, other))
    return found


def binary(g: Graph, kind: str, a: Any, b: Any, dtype: Any = None) -> Value:
    """An operator of two operands, in one dtype: the one to which they are promoted."""
    dtype = dtype or common(a, b)
    return g.op(kind, g.number(a, dtype), g.number(b, dtype))  # type: ignore[no-any-return]


@translates("add", "plus_number")
def add(g: Graph, self: Any, other: Any, *, alpha: Any = 1) -> Value:
    """``self + alpha * other``."""
    dtype = g.out[0].dtype
    if dtype == dtypes.bool_:
        return binary(g, "Or", self, other)
    other = other if alpha == 1 else binary(g, "Mul", other, alpha, dtype)
    return binary(g, "Add", self, other, dtype)


@translates("sub", "subtract")
def sub(g: Graph, self: Any, other: Any, *, alpha: Any = 1) -> Value:
    """``self - alpha * other``."""
    dtype = g.out[0].dtype
    return binary(g, "Sub", self, other if alpha == 1 else binary(g, "Mul", other, alpha, dtype), dtype)


@translates("__rsub__", "rsub")
def rsub(g: Graph, self: Any, other: Any, *, alpha: Any = 1) -> Value:
    """``other - alpha * self``."""
    return sub(g, other, self, alpha=alpha)


@translates("mul", "multiply")
def mul(g: Graph, self: Any, other: Any) -> Value:
    """``self * other``."""
    if g.out[0].dtype == dtypes.bool_:
        return binary(g, "And", self, other)
    return binary(g, "Mul", self, other, g.out[0].dtype)


@translates("div", "divide", "true_divide")
def div(g: Graph, self: Any, other: Any, *, rounding_mode: str | None = None) -> Value:
    """``self / other``, rounded perhaps."""
    dtype = g.out[0].dtype
    if rounding_mode is None:
        return binary(g, "Div", self, other, dtype)
    if rounding_mode == "floor":
        return floor_divide(g, self, other)
    quotient = binary(g, "Div", self, other, dtype)  # of integers, rounded towards zero
    if not is_float(dtype):
        return quotient
    return g.op("Mul", g.op("Sign", quotient), g.op("Floor", g.op("Abs", quotient)))  # type: ignore[no-any-return]


@translates("__rtruediv__", "__rdiv__")
def rdiv(g: Graph, self: Any, other: Any) -> Value:
    """``other / self``."""
    return div(g, other, self)


@translates("floor_divide", "__floordiv__")
def floor_divide(g: Graph, self: Any, other: Any) -> Value:
    """``floor(self / other)``."""
    dtype = g.out[0].dtype
    if is_float(dtype):
        return g.op("Floor", binary(g, "Div", self, other, dtype))  # type: ignore[no-any-return]
    a, b = g.number(self, dtype), g.number(other, dtype)
    rest = g.op("Mod", a, b)  # of the divisor's sign
    return g.op("Div", g.op("Sub", a, rest), b)  # type: ignore[no-any-return]


@translates("__rfloordiv__")
def rfloordiv(g: Graph, self: Any, other: Any) -> Value:
    """``floor(other / self)``."""
    return floor_divide(g, other, self)


@translates("remainder", "__mod__")
def remainder(g: Graph, self: Any, other: Any) -> Value:
    """The rest of ``floor(self / other)``, of the divisor's sign."""
    dtype = g.out[0].dtype
    a, b = g.number(self, dtype), g.number(other, dtype)
    if not is_float(dtype):
        return g.op("Mod", a, b)  # type: ignore[no-any-return]
    return g.op("Sub", a, g.op("Mul", g.op("Floor", g.op("Div", a, b)), b))  # type: ignore[no-any-return]


@translates("__rmod__")
def rmod(g: Graph, self: Any, other: Any) -> Value:
    """``other % self``."""
    return remainder(g, other, self)


@translates("fmod")
def fmod(g: Graph, self: Any, other: Any) -> Value:
    """C's remainder, of the dividend's sign."""
    dtype = g.out[0].dtype
    return g.op("Mod", g.number(self, dtype), g.number(other, dtype), fmod=1)  # type: ignore[no-any-return]


@translates("pow", "__pow__", "float_power")
def power(g: Graph, self: Any, exponent: Any) -> Value:
    """``self ** exponent``."""
    dtype = g.out[0].dtype
    if exponent == 2 and isinstance(self, Value):
        self = g.cast(self, dtype)
        return g.op("Mul", self, self)  # type: ignore[no-any-return]
    if exponent == 0.5 and isinstance(self, Value):
        return g.op("Sqrt", g.cast(self, dtype))  # type: ignore[no-any-return]
    return binary(g, "Pow", self, exponent, dtype)


@translates("__rpow__")
def rpow(g: Graph, self: Any, other: Any) -> Value:
    """``other ** self``."""
    return power(g, other, self)


@translates("square")
def square(g: Graph, self: Value) -> Value:
    """``self * self``."""
    return g.op("Mul", self, self)  # type: ignore[no-any-return]


@translates("rsqrt")
def rsqrt(g: Graph, self: Value) -> Value:
    """``1 / sqrt(self)``."""
    return g.op("Reciprocal", g.op("Sqrt", g.cast(self, g.out[0].dtype)))  # type: ignore[no-any-return]


@translates("exp2", "special.exp2")
def exp2(g: Graph, self: Value) -> Value:
    """``2 ** self``."""
    self = g.cast(self, g.out[0].dtype)
    return g.op("Pow", number(g, self, 2), self)  # type: ignore[no-any-return]


@translates("expm1", "special.expm1")
def expm1(g: Graph, self: Value) -> Value:
    """``exp(self) - 1``."""
    self = g.cast(self, g.out[0].dtype)
    return g.op("Sub", g.op("Exp", self), number(g, self, 1))  # type: ignore[no-any-return]


@translates("log1p", "special.log1p")
def log1p(g: Graph, self: Value) -> Value:
    """``log(1 + self)``."""
    self = g.cast(self, g.out[0].dtype)
    return g.op("Log", g.op("Add", self, number(g, self, 1)))  # type: ignore[no-any-return]


def _log_to(base: float) -> Any:
    def translate(g: Graph, self: Value) -> Value:
        self = g.cast(self, g.out[0].dtype)
        return g.op("Div", g.op("Log", self), number(g, self, math.log(base)))  # type: ignore[no-any-return]

    return translate


TRANSLATORS["log2"], TRANSLATORS["log10"] = _log_to(2), _log_to(10)


@translates("erfc", "special.erfc")
def erfc(g: Graph, self: Value) -> Value:
    """``1 - erf(self)``."""
    self = g.cast(self, g.out[0].dtype)
    return g.op("Sub", number(g, self, 1), g.op("Erf", self))  # type: ignore[no-any-return]


@translates("logit", "special.logit")
def logit(g: Graph, self: Value, eps: float | None = None) -> Value:
    """``log(self / (1 - self))``."""
    if eps is not None:
        self = g.op("Clip", self, number(g, self, eps), number(g, self, 1 - eps))
    return g.op("Log", g.op("Div", self, g.op("Sub", number(g, self, 1), self)))  # type: ignore[no-any-return]


@translates("trunc", "fix")
def trunc(g: Graph, self: Value) -> Value:
    """Rounded towards zero."""
    if not is_float(self.dtype):
        return self
    return g.op("Mul", g.op("Sign", self), g.op("Floor", g.op("Abs", self)))  # type: ignore[no-any-return]


@translates("frac")
def frac(g: Graph, self: Value) -> Value:
    """What :func:`trunc` leaves."""
    return g.op("Sub", self, trunc(g, self))  # type: ignore[no-any-return]


@translates("round")
def rounded(g: Graph, self: Value, *, decimals: int = 0) -> Value:
    """Rounded, halves to even."""
    if not is_float(self.dtype):
        return self
    if not decimals:
        return g.op("Round", self)  # type: ignore[no-any-return]
    scale = number(g, self, 10.0**decimals)
    return g.op("Div", g.op("Round", g.op("Mul", self, scale)), scale)  # type: ignore[no-any-return]


@translates("sgn")
def sgn(g: Graph, self: Value) -> Value:
    """-1, 0 or 1."""
    return g.op("Sign", self)  # type: ignore[no-any-return]


@translates("atan2", "arctan2")
def atan2(g: Graph, self: Value, other: Value) -> Value:
    """The angle of a point: ``atan(self / other)``, and half a turn where ``other`` is negative."""
    dtype = g.out[0].dtype
    y, x = g.cast(self, dtype), g.cast(other, dtype)
    zero, pi = g.const(0.0, dtype), g.const(math.pi, dtype)
    angle = g.op("Atan", g.op("Div", y, x))
    turned = g.op("Add", angle, g.op("Where", g.op("Less", y, zero), g.op("Neg", pi), pi, dtype=dtype))
    found = g.op("Where", g.op("Less", x, zero), turned, angle, dtype=dtype)
    on_axis = g.op("And", g.op("Equal", x, zero), g.op("Equal", y, zero))
    return g.op("Where", on_axis, zero, found, dtype=dtype)  # type: ignore[no-any-return]


@translates("hypot")
def hypot(g: Graph, self: Value, other: Value) -> Value:
    """``sqrt(self² + other²)``."""
    return g.op("Sqrt", g.op("Add", g.op("Mul", self, self), g.op("Mul", other, other)))  # type: ignore[no-any-return]


@translates("lerp")
def lerp(g: Graph, self: Value, end: Value, weight: Any) -> Value:
    """``self + weight * (end - self)``."""
    step = g.op("Mul", g.op("Sub", end, self), g.number(weight, self.dtype))
    return g.op("Add", self, step)  # type: ignore[no-any-return]


@translates("addcmul")
def addcmul(g: Graph, self: Value, tensor1: Value, tensor2: Value, *, value: Any = 1) -> Value:
    """``self + value * tensor1 * tensor2``."""
    made = g.op("Mul", tensor1, tensor2)
    made = made if value == 1 else g.op("Mul", made, number(g, made, value))
    return g.op("Add", self, made)  # type: ignore[no-any-return]


@translates("addcdiv")
def addcdiv(g: Graph, self: Value, tensor1: Value, tensor2: Value, *, value: Any = 1) -> Value:
    """``self + value * tensor1 / tensor2``."""
    made = g.op("Div", tensor1, tensor2)
    made = made if value == 1 else g.op("Mul", made, number(g, made, value))
    return g.op("Add", self, made)  # type: ignore[no-any-return]


# Comparisons and logic -----------------------------------------------------------------------------------------------------


def _compared(kind: str, swapped: bool = False) -> Any:
    def translate(g: Graph, self: Any, other: Any) -> Value:
        a, b = (other, self) if swapped else (self, other)
        dtype = common(a, b)
        if dtype == dtypes.bool_ and kind != "Equal":
            dtype = dtypes.int32
        return binary(g, kind, a, b, dtype)

    return translate


for _names, _kind in (
    ("eq __eq__", "Equal"),
    ("gt greater", "Greater"),
    ("lt less", "Less"),
    ("ge greater_equal", "GreaterOrEqual"),
    ("le less_equal", "LessOrEqual"),
):
    for _name in _names.split():
        TRANSLATORS[_name] = _compared(_kind)


@translates("ne", "not_equal")
def ne(g: Graph, self: Any, other: Any) -> Value:
    """Whether they differ."""
    return g.op("Not", TRANSLATORS["eq"](g, self, other))  # type: ignore[no-any-return]


def truth(g: Graph, value: Any) -> Value:
    """Whether each element is not zero."""
    return g.number(value, dtypes.bool_)  # type: ignore[no-any-return]


def _logical(kind: str) -> Any:
    return lambda g, self, other: g.op(kind, truth(g, self), truth(g, other))


def _bits(kind: str) -> Any:
    def translate(g: Graph, self: Any, other: Any) -> Value:
        dtype = common(self, other)
        if dtype == dtypes.bool_:
            return binary(g, kind, self, other, dtype)
        needs(g, 18)
        return binary(g, f"Bitwise{kind}", self, other, dtype)

    return translate


for _name in ("and", "or", "xor"):
    TRANSLATORS[f"logical_{_name}"] = _logical(_name.capitalize())
    for _spelled in (f"bitwise_{_name}", f"__{_name}__", f"__r{_name}__"):
        TRANSLATORS[_spelled] = _bits(_name.capitalize())


@translates("logical_not")
def logical_not(g: Graph, self: Value) -> Value:
    """Whether each element is zero."""
    return g.op("Not", truth(g, self))  # type: ignore[no-any-return]


@translates("bitwise_not", "__invert__")
def bitwise_not(g: Graph, self: Value) -> Value:
    """All bits turned."""
    if self.dtype == dtypes.bool_:
        return g.op("Not", self)  # type: ignore[no-any-return]
    needs(g, 18)
    return g.op("BitwiseNot", self)  # type: ignore[no-any-return]


@translates("isnan")
def isnan(g: Graph, self: Value) -> Value:
    """Whether each element is no number."""
    return g.op("IsNaN", self)  # type: ignore[no-any-return]


@translates("isinf")
def isinf(g: Graph, self: Value) -> Value:
    """Whether each element is infinite."""
    return g.op("IsInf", self)  # type: ignore[no-any-return]


@translates("isfinite")
def isfinite(g: Graph, self: Value) -> Value:
    """Whether each element is a finite number."""
    return g.op("Not", g.op("Or", g.op("IsNaN", self), g.op("IsInf", self)))  # type: ignore[no-any-return]


# Limits and choices --------------------------------------------------------------------------------------------------------


@translates("clamp", "clip", "hardtanh_limits")
def clamp(g: Graph, self: Value, min: Any = None, max: Any = None) -> Value:
    """Between ``min`` and ``max``, which may be tensors."""
    dtype = g.out[0].dtype
    self = g.cast(self, dtype)
    if not any(isinstance(limit, Value) for limit in (min, max)):
        limits = [None if limit is None else g.number(limit, dtype) for limit in (min, max)]
        return like(self, g.op("Clip", self, *limits))
    made = self if min is None else g.op("Max", self, g.number(min, dtype))
    return made if max is None else g.op("Min", made, g.number(max, dtype))  # type: ignore[no-any-return]


@translates("clamp_min")
def clamp_min(g: Graph, self: Value, min: Any) -> Value:
    """At least ``min``."""
    return clamp(g, self, min)


@translates("clamp_max")
def clamp_max(g: Graph, self: Value, max: Any) -> Value:
    """At most ``max``."""
    return clamp(g, self, None, max)


@translates("maximum", "fmax")
def maximum(g: Graph, self: Any, other: Any) -> Value:
    """The larger of two."""
    return binary(g, "Max", self, other)


@translates("minimum", "fmin")
def minimum(g: Graph, self: Any, other: Any) -> Value:
    """The smaller of two."""
    return binary(g, "Min", self, other)


@translates("where")
def where(g: Graph, condition: Value, self: Any = None, other: Any = None, input: Any = None) -> Any:
    """Of two, by a condition; with the condition alone, where it holds."""
    self = input if self is None else self
    if self is None:
        from adjoint.onnx.translators.indexing import nonzero

        return nonzero(g, condition, as_tuple=True)
    dtype = g.out[0].dtype
    return g.op("Where", truth(g, condition), g.number(self, dtype), g.number(other, dtype), dtype=dtype)


@translates("Tensor.where")
def tensor_where(g: Graph, self: Value, condition: Value, other: Any) -> Value:
    """:func:`where`, as a method."""
    return where(g, condition, self, other)  # type: ignore[no-any-return]


@translates("masked_fill")
def masked_fill(g: Graph, self: Value, mask: Value, value: Any) -> Value:
    """``value`` where the mask says so."""
    return g.op("Where", truth(g, mask), g.number(value, self.dtype), self, dtype=self.dtype)  # type: ignore[no-any-return]


@translates("nan_to_num")
def nan_to_num(g: Graph, self: Value, nan: Any = None, posinf: Any = None, neginf: Any = None) -> Value:
    """Numbers in place of what is no number, and of infinities."""
    limits = adjoint.finfo(self.dtype)
    made = g.op("Where", g.op("IsNaN", self), number(g, self, nan or 0.0), self, dtype=self.dtype)
    for sign, value in ((1, limits.max if posinf is None else posinf), (-1, limits.min if neginf is None else neginf)):
        at = g.op("IsInf", made, detect_negative=int(sign < 0), detect_positive=int(sign > 0))
        made = g.op("Where", at, number(g, self, value), made, dtype=self.dtype)
    return made  # type: ignore[no-any-return]


@translates("__lshift__", "bitwise_left_shift", "__rshift__", "bitwise_right_shift")
def shift(g: Graph, self: Value, other: Any) -> Value:
    """Bits moved, of unsigned integers; signed ones are multiplied with, and divided by, powers of two."""
    left = "left" in g.key or "lshift" in g.key
    if self.dtype == dtypes.bool_ or is_float(self.dtype):
        raise unsupported(g, g.key)
    factor = g.op("Pow", number(g, self, 2), g.number(other, self.dtype))
    if left:
        return g.op("Mul", self, factor)  # type: ignore[no-any-return]
    return g.op("Div", g.op("Sub", self, g.op("Mod", self, factor)), factor)  # type: ignore[no-any-return]
