"""Reading: a formula's expression, with all decided that a call decides, and the rest in plain notation."""

from __future__ import annotations

import ast
import copy
import inspect
import math
from typing import Any

import numpy as np

from adjoint.viz.algebra import binary, call, choice, constant, is_column, is_none, number, opposite, plain_test
from adjoint.viz.bodies import body_of, placed
from adjoint.viz.notation import RULES, WRITTEN, conjugate

_DEEPEST = 4  # helper functions within each other that are written out


class Form:
    """What a formula may ask of an array without its elements."""

    def __init__(self, shape: tuple[int, ...], dtype: Any = np.float32) -> None:
        self.shape = tuple(shape)
        self.dtype = np.dtype(dtype)
        self.ndim = len(self.shape)
        self.size = math.prod(self.shape)
        self.key = (self.shape, self.dtype.kind)


class Reader(ast.NodeTransformer):
    """Decides what is known, and writes the rest plainly."""

    def __init__(self, facts: dict[str, Any], space: dict[str, Any], depth: int = 0) -> None:
        self.facts = facts
        self.space = space
        self.depth = depth
        self.is_complex = any(isinstance(f, Form) and f.dtype.kind == "c" for f in facts.values())

    def known(self, node: ast.expr) -> tuple[bool, Any]:
        """Whether the value of an expression follows from the facts, and the value."""
        asked = {id(n.value) for n in ast.walk(node) if isinstance(n, ast.Attribute)}  # what only attributes are asked of
        for name in (n for n in ast.walk(node) if isinstance(n, ast.Name)):
            if name.id not in self.facts:
                if name.id not in self.space and name.id not in _BUILTINS:
                    return False, None
            elif isinstance(self.facts[name.id], Form) and id(name) not in asked:
                return False, None
        try:
            code = compile(ast.fix_missing_locations(ast.Expression(copy.deepcopy(node))), "<formula>", "eval")
            value = eval(code, dict(self.space), dict(self.facts))
        except Exception:  # it asks for elements
            return False, None
        return not isinstance(value, Form), value

    def form(self, node: ast.expr) -> Form | None:
        """What is known of the shape of an expression's value: of a name, or of what has the largest shape in it."""
        forms = [self.facts.get(n.id) for n in ast.walk(node) if isinstance(n, ast.Name)]
        found = [f for f in forms if isinstance(f, Form)]
        return max(found, key=lambda f: f.size) if found else None

    def visit_IfExp(self, node: ast.IfExp) -> Any:
        known, value = self.known(node.test)
        if known:
            return self.visit(node.body if value else node.orelse)
        return choice(plain_test(self.visit(node.test)), self.visit(node.body), self.visit(node.orelse))

    def visit_Name(self, node: ast.Name) -> Any:
        value = self.facts.get(node.id, self.space.get(node.id) if node.id.isupper() or node.id.startswith("_") else None)
        if isinstance(value, bool) or (node.id in self.facts and (value is None or isinstance(value, (str, bool)))):
            return ast.Constant(value)
        if isinstance(value, (int, float)):
            return number(value)
        if isinstance(value, (tuple, list)) and all(isinstance(v, (int, float, bool)) for v in value):
            return ast.Tuple([ast.Constant(v) for v in value], ast.Load())
        return node

    def visit_Tuple(self, node: ast.Tuple) -> Any:
        known, value = self.known(node)
        return constant(value) if known and all(isinstance(v, (int, float)) for v in value) else self.generic_visit(node)

    def visit_Attribute(self, node: ast.Attribute) -> Any:
        known, value = self.known(node)
        if known and isinstance(value, (int, float, tuple)) and not isinstance(value, bool):
            return constant(value)
        inner = self.visit(node.value)
        if node.attr == "real" and not self.is_complex:
            return inner
        if isinstance(inner, ast.Name) and inner.id in ("np", "math"):
            return ast.Name(WRITTEN.get(node.attr, node.attr))
        return ast.Attribute(inner, node.attr, ast.Load())

    def visit_Subscript(self, node: ast.Subscript) -> Any:
        if isinstance(node.slice, ast.Tuple) and not node.slice.elts:  # x[()]
            return self.visit(node.value)
        return self.generic_visit(node)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> Any:
        inner = self.visit(node.operand)
        if isinstance(node.op, ast.Invert):
            return opposite(inner)
        if isinstance(node.op, ast.USub) and isinstance(inner, ast.Constant) and inner.value == 0:
            return inner
        return ast.UnaryOp(node.op, inner)

    def visit_BinOp(self, node: ast.BinOp) -> Any:
        left, right = node.left, node.right
        if isinstance(node.op, ast.Mult):
            for one, other in ((left, right), (right, left)):
                if is_column(one):  # a column times a row
                    return call("outer", self.visit(one.value), self.visit(other))  # type: ignore[attr-defined]
        return binary(self.visit(left), node.op, self.visit(right))

    def visit_Call(self, node: ast.Call) -> Any:
        function = node.func
        if isinstance(function, ast.Attribute) and getattr(function.value, "id", "") not in ("np", "math"):
            return self._method(node, function)
        name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
        known, value = self.known(node)
        if known and isinstance(value, (int, float, tuple)) and not isinstance(value, bool):
            if name != "log" or not isinstance(value, float):
                return constant(value)
        args = [self.visit(a) for a in node.args]
        while len(args) > 1 and is_none(args[-1]):
            args.pop()
        rule = RULES.get(name)
        if rule is not None:
            return rule(self, args)
        written = self._written_out(name, node)
        if written is not None:
            return written
        shown = WRITTEN.get(name, name.removesuffix("_of").strip("_"))
        return ast.Call(ast.Name(shown), args, [ast.keyword(k.arg, self.visit(k.value)) for k in node.keywords])

    def _method(self, node: ast.Call, function: ast.Attribute) -> Any:
        inner = self.visit(function.value)
        if function.attr == "conj":
            return conjugate(self, [inner])
        if function.attr in ("astype", "copy"):
            return inner
        if function.attr == "transpose" and not node.args:
            return ast.Attribute(inner, "T", ast.Load())
        args = [self.visit(a) for a in node.args]
        if function.attr in ("reshape",) and len(args) == 1 and isinstance(args[0], ast.Tuple):
            args = args[0].elts
        return ast.Call(ast.Attribute(inner, function.attr, ast.Load()), args, [])

    def _written_out(self, name: str, node: ast.Call) -> ast.expr | None:
        """The call of a helper that is one expression, as that expression."""
        helper = self.space.get(name)
        if self.depth >= _DEEPEST or not name.startswith("_") or node.keywords or not inspect.isfunction(helper):
            return None
        body = body_of(helper)
        parameters = list(inspect.signature(helper).parameters)
        if body is None or len(parameters) != len(node.args):
            return None
        given = dict(zip(parameters, node.args))
        inner = placed(body, given)
        return Reader(self.facts, {**helper.__globals__, **self.space}, self.depth + 1).visit(inner)  # type: ignore[no-any-return]


_BUILTINS = frozenset(dir(__import__("builtins")))
