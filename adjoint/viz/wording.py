"""Wording: what the boxes of a picture are called: the user's names, expressions, the operators as people say them."""

from __future__ import annotations

import re
from typing import Any

from adjoint.viz.units import number

_LONGEST = 28  # characters of an expression that is a title

# Operators that are named for how they are computed, and what they are.
_SPOKEN = {
    "vector_matmul": "matmul",
    "convolution": "conv",
    "native_batch_norm": "batch_norm",
    "native_layer_norm": "layer_norm",
    "native_group_norm": "group_norm",
    "_fused_rms_norm": "rms_norm",
    "_scaled_dot_product_flash_attention_for_cpu": "attention",
    "max_pool2d_with_indices": "max_pool2d",
    "max_pool3d_with_indices": "max_pool3d",
    "binary_cross_entropy": "bce",
    "binary_cross_entropy_with_logits": "bce_with_logits",
    "_unsafe_view": "view",
    "_to_copy": "to",
}

_BINARY = {
    "add": ("+", 1), "sub": ("−", 1), "mul": ("·", 2), "div": ("/", 2), "matmul": ("@", 2), "mm": ("@", 2), "bmm": ("@", 2),
    "vector_matmul": ("@", 2), "mv": ("@", 2), "dot": ("@", 2), "eq": ("=", 0), "lt": ("<", 0), "gt": (">", 0),
    "le": ("≤", 0), "ge": ("≥", 0), "ne": ("≠", 0),
}  # fmt: skip
_POWER = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")


def word_of(node: Any) -> str:
    """How a node's operator is called; of one that has no row (a write into a view, a user's Function), what autograd says."""
    if node.operator is not None:
        return spoken(node.operator)
    return re.sub(r"^.*::|Backward\d*$", "", node.grad_fn or "") or node.kind


def spoken(operator: str) -> str:
    """How an operator is called: ``batch_norm`` for ``native_batch_norm``.

    >>> spoken("native_batch_norm"), spoken("remainder_number"), spoken("index_fill.tensor")
    ('batch_norm', 'remainder', 'index_fill')
    """
    return _SPOKEN.get(operator, re.sub(r"(_number|\.\w+)$", "", operator).lstrip(".") or operator)


def name_of(node: Any) -> str | None:
    """The user's name of what a node made, or None."""
    if node.name:
        return str(node.name)
    named = next((output.name for output in node.outputs if output.name), None)
    return None if named is None else str(named)


def title_of(node: Any, nodes: Any) -> str:
    """The user's name; for what has none its expression if that is short; else the operator's name."""
    name = name_of(node)
    if name is not None:
        return name
    if node.kind != "operator":
        number_or_none = _as_number(node)
        return number_or_none if number_or_none is not None else {"leaf": "leaf", "input": "data"}.get(node.kind, node.kind)
    expression = expression_of(node, nodes)
    return expression if len(expression) <= _LONGEST else word_of(node)


def expression_of(node: Any, nodes: Any, depth: int = 2) -> str:
    """What an operator computes, of the user's names: ``x + 2``, ``tanh(h)``; by the user's own words, if these are shorter
    or say what the recording doesn't know."""
    own = _expression(node, nodes, depth)[0]
    words = as_mathematics(node.expression) if node.expression else ""
    return words if words and (_is_vague(node) or "…" in own or len(words) <= len(own)) else own


def _is_vague(node: Any) -> bool:
    """Whether an operand is not known: a number, in a graph that nobody recorded."""
    return node.operator in _BINARY and len(node.inputs) == 1 and node.arguments.get("other") is None


def _expression(node: Any, nodes: Any, depth: int) -> tuple[str, int]:
    """The text, and how strongly it binds: 0 a comparison, 1 a sum, 2 a product, 3 anything that needs no brackets."""
    operands = [_operand(use, nodes, depth) for use in node.inputs]
    if len(operands) == 1 and node.arguments.get("other") is not None and node.operator in _BINARY:
        operands.append((_plain_number(node.arguments["other"]), 3))
    if len(operands) == 2 and node.operator in _BINARY:
        sign, binding = _BINARY[node.operator]
        left, right = (
            f"({text})" if own < binding or (right and own == binding and sign in "−/") else text
            for right, (text, own) in enumerate(operands)
        )
        return f"{left} {sign} {right}", binding
    if node.operator == "neg" and operands:
        return f"−{_bracketed(operands[0])}", 2
    exponent = node.arguments.get("exponent")
    if node.operator in ("pow", "pow_number") and operands and exponent is not None and re.fullmatch(r"-?\d+(\.0)?", exponent):
        return f"{_bracketed(operands[0])}{exponent.removesuffix('.0').translate(_POWER)}", 3
    inside = [text for text, _ in operands]
    if len(inside) > 3:
        inside = [*inside[:2], "…"]
    return f"{word_of(node)}({', '.join(inside)})", 3


def _bracketed(operand: tuple[str, int]) -> str:
    text, binding = operand
    return text if binding == 3 else f"({text})"


def _operand(use: Any, nodes: Any, depth: int) -> tuple[str, int]:
    """An operand inside of an expression: its name, else its own expression, as deep as that goes."""
    source = nodes[use.node]
    name = name_of(source)
    if name is not None:
        return name.rpartition(".")[2], 3
    if source.kind != "operator":
        return title_of(source, nodes), 3
    if source.expression and re.fullmatch(r"[\w.]+(\[[^][]*\])?", source.expression):
        return source.expression, 3
    if source.expression and _is_vague(source):
        return as_mathematics(source.expression), 0
    if depth <= 0:
        return "…", 3
    return _expression(source, nodes, depth - 1)


def as_mathematics(text: str) -> str:
    """A Python expression with the signs of mathematics: ``2 · x²`` for ``2 * x ** 2``.

    >>> as_mathematics("g * (x - 1) ** 2")
    'g · (x − 1)²'
    """
    text = re.sub(r" ?\*\* ?(-?\d+)\b(?!\.)", lambda found: found[1].translate(_POWER), text)
    text = re.sub(r" ?\*(?!\*) ?", " · ", text)
    return re.sub(r"-(?=[^\W])|(?<= )-(?= )", "−", text.replace("!=", "≠").replace("<=", "≤").replace(">=", "≥"))


def _as_number(node: Any) -> str | None:
    """A tensor without dimensions, as the number that it is."""
    value = node.outputs[0].value if node.outputs else None
    numbers = None if value is None else value.numbers
    return None if numbers is None or isinstance(numbers, (list, bool)) else number(float(numbers))


def _plain_number(text: str) -> str:
    """A number argument as it is written: ``2`` for ``2.0``."""
    return text.removesuffix(".0")
