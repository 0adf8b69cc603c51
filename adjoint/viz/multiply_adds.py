"""Multiply-adds: how much multiplying and adding up an operator's call takes, from a table.

Counted is what products do: one multiply-add for every product of two numbers that is added to a sum, as papers count
"MACs".  Operators that are not in the table multiply no matrices: normalisation, activations, sums, pooling and lookups
count as nothing here.
"""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

Shape = tuple[int, ...]


def _of_product(shapes: dict[str, Shape], result: Shape, left: str) -> int:
    """A product of matrices or vectors: each number of the result adds up the last dimension of the left operand."""
    return prod(result) * (shapes[left][-1] if shapes[left] else 1)


def _product(left: str) -> Callable[[dict[str, Shape], Shape], int]:
    return lambda shapes, result: _of_product(shapes, result, left)


def _convolution(shapes: dict[str, Shape], result: Shape) -> int:
    """Each number of the result adds up one kernel's weights.  (Transposed: see :func:`multiply_adds`.)"""
    weight = shapes["weight"]
    return prod(result) * prod(weight[1:])


def _transposed_convolution(shapes: dict[str, Shape], result: Shape) -> int:
    """Each number of the input is multiplied with all weights of its channel."""
    weight = shapes["weight"]
    return prod(shapes["input"]) * prod(weight[1:])


def _attention(shapes: dict[str, Shape], result: Shape) -> int:
    """Query times key, and the weights times the values, for all pairs of positions (masked ones are computed too)."""
    positions = shapes["key"][-2]
    return positions * (prod(shapes["query"]) + prod(result))


# Per operator: from the shapes of its tensors, by the names that the operator's row gives them, and of its result.
_RULES: dict[str, Callable[[dict[str, Shape], Shape], int]] = {
    "linear": _product("self"),
    "matmul": _product("self"),
    "vector_matmul": _product("self"),
    "batched.matmul": _product("self"),
    "mm": _product("self"),
    "bmm": _product("self"),
    "mv": _product("self"),
    "dot": _product("self"),
    "vdot": _product("self"),
    "addmm": _product("mat1"),
    "addmv": _product("mat"),
    "baddbmm": _product("batch1"),
    "addbmm": lambda shapes, result: _of_product(shapes, result, "batch1") * shapes["batch1"][0],
    "addr": lambda shapes, result: prod(result),
    "cdist": _product("x1"),
    "convolution": _convolution,
    "_convolve": _convolution,
    "_scaled_dot_product_flash_attention_for_cpu": _attention,
}


def multiply_adds(operator: Any, args: tuple[Any, ...], kwargs: dict[str, Any], result: Any) -> int:
    """The multiply-adds of one call of an operator (a row of a table), given what it was called with and returned.

    >>> import adjoint as torch
    >>> from adjoint.ops.contraction import mm
    >>> a, b = torch.ones(2, 3), torch.ones(3, 4)
    >>> multiply_adds(mm, (a, b), {}, a @ b)
    24
    """
    name = operator.name
    rule = _RULES.get(name) if isinstance(name, str) else None
    if rule is None:
        return 0
    given = {p.name: value for p, value in zip(operator.params, args)} | kwargs
    if given.get("transposed"):
        rule = _transposed_convolution
    shapes = {name: tuple(value.shape) for name, value in given.items() if hasattr(value, "shape")}
    made = result[0] if isinstance(result, (tuple, list)) else result
    return rule(shapes, tuple(made.shape))
