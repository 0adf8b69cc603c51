"""Derivatives: the formula of a row as a reader wants it, for one call: ``g * y``, ``outer(x, g)``, ``(σ(z) - y) * g / 3``.

The text is the row's own formula.  What one call decides is decided (arguments, shapes, that nothing is complex), what only
serves the computation (dtypes, broadcasting) is left out, and array functions are written as one would on paper.  Where a
row's formula is code and not an expression, the row says how it reads (``reads=``).
"""

from __future__ import annotations

import ast
import copy
import inspect
import math
import re
import textwrap
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np

from adjoint.declare.inline import expression_of

_DEEPEST = 4  # helper functions within each other that are written out
_LONGEST = 90


class Form:
    """What a formula may ask of an array without its elements."""

    def __init__(self, shape: tuple[int, ...], dtype: Any = np.float32) -> None:
        self.shape = tuple(shape)
        self.dtype = np.dtype(dtype)
        self.ndim = len(self.shape)
        self.size = math.prod(self.shape)
        self.key = (self.shape, self.dtype.kind)


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
    body = _parsed(written) if written is not None else _body_of(formula)
    if body is None:
        return None if written is None else _with_transposes(written)
    reader = _Reader(facts, getattr(formula, "__globals__", {}))
    return _summed(reader.visit(copy.deepcopy(body)), operator, base, facts)


@lru_cache(maxsize=4096)
def _names_in(tree: ast.expr) -> frozenset[str]:
    return frozenset(n.id for n in ast.walk(tree) if isinstance(n, ast.Name))


@lru_cache(maxsize=16384)
def _written(tree: ast.expr, names: tuple[tuple[str, str], ...]) -> str:
    """The text of a formula, with the user's names."""
    text = _text(_Renamed(dict(names)).visit(copy.deepcopy(tree)) if names else tree)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


@lru_cache(maxsize=None)
def _parsed(text: str) -> ast.expr | None:
    """A reading as an expression; None for one in words."""
    try:
        return ast.parse(text, mode="eval").body
    except SyntaxError:
        return None


@lru_cache(maxsize=None)
def _body_of(function: Any) -> ast.expr | None:
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
            return _placed(statement.value, given)
        if isinstance(statement, ast.Assign) and len(statement.targets) == 1 and isinstance(statement.targets[0], ast.Name):
            given = {**given, statement.targets[0].id: _placed(statement.value, given)}
            continue
        if not isinstance(statement, ast.If):
            return None
        test = _placed(statement.test, given)
        rest = body[i + 1 :]
        then = _returned([*statement.body, *rest], given)
        otherwise = _returned([*statement.orelse, *rest], given)
        return None if then is None or otherwise is None else ast.IfExp(test, then, otherwise)
    return None


def _placed(tree: ast.expr, given: dict[str, ast.expr]) -> ast.expr:
    return _Placed(given).visit(copy.deepcopy(tree))  # type: ignore[no-any-return]


def _summed(tree: ast.expr, operator: Any, name: str, facts: dict[str, Any]) -> ast.expr:
    """Element-wise, the gradient of an operand that was broadcast is summed."""
    own, whole = facts.get(name), facts.get("g")
    if not (operator.elementwise and isinstance(own, Form) and isinstance(whole, Form)) or own.shape == whole.shape:
        return tree
    if isinstance(tree, ast.Constant):
        return tree
    return _sum_over(tree, whole.shape, own.shape)


def _sum_over(x: ast.expr, given: tuple[int, ...], to: tuple[int, ...]) -> ast.expr:
    """``x``, of shape ``given``, summed down to the shape ``to``."""
    extra = len(given) - len(to)
    over = [*range(extra), *(i + extra for i, n in enumerate(to) if n == 1 and given[i + extra] != 1)]
    if not over:
        return x
    arguments: list[ast.expr] = [] if len(over) == len(given) else [ast.Constant(i) for i in over]
    return _call("sum", x, *arguments)


# How functions are written.  A function of the call's arguments, already read, gives what stands there in its place.
_Rule = Callable[["_Reader", list[ast.expr]], "ast.expr | None"]


def _first(reader: _Reader, args: list[ast.expr]) -> ast.expr:
    return args[0]


def _conjugate(reader: _Reader, args: list[ast.expr]) -> ast.expr:
    return _call("conj", args[0]) if reader.is_complex else args[0]


