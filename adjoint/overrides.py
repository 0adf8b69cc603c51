"""``torch.overrides``: what classes with ``__torch_function__``, and modes, may make of functions.

How a call reaches them is said at :mod:`adjoint.autograd.overriding`.
"""

from __future__ import annotations

import functools
import inspect
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from types import FunctionType
from typing import Any

import adjoint
from adjoint.autograd import overriding
from adjoint.autograd.overriding import name_of as resolve_name
from adjoint.autograd.overriding import not_converted
from adjoint.declare.namespaces import FUNCTIONS, lookup
from adjoint.declare.overridable import MODES_ALONE, NEVER
from adjoint.interrupts import at_once
from adjoint.names import is_private, list_names
from adjoint.places import users_level
from adjoint.tensor import Tensor
from adjoint.thread_state import this_thread

__all__ = [
    "enable_reentrant_dispatch",
    "get_ignored_functions",
    "get_overridable_functions",
    "get_testing_overrides",
    "handle_torch_function",
    "has_torch_function",
    "is_tensor_like",
    "is_tensor_method_or_property",
    "redispatch_function",
    "resolve_name",
    "wrap_torch_function",
]

get_default_nowrap_functions = not_converted


class TorchFunctionMode:
    """Inside of ``with``, every function of ``torch`` calls the mode's ``__torch_function__`` in its place.

    There, the mode is off: what it calls is seen by the modes around it, and computed.

    >>> import adjoint as torch
    >>> class Loud(torch.overrides.TorchFunctionMode):
    ...     def __torch_function__(self, func, types, args=(), kwargs=None):
    ...         print(torch.overrides.resolve_name(func).partition(".")[2])
    ...         return func(*args, **(kwargs or {}))
    >>> with Loud():
    ...     x = torch.ones(2) + 1
    ones
    Tensor.add
    """

    def __init__(self) -> None:
        pass

    def __torch_function__(self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None) -> Any:
        raise NotImplementedError

    def __enter__(self) -> Any:
        _push_mode(self)
        return self

    @at_once
    def __exit__(self, *exc: object) -> None:
        _pop_mode()

    @classmethod
    def push(cls, *args: Any, **kwargs: Any) -> Any:
        """A mode of this class; ``with Mode():`` does what ``with Mode.push():`` did."""
        warnings.warn(
            "`Mode.push()` is no longer necessary and can be replaced with just `with Mode()`", stacklevel=users_level()
        )
        return cls(*args, **kwargs)


class BaseTorchFunctionMode(TorchFunctionMode):
    """A mode that calls every function as it is."""

    def __torch_function__(self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None) -> Any:
        return func(*args, **(kwargs or {}))


_push_mode = overriding.enter
_pop_mode = overriding.leave


def _get_current_function_mode() -> Any:
    """The innermost mode that is on; None where none is."""
    found = overriding.modes()
    return found[-1] if found else None


def _get_current_function_mode_stack() -> list[Any]:
    """The modes that are on, the innermost last."""
    return [*overriding.modes()]


def _len_torch_function_stack() -> int:
    return len(overriding.modes())


def _is_torch_function_mode_enabled() -> bool:
    return bool(overriding.modes()) and not overriding.is_off(modes_too=True)


@contextmanager
def _pop_mode_temporarily() -> Iterator[Any]:
    """Inside, the innermost mode is off."""
    with overriding.Modes(overriding.modes()[:-1]):
        yield overriding.modes()


@contextmanager
def _enable_torch_function() -> Iterator[None]:
    """Inside, classes and modes are asked, though it may be off around."""
    with overriding.Enabled():
        yield


@contextmanager
def enable_reentrant_dispatch() -> Iterator[None]:
    """For ``__torch_dispatch__``, which Adjoint does not have: what is on stays on."""
    yield


def has_torch_function(relevant_args: Iterable[Any]) -> bool:
    """Whether something overrides functions of these arguments: one of their classes, or a mode.

    >>> import adjoint as torch
    >>> torch.overrides.has_torch_function((torch.ones(2), 1))
    False
    """
    if this_thread.overriding_skips:
        this_thread.overriding_skips = False
        return False
    if _is_torch_function_mode_enabled():
        return True
    return not overriding.is_off() and bool(overriding.relevant(relevant_args))


def has_torch_function_unary(relevant_arg: Any) -> bool:
    """:func:`has_torch_function` of one argument."""
    return has_torch_function((relevant_arg,))


def has_torch_function_variadic(*relevant_args: Any) -> bool:
    """:func:`has_torch_function` of arguments that are given one by one."""
    return has_torch_function(relevant_args)


# By which PyTorch's pickles name them.
_has_torch_function, _has_torch_function_unary = has_torch_function, has_torch_function_unary
_has_torch_function_variadic = has_torch_function_variadic


