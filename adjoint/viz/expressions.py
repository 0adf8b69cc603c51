"""Expressions: which part of a statement made which node, by the shape of both.

``z = (x + 2) * y`` is a product of a sum: where the graph that ``z`` names is one as well, its parts are known by the words
that wrote them, and by names that have been given to other tensors since.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from typing import Any

from adjoint.viz import model

_OPERATORS: dict[type, tuple[str, ...]] = {
    ast.Add: ("add",),
    ast.Sub: ("sub", "rsub"),
    ast.Mult: ("mul",),
    ast.Div: ("div", "reciprocal"),
    ast.Pow: ("pow", "rpow"),
    ast.MatMult: ("matmul", "mm", "mv", "dot", "bmm"),
    ast.USub: ("neg",),
}


SURE = 2
"""That an expression has the shape of a node."""


_MADE_OF: dict[str, tuple[str, ...]] = dict.fromkeys(("reshape", "flatten", "unflatten", "view_as", "reshape_as"), ("view",))
"""Functions whose result another operator made."""


def matched(
    value: ast.expr,
    node: model.Node,
    nodes: list[model.Node],
    words: Callable[[ast.AST], str | None],
    meet: Callable[[str, model.Node], None],
) -> None:
    """Give the nodes behind ``node``, which the expression ``value`` made, their ``words``; ``meet(name, node)`` is called
    for each that the expression takes from a variable."""
    waiting: list[tuple[ast.expr, model.Node]] = [(value, node)]
    while waiting:
        tree, made = waiting.pop()
        if isinstance(tree, ast.Name):
            if made is not node:
                meet(tree.id, made)
            continue
        if made.kind != model.OPERATOR or made.expression is not None:
            continue
        parts = next((p for p in _parts(tree, made) if len(p) == len(made.inputs)), None)
        if parts is None:
            continue
        made.expression = words(tree)
        waiting += [(part, nodes[given.node]) for part, given in zip(parts, made.inputs)]


def could_be(value: ast.expr, node: model.Node) -> int:
    """How likely an expression made a node: ``SURE`` where it has its shape, 1 where it may be anything, 0 where it cannot be."""
    if any(len(parts) == len(node.inputs) for parts in _parts(value, node)):
        return SURE
    return 0 if isinstance(value, (ast.Name, ast.Constant, ast.BinOp, ast.List, ast.Dict)) else 1


def _parts(tree: ast.expr, node: model.Node) -> Iterator[list[ast.expr]]:
    """What may be the operands of a node that an expression wrote, without numbers."""
    if isinstance(tree, ast.BinOp) and _is_written(node, _OPERATORS.get(type(tree.op), ())):
        yield _without_numbers([tree.left, tree.right])
    elif isinstance(tree, ast.UnaryOp) and _is_written(node, _OPERATORS.get(type(tree.op), ())):
        yield [tree.operand]
    elif isinstance(tree, ast.Call):
        function: Any = tree.func
        name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
        if _is_written(node, (name,)):
            given = [*tree.args, *(k.value for k in tree.keywords)]
            yield _without_numbers(given)
            if isinstance(function, ast.Attribute):
                yield _without_numbers([function.value, *given])
                yield [function.value]


def _is_written(node: model.Node, names: tuple[str, ...]) -> bool:
    operator = (node.operator or "").strip("_").partition("_number")[0]
    names = (*names, *(made for name in names for made in _MADE_OF.get(name, ())))
    return any(operator == name or (name and operator.endswith("_" + name)) for name in names)


def _without_numbers(parts: list[ast.expr]) -> list[ast.expr]:
    inner = [p.operand if isinstance(p, ast.UnaryOp) else p for p in parts]
    return [p for p, of in zip(parts, inner) if not isinstance(of, ast.Constant)]
