"""What a row's formula says, as one expression: a lambda's own, or a function's whose body is assignments and a return."""

from __future__ import annotations

import ast
import inspect
import textwrap
from typing import Any

from adjoint.declare.inline import expression_of

_MACHINE = (".ndim", ".dtype", ".__class__", ".size", ".kind", "is_kernels", ".shape")


def expression(formula: Any) -> ast.expr | None:
    """The expression of a formula or forward; None if it takes more than one to say."""
    formula = unwrapped(formula)
    found = expression_of(formula)
    if found is not None:
        return found
    tree = definition(formula)
    if tree is None:
        return None
    known: dict[str, ast.expr] = {}
    for statement in tree.body:
        if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
            continue  # the docstring
        if isinstance(statement, ast.Return) and statement.value is not None:
            return _Replaced(known).visit(statement.value)  # type: ignore[no-any-return]
        if isinstance(statement, ast.Assign) and len(statement.targets) == 1 and isinstance(statement.targets[0], ast.Name):
            known[statement.targets[0].id] = _Replaced(known).visit(statement.value)
            continue
        if isinstance(statement, ast.If) and _is_aside(statement):
            continue
        return None
    return None


def _is_aside(statement: ast.If) -> bool:
    """Whether this is a way that is cheaper, or numbers of another kind: what is said without it is not wrong."""
    test = ast.unparse(statement.test)
    if statement.orelse or not any(word in test for word in _MACHINE):
        return False
    last = statement.body[-1]
    if isinstance(last, ast.Return | ast.Raise):
        return True
    return ast.unparse(last).startswith("dim = ")


def unwrapped(function: Any) -> Any:
    """The row's own function, behind what was put around it."""
    for _ in range(5):
        inner = getattr(function, "of_wide", None) or getattr(function, "on_arrays", None) or getattr(function, "__wrapped__", None)
        if inner is None:
            return function
        function = inner
    return function


def definition(function: Any) -> ast.FunctionDef | None:
    """The syntax of a function that is written with ``def``."""
    text = source(function)
    if text is None:
        return None
    try:
        tree = ast.parse(text).body[0]
    except SyntaxError:
        return None
    return tree if isinstance(tree, ast.FunctionDef) else None


def source(function: Any) -> str | None:
    """The source of a function that is written with ``def``; a decorator's inner function is not meant."""
    if not inspect.isfunction(function) or "<" in function.__qualname__:
        return None
    try:
        return textwrap.dedent(inspect.getsource(function)).rstrip()
    except (OSError, TypeError):
        return None


class _Replaced(ast.NodeTransformer):
    """Names that were assigned, by what was assigned to them."""

    def __init__(self, known: dict[str, ast.expr]) -> None:
        self.known = dict(known)

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return self.known.get(node.id, node)


def helpers(function: Any) -> list[Any]:
    """The private functions of its module that a formula calls: who reads it wants to read these too."""
    function = unwrapped(function)
    if not inspect.isfunction(function):
        return []
    space, found = function.__globals__, []
    for name in function.__code__.co_names:
        inner = unwrapped(space.get(name))
        if name.startswith("_") and inspect.isfunction(inner) and inner.__module__ == function.__module__ and source(inner):
            found.append(inner)
    return found