def _product(reader: _Reader, args: list[ast.expr]) -> ast.expr:
    return _binary(args[0], ast.Mult(), args[1])


def _quotient(reader: _Reader, args: list[ast.expr]) -> ast.expr:
    return _binary(args[0], ast.Div(), args[1])


def _matrix_product(reader: _Reader, args: list[ast.expr]) -> ast.expr:
    return ast.BinOp(args[0], ast.MatMult(), args[1])


def _transposed(reader: _Reader, args: list[ast.expr]) -> ast.expr:
    return ast.Attribute(_conjugate(reader, args), "T", ast.Load())


def _either(reader: _Reader, args: list[ast.expr]) -> ast.expr:
    test, then, otherwise = args
    return _if(_plain_test(test), then, otherwise)


def _kept(reader: _Reader, args: list[ast.expr]) -> ast.expr:
    return _if(_plain_test(args[0]), args[1], ast.Constant(0))


def _masked(reader: _Reader, args: list[ast.expr]) -> ast.expr:
    return _if(_not(args[1]), args[0], ast.Constant(0))


def _zero(reader: _Reader, args: list[ast.expr]) -> ast.expr:
    return ast.Constant(0)


def _summed_to(reader: _Reader, args: list[ast.expr]) -> ast.expr:
    form = reader.form(args[0])
    try:
        shape = ast.literal_eval(args[1])
    except ValueError:
        return args[0]
    return args[0] if form is None else _sum_over(args[0], form.shape, tuple(shape))


def _sum_rows(reader: _Reader, args: list[ast.expr]) -> ast.expr:
    return _call("sum", args[0], ast.Constant(0))


def _total(reader: _Reader, args: list[ast.expr]) -> ast.expr:
    dims = [] if len(args) < 2 or _is_none(args[1]) else [args[1]]
    return _call("sum", args[0], *dims)


def _twice(reader: _Reader, args: list[ast.expr]) -> ast.expr:
    return _binary(ast.Constant(2), ast.Mult(), args[0])


def _no_derivative(reader: _Reader, args: list[ast.expr]) -> ast.expr:
    return ast.Name("no derivative")


def _not_rule(reader: _Reader, args: list[ast.expr]) -> ast.expr:
    return _not(args[0])


def _bounded(reader: _Reader, args: list[ast.expr]) -> ast.expr:
    return _call("clamp", args[0], ast.UnaryOp(ast.USub(), args[1]), args[1])


_RULES: dict[str, _Rule] = {
    **dict.fromkeys(
        ("conj_number", "constant", "python_number", "real_if", "_real_if", "fit", "_fit", "_as_dtype",
         "spread", "expand", "_matrix", "of_number"),
        _first,
    ),
    **dict.fromkeys(("conj", "conjugate"), _conjugate),
    **dict.fromkeys(("times", "_scaled"), _product),
    **dict.fromkeys(("quotient", "_divide"), _quotient),
    **dict.fromkeys(("dot", "matmul", "batched"), _matrix_product),
    **dict.fromkeys(("not_implemented", "_no_derivative", "_no_order_derivative"), _no_derivative),
    **dict.fromkeys(("negative_part", "at_most"), _first),
    "logical_not": _not_rule,
    "bounded": _bounded,
    "adjoint_of": _transposed,
    "where": _either,
    "kept_where": _kept,
    "masked_zero": _masked,
    "zeros_like": _zero,
    "sum_to": _summed_to,
    "over_rows": _sum_rows,
    "total": _total,
    "doubled": _twice,
}  # fmt: skip

_WRITTEN = {
    "absolute": "abs", "sigmoid": "σ", "sigmoid_of": "σ", "i1_of": "i1", "i0_of": "i0", "digamma_of": "digamma",
    "polygamma_of": "polygamma", "softplus_of": "softplus", "sign_of": "sign", "concatenate": "cat",
}  # fmt: skip
"""What functions are called on paper, where it is not what they are called in NumPy or the tables."""


