"""Bodies: a function of the tables as the one expression that it returns."""

from __future__ import annotations

import ast
import copy
import inspect
import textwrap
from functools import lru_cache
from typing import Any

from adjoint.declare.inline import expression_of


@lru_cache(maxsize=None)
def body_of(function: Any) -> ast.expr | None:
    """What a formula, or a helper of one, returns, as one expression; None where it is more than that."""
    found = expression_of(function)
    if found is not None or not inspect.isfunction(function):
        return found
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(function))).body[0]
    except (OSError, SyntaxError, TypeError, IndexError):
        return None
    return _returned(tree.body, {}) if isinstance(tree, ast.FunctionDef) else None


def _returned(body: list[ast.stmt], given: dict[str, ast.expr]) -> ast.expr | None:
    """What statements return, where they only name things and decide; ``given`` is what the names stand for so far."""
    for i, statement in enumerate(body):
        if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
            continue
        if isinstance(statement, ast.Return) and statement.value is not None:
            return placed(statement.value, given)
        if isinstance(statement, ast.Assign) and len(statement.targets) == 1 and isinstance(statement.targets[0], ast.Name):
            given = {**given, statement.targets[0].id: placed(statement.value, given)}
            continue
        if not isinstance(statement, ast.If):
            return None
        test = placed(statement.test, given)
        rest = body[i + 1 :]
        then = _returned([*statement.body, *rest], given)
        otherwise = _returned([*statement.orelse, *rest], given)
        return None if then is None or otherwise is None else ast.IfExp(test, then, otherwise)
    return None


def placed(tree: ast.expr, given: dict[str, ast.expr]) -> ast.expr:
    return _Placed(given).visit(copy.deepcopy(tree))  # type: ignore[no-any-return]


class _Placed(ast.NodeTransformer):
    """Arguments in the place of a helper's parameters."""

    def __init__(self, given: dict[str, ast.expr]) -> None:
        self.given = given

    def visit_Name(self, node: ast.Name) -> Any:
        return copy.deepcopy(self.given.get(node.id, node))
