"""Functions whose calls are nodes of a traced graph (``torch.fx``) rather than what they do: noted here, so that who declares one
need not import what traces."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

F = TypeVar("F", bound=Callable[..., Any])

wrapped_functions: dict[tuple[int, str], dict[str, Any]] = {}
"""Names in modules, by the module's identity and the name: the module's names."""


def noted(function: F) -> F:
    """Have calls of a function by its name in its module be nodes (a decorator), as :func:`adjoint.fx.wrap` does."""
    space = function.__globals__
    wrapped_functions[id(space), function.__name__] = space
    return function
