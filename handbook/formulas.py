r"""Formulas: a row's NumPy code as LaTeX, read from its syntax.

``latex("g * np.exp(self)")`` is ``g \cdot e^{x}``.  What is called is looked up by name in :data:`CALLS`; what has no
entry is written as an operator's name.  Only what a formula does for the machine's sake is left out: fitting a gradient
back to a shape or a dtype, and ways for operands that need none of the work (``if alpha == 1``).
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

NAMES = {
    "self": "x", "input": "x", "other": "y", "g": "g", "result": r"\mathrm{result}", "weight": "w", "bias": "b", "alpha": r"\alpha",
    "beta": r"\beta", "lambd": r"\lambda", "delta": r"\delta", "eps": r"\varepsilon", "mean": r"\mu", "_TWO_OVER_ROOT_PI": r"\frac{2}{\sqrt{\pi}}",
    "_PI": r"\pi", "angle": r"\varphi", "target": "t", "exponent": "p", "mat1": "A", "mat2": "B", "batch1": "A", "batch2": "B", "mat": "A",
    "vec": "v", "A": "A", "B": "B", "negative_slope": r"\mathrm{slope}",
    "pi": r"\pi", "x̂": r"\hat{x}",
}  # fmt: skip
"""How names are written; others as they stand, upright if they have several letters."""

ADD, MULTIPLY, NEGATE, POWER, ATOM = range(1, 6)  # how tightly what was written holds together; 0 is a comparison


class Unreadable(ValueError):
    """Syntax that has no reading as a formula."""


def latex(formula: str | ast.expr) -> str:
    """A formula's expression, or its text, as LaTeX.  Raises Unreadable if it is more than a formula."""
    tree = ast.parse(formula, mode="eval").body if isinstance(formula, str) else formula
    return _write(tree)[0]