class _Reader(ast.NodeTransformer):
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
        return _if(_plain_test(self.visit(node.test)), self.visit(node.body), self.visit(node.orelse))

    def visit_Name(self, node: ast.Name) -> Any:
        value = self.facts.get(node.id, self.space.get(node.id) if node.id.isupper() or node.id.startswith("_") else None)
        if isinstance(value, bool) or (node.id in self.facts and (value is None or isinstance(value, (str, bool)))):
            return ast.Constant(value)
        if isinstance(value, (int, float)):
            return _number(value)
        if isinstance(value, (tuple, list)) and all(isinstance(v, (int, float, bool)) for v in value):
            return ast.Tuple([ast.Constant(v) for v in value], ast.Load())
        return node

    def visit_Tuple(self, node: ast.Tuple) -> Any:
        known, value = self.known(node)
        return _constant(value) if known and all(isinstance(v, (int, float)) for v in value) else self.generic_visit(node)

    def visit_Attribute(self, node: ast.Attribute) -> Any:
        known, value = self.known(node)
        if known and isinstance(value, (int, float, tuple)) and not isinstance(value, bool):
            return _constant(value)
        inner = self.visit(node.value)
        if node.attr == "real" and not self.is_complex:
            return inner
        if isinstance(inner, ast.Name) and inner.id in ("np", "math"):
            return ast.Name(_WRITTEN.get(node.attr, node.attr))
        return ast.Attribute(inner, node.attr, ast.Load())

    def visit_Subscript(self, node: ast.Subscript) -> Any:
        if isinstance(node.slice, ast.Tuple) and not node.slice.elts:  # x[()]
            return self.visit(node.value)
        return self.generic_visit(node)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> Any:
        inner = self.visit(node.operand)
        if isinstance(node.op, ast.Invert):
            return _not(inner)
        if isinstance(node.op, ast.USub) and isinstance(inner, ast.Constant) and inner.value == 0:
            return inner
        return ast.UnaryOp(node.op, inner)

    def visit_BinOp(self, node: ast.BinOp) -> Any:
        left, right = node.left, node.right
        if isinstance(node.op, ast.Mult):
            for one, other in ((left, right), (right, left)):
                if _is_column(one):  # a column times a row
                    return _call("outer", self.visit(one.value), self.visit(other))  # type: ignore[attr-defined]
        return _binary(self.visit(left), node.op, self.visit(right))

    def visit_Call(self, node: ast.Call) -> Any:
        function = node.func
        if isinstance(function, ast.Attribute) and getattr(function.value, "id", "") not in ("np", "math"):
            return self._method(node, function)
        name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
        known, value = self.known(node)
        if known and isinstance(value, (int, float, tuple)) and not isinstance(value, bool):
            if name != "log" or not isinstance(value, float):
                return _constant(value)
        args = [self.visit(a) for a in node.args]
        while len(args) > 1 and _is_none(args[-1]):
            args.pop()
        rule = _RULES.get(name)
        if rule is not None:
            return rule(self, args)
        written = self._written_out(name, node)
        if written is not None:
            return written
        shown = _WRITTEN.get(name, name.removesuffix("_of").strip("_"))
        return ast.Call(ast.Name(shown), args, [ast.keyword(k.arg, self.visit(k.value)) for k in node.keywords])

    def _method(self, node: ast.Call, function: ast.Attribute) -> Any:
        inner = self.visit(function.value)
        if function.attr == "conj":
            return _conjugate(self, [inner])
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
        body = _body_of(helper)
        parameters = list(inspect.signature(helper).parameters)
        if body is None or len(parameters) != len(node.args):
            return None
        given = dict(zip(parameters, node.args))
        placed = _placed(body, given)
        return _Reader(self.facts, {**helper.__globals__, **self.space}, self.depth + 1).visit(placed)  # type: ignore[no-any-return]


_BUILTINS = frozenset(dir(__import__("builtins")))


class _Placed(ast.NodeTransformer):
    """Arguments in the place of a helper's parameters."""

    def __init__(self, given: dict[str, ast.expr]) -> None:
        self.given = given

    def visit_Name(self, node: ast.Name) -> Any:
        return copy.deepcopy(self.given.get(node.id, node))


class _Renamed(ast.NodeTransformer):
    """The user's names in the place of the row's."""

    def __init__(self, names: dict[str, str]) -> None:
        self.names = names

    def visit_Name(self, node: ast.Name) -> Any:
        return ast.Name(self.names.get(node.id, node.id))


def _text(tree: ast.expr) -> str:
    return _with_transposes(ast.unparse(ast.fix_missing_locations(copy.deepcopy(tree))))


def _with_transposes(text: str) -> str:
    return re.sub(r"\.T\b", "ᵀ", text)


