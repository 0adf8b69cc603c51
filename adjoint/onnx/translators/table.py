"""The table: function -> what writes its call in ONNX.

A translator is called with the graph and the arguments of the call, tensors as values, sizes that vary as
:class:`~adjoint.onnx.sizes.Varying`, and returns the value of the result, or several.  ``graph.out`` says what dtypes and sizes the
results have.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from adjoint.onnx.errors import UnsupportedOperatorError
from adjoint.onnx.graph import Graph, Value

TRANSLATORS: dict[str, Callable[..., Any]] = {}

F = TypeVar("F", bound=Callable[..., Any])


def translates(*names: str) -> Callable[[F], F]:
    """A decorator: the function is the translator of functions of these names."""

    def note(function: F) -> F:
        for name in names:
            TRANSLATORS[name] = function
        return function

    return note


def unsupported(graph: Graph, what: str, since: int | None = None) -> UnsupportedOperatorError:
    """The error for a call that ONNX has no operator for, or only since an opset."""
    return UnsupportedOperatorError(f"aten::{what}", graph.opset, since)


def needs(graph: Graph, opset: int) -> None:
    """Raise UnsupportedOperatorError unless the graph is of this opset or a later one."""
    if graph.opset < opset:
        raise unsupported(graph, graph.key, opset)


def axis_of(dim: int, ndim: int) -> int:
    """A dimension counted from the front."""
    return dim % max(ndim, 1)


def axes_of(dim: Any, ndim: int) -> list[int] | None:
    """Dimensions counted from the front; None for all."""
    if dim is None or (isinstance(dim, (tuple, list)) and not dim):
        return None
    return [axis_of(d, ndim) for d in (dim if isinstance(dim, (tuple, list)) else (dim,))]


def sizes_of(given: tuple[Any, ...]) -> list[Any]:
    """Sizes that were given one by one or as one sequence."""
    if len(given) == 1 and isinstance(given[0], (tuple, list)):
        return list(given[0])
    return list(given)


def like(value: Value, made: Value) -> Value:
    """``made``, of the sizes of ``value``."""
    made.shape = value.shape
    return made
