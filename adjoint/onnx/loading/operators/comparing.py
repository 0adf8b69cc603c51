"""Comparisons, logic, and what is chosen by them."""

from __future__ import annotations

from typing import Any

import adjoint
from adjoint.onnx.loading.rows import direct, operator

for _name, _function in {
    "Greater": adjoint.gt, "GreaterOrEqual": adjoint.ge, "Less": adjoint.lt, "LessOrEqual": adjoint.le, "Equal": adjoint.eq,
    "And": adjoint.logical_and, "Or": adjoint.logical_or, "Xor": adjoint.logical_xor,
}.items():  # fmt: skip
    direct(_name, _function, since=7)

direct("Not", adjoint.logical_not)
direct("IsNaN", adjoint.isnan)
direct("Where", adjoint.where)


@operator("IsInf")
def is_inf(site: Any, detect_negative: int = 1, detect_positive: int = 1) -> Any:
    if detect_negative and detect_positive:
        return adjoint.isinf
    if detect_negative:
        return adjoint.isneginf
    if detect_positive:
        return adjoint.isposinf
    return lambda x: adjoint.zeros_like(x, dtype=adjoint.bool)
