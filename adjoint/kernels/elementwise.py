"""What the equations of a program are in native code, by NumPy's names."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from adjoint.kernels.halves import is_half
from adjoint.kernels.program import Program
from adjoint.kernels.traced import Untraceable

# Expressions over operands of one type, whatever it is.
ANY = {
    "add": "{0} + {1}",
    "subtract": "{0} - {1}",
    "multiply": "{0} * {1}",
    "negative": "-{0}",
    "square": "{0} * {0}",
    "copy": "{0}",
    "where": "where({0}, {1}, {2})",
    "less": "{0} < {1}",
    "less_equal": "{0} <= {1}",
    "greater": "{0} > {1}",
    "greater_equal": "{0} >= {1}",
    "equal": "{0} == {1}",
    "not_equal": "{0} != {1}",
}
# Of floating-point numbers.  With a NaN, maximum gives it and fmax the other one.
FLOAT = {
    "true_divide": "{0} / {1}",
    "divide": "{0} / {1}",
    "reciprocal": "1.0 / {0}",
    "sqrt": "sqrt({0})",
    "absolute": "fabs({0})",
    "fabs": "fabs({0})",
    "floor": "floor({0})",
    "ceil": "ceil({0})",
    "trunc": "trunc({0})",
    "rint": "rint({0})",
    "sign": "where({0} > 0.0, 1.0, where({0} < 0.0, -1.0, {0}))",
    "copysign": "copysign({0}, {1})",
    "maximum": "where({0} != {0}, {0}, larger({0}, {1}))",
    "minimum": "where({0} != {0}, {0}, smaller({0}, {1}))",
    "fmax": "where({0} != {0}, {1}, where({1} != {1}, {0}, larger({0}, {1})))",
    "fmin": "where({0} != {0}, {1}, where({1} != {1}, {0}, smaller({0}, {1})))",
    "isnan": "{0} != {0}",
    "isinf": "fabs({0}) == INFINITY",
    "isfinite": "fabs({0}) < INFINITY",
    "conjugate": "{0}",
}
# Of integers (with a sign; those without are left to NumPy).
INTEGER = {
    "maximum": "maximum({0}, {1})",
    "minimum": "minimum({0}, {1})",
    "absolute": "maximum({0}, -{0})",
    "bitwise_and": "{0} & {1}",
    "bitwise_or": "{0} | {1}",
    "bitwise_xor": "{0} ^ {1}",
    "invert": "~{0}",
}
BOOL = {
    "logical_and": "{0} & {1}",
    "logical_or": "{0} | {1}",
    "logical_xor": "{0} ^ {1}",
    "logical_not": "~{0}",
    "bitwise_and": "{0} & {1}",
    "bitwise_or": "{0} | {1}",
    "bitwise_xor": "{0} ^ {1}",
    "invert": "~{0}",
    "add": "{0} | {1}",
    "multiply": "{0} & {1}",
    "copy": "{0}",
    "where": "where({0}, {1}, {2})",
    "maximum": "{0} | {1}",
    "minimum": "{0} & {1}",
    "absolute": "{0}",
    "less": "~{0} & {1}",
    "less_equal": "~{0} | {1}",
    "greater": "{0} & ~{1}",
    "greater_equal": "{0} | ~{1}",
    "equal": "~({0} ^ {1})",
    "not_equal": "{0} ^ {1}",
}

# How much work an equation is, an addition being 1; what is not listed here.
_COST = {"true_divide": 4, "divide": 4, "sqrt": 6, "reciprocal": 4, "copy": 0}
FUNCTION_COST = 20

TYPES = {
    "float32": "f32",
    "float16": "f32",  # computed with in float32, as bfloat16 is
    "bfloat16": "f32",
    "float64": "f64",
    "int8": "i8",
    "int16": "i16",
    "int32": "i32",
    "int64": "i64",
    "bool": "i1",
}
"""NumPy's dtypes and in what native code computes with their numbers."""


def expression(name: str, dtype: Any, operand: Any) -> tuple[str, Any]:
    """The text for an equation, with its result's and its (last) operand's dtype, and the function that it calls.

    The text is None where there is no native code for it.
    """
    kind = "f" if is_half(operand) else operand.kind
    table = BOOL if kind == "b" else FLOAT if kind == "f" else INTEGER if kind == "i" else {}
    found = table.get(name)
    if found is None and kind != "b":
        found = ANY.get(name)
    if found is not None:
        return found, None
    native = TYPES.get(str(operand), "")
    function = functions().get((name, native))
    if function is None:
        return None, None  # type: ignore[return-value]
    arguments = ", ".join(f"{{{i}}}" for i in range(len(function.names)))
    return f"{name}_{native}({arguments})", function


def text_of(program: Program, i: int, operands: list[str], functions: dict[str, Any]) -> str:
    """The text for an equation of a program, its operands named; the function that it calls is put into ``functions``."""
    e = program.equations[i]
    if e.name == "convert":
        return f"cast({operands[0]}, {TYPES[str(e.dtype)]})"
    operand = program.equations[e.operands[-1]].dtype
    text, function = expression(e.name, e.dtype, operand)
    if text is None:
        raise Untraceable(f"{e.name} of {operand}")
    if function is not None:
        functions[text.partition("(")[0]] = function
    return text.format(*operands)


def cost(name: str, function: Any) -> int:
    """About how much work it is."""
    return FUNCTION_COST if function is not None else _COST.get(name, 1)


@lru_cache(maxsize=None)
def functions() -> Any:
    """The vector functions: (NumPy's name, native type) -> native function."""
    try:
        from adjoint.kernels.machine import machine

        machine()  # ImportError where nothing can be compiled
        from adjoint.kernels.mathematics import SUPPORTED
    except ImportError:
        return {}
    return SUPPORTED
