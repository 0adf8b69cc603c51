"""Documentation: an operator's docstring, from its row."""

from __future__ import annotations

import ast
import inspect
from typing import Any

from adjoint.declare.inline import expression_of
from adjoint.declare.operator import MISSING, Operator


def document(operator: Operator) -> str:
    """The row's own text, the signature, and how the gradients flow."""
    parts = []
    for p in operator.params:
        shown = "input" if p.name == "self" else p.name
        parts.append(shown if p.default is MISSING else f"{shown}={p.default!r}")
    text = f"{operator.name}({', '.join(parts)}) -> {_returns(operator)}\n"
    if operator.doc:
        text += f"\n{inspect.cleandoc(operator.doc)}\n"
    if operator.gradients:
        text += "\nGradients::\n\n"
        for names, formula in operator.gradients.items():
            readings = [operator.reads[name] for name in names if name in operator.reads]
            if not readings:
                text += f"    {', '.join(names)}: {_formula_text(formula)}\n"
            for name, reading in zip(names, readings):
                text += f"    {name}: {reading}\n"
    else:
        text += "\nNot differentiable.\n"
    return text


def _returns(operator: Operator) -> str:
    if operator.outputs is None:
        return "Tensor"
    if operator.outputs == "list":
        return "tuple of Tensors"
    return f"({', '.join(operator.outputs)})"


def _formula_text(formula: Any) -> str:
    """What a formula computes, as the row says it."""
    expression = expression_of(getattr(formula, "of_wide", formula))
    return getattr(formula, "__name__", repr(formula)) if expression is None else ast.unparse(expression)