def is_plain(tree: ast.expr) -> bool:
    """Whether all that a formula calls has a sign of its own."""
    called = [_called(node) for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return all(any(name.removeprefix(p) in CALLS for p in ("", "np.", ".")) for name in called)


def prose(text: str) -> str:
    """Words in place of a formula, as LaTeX."""
    return r"\text{" + text.replace("_", r"\_").replace("{", r"\{").replace("}", r"\}") + "}"


def _write(node: ast.expr) -> tuple[str, int]:
    """The LaTeX, and how tightly it holds together."""
    writer = _WRITERS.get(type(node))
    if writer is None:
        raise Unreadable(ast.unparse(node))
    return writer(node)


def _at_least(node: ast.expr, level: int) -> str:
    """In parentheses, if it does not hold together as tightly as what it stands in."""
    text, own = _write(node)
    return rf"\left({text}\right)" if own < level else text


def name(text: str) -> str:
    """How a variable is written."""
    found = NAMES.get(text)
    if found is None:
        for ending, sign in (("_shape", "shape"), ("_dtype", "dtype")):
            if text.endswith(ending):
                return rf"\mathrm{{{sign}}}\left({name(text.removesuffix(ending))}\right)"
        if len(text) == 1:
            return text
        if text[:-1].isalpha() and text[-1].isdigit():
            return rf"{name(text[:-1])}_{{{text[-1]}}}"
        return rf"\mathrm{{{_plain(text)}}}"
    return found


def _plain(text: str) -> str:
    return text.strip("_").replace("_", r"\_")


def _name(node: ast.Name) -> tuple[str, int]:
    return name(node.id), ATOM


def _number(node: ast.Constant) -> tuple[str, int]:
    value = node.value
    if value is None or isinstance(value, bool | str):
        return rf"\text{{{value}}}", ATOM
    if isinstance(value, complex):
        return ("i", ATOM) if value == 1j else (f"{value.imag:g}i", MULTIPLY)
    if isinstance(value, int | float):
        text = f"{value:g}"
        if "e" in text:
            digits, exponent = text.split("e")
            power = f"10^{{{int(exponent)}}}"
            return (power if digits == "1" else rf"{digits} \cdot {power}"), POWER
        return text, ATOM if value >= 0 else NEGATE
    raise Unreadable(repr(value))


def _operation(node: ast.BinOp) -> tuple[str, int]:
    left, right = node.left, node.right
    kind = type(node.op)
    if kind is ast.Add:
        return f"{_at_least(left, ADD)} + {_at_least(right, ADD)}", ADD
    if kind is ast.Sub:
        return f"{_at_least(left, ADD)} - {_at_least(right, MULTIPLY)}", ADD
    if kind is ast.Mult:
        if isinstance(left, ast.UnaryOp) and isinstance(left.op, ast.USub):
            return rf"-{_at_least(left.operand, MULTIPLY)} \cdot {_at_least(right, POWER)}", NEGATE
        if _is_zero(left) or _is_zero(right):
            return "0", ATOM
        if isinstance(right, ast.Constant) and not isinstance(left, ast.Constant):  # 2x, not x2
            return rf"{_at_least(right, MULTIPLY)} \cdot {_at_least(left, POWER)}", MULTIPLY
        if ast.dump(left) == ast.dump(right):
            return f"{_at_least(left, ATOM)}^{{2}}", POWER
        return rf"{_at_least(left, MULTIPLY)} \cdot {_at_least(right, POWER)}", MULTIPLY
    if kind is ast.Div:
        if isinstance(left, ast.UnaryOp) and isinstance(left.op, ast.USub):
            return rf"-\frac{{{_write(left.operand)[0]}}}{{{_write(right)[0]}}}", NEGATE
        return rf"\frac{{{_write(left)[0]}}}{{{_write(right)[0]}}}", MULTIPLY
    if kind is ast.FloorDiv:
        return rf"\left\lfloor \frac{{{_write(left)[0]}}}{{{_write(right)[0]}}} \right\rfloor", ATOM
    if kind is ast.Pow:
        return f"{_at_least(left, ATOM)}^{{{_write(right)[0]}}}", POWER
    if kind is ast.MatMult:
        return rf"{_at_least(left, MULTIPLY)} \, {_at_least(right, MULTIPLY)}", MULTIPLY
    if kind is ast.BitAnd:
        return rf"{_at_least(left, 0)} \text{{ and }} {_at_least(right, 0)}", 0
    if kind is ast.BitOr:
        return rf"{_at_least(left, 0)} \text{{ or }} {_at_least(right, 0)}", 0
    if kind is ast.Mod:
        return rf"{_at_least(left, MULTIPLY)} \bmod {_at_least(right, MULTIPLY)}", MULTIPLY
    raise Unreadable(ast.unparse(node))


def _is_zero(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value == 0 and not isinstance(node.value, bool)


_OPPOSITE: dict[type, type] = {ast.Lt: ast.GtE, ast.LtE: ast.Gt, ast.Gt: ast.LtE, ast.GtE: ast.Lt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq}
_SIGNS: dict[type, str] = {
    ast.Lt: "<", ast.LtE: r"\le", ast.Gt: ">", ast.GtE: r"\ge", ast.Eq: "=", ast.NotEq: r"\ne", ast.Is: "=", ast.IsNot: r"\ne",
    ast.In: r"\in", ast.NotIn: r"\notin",
}  # fmt: skip


def _comparison(node: ast.Compare) -> tuple[str, int]:
    parts = [_at_least(node.left, ADD)]
    for sign, right in zip(node.ops, node.comparators):
        parts += [_SIGNS[type(sign)], _at_least(right, ADD)]
    return " ".join(parts), 0


def _unary(node: ast.UnaryOp) -> tuple[str, int]:
    if isinstance(node.op, ast.USub):
        return f"-{_at_least(node.operand, MULTIPLY)}", NEGATE
    if isinstance(node.op, ast.Invert | ast.Not):
        inner = node.operand
        if isinstance(inner, ast.Compare) and len(inner.ops) == 1 and type(inner.ops[0]) in _OPPOSITE:
            return _comparison(ast.Compare(inner.left, [_OPPOSITE[type(inner.ops[0])]()], inner.comparators))
        return rf"\text{{not }} {_at_least(inner, ATOM)}", 0
    raise Unreadable(ast.unparse(node))


def _either(node: ast.BoolOp) -> tuple[str, int]:
    word = r" \text{ and } " if isinstance(node.op, ast.And) else r" \text{ or } "
    return word.join(_at_least(value, 0) for value in node.values), 0


def _choice(node: ast.IfExp) -> tuple[str, int]:
    test = ast.unparse(node.test)
    if test.endswith(" == 1") or ".kind" in test:  # a way that is only cheaper
        return _write(node.orelse)
    if ".shape" in test:
        return _write(node.body)
    return cases(node)


def cases(node: ast.expr) -> tuple[str, int]:
    """A choice, and choices among what it chooses, as one list of cases."""
    rows: list[tuple[ast.expr, ast.expr]] = []  # a value, and the condition under which it is taken
    while (choice := _parts(node)) is not None:
        test, chosen, otherwise = choice
        if _parts(chosen) is not None and _parts(otherwise) is None:
            is_inverted = isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Invert)
            rows.append((otherwise, test.operand if is_inverted else ast.UnaryOp(ast.Invert(), test)))  # type: ignore[attr-defined]
            node = chosen
        else:
            rows.append((chosen, test))
            node = otherwise
    lines = [rf"{_write(value)[0]} & \text{{if }} {_write(test)[0]}" for value, test in rows]
    lines.append(rf"{_write(node)[0]} & \text{{otherwise}}")
    inner = r" \\ ".join(lines)
    return rf"\begin{{cases}} {inner} \end{{cases}}", ADD


def _parts(node: ast.expr) -> tuple[ast.expr, ast.expr, ast.expr] | None:
    """The condition of a choice, what is chosen, and what otherwise."""
    if isinstance(node, ast.IfExp):
        return node.test, node.body, node.orelse
    called = _called(node) if isinstance(node, ast.Call) else ""
    if called == "np.where":
        return tuple(node.args)  # type: ignore[return-value,attr-defined]
    if called == "kept_where":
        return (*node.args, ast.Constant(0))  # type: ignore[return-value,attr-defined]
    return None


def _attribute(node: ast.Attribute) -> tuple[str, int]:
    whole = ast.unparse(node)
    if whole in ("math.pi", "np.pi"):
        return r"\pi", ATOM
    if whole in ("np.inf", "math.inf"):
        return r"\infty", ATOM
    if node.attr in ("T", "mT"):
        inner = node.value
        if isinstance(inner, ast.Call) and _called(inner) in ("conj", "conjugate", ".conj"):
            inner = inner.args[0] if inner.args else inner.func.value  # type: ignore[attr-defined]
            return rf"{_at_least(inner, ATOM)}^{{\mathsf{{H}}}}", POWER
        return rf"{_at_least(inner, ATOM)}^{{\mathsf{{T}}}}", POWER
    if node.attr in ("real", "imag"):
        return rf"\operatorname{{{'Re' if node.attr == 'real' else 'Im'}}}\left({_write(node.value)[0]}\right)", ATOM
    if node.attr in ("shape", "ndim", "dtype", "size"):
        return rf"\mathrm{{{node.attr}}}\left({_write(node.value)[0]}\right)", ATOM
    raise Unreadable(whole)


def _subscript(node: ast.Subscript) -> tuple[str, int]:
    index = ast.unparse(node.slice)
    if "None" in index and set(index) <= set("None.,: ()"):  # dimensions of size one, for broadcasting
        if index.startswith((":", "(:")):
            return f"{_write(node.value)[0]}", _write(node.value)[1]
        return _write(node.value)
    parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
    return f"{_at_least(node.value, ATOM)}_{{[{', '.join(_index(p) for p in parts)}]}}", ATOM


def _index(node: ast.expr) -> str:
    if isinstance(node, ast.Slice):
        return ":".join("" if n is None else _write(n)[0] for n in (node.lower, node.upper))
    if isinstance(node, ast.Constant) and node.value is Ellipsis:
        return r"\ldots"
    return _write(node)[0]


def _sequence(node: ast.Tuple | ast.List) -> tuple[str, int]:
    return rf"\left({', '.join(_write(e)[0] for e in node.elts)}\right)", ATOM


def _called(node: ast.Call) -> str:
    """``np.exp``, ``conj``, ``.conj`` of a method."""
    if isinstance(node.func, ast.Attribute):
        whole = ast.unparse(node.func)
        return whole if whole.startswith(("np.", "math.")) else "." + node.func.attr
    return ast.unparse(node.func)


def _call(node: ast.Call) -> tuple[str, int]:
    called = _called(node)
    args = [a for a in node.args if not isinstance(a, ast.Starred)]
    if called.startswith("."):
        args = [node.func.value, *args]  # type: ignore[attr-defined]
    rule = CALLS.get(called) or CALLS.get(called.removeprefix("np.")) or CALLS.get(called.removeprefix("."))
    if rule is not None:
        return rule(*args)
    if any(isinstance(a, ast.Starred) for a in node.args):
        raise Unreadable(ast.unparse(node))
    plain = called.removeprefix("np.").removeprefix(".")
    return rf"\mathrm{{{_plain(plain)}}}\left({', '.join(_write(a)[0] for a in args)}\right)", ATOM


_WRITERS: dict[type, Callable[[Any], tuple[str, int]]] = {
    ast.Name: _name, ast.Constant: _number, ast.BinOp: _operation, ast.Compare: _comparison, ast.UnaryOp: _unary, ast.BoolOp: _either,
    ast.IfExp: _choice, ast.Attribute: _attribute, ast.Subscript: _subscript, ast.Tuple: _sequence, ast.List: _sequence, ast.Call: _call,
}  # fmt: skip

Rule = Callable[..., tuple[str, int]]


def _itself(x: ast.expr, *_: ast.expr) -> tuple[str, int]:
    return _write(x)


def _function(sign: str) -> Rule:
    return lambda *args: (rf"{sign}\left({', '.join(_write(a)[0] for a in args)}\right)", ATOM)


def _first(sign: str) -> Rule:
    """A function of its first argument; the others say how it is computed."""
    return lambda x, *_: (rf"{sign}\left({_write(x)[0]}\right)", ATOM)


def _around(left: str, right: str) -> Rule:
    return lambda x, *_: (f"{left}{_write(x)[0]}{right}", ATOM)


def _product(sign: str) -> Rule:
    return lambda a, b, *_: (f"{_at_least(a, MULTIPLY)}{sign}{_at_least(b, POWER)}", MULTIPLY)


def _between(operation: type[ast.operator]) -> Rule:
    return lambda a, b, *_: _operation(ast.BinOp(a, operation(), b))


def _sum(x: ast.expr, dim: ast.expr | None = None, *_: ast.expr) -> tuple[str, int]:
    below = "" if dim is None else f"_{{{_write(dim)[0]}}}"
    return rf"\textstyle\sum{below} {_at_least(x, MULTIPLY)}", MULTIPLY


def _share(g: ast.expr, better: ast.expr, equal: ast.expr) -> tuple[str, int]:
    """Of a loss: what arrives at each element; of an extreme: the chosen one's, half if both are."""
    if isinstance(equal, ast.Name):
        return rf"\frac{{{_write(g)[0]}}}{{n}}", MULTIPLY
    return cases(ast.IfExp(equal, ast.BinOp(g, ast.Div(), ast.Constant(2)), ast.IfExp(better, g, ast.Constant(0))))


def _where(test: ast.expr, chosen: ast.expr, otherwise: ast.expr) -> tuple[str, int]:
    return cases(ast.IfExp(test, chosen, otherwise))


CALLS: dict[str, Rule] = {
    # Functions that have signs of their own.
    "exp": lambda x, *_: (f"e^{{{_write(x)[0]}}}", POWER),
    "exp2": lambda x, *_: (f"2^{{{_write(x)[0]}}}", POWER),
    "expm1": lambda x, *_: (f"e^{{{_write(x)[0]}}} - 1", ADD),
    "sqrt": _around(r"\sqrt{", "}"),
    "log": _first(r"\ln"), "log2": _first(r"\log_2"), "log10": _first(r"\log_{10}"),
    "log1p": lambda x, *_: (rf"\ln\left(1 + {_at_least(x, ADD)}\right)", ATOM),
    "math.log": _first(r"\ln"), "math.sqrt": _around(r"\sqrt{", "}"),
    "absolute": _around(r"\left|", r"\right|"), "abs": _around(r"\left|", r"\right|"), "fabs": _around(r"\left|", r"\right|"),
    "sin": _first(r"\sin"), "cos": _first(r"\cos"), "tan": _first(r"\tan"), "sinh": _first(r"\sinh"), "cosh": _first(r"\cosh"),
    "tanh": _first(r"\tanh"), "arcsin": _first(r"\arcsin"), "arccos": _first(r"\arccos"), "arctan": _first(r"\arctan"),
    "arcsinh": _first(r"\operatorname{arsinh}"), "arccosh": _first(r"\operatorname{arcosh}"), "arctanh": _first(r"\operatorname{artanh}"),
    "arctan2": _function(r"\operatorname{atan2}"), "hypot": lambda a, b, *_: (rf"\sqrt{{{_at_least(a, ATOM)}^2 + {_at_least(b, ATOM)}^2}}", ATOM),
    "maximum": _function(r"\max"), "minimum": _function(r"\min"), "at_most": _function(r"\min"), "fmax": _function(r"\max"),
    "fmin": _function(r"\min"), "negative_part": lambda x: (rf"\min\left({_write(x)[0]}, 0\right)", ATOM),
    "bounded": lambda x, d: (rf"\min\left(\max\left({_write(x)[0]}, -{_at_least(d, ATOM)}\right), {_write(d)[0]}\right)", ATOM),
    "floor": _around(r"\left\lfloor ", r"\right\rfloor"), "ceil": _around(r"\left\lceil ", r"\right\rceil"),
    "floor_quotient": lambda a, b: (rf"\left\lfloor \frac{{{_write(a)[0]}}}{{{_write(b)[0]}}} \right\rfloor", ATOM),
    "trunc_quotient": lambda a, b: (rf"\operatorname{{trunc}}\left(\frac{{{_write(a)[0]}}}{{{_write(b)[0]}}}\right)", ATOM),
    "sign": _first(r"\operatorname{sign}"), "sign_of": _first(r"\operatorname{sign}"),
    "sigmoid": _first(r"\sigma"), "sigmoid_of": _first(r"\sigma"), "softplus_of": _first(r"\operatorname{softplus}"),
    "digamma_of": _first(r"\psi"), "i1_of": _first("I_1"), "i0_of": _first("I_0"),
    "polygamma_of": lambda n, x: (rf"\psi^{{({_write(n)[0]})}}\left({_write(x)[0]}\right)", ATOM),
    "isnan": lambda x: (rf"{_at_least(x, ADD)} \text{{ is NaN}}", 0), "isfinite": lambda x: (rf"{_at_least(x, ADD)} \text{{ is finite}}", 0),
    "isinf": lambda x: (rf"{_at_least(x, ADD)} \text{{ is infinite}}", 0),
    # Ufuncs that are operations.
    "add": _between(ast.Add), "subtract": _between(ast.Sub), "multiply": _between(ast.Mult), "true_divide": _between(ast.Div),
    "divide": _between(ast.Div), "quotient": _between(ast.Div), "power": _between(ast.Pow), "times": _between(ast.Mult),
    "floor_divide": _between(ast.FloorDiv), "_times": _between(ast.Mult), "_scaled": _between(ast.Mult),
    "negative": lambda x: _unary(ast.UnaryOp(ast.USub(), x)), "square": lambda x: (f"{_at_least(x, ATOM)}^2", POWER),
    "reciprocal": lambda x: (rf"\frac{{1}}{{{_write(x)[0]}}}", MULTIPLY), "positive": _itself,
    "_difference": _between(ast.Sub), "logical_not": lambda x: _unary(ast.UnaryOp(ast.Invert(), x)),
    # Conjugates, matrices, sums.
    "conj": _around(r"\overline{", "}"), "conjugate": _around(r"\overline{", "}"), "conj_number": _around(r"\overline{", "}"),
    "adjoint_of": lambda x: (rf"{_at_least(x, ATOM)}^{{\mathsf{{H}}}}", POWER),
    "transpose": lambda x, *_: (rf"{_at_least(x, ATOM)}^{{\mathsf{{T}}}}", POWER),
    "dot": _product(r" \, "), "matmul": _product(r" \, "), "batched": _product(r" \, "), "outer": _product(r" \otimes "),
    "total": _sum, "sum": _sum, "over_rows": lambda g: (rf"\textstyle\sum_{{\text{{rows}}}} {_at_least(g, MULTIPLY)}", MULTIPLY),
    "reduced_size": lambda *_: ("n", ATOM),
    "cofactors": _first(r"\operatorname{cof}"),
    "where": _where, "kept_where": lambda test, g: cases(ast.IfExp(test, g, ast.Constant(0))),
    "masked_zero": lambda g, mask: cases(ast.IfExp(mask, ast.Constant(0), g)), "_share": _share,
    "shared_among_equals": lambda g, x, result, *_: (
        rf"\frac{{{_write(g)[0]}}}{{\#\{{{_write(x)[0]} = {_write(result)[0]}\}}}} \text{{ where }} {_write(x)[0]} = {_write(result)[0]}", ADD),
    # As rows say that a formula reads (``reads``).
    "σ": _first(r"\sigma"), "Φ": _first(r"\Phi"), "φ": _first(r"\varphi"), "mean": _first(r"\mathrm{mean}"), "softplus": _first(r"\mathrm{softplus}"),
    "real": _first(r"\mathrm{Re}"), "imag": _first(r"\mathrm{Im}"), "softmax": _first(r"\mathrm{softmax}"), "trunc": _first(r"\mathrm{trunc}"),
    "i0": _first("I_0"), "i1": _first("I_1"), "inverse": lambda x: (f"{_at_least(x, ATOM)}^{{-1}}", POWER),
    "reshape": lambda x, shape: (rf"\mathrm{{reshape}}\left({_write(x)[0]}, {_write(shape)[0]}\right)", ATOM),
    "tril": _function(r"\mathrm{tril}"), "triu": _function(r"\mathrm{triu}"),
    # What is done for the machine's sake.
    "constant": _itself, "python_number": _itself, "fit": _itself, "_fit": _itself, "_real_if": _itself, "real_if": _itself, "astype": _itself,
    "_as_dtype": _itself, "expand": _itself, "spread": _itself, "broadcast_to": _itself, "_matrix": _itself,
    "sum_to": lambda g, *_: (rf"\textstyle\sum_{{\text{{repeated}}}} {_at_least(g, MULTIPLY)}", MULTIPLY),
    "zeros_like": lambda *_: ("0", ATOM), "zeros": lambda *_: ("0", ATOM),
}  # fmt: skip
"""How calls are written, by the function's name."""
