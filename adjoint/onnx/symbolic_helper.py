"""What programs import to say how operators of their own are exported to ONNX."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from adjoint.names import list_names as _list_names

__all__ = ["parse_args"]

F = TypeVar("F", bound=Callable[..., Any])


def parse_args(*arg_descriptors: str) -> Callable[[F], F]:
    """A decorator that says of which kinds a function's arguments are; the function stays as it is."""
    return lambda function: function


_list_names(__name__)
