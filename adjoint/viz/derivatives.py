"""Derivatives: the formula of a row as a reader wants it, for one call: ``g * y``, ``outer(x, g)``, ``(σ(z) - y) * g / 3``.

The text is the row's own formula.  What one call decides is decided (arguments, shapes, that nothing is complex), what only
serves the computation (dtypes, broadcasting) is left out, and array functions are written as one would on paper.  Where a
row's formula is code and not an expression, the row says how it reads (``reads=``).
"""

from __future__ import annotations

import ast
import copy
from functools import lru_cache
from typing import Any

from adjoint.viz.algebra import sum_over, text_of, with_transposes
from adjoint.viz.bodies import body_of
from adjoint.viz.formula_reader import Form, Reader

_LONGEST = 90


def derivative_of(operator: Any, argument: str, facts: dict[str, Any], names: dict[str, str] | None = None) -> str | None:
    """How the gradient of an operator's input ``argument`` is computed; None where the row does not say.

    ``facts`` are the values that the formulas know by their names (``dim``, ``self_shape``), and a :class:`Form` for each
    array; ``names`` what to write in the place of the row's names.
    """
    base = argument.partition("[")[0]
    tree = _decided(operator, base, facts)
    if not isinstance(tree, ast.expr):
        return tree
    if names:
        used = tuple(sorted((n, names[n]) for n in _names_in(tree) if n in names))
        return _written(tree, used)
    return _written(tree, ())


_decisions: dict[Any, ast.expr | str | None] = {}


def _decided(operator: Any, base: str, facts: dict[str, Any]) -> ast.expr | str | None:
    """The formula with everything decided that the facts decide; words where the row reads so; calls that are alike share it."""
    key = (operator, base, *((n, v.key if isinstance(v, Form) else repr(v)) for n, v in sorted(facts.items())))
    if key not in _decisions:
        if len(_decisions) > 20_000:
            _decisions.clear()
        _decisions[key] = _read(operator, base, facts)
    return _decisions[key]


def _read(operator: Any, base: str, facts: dict[str, Any]) -> ast.expr | str | None:
    formula = next((f for names, f in operator.gradients.items() if base in names), None)
    if formula is None:
        return None
    formula = getattr(formula, "of_wide", formula)  # behind one that has halves computed in float32
    written = operator.reads.get(base)
    body = _parsed(written) if written is not None else body_of(formula)
    if body is None:
        return None if written is None else with_transposes(written)
    reader = Reader(facts, getattr(formula, "__globals__", {}))
    return _summed(reader.visit(copy.deepcopy(body)), operator, base, facts)


@lru_cache(maxsize=4096)
def _names_in(tree: ast.expr) -> frozenset[str]:
    return frozenset(n.id for n in ast.walk(tree) if isinstance(n, ast.Name))


@lru_cache(maxsize=16384)
def _written(tree: ast.expr, names: tuple[tuple[str, str], ...]) -> str:
    """The text of a formula, with the user's names."""
    text = text_of(_Renamed(dict(names)).visit(copy.deepcopy(tree)) if names else tree)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


@lru_cache(maxsize=None)
def _parsed(text: str) -> ast.expr | None:
    """A reading as an expression; None for one in words."""
    try:
        return ast.parse(text, mode="eval").body
    except SyntaxError:
        return None


def _summed(tree: ast.expr, operator: Any, name: str, facts: dict[str, Any]) -> ast.expr:
    """Element-wise, the gradient of an operand that was broadcast is summed."""
    own, whole = facts.get(name), facts.get("g")
    if not (operator.elementwise and isinstance(own, Form) and isinstance(whole, Form)) or own.shape == whole.shape:
        return tree
    if isinstance(tree, ast.Constant):
        return tree
    return sum_over(tree, whole.shape, own.shape)


class _Renamed(ast.NodeTransformer):
    """The user's names in the place of the row's."""

    def __init__(self, names: dict[str, str]) -> None:
        self.names = names

    def visit_Name(self, node: ast.Name) -> Any:
        return ast.Name(self.names.get(node.id, node.id))