def _get_overloaded_args(relevant_args: Iterable[Any], get_type_fn: Any = None) -> list[Any]:
    """The arguments whose ``__torch_function__`` is to be asked, in the order in which they are."""
    return [] if overriding.is_off() else overriding.relevant(relevant_args)


def handle_torch_function(public_api: Any, relevant_args: Iterable[Any], *args: Any, **kwargs: Any) -> Any:
    """What overrides the call ``public_api(*args, **kwargs)``, asked for its answer: the innermost mode, then the classes of
    ``relevant_args``.

    Raises TypeError where none has an answer.

    >>> import adjoint as torch
    >>> from adjoint.overrides import handle_torch_function, has_torch_function_unary
    >>> def double(x):
    ...     if has_torch_function_unary(x):
    ...         return handle_torch_function(double, (x,), x)
    ...     return x * 2
    >>> class Other:
    ...     @classmethod
    ...     def __torch_function__(cls, func, types, args=(), kwargs=None):
    ...         return f"{func.__name__} of {types[0].__name__}"
    >>> double(torch.ones(1)), double(Other())
    (tensor([2.]), 'double of Other')
    """
    return overriding.ask(public_api, _get_overloaded_args(relevant_args), args, kwargs, own_words=True)


def redispatch_function(func: Any, types: Any, args: tuple[Any, ...], kwargs: Any) -> Any:
    """Call a function without its being offered once more; the functions that it calls are."""
    return overriding.call_inside(func, args, kwargs or {})


def wrap_torch_function(dispatcher: Callable[..., Iterable[Any]]) -> Callable[[Any], Any]:
    """A decorator that has a function be overridden like one of ``torch``'s, by the arguments that ``dispatcher`` returns of
    its arguments."""

    def wrap(function: Any) -> Any:
        @functools.wraps(function)
        def wrapped(*args: Any, **kwargs: Any) -> Any:
            relevant_args = dispatcher(*args, **kwargs)
            if has_torch_function(relevant_args):
                return handle_torch_function(wrapped, relevant_args, *args, **kwargs)
            return function(*args, **kwargs)

        return wrapped

    return wrap


def is_tensor_like(inp: Any) -> bool:
    """Whether something is a tensor, or of a class with ``__torch_function__``.

    >>> import adjoint as torch
    >>> torch.overrides.is_tensor_like(torch.ones(1)), torch.overrides.is_tensor_like(1)
    (True, False)
    """
    return type(inp) is Tensor or hasattr(inp, "__torch_function__")


def is_tensor_method_or_property(func: Any) -> bool:
    """Whether a function, as ``__torch_function__`` is given it, is a method of Tensor or reads or writes an attribute of it.

    >>> import adjoint as torch
    >>> torch.overrides.is_tensor_method_or_property(torch.Tensor.add), torch.overrides.is_tensor_method_or_property(torch.add)
    (True, False)
    """
    return isinstance(getattr(func, "__self__", None), property) or getattr(Tensor, getattr(func, "__name__", ""), None) is func


def _methods() -> list[Any]:
    found: list[Any] = []
    for name in dir(Tensor):
        value = getattr(Tensor, name)
        if name in NEVER or is_private(name) or getattr(object, name, None) is value:
            continue
        if isinstance(value, FunctionType):
            found.append(value)
        elif isinstance(value, property):
            found.append(value.__get__)
    return found


def _functions(place: str) -> list[Any]:
    found = [lookup(place, name) for name in sorted(FUNCTIONS[place]) if name not in NEVER | MODES_ALONE]
    return [function for function in found if isinstance(function, FunctionType)]


@functools.lru_cache(maxsize=None)
def get_overridable_functions() -> dict[Any, list[Any]]:
    """The functions that can be overridden, by the module or class that they are in."""
    return {
        adjoint: _functions("torch"),
        adjoint.nn.functional: _functions("nn.functional"),
        adjoint.linalg: _functions("linalg"),
        Tensor: _methods(),
    }


@functools.lru_cache(maxsize=None)
def get_ignored_functions() -> set[Any]:
    """The functions that no class can override."""
    found = {getattr(adjoint, name) for name in NEVER | MODES_ALONE if hasattr(adjoint, name)}
    methods = {getattr(Tensor, name) for name in NEVER if hasattr(Tensor, name)}
    return found | {method for method in methods if callable(method)}


@functools.lru_cache(maxsize=None)
def get_testing_overrides() -> dict[Any, Any]:
    """Per function that can be overridden, one of the same signature, which returns -1."""
    found = {}
    for functions in get_overridable_functions().values():
        for function in functions:
            found[function] = _returning(-1, function)
    return found


def _returning(value: Any, function: Any) -> Any:
    def override(*args: Any, **kwargs: Any) -> Any:
        return value

    try:
        override.__signature__ = inspect.signature(function)  # type: ignore[attr-defined]
    except ValueError:
        pass
    return override


list_names(__name__)
