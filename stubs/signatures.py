"""Signatures: how a function of the tables is called, with types, from its row or its own annotations."""

from __future__ import annotations

import inspect
from typing import Any

from adjoint.declare.namespaces import NOT_OUT
from adjoint.declare.operator import ARRAY, ARRAYS, MISSING, OPTIONAL, Operator
from stubs.overloads import OVERLOADS
from stubs.types import OF_FUNCTION, PARAMETERS, translate

_KINDS = {OPTIONAL: "Tensor | None", ARRAYS: "Sequence[Tensor]"}


def signatures(place: str, name: str, function: Any, used: set[str]) -> list[str]:
    """The signatures of a function as ``(parameters) -> result``; several where the result depends on what is given."""
    method = place == "Tensor"
    written = OVERLOADS.get(f"{place}.{name}") or (() if name.startswith("__") else OVERLOADS.get(name, ()))
    if written:
        return [_translated(text.replace("{name}", name), method, used) for text in written]
    base, in_place = function, name.endswith("_") and not name.endswith("__")
    parameters = list(inspect.signature(function).parameters.values())
    open_ended = [p.name for p in parameters[1:]] == ["args", "kwargs"]
    if in_place and open_ended:
        base = _out_of_place(place, name)
        written = OVERLOADS.get(name[:-1], ())
        parameters = [p for p in inspect.signature(base).parameters.values() if p.name not in ("out", NOT_OUT)]
    elif open_ended and name[:3] == "__i":  # an augmented assignment
        return [_translated("(input: Tensor, other: Tensor | complex, /) -> Tensor", method, used)]
    parameters = [p for p in parameters if p.name not in (NOT_OUT, "older")]  # a type checker is to object to older calls
    operator = base.__globals__.get("OP")
    parts, starred = [], False
    for number, parameter in enumerate(parameters):
        if method and not number:
            parts.append("self")
            continue
        if parameter.kind is parameter.KEYWORD_ONLY and name[:2] == "__" and name != "__dlpack__":
            continue  # nobody calls a special method with keywords
        if parameter.kind is parameter.KEYWORD_ONLY and not starred:
            starred = True
            parts.append("*")
        kind = _type(name.rstrip("_") if in_place else name, base, operator, parameter)
        starred = starred or parameter.kind is parameter.VAR_POSITIONAL
        star = {parameter.VAR_POSITIONAL: "*", parameter.VAR_KEYWORD: "**"}.get(parameter.kind, "")
        parts.append(f"{star}{parameter.name}: {translate(kind, used)}{_default(parameter)}")
    if name[:2] == "__" and len(parts) > 1 and not starred:
        parts.append("/")
    result = _result(base, operator)
    if name[:2] == "__" and result == "Any" and parts[1:2] and parts[1].startswith("other"):
        result = "Tensor"  # or NotImplemented, which is Python's affair
    return [f"({', '.join(parts)}) -> {translate(result, used)}"]


def _out_of_place(place: str, name: str) -> Any:
    from adjoint.declare.namespaces import OPERATORS, lookup
    from adjoint.tensor import Tensor

    found = getattr(Tensor, name[:-1], None) or lookup(place, name[:-1]) or lookup("nn.functional", name[:-1])
    if found is None and name[:-1] in OPERATORS:
        found = OPERATORS[name[:-1]].function
    if found is None:
        raise LookupError(f"{place}.{name} is the in-place form of nothing that the stubs know")
    return found


def _type(name: str, function: Any, operator: Operator | None, parameter: inspect.Parameter) -> str:
    if operator is not None:
        kind = _of_row(name, operator, parameter)
    else:
        kind = getattr(function, "__annotations__", {}).get(parameter.name)
        if kind in (None, "Any", "Any | None"):
            kind = OF_FUNCTION.get((name, parameter.name)) or PARAMETERS.get(parameter.name, "Any")
    if parameter.default is None and "None" not in kind and kind != "Any":
        kind += " | None"
    return str(kind)


def _of_row(name: str, operator: Operator, parameter: inspect.Parameter) -> str:
    shown = parameter.name
    if shown == "axis":
        shown = "dim"
    if shown in ("keepdims", "out"):
        return {"keepdims": "bool | None", "out": "Tensor | None"}[shown]
    row = {("input" if p.name == "self" else p.name): p for p in operator.params}.get(shown)
    if row is None or row.kind == "value":
        found = OF_FUNCTION.get((operator.name, shown)) or PARAMETERS.get(shown.removesuffix("_given"), "Any")
        if row is not None and row.default == () and "Sequence" not in found:
            found = "int | Sequence[int]"
        return found
    if row.kind == ARRAY and operator.elementwise and operator.numbers and len(operator.arrays) > 1:
        if row is not operator.arrays[0] or operator.scalar_first:
            return "Tensor | complex"
    return _KINDS.get(row.kind, "Tensor")


def _default(parameter: inspect.Parameter) -> str:
    default = parameter.default
    if default is parameter.empty:
        return ""
    if default is None or default in ((), "") or (type(default) in (bool, int, float, str) and default == default):
        if isinstance(default, float) and default in (float("inf"), -float("inf")):
            return " = ..."
        return f" = {default!r}"
    return "" if default is MISSING else " = ..."


def _result(function: Any, operator: Operator | None) -> str:
    if operator is None:
        return str(getattr(function, "__annotations__", {}).get("return") or "Tensor")
    if operator.outputs is None:
        return "Tensor"
    return "tuple[Tensor, ...]" if operator.outputs == "list" else f"return_types.{operator.name}"


def _translated(text: str, method: bool, used: set[str]) -> str:
    """A written signature in the names of the stubs."""
    import ast

    if method:
        text = text.replace("(input: Tensor", "(self", 1)
    tree: Any = ast.parse(f"def f{text}: ...").body[0]
    if method:  # none of which takes ``out``
        kept = [(a, d) for a, d in zip(tree.args.kwonlyargs, tree.args.kw_defaults) if a.arg != "out"]
        tree.args.kwonlyargs, tree.args.kw_defaults = [a for a, _ in kept], [d for _, d in kept]
    for argument in [*tree.args.posonlyargs, *tree.args.args, *tree.args.kwonlyargs, tree.args.vararg, tree.args.kwarg]:
        if argument is not None and argument.annotation is not None:
            argument.annotation = ast.parse(translate(ast.unparse(argument.annotation), used), mode="eval").body
    result = translate(ast.unparse(tree.returns), used)
    return f"({_spaced(tree.args)}) -> {result}"


def _spaced(arguments: Any) -> str:
    """Parameters with spaces around ``=``, as style has it where there are annotations; :func:`ast.unparse` leaves them out."""
    import ast

    def one(argument: Any, default: Any = None, star: str = "") -> str:
        text = star + argument.arg + (f": {ast.unparse(argument.annotation)}" if argument.annotation else "")
        return text if default is None else f"{text} = {ast.unparse(default)}"

    positional = [*arguments.posonlyargs, *arguments.args]
    defaults = [None] * (len(positional) - len(arguments.defaults)) + arguments.defaults
    parts = [one(a, d) for a, d in zip(positional, defaults)]
    if arguments.posonlyargs:
        parts.insert(len(arguments.posonlyargs), "/")
    if arguments.vararg:
        parts.append(one(arguments.vararg, star="*"))
    elif arguments.kwonlyargs:
        parts.append("*")
    parts += [one(a, d) for a, d in zip(arguments.kwonlyargs, arguments.kw_defaults)]
    if arguments.kwarg:
        parts.append(one(arguments.kwarg, star="**"))
    return ", ".join(parts)
