"""``torch.compiler``: what programs ask of the compiler; nothing is ever being compiled."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from adjoint.compiling import compile_ as compile
from adjoint.names import list_names as _list_names

__all__ = ["compile", "disable", "is_compiling", "is_dynamo_compiling", "is_exporting", "reset"]


def is_compiling() -> bool:
    """False."""
    return False


is_dynamo_compiling = is_exporting = is_compiling


def disable(fn: Callable[..., Any] | None = None, recursive: bool = True, *, reason: str | None = None) -> Any:
    """``fn`` itself, which is not compiled; without one, a decorator."""
    return fn if fn is not None else lambda function: function


def reset() -> None:
    """Forget what was compiled: nothing."""


_list_names(__name__)
