"""Scripting: functions, classes and modules that stay Python, and the classes that say whether something was compiled."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, NoReturn, TypeVar

from adjoint.jit._deprecation import SWITCH, deprecated
from adjoint.nn import Module

T = TypeVar("T")


class ScriptWarning(Warning):
    """What scripting warns of."""


def Attribute(value: T, type: Any) -> T:
    """``value``; the type is for TorchScript.

    >>> import adjoint as torch
    >>> torch.jit.Attribute(3, int)
    3
    """
    return value


class ScriptModule(Module):
    """A module whose methods are decorated with :func:`script_method`; it runs as Python, as every module does."""

    def __init__(self, arg: Any = None) -> None:
        super().__init__()


class RecursiveScriptModule(ScriptModule):
    """What PyTorch's :func:`script` makes of a module; here it makes none."""


class _Compiled:
    """What only a TorchScript compiler makes."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        _refuse(f"a torch.jit.{type(self).__name__}")


class ScriptFunction(_Compiled):
    """A compiled function: there are none, and it cannot be made."""


class ScriptMethod(_Compiled):
    """A compiled method: there are none, and it cannot be made."""


class RecursiveScriptClass(_Compiled):
    """An instance of a compiled class: there are none, and it cannot be made."""


class CompilationUnit(_Compiled):
    """Source that is compiled: it cannot be made."""


def _refuse(what: str) -> NoReturn:
    raise RuntimeError(
        f"{what} needs TorchScript's compiler, which Adjoint does not have: functions and modules run as Python, "
        "as with PYTORCH_JIT=0."
    )


def script(
    obj: T,
    optimize: None = None,
    _frames_up: int = 0,
    _rcb: Callable[[str], Any] | None = None,
    example_inputs: Any = None,
) -> T:
    """``obj`` itself, a function, class or module, which runs as Python; or what it gives to be scripted in its place
    (``__prepare_scriptable__``).  Modules within a module that give others are replaced there, as PyTorch does it.

    >>> import adjoint as torch
    >>> @torch.jit.script
    ... def scaled(x, by: float):
    ...     return x * by
    >>> scaled(torch.ones(2), 3.0)
    tensor([3., 3.])
    """
    deprecated("script", SWITCH, dropped=True)
    return _prepared(obj, {})


def _prepared(obj: Any, done: dict[int, tuple[Any, Any]]) -> Any:
    """What is scripted in the place of an object, and of the modules in it; ``done`` has, by their ids, those that were met
    before, which it keeps."""
    if id(obj) not in done:
        prepare = getattr(obj, "__prepare_scriptable__", None)
        made = obj if prepare is None or isinstance(obj, type) else prepare()
        done[id(obj)], done[id(made)] = (obj, made), (made, made)
        if isinstance(made, Module):
            for name, module in made._modules.items():
                if module is not None:
                    made._modules[name] = _prepared(module, done)
    return done[id(obj)][1]


def script_method(fn: T) -> T:
    """``fn`` itself, a method (a decorator)."""
    deprecated("script_method", SWITCH, dropped=True)
    return fn


def interface(obj: T) -> T:
    """``obj`` itself, a class that says which methods others have (a decorator).

    Raises RuntimeError for what is no class, and for a class that inherits from any but ``object`` or ``nn.Module``.
    """
    deprecated("interface")
    if not inspect.isclass(obj):
        raise RuntimeError("interface must be applied to a class")
    bases = obj.mro()
    if len(bases) > 2 and not (issubclass(obj, Module) and len(bases) == 3):
        raise RuntimeError(
            "TorchScript interface does not support inheritance yet. Please directly inherit from 'object' or 'nn.Module'."
        )
    return obj


def _unwrap_optional(x: T | None) -> T:
    if x is None:
        raise AssertionError("Unwrapping null optional")
    return x
