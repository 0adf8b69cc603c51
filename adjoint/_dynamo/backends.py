"""Backends: the names that ``torch.compile`` knows, though none of them is called."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NoReturn

from adjoint._dynamo.exc import InvalidBackend

_BACKENDS = ("cudagraphs", "inductor", "openxla", "tvm")
_FOR_DEBUGGING = (
    "aot_eager", "aot_eager_decomp_partition", "aot_ts", "eager", "eager_debug", "eager_noexcept", "pre_dispatch_eager", "ts",
)  # fmt: skip
_MODES = ("default", "lite", "reduce-overhead", "max-autotune-no-cudagraphs", "max-autotune")


def list_backends(exclude_tags: Sequence[str] = ("debug", "experimental")) -> list[str]:
    """The backends that may be named to ``torch.compile``; what is named is not called.

    >>> import adjoint as torch
    >>> torch._dynamo.list_backends()
    ['cudagraphs', 'inductor', 'openxla', 'tvm']
    """
    return sorted(_BACKENDS if "debug" in (exclude_tags or ()) else (*_BACKENDS, *_FOR_DEBUGGING))


def check_backend(backend: Any) -> None:
    """Raise an error for a backend that cannot be named, or one of the user's own."""
    if isinstance(backend, str):
        if backend not in _BACKENDS and backend not in _FOR_DEBUGGING:
            raise InvalidBackend(backend)
    elif callable(backend):
        _refuse("torch.compile(backend=...)")


def check_mode(mode: str | None, options: dict[str, Any] | None) -> None:
    """Raise RuntimeError for a mode that there is not, or one beside options."""
    if mode is not None and options is not None:
        raise RuntimeError("Either mode or options can be specified, but both can't be specified at the same time.")
    if mode is not None and mode not in _MODES:
        raise RuntimeError(f"Unrecognized mode={mode}, should be one of: {', '.join(_MODES)}")


def lookup_backend(compiler_fn: Any) -> NoReturn:
    """Refused: there are no graphs for a backend to compile.  Raises InvalidBackend for a name that there is not."""
    if isinstance(compiler_fn, str):
        check_backend(compiler_fn)
    _refuse("torch._dynamo.lookup_backend")


def register_backend(compiler_fn: Any = None, name: str | None = None, tags: Sequence[str] = ()) -> NoReturn:
    """Refused: there are no graphs for a backend to compile."""
    _refuse("torch._dynamo.register_backend")


def _refuse(what: str) -> NoReturn:
    raise NotImplementedError(
        f"{what}: a backend of your own is handed the graphs that PyTorch finds in Python's bytecode, and Adjoint runs that "
        "bytecode as it is. torch.fx.symbolic_trace gives the graph of a function without branches on values."
    )
