"""Algebra: expressions put together without what changes nothing, and written as text."""

from __future__ import annotations

import ast
import copy
import math
import re
from typing import Any


def text_of(tree: ast.expr) -> str:
    """An expression as text."""
    return with_transposes(ast.unparse(ast.fix_missing_locations(copy.deepcopy(tree))))


def with_transposes(text: str) -> str:
    """Text with ``xᵀ`` for ``x.T``."""
    return re.sub(r"\.T\b", "ᵀ", text)


def constant(value: Any) -> ast.expr:
    """A number, or a tuple of them, as an expression."""
    if isinstance(value, tuple):
        return ast.Tuple([constant(v) for v in value], ast.Load())
    return number(value)


def number(value: Any) -> ast.Constant:
    """A number with as many digits as a reader wants."""
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e6:
        return ast.Constant(int(value))
    if isinstance(value, float) and math.isfinite(value):
        short = float(f"{value:.4g}")
        return ast.Constant(value if short.is_integer() or len(repr(value)) < 8 else short)
    return ast.Constant(value)


def binary(left: ast.expr, op: ast.operator, right: ast.expr) -> ast.expr:
    """``left op right``, without what changes nothing."""
    if isinstance(op, (ast.Mult, ast.Div)) and (is_none(left) or is_none(right)):  # an operand that was not given
        return right if is_none(left) else left
    a = left.value if isinstance(left, ast.Constant) else None
    b = right.value if isinstance(right, ast.Constant) else None
    if isinstance(a, (int, float)) and isinstance(b, (int, float)) and not isinstance(op, ast.Div):
        code = compile(ast.fix_missing_locations(ast.Expression(ast.BinOp(left, op, right))), "<formula>", "eval")
        try:
            return number(eval(code, {}))
        except Exception:
            return ast.BinOp(left, op, right)
    if b == 1 and isinstance(op, (ast.Mult, ast.Div, ast.Pow)):
        return left
    if a == 1 and isinstance(op, ast.Mult):
        return right
    if isinstance(op, ast.Mult) and (a == 0 or b == 0):
        return ast.Constant(0)
    if isinstance(op, ast.Mult) and isinstance(right, ast.BinOp) and isinstance(right.op, (ast.Mult, ast.Div)):
        return ast.BinOp(binary(left, ast.Mult(), right.left), right.op, right.right)  # a * (b / c), without parentheses
    return ast.BinOp(left, op, right)


def choice(test: ast.expr, then: ast.expr, otherwise: ast.expr) -> ast.expr:
    """``then`` where the test holds, else ``otherwise``."""
    if isinstance(then, ast.Constant) and isinstance(otherwise, ast.Constant) and then.value == otherwise.value:
        return then
    return ast.IfExp(test, then, otherwise)


_OPPOSITE: dict[type, type] = {
    ast.Lt: ast.GtE, ast.GtE: ast.Lt, ast.Gt: ast.LtE, ast.LtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
}  # fmt: skip


def plain_test(test: ast.expr) -> ast.expr:
    """A condition on elements, written with ``and`` and ``or``."""
    if isinstance(test, ast.BinOp) and isinstance(test.op, (ast.BitAnd, ast.BitOr)):
        both = isinstance(test.op, ast.BitAnd)
        left, right = plain_test(test.left), plain_test(test.right)
        if both and isinstance(left, ast.Compare) and isinstance(right, ast.Compare):
            if ast.dump(left.left) == ast.dump(right.left) and isinstance(left.ops[0], (ast.Gt, ast.GtE)):
                turned = ast.Lt() if isinstance(left.ops[0], ast.Gt) else ast.LtE()
                return ast.Compare(left.comparators[0], [turned, *right.ops], [left.left, *right.comparators])
        return ast.BoolOp(ast.And() if both else ast.Or(), [left, right])
    return test


def opposite(test: ast.expr) -> ast.expr:
    """The opposite of a condition on elements."""
    if isinstance(test, ast.Compare) and len(test.ops) == 1:
        return ast.Compare(test.left, [_OPPOSITE[type(test.ops[0])]()], test.comparators)
    if isinstance(test, ast.BinOp) and isinstance(test.op, (ast.BitAnd, ast.BitOr)):
        op = ast.BitOr() if isinstance(test.op, ast.BitAnd) else ast.BitAnd()
        return ast.BinOp(opposite(test.left), op, opposite(test.right))
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        return test.operand
    return ast.UnaryOp(ast.Not(), test)


def is_column(node: ast.expr) -> bool:
    """Whether this is ``x[:, None]``."""
    if not isinstance(node, ast.Subscript) or not isinstance(node.slice, ast.Tuple) or len(node.slice.elts) != 2:
        return False
    first, second = node.slice.elts
    return isinstance(first, ast.Slice) and is_none(second)


def is_none(node: ast.expr) -> bool:
    """Whether this is None, written out."""
    return isinstance(node, ast.Constant) and node.value is None


def call(name: str, *args: ast.expr) -> ast.expr:
    """The call of a function by its name."""
    return ast.Call(ast.Name(name), list(args), [])


def sum_over(x: ast.expr, given: tuple[int, ...], to: tuple[int, ...]) -> ast.expr:
    """``x``, of shape ``given``, summed down to the shape ``to``."""
    extra = len(given) - len(to)
    over = [*range(extra), *(i + extra for i, n in enumerate(to) if n == 1 and given[i + extra] != 1)]
    if not over:
        return x
    arguments: list[ast.expr] = [] if len(over) == len(given) else [ast.Constant(i) for i in over]
    return call("sum", x, *arguments)
