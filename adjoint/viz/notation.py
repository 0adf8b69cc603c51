"""Notation: how functions of the tables are written on paper."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from adjoint.viz.algebra import binary, call, choice, is_none, opposite, plain_test, sum_over

# How functions are written.  A function of the call's arguments, already read, gives what stands there in its place.
_Rule = Callable[[Any, list[ast.expr]], "ast.expr | None"]


def _first(reader: Any, args: list[ast.expr]) -> ast.expr:
    return args[0]


def conjugate(reader: Any, args: list[ast.expr]) -> ast.expr:
    """The conjugate, where anything is complex."""
    return call("conj", args[0]) if reader.is_complex else args[0]


def _product(reader: Any, args: list[ast.expr]) -> ast.expr:
    return binary(args[0], ast.Mult(), args[1])


def _quotient(reader: Any, args: list[ast.expr]) -> ast.expr:
    return binary(args[0], ast.Div(), args[1])


def _matrix_product(reader: Any, args: list[ast.expr]) -> ast.expr:
    return ast.BinOp(args[0], ast.MatMult(), args[1])


def _transposed(reader: Any, args: list[ast.expr]) -> ast.expr:
    return ast.Attribute(conjugate(reader, args), "T", ast.Load())


def _either(reader: Any, args: list[ast.expr]) -> ast.expr:
    test, then, otherwise = args
    return choice(plain_test(test), then, otherwise)


def _kept(reader: Any, args: list[ast.expr]) -> ast.expr:
    return choice(plain_test(args[0]), args[1], ast.Constant(0))


def _masked(reader: Any, args: list[ast.expr]) -> ast.expr:
    return choice(opposite(args[1]), args[0], ast.Constant(0))


def _zero(reader: Any, args: list[ast.expr]) -> ast.expr:
    return ast.Constant(0)


def _summed_to(reader: Any, args: list[ast.expr]) -> ast.expr:
    form = reader.form(args[0])
    try:
        shape = ast.literal_eval(args[1])
    except ValueError:
        return args[0]
    return args[0] if form is None else sum_over(args[0], form.shape, tuple(shape))


def _sum_rows(reader: Any, args: list[ast.expr]) -> ast.expr:
    return call("sum", args[0], ast.Constant(0))


def _total(reader: Any, args: list[ast.expr]) -> ast.expr:
    dims = [] if len(args) < 2 or is_none(args[1]) else [args[1]]
    return call("sum", args[0], *dims)


def _twice(reader: Any, args: list[ast.expr]) -> ast.expr:
    return binary(ast.Constant(2), ast.Mult(), args[0])


def _no_derivative(reader: Any, args: list[ast.expr]) -> ast.expr:
    return ast.Name("no derivative")


def _not_rule(reader: Any, args: list[ast.expr]) -> ast.expr:
    return opposite(args[0])


def _bounded(reader: Any, args: list[ast.expr]) -> ast.expr:
    return call("clamp", args[0], ast.UnaryOp(ast.USub(), args[1]), args[1])


RULES: dict[str, _Rule] = {
    **dict.fromkeys(
        ("conj_number", "constant", "python_number", "real_if", "_real_if", "fit", "_fit", "_as_dtype",
         "spread", "expand", "_matrix", "of_number"),
        _first,
    ),
    **dict.fromkeys(("conj", "conjugate"), conjugate),
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

WRITTEN = {
    "absolute": "abs", "sigmoid": "σ", "sigmoid_of": "σ", "i1_of": "i1", "i0_of": "i0", "digamma_of": "digamma",
    "polygamma_of": "polygamma", "softplus_of": "softplus", "sign_of": "sign", "concatenate": "cat",
}  # fmt: skip
"""What functions are called on paper, where it is not what they are called in NumPy or the tables."""
