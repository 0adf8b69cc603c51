"""Patching: names that mean something else while a function is traced, and what they meant before, afterwards."""

from __future__ import annotations

import builtins
import functools
from collections.abc import Callable, Iterable
from types import FunctionType
from typing import Any

from adjoint.fx.node import map_aggregate
from adjoint.fx.proxy import Proxy
from adjoint.noted_calls import wrapped_functions


def find_proxy(*things: Any) -> Proxy | None:
    """A proxy among these, or in their containers; None where there is none."""
    found: list[Proxy] = []
    map_aggregate(things, lambda x: found.append(x) if isinstance(x, Proxy) else None)
    return found[-1] if found else None


def noting(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function whose calls with proxies are nodes."""

    @functools.wraps(function)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        proxy = find_proxy(args, kwargs)
        if proxy is None:
            return function(*args, **kwargs)
        made = proxy.tracer.create_proxy("call_function", function, args, kwargs)
        made.node.meta["is_wrapped"] = True
        return made

    wrapped._notes = True  # type: ignore[attr-defined]
    return wrapped


class Patches:
    """Changes of modules and classes, undone at the end of a block."""

    def __init__(self) -> None:
        self._undo: list[Callable[[], Any]] = []
        self._seen: set[int] = set()

    def __enter__(self) -> Patches:
        return self

    def __exit__(self, *error: Any) -> None:
        while self._undo:
            self._undo.pop()()

    def note(self, space: dict[str, Any], name: str) -> None:
        """Have calls of a name of a module be nodes."""
        own = name in space
        function = space[name] if own else getattr(builtins, name)
        if getattr(function, "_notes", False):
            return
        self._undo.append(
            functools.partial(space.__setitem__, name, function) if own else functools.partial(space.pop, name)
        )
        space[name] = noting(function)

    def note_those(self, space: dict[str, Any], functions: set[int]) -> None:
        """Have calls of these functions be nodes where a module calls them by a name of its own."""
        if id(space) in self._seen:
            return
        self._seen.add(id(space))
        for name, value in list(space.items()):
            if id(value) in functions and not name.startswith("_") and callable(value):
                self.note(space, name)

    def note_wrapped(self) -> None:
        """Have calls of the names be nodes that were given to :func:`wrap`."""
        for (_, name), space in list(wrapped_functions.items()):
            self.note(space, name)

    def attribute(self, owner: Any, name: str, value: Any) -> None:
        """Set an attribute."""
        self._undo.append(functools.partial(setattr, owner, name, getattr(owner, name)))
        setattr(owner, name, value)


def taking_all_by_position(function: FunctionType, count: int) -> FunctionType:
    """A function whose ``*args`` and ``**kwargs`` are two arguments like others, so that a proxy can be given for each."""
    variable = 0x04 | 0x08  # inspect.CO_VARARGS | inspect.CO_VARKEYWORDS
    code = function.__code__.replace(
        co_argcount=count, co_posonlyargcount=0, co_kwonlyargcount=0, co_flags=function.__code__.co_flags & ~variable
    )
    return FunctionType(code, function.__globals__, function.__name__, function.__defaults__, function.__closure__)


def callables(modules: Iterable[Any]) -> set[int]:
    """The functions of these modules."""
    return {id(f) for module in modules for n, f in vars(module).items() if not n.startswith("_") and callable(f)}
