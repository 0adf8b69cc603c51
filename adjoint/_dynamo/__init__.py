"""``torch._dynamo``: what programs ask of and tell PyTorch's bytecode tracer, in a library that runs Python as it is.

Questions are answered (nothing is being compiled), hints about tensors and functions change nothing, and what would hand out a
graph is refused; ``torch.fx.symbolic_trace`` gives one.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import contextmanager
from typing import Any, NoReturn, TypeVar

from adjoint._dynamo import config, exc
from adjoint._dynamo.backends import list_backends, lookup_backend, register_backend
from adjoint._dynamo.eval_frame import (
    OptimizedModule,
    is_dynamo_supported,
    is_inductor_supported,
    optimize,
    optimize_assert,
)
from adjoint._dynamo.stance import set_stance
from adjoint.names import named as _named

__all__ = [
    "OptimizedModule",
    "allow_in_graph",
    "assume_constant_result",
    "config",
    "disable",
    "disallow_in_graph",
    "explain",
    "export",
    "forbid_in_graph",
    "graph_break",
    "is_compiling",
    "is_dynamo_supported",
    "is_inductor_supported",
    "list_backends",
    "lookup_backend",
    "mark_dynamic",
    "mark_static",
    "mark_static_address",
    "maybe_mark_dynamic",
    "nonstrict_trace",
    "optimize",
    "optimize_assert",
    "register_backend",
    "replay",
    "reset",
    "run",
    "set_stance",
    "skip_frame",
    "step_unsupported",
    "substitute_in_graph",
]

F = TypeVar("F", bound=Callable[..., Any])


def is_compiling() -> bool:
    """False: nothing is ever being compiled."""
    return False


def disable(fn: Any = None, recursive: bool = True, *, reason: str | None = None, wrapping: bool = True) -> Any:
    """``fn`` itself, which is not compiled; without one, a decorator."""
    return fn if fn is not None else lambda function: function


def run(fn: Any = None) -> Any:
    """``fn`` itself, which runs; without one, a decorator."""
    return disable(fn)


def allow_in_graph(fn: Any) -> Any:
    """``fn`` itself, a function or a list of them: a hint to a compiler.  Raises AssertionError for no function."""
    for one in fn if isinstance(fn, (list, tuple)) else [fn]:
        if not callable(one):
            raise AssertionError("allow_in_graph expects a callable")
    return fn


disallow_in_graph = allow_in_graph


def forbid_in_graph(fn: Any) -> Any:
    """``fn`` itself: a function that a compiler must not meet, and there is none.  Raises AssertionError for no function."""
    if not callable(fn):
        raise AssertionError("forbid_in_graph applies only to callables")
    fn._dynamo_forbidden = True
    return fn


def assume_constant_result(fn: F) -> F:
    """``fn``, marked as a function that returns the same in every call, for a compiler."""
    fn._dynamo_marked_constant = True  # type: ignore[attr-defined]
    return fn


def nonstrict_trace(traceable_fn: F) -> F:
    """``traceable_fn`` itself: a hint of how a compiler may treat it."""
    return traceable_fn


def substitute_in_graph(original_fn: Any, **options: Any) -> Callable[[F], F]:
    """A decorator of what a compiler would put in the place of ``original_fn``; it returns its function as it is."""
    return lambda function: function


def graph_break(msg: str = "") -> None:
    """Nothing: where a compiler would begin a new graph."""


def skip_frame(msg: str = "") -> None:
    """Nothing: where a compiler would leave a function to Python."""


step_unsupported = graph_break


def mark_dynamic(t: Any, index: Any, **hints: Any) -> None:
    """Nothing: of tensors of every shape is computed with what they have."""


def maybe_mark_dynamic(t: Any, index: Any) -> None:
    """Nothing, as :func:`mark_dynamic`."""


def mark_static(t: Any, index: Any = None) -> None:
    """Nothing, as :func:`mark_dynamic`."""


def mark_static_address(t: Any, guard: bool = False) -> None:
    """Nothing: a hint of what stays where it is in memory.  Raises TypeError for what is no tensor."""
    from adjoint.tensor import Tensor

    if not isinstance(t, Tensor):
        raise TypeError(f"mark_static_address expects a tensor but received {type(t).__name__}")


def reset() -> None:
    """Forget what was compiled: nothing."""


@contextmanager
def error_on_graph_break(error_on_graph_break: bool) -> Any:
    """A block of which a compiler would want one graph; nothing is compiled."""
    yield


def _refuse(name: str) -> NoReturn:
    raise NotImplementedError(
        f"torch._dynamo.{name} needs the graph that PyTorch finds in Python's bytecode; Adjoint runs that bytecode. "
        "torch.fx.symbolic_trace gives the graph of a function without branches on values."
    )


def explain(f: Any, *extra_args: Any, **extra_kwargs: Any) -> NoReturn:
    """Refused: there are no graphs, and no breaks between them."""
    _refuse("explain")


def export(f: Any, *extra_args: Any, **options: Any) -> NoReturn:
    """Refused: there is no graph to hand out."""
    _refuse("export")


def replay(filename: str) -> NoReturn:
    """Refused: no compilation was recorded."""
    _refuse("replay")


_named(__name__, modules={"backends", "config", "eval_frame", "exc", "external_utils", "utils"})
