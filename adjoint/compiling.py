"""Compiling: ``torch.compile``, which for now hands back what it was given."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

from adjoint.declare import composite
from adjoint.places import users_level

_said = False


@composite(where="torch", name="compile")
def compile_(
    model: Callable[..., Any] | None = None,
    *,
    fullgraph: bool = False,
    dynamic: bool | None = None,
    backend: str | Callable[..., Any] = "inductor",
    mode: str | None = None,
    options: dict[str, Any] | None = None,
    disable: bool = False,
    **others: Any,
) -> Any:
    """``model`` itself, a function or module; without one, a decorator.  The first call warns that nothing is compiled.

    >>> import adjoint as torch, warnings
    >>> with warnings.catch_warnings():
    ...     warnings.simplefilter("ignore")
    ...     double = torch.compile(lambda x: x * 2)
    >>> double(torch.ones(2))
    tensor([2., 2.])
    """
    if mode is not None and options is not None:
        raise RuntimeError("Either mode or options can be specified, but both can't be specified at the same time.")
    if not disable:
        _say_once()
    return model if model is not None else lambda function: function


compile_.__name__ = compile_.__qualname__ = "compile"


def _say_once() -> None:
    global _said
    if not _said:
        _said = True
        warnings.warn(
            "torch.compile: Adjoint does not compile yet; the function or module is returned as it is and runs eagerly.",
            UserWarning,
            stacklevel=users_level(),
        )
