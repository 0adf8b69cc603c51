"""Inline: the text of a formula, written into the node's ``apply`` in place of a call.

A call of a lambda costs a fifth of what a small array's arithmetic does.  The text is the row's own, found in its
source file by the place, the names and the constants of the formula's code; where it is not found beyond doubt, the
formula is called.
"""

from __future__ import annotations

import ast
import builtins
import linecache
from types import FunctionType
from typing import Any

_RESERVED = frozenset({"arrived", "edges", "forms", "g", "gs", "node", "saved", "w", "x"})


def inlined(formula: Any, local_names: dict[str, str], space: dict[str, Any], prefix: str) -> str | None:
    """The formula's expression with its parameters renamed to ``local_names``; None where it has to be called.

    What it uses of its module's globals is put into ``space``, under its own name or one with ``prefix``.
    """
    body = expression_of(formula)
    if body is None:
        return None
    found = _Renamer(formula, local_names, space, prefix)
    text = ast.unparse(found.visit(body))
    if found.failed:
        return None
    space.update(found.globals)
    return text


def expression_of(formula: Any) -> ast.expr | None:
    """The syntax of a lambda's expression, from its source; None for what is no lambda, or not found beyond doubt."""
    if not isinstance(formula, FunctionType):
        return None
    code = formula.__code__
    if code.co_name != "<lambda>" or code.co_freevars or formula.__defaults__ or formula.__kwdefaults__:
        return None
    lines = linecache.getlines(code.co_filename)
    if not lines:
        return None
    # The statement that the lambda is in: rows begin at the left margin, as does what follows them.
    start = code.co_firstlineno - 1
    while start > 0 and not _begins(lines[start]):
        start -= 1
    end = start + 1
    while end < len(lines) and not _begins(lines[end]):
        end += 1
    try:
        tree = ast.parse("".join(lines[start:end]))
    except SyntaxError:
        return None
    alike = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Lambda) and node.lineno + start == code.co_firstlineno and _alike(node, code)
    ]
    if len(alike) > 1 and hasattr(code, "co_positions"):
        places = [(line, column) for line, _, column, _ in code.co_positions() if line and column]
        alike = [n for n in alike if (n.body.lineno + start, n.body.col_offset) == min(places, default=None)]
    return alike[0].body if len(alike) == 1 else None


def _begins(line: str) -> bool:
    return bool(line.strip()) and not line[0].isspace() and line[0] not in ")]}#"


def _alike(node: ast.Lambda, code: Any) -> bool:
    """Whether a lambda of the source has the names and constants of the code.  (Not its instructions: those depend on
    what else is in the module.)"""
    made = compile(ast.fix_missing_locations(ast.Expression(node)), "<formula>", "eval")
    inner = next(c for c in made.co_consts if hasattr(c, "co_code"))
    names = inner.co_varnames == code.co_varnames and inner.co_names == code.co_names
    return names and _constants(inner) == _constants(code)


def _constants(code: Any) -> list[Any]:
    return [repr(c) for c in code.co_consts if not hasattr(c, "co_code")]


class _Renamer(ast.NodeTransformer):
    def __init__(self, formula: Any, local_names: dict[str, str], space: dict[str, Any], prefix: str) -> None:
        self.formula = formula
        self.local_names = local_names
        self.space = space
        self.prefix = prefix
        self.globals: dict[str, Any] = {}
        self.failed = False

    def visit_Lambda(self, node: ast.Lambda) -> ast.AST:
        self.failed = True  # has names of its own
        return node

    visit_ListComp = visit_GeneratorExp = visit_SetComp = visit_DictComp = visit_NamedExpr = visit_Lambda  # type: ignore[assignment]

    def visit_Name(self, node: ast.Name) -> ast.AST:
        name = node.id
        if name in self.local_names:
            return ast.copy_location(ast.Name(self.local_names[name], node.ctx), node)
        if name not in self.formula.__globals__:
            self.failed = self.failed or not hasattr(builtins, name)
            return node
        value = self.formula.__globals__[name]
        taken = name in _RESERVED or name[:2] in ("s_", "v_", "g_") or (name in self.space and self.space[name] is not value)
        used = f"{self.prefix}_{name}" if taken else name
        self.globals[used] = value
        return ast.copy_location(ast.Name(used, node.ctx), node)
