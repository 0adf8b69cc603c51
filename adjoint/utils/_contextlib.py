"""Context managers that are decorators, of functions and of generators, which they enter whenever those run."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable
from typing import Any

from adjoint.autograd.grad_mode import _ContextDecorator
from adjoint.names import list_names as _list_names
from adjoint.places import users_level


class _Entering(_ContextDecorator):
    """Decorates with the contexts that a function makes."""

    def __init__(self, make: Callable[[], Any]) -> None:
        self._again = make  # type: ignore[method-assign]


def context_decorator(ctx: Any, func: Callable[..., Any]) -> Callable[..., Any]:
    """``func`` inside of a context: ``ctx``, which can be entered again and again, or what ``ctx()`` makes for each call.

    Raises RuntimeError for classes, AssertionError for a ``ctx`` that is both.

    >>> import contextlib
    >>> @contextlib.contextmanager
    ... def told():
    ...     print("before")
    ...     yield
    >>> context_decorator(told, lambda x: x + 1)(1)
    before
    2
    """
    if callable(ctx) and hasattr(ctx, "__enter__"):
        raise AssertionError(
            f"Passed in {ctx} is both callable and also a valid context manager (has __enter__), making it ambiguous which "
            "interface to use.  If you intended to pass a context manager factory, rewrite your call as "
            "context_decorator(lambda: ctx()); if you intended to pass a context manager directly, rewrite your call as "
            "context_decorator(lambda: ctx)"
        )
    if inspect.isclass(func):
        raise RuntimeError(
            "Cannot decorate classes; it is ambiguous whether or not only the constructor or all methods should have the "
            "context manager applied; additionally, decorating a class at definition-site will prevent use of the identifier "
            "as a conventional type.  To specify which methods to decorate, decorate each of them individually."
        )
    return _Entering(ctx if callable(ctx) else lambda: ctx)(func)


class _DecoratorContextManager(_ContextDecorator):
    """A context manager that also decorates; of one that is made with arguments, ``clone`` makes another."""

    def clone(self) -> Any:
        """A context manager like this one."""
        return type(self)()

    def _again(self) -> Any:
        return self.clone()

    def __call__(self, orig_func: Any) -> Any:
        if not inspect.isclass(orig_func):
            return super().__call__(orig_func)
        warnings.warn(
            "Decorating classes is deprecated and will be disabled in future versions. You should only decorate functions or "
            "methods. To preserve the current behavior of class decoration, you can directly decorate the `__init__` method and "
            "nothing else.",
            FutureWarning,
            stacklevel=users_level(),
        )
        return super().__call__(lambda *args, **kwargs: orig_func(*args, **kwargs))

    def __enter__(self) -> Any:
        raise NotImplementedError

    def __exit__(self, *exc: object) -> None:
        raise NotImplementedError


class _NoParamDecoratorContextManager(_DecoratorContextManager):
    """One that also decorates without being called: ``@mode``."""

    def __new__(cls, orig_func: Any = None) -> Any:
        return super().__new__(cls) if orig_func is None else cls()(orig_func)


_list_names(__name__)
