"""``torch.compiler``: what programs ask of the compiler; nothing is ever being compiled."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from adjoint import _dynamo
from adjoint._dynamo.backends import check_backend
from adjoint._dynamo.stance import set_stance
from adjoint.compiling import compile
from adjoint.names import list_names as _list_names
from adjoint.pytree import tree_map

__all__ = [
    "allow_in_graph",
    "assume_constant_result",
    "compile",
    "cudagraph_mark_step_begin",
    "disable",
    "get_default_backend",
    "is_compiling",
    "is_dynamo_compiling",
    "is_exporting",
    "list_backends",
    "load_cache_artifacts",
    "load_compiled_function",
    "nested_compile_region",
    "reset",
    "save_cache_artifacts",
    "set_default_backend",
    "set_enable_guard_collectives",
    "set_stance",
    "substitute_in_graph",
    "wrap_numpy",
]

_backend: Any = "inductor"


def is_compiling() -> bool:
    """False."""
    return False


is_dynamo_compiling = is_exporting = is_compiling


def disable(fn: Callable[..., Any] | None = None, recursive: bool = True, *, reason: str | None = None) -> Any:
    """``fn`` itself, which is not compiled; without one, a decorator."""
    return fn if fn is not None else lambda function: function


def reset() -> None:
    """Forget what was compiled: nothing."""


def allow_in_graph(fn: Any) -> Any:
    """``fn`` itself: a hint of how a compiler may treat it."""
    return _dynamo.allow_in_graph(fn)


def assume_constant_result(fn: Any) -> Any:
    """``fn``, marked as a function that returns the same in every call."""
    return _dynamo.assume_constant_result(fn)


def substitute_in_graph(
    original_fn: Any, *, can_constant_fold_through: bool = False, skip_signature_check: bool = False
) -> Callable[[Any], Any]:
    """A decorator of what a compiler would put in the place of ``original_fn``; it returns its function as it is."""
    return _dynamo.substitute_in_graph(original_fn)


def list_backends(exclude_tags: Sequence[str] = ("debug", "experimental")) -> list[str]:
    """The backends that may be named to ``torch.compile``; what is named is not called."""
    return _dynamo.list_backends(exclude_tags)


def set_default_backend(backend: Any) -> None:
    """Set what :func:`get_default_backend` says; None for the first again.  Raises an error for a backend that there is not."""
    global _backend
    if backend is not None:
        check_backend(backend)
    _backend = "inductor" if backend is None else backend


def get_default_backend() -> Any:
    """The backend that is named where ``torch.compile`` names none."""
    return _backend


def set_enable_guard_collectives(enabled: bool) -> bool:
    """Set whether processes would agree on what they compile, and return what was set before."""
    global _collectives
    before, _collectives = _collectives, enabled
    return before


_collectives = False


def cudagraph_mark_step_begin() -> None:
    """Nothing: where a step of CUDA graphs begins, and there are none."""


def wrap_numpy(fn: Callable[..., Any]) -> Callable[..., Any]:
    """Of a function on NumPy arrays one on tensors.

    >>> import adjoint as torch
    >>> torch.compiler.wrap_numpy(lambda x: x.round(1))(torch.tensor([0.26]))
    tensor([0.3000])
    """
    import numpy as np

    from adjoint.tensor import Tensor

    @functools.wraps(fn)
    def wrap(*args: Any, **kwargs: Any) -> Any:
        import adjoint

        def arrays(x: Any) -> Any:
            return x.numpy() if isinstance(x, Tensor) else x

        def tensors(x: Any) -> Any:
            return adjoint.as_tensor(x) if isinstance(x, np.ndarray) else x

        args, kwargs = tree_map(arrays, (args, kwargs))
        return tree_map(tensors, fn(*args, **kwargs))

    return wrap


def nested_compile_region(fn: Any = None, **options: Any) -> Any:
    """``fn`` itself, which would be compiled once for all that call it; without one, a decorator."""
    return fn if fn is not None else lambda function: function


def save_cache_artifacts() -> None:
    """None: nothing was compiled that could be kept."""


def load_cache_artifacts(serialized_artifacts: bytes) -> None:
    """None: of what another library compiled nothing is used."""


def load_compiled_function(file: Any, **options: Any) -> NoReturn:
    """Refused: Adjoint runs Python, and not what PyTorch compiled of it."""
    raise NotImplementedError(
        "torch.compiler.load_compiled_function: Adjoint runs Python functions, and not what PyTorch compiled of them."
    )


_list_names(__name__)
