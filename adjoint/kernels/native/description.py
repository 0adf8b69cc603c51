"""Descriptions: in words, all that the machine code of a function depends on; the same in every process.

Functions of ``adjoint.kernels`` are described by their names, since machine code is kept for one state of that source;
those that others define, by what they say and what they use.
"""

from __future__ import annotations

from types import CodeType, FunctionType, ModuleType
from typing import Any

from adjoint.kernels.native.builtins import Builtin
from adjoint.kernels.native.function import Native


def described(x: Any) -> str:
    """What ``x`` is; functions with the values that they enclose."""
    return _described(x, [])


def _described(x: Any, seen: list[Any]) -> str:
    if isinstance(x, (tuple, list)):
        return f"{x.__class__.__name__}({', '.join(_described(e, seen) for e in x)})"
    if isinstance(x, dict):
        return f"dict({', '.join(f'{k!r}: {_described(x[k], seen)}' for k in sorted(x, key=repr))})"
    if isinstance(x, (set, frozenset)):
        return f"set({', '.join(sorted(_described(e, seen) for e in x))})"
    if isinstance(x, (Native, FunctionType)):
        return _function(x if isinstance(x, Native) else Native(x), seen)
    if isinstance(x, (Builtin, ModuleType)):
        return f"<{x.__name__}>"
    if isinstance(x, CodeType):
        return _code(x)
    return repr(x)


def _function(native: Native, seen: list[Any]) -> str:
    function = native.function
    if function in seen:
        return f"<{seen.index(function)}>"
    seen.append(function)
    parts = [native.__module__, function.__qualname__, (native.inline, native.apart), native.types, native.closure,
             function.__defaults__]  # fmt: skip
    if not native.__module__.startswith("adjoint.kernels."):
        parts += [function.__code__, _globals(function.__code__, function.__globals__)]
    return _described(parts, seen)


def _code(code: CodeType) -> str:
    return _described([code.co_code, code.co_names, code.co_varnames, code.co_consts], [])


def _globals(code: CodeType, space: dict[str, Any]) -> dict[str, Any]:
    """What code takes from its module, and from the modules that it names."""
    found = {name: space[name] for name in code.co_names if name in space}
    for name, value in list(found.items()):
        if isinstance(value, ModuleType):
            found.update({f"{name}.{n}": getattr(value, n) for n in code.co_names if hasattr(value, n)})
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            found.update(_globals(inner, space))
    return found
