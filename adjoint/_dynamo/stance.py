"""Stances: what ``torch.compile`` is to do for a while; whatever it is, functions run as they are."""

from __future__ import annotations

from typing import Any

_STANCES = (
    "default",
    "eager_then_compile",
    "aot_eager_then_compile",
    "force_eager",
    "eager_on_recompile",
    "fail_on_recompile",
)


class set_stance:
    """Set how compiled functions are called, for good, in a block, or in a function; they run as they are.

    Raises RuntimeError for a stance that there is not.

    >>> import adjoint as torch
    >>> with torch.compiler.set_stance("force_eager"):
    ...     torch.compiler.is_compiling()
    False
    """

    def __init__(
        self, stance: str = "default", *, skip_guard_eval_unsafe: bool = False, force_backend: Any = None
    ) -> None:
        if stance not in _STANCES:
            raise RuntimeError(f"invalid torch.compile stance {stance!r}, should be one of: {', '.join(_STANCES)}")
        if force_backend is not None and stance != "default":
            raise RuntimeError("non-default stance cannot have force_backend set")

    def __enter__(self) -> None:
        pass

    def __exit__(self, *error: Any) -> None:
        pass

    def __call__(self, function: Any) -> Any:
        """``function`` itself (a decorator)."""
        return function
