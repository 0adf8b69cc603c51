"""Calls: what an operator was called with, by the names of its parameters, and what it made."""

from __future__ import annotations

import inspect
from types import CodeType, FrameType
from typing import Any

from adjoint.declare import emit, inplace
from adjoint.places import is_ours
from adjoint.tensor import Tensor

_LONGEST = 60  # characters of an argument's text


class Call:
    """One call of an operator: its ``tensors`` as (argument, tensor), its other ``arguments`` as text, the tensors ``made``."""

    __slots__ = ("arguments", "made", "name", "operator", "tensors")

    def __init__(self, operator: Any) -> None:
        self.operator = operator
        self.name: str = operator.name
        self.tensors: list[tuple[str, Tensor]] = []
        self.arguments: dict[str, str] = {}
        self.made: list[Tensor] = []


def call_of(operator: Any, args: tuple[Any, ...], kwargs: dict[str, Any], result: Any) -> Call:
    """The call of an operator (or of a user's Function) that returned ``result``."""
    call = Call(operator)
    for name, value in zip(_names_of(operator, len(args)), args):
        _add(call, name, value)
    for name, value in kwargs.items():
        _add(call, name, value)
    given = [t for _, t in call.tensors]
    results = result if isinstance(result, (tuple, list)) else (result,)
    call.made = [t for t in results if isinstance(t, Tensor) and not any(t is other for other in given)]
    return call


def _names_of(operator: Any, count: int) -> list[str]:
    """The names of the positional arguments."""
    if operator.params:
        return [p.name for p in operator.params if not p.keyword_only and p.name != operator.variadic]
    function = getattr(operator, "function", None)
    forward = getattr(function, "forward", None)
    try:
        names = list(inspect.signature(forward).parameters) if forward is not None else []
    except (TypeError, ValueError):
        names = []
    if names and len(names) > count:  # ctx comes first
        names = names[1:]
    return [*names, *(f"argument {i}" for i in range(len(names), count))]


def _add(call: Call, name: str, value: Any) -> None:
    if isinstance(value, Tensor):
        if value._wrapped:
            call.arguments[name] = repr(value.item())
        else:
            call.tensors.append((name, value))
    elif isinstance(value, (list, tuple)) and any(isinstance(v, Tensor) for v in value):
        for i, v in enumerate(value):
            if isinstance(v, Tensor):
                call.tensors.append((f"{name}[{i}]", v))
            elif v is not None:
                call.arguments[f"{name}[{i}]"] = _text(v)
    elif value is not None:
        call.arguments[name] = _text(value)


def _text(value: Any) -> str:
    try:
        text = repr(value)
    except Exception:  # a user's own object
        text = f"<{type(value).__name__}>"
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def _inner_code(function: Any, name: str) -> CodeType:
    """The code of the function ``name`` that ``function`` makes."""
    return next(c for c in function.__code__.co_consts if isinstance(c, CodeType) and c.co_name == name)


# Functions whose frames, between an operator and the user, say that its result is written: code -> the variable with what
# it is written into.
_WRITERS: dict[CodeType, str] = {
    _inner_code(inplace.inplace_method, "inplace"): "self",
    _inner_code(inplace.inplace_composite, "inplace"): "self",
    emit._write_out.__code__: "out",
}


def writes_into(frame: FrameType | None, call: Call) -> Tensor | None:
    """The tensor that the call of an operator at ``frame`` writes its result into, if it does.

    A view that an in-place function makes to write into it, as ``x[0] = 1`` does, is itself written nowhere.
    """
    view = bool(getattr(call.operator, "view", False))
    while frame is not None and is_ours(frame.f_code):
        code = frame.f_code
        name = _WRITERS.get(code)
        if name is None and code.co_argcount and (code.co_name == "__setitem__" or _is_in_place(code.co_name)):
            name = code.co_varnames[0]
        if name is not None:
            if view and code.co_name.strip("_") not in (call.operator.name, call.name):
                return None
            found = frame.f_locals.get(name)
            return found if isinstance(found, Tensor) else None
        frame = frame.f_back
    return None


def _is_in_place(name: str) -> bool:
    return name[-1:] == "_" and name[:1] != "_"