def _constant(value: Any) -> ast.expr:
    if isinstance(value, tuple):
        return ast.Tuple([_constant(v) for v in value], ast.Load())
    return _number(value)


def _number(value: Any) -> ast.Constant:
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e6:
        return ast.Constant(int(value))
    if isinstance(value, float) and math.isfinite(value):
        short = float(f"{value:.4g}")
        return ast.Constant(value if short.is_integer() or len(repr(value)) < 8 else short)
    return ast.Constant(value)


def _binary(left: ast.expr, op: ast.operator, right: ast.expr) -> ast.expr:
    """``left op right``, without what changes nothing."""
    if isinstance(op, (ast.Mult, ast.Div)) and (_is_none(left) or _is_none(right)):  # an operand that was not given
        return right if _is_none(left) else left
    a = left.value if isinstance(left, ast.Constant) else None
    b = right.value if isinstance(right, ast.Constant) else None
    if isinstance(a, (int, float)) and isinstance(b, (int, float)) and not isinstance(op, ast.Div):
        code = compile(ast.fix_missing_locations(ast.Expression(ast.BinOp(left, op, right))), "<formula>", "eval")
        try:
            return _number(eval(code, {}))
        except Exception:
            return ast.BinOp(left, op, right)
    if b == 1 and isinstance(op, (ast.Mult, ast.Div, ast.Pow)):
        return left
    if a == 1 and isinstance(op, ast.Mult):
        return right
    if isinstance(op, ast.Mult) and (a == 0 or b == 0):
        return ast.Constant(0)
    if isinstance(op, ast.Mult) and isinstance(right, ast.BinOp) and isinstance(right.op, (ast.Mult, ast.Div)):
        return ast.BinOp(_binary(left, ast.Mult(), right.left), right.op, right.right)  # a * (b / c), without parentheses
    return ast.BinOp(left, op, right)


def _if(test: ast.expr, then: ast.expr, otherwise: ast.expr) -> ast.expr:
    if isinstance(then, ast.Constant) and isinstance(otherwise, ast.Constant) and then.value == otherwise.value:
        return then
    return ast.IfExp(test, then, otherwise)


_OPPOSITE: dict[type, type] = {
    ast.Lt: ast.GtE, ast.GtE: ast.Lt, ast.Gt: ast.LtE, ast.LtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
}  # fmt: skip


def _plain_test(test: ast.expr) -> ast.expr:
    """A condition on elements, written with ``and`` and ``or``."""
    if isinstance(test, ast.BinOp) and isinstance(test.op, (ast.BitAnd, ast.BitOr)):
        both = isinstance(test.op, ast.BitAnd)
        left, right = _plain_test(test.left), _plain_test(test.right)
        if both and isinstance(left, ast.Compare) and isinstance(right, ast.Compare):
            if ast.dump(left.left) == ast.dump(right.left) and isinstance(left.ops[0], (ast.Gt, ast.GtE)):
                turned = ast.Lt() if isinstance(left.ops[0], ast.Gt) else ast.LtE()
                return ast.Compare(left.comparators[0], [turned, *right.ops], [left.left, *right.comparators])
        return ast.BoolOp(ast.And() if both else ast.Or(), [left, right])
    return test


def _not(test: ast.expr) -> ast.expr:
    """The opposite of a condition on elements."""
    if isinstance(test, ast.Compare) and len(test.ops) == 1:
        return ast.Compare(test.left, [_OPPOSITE[type(test.ops[0])]()], test.comparators)
    if isinstance(test, ast.BinOp) and isinstance(test.op, (ast.BitAnd, ast.BitOr)):
        op = ast.BitOr() if isinstance(test.op, ast.BitAnd) else ast.BitAnd()
        return ast.BinOp(_not(test.left), op, _not(test.right))
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        return test.operand
    return ast.UnaryOp(ast.Not(), test)


def _is_column(node: ast.expr) -> bool:
    """Whether this is ``x[:, None]``."""
    if not isinstance(node, ast.Subscript) or not isinstance(node.slice, ast.Tuple) or len(node.slice.elts) != 2:
        return False
    first, second = node.slice.elts
    return isinstance(first, ast.Slice) and _is_none(second)


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _call(name: str, *args: ast.expr) -> ast.expr:
    return ast.Call(ast.Name(name), list(args), [])
