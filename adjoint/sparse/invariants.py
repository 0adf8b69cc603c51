"""Invariants: having the places of every new sparse tensor looked at."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from adjoint.ops.sparse_making import check_all


class check_sparse_tensor_invariants:
    """Have the places of new sparse tensors looked at: inside of a ``with``, in a function that it decorates, or from
    :meth:`enable` on.  Places outside of the tensor then raise where it is made, and not where it is used.

    >>> import adjoint as torch
    >>> with torch.sparse.check_sparse_tensor_invariants():
    ...     torch.sparse_coo_tensor([[3]], [1.], (2,))
    Traceback (most recent call last):
    RuntimeError: size is inconsistent with indices: for dim 0, size is 2 but found index 3
    """

    def __init__(self, enable: bool = True) -> None:
        self.state = enable
        self.before: bool | None = None

    @staticmethod
    def is_enabled() -> bool:
        """Whether they are looked at."""
        return check_all()

    @staticmethod
    def enable() -> None:
        """Have them looked at from now on."""
        check_all(True)

    @staticmethod
    def disable() -> None:
        """Have them no longer looked at."""
        check_all(False)

    def __enter__(self) -> None:
        if self.before is not None:
            raise RuntimeError(
                "This context manager instance is already activated. Use a different context manager instance for context nesting."
            )
        self.before = check_all()
        check_all(self.state)

    def __exit__(self, *exc: object) -> None:
        assert self.before is not None
        check_all(self.before)
        self.before = None

    def __call__(self, function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def checked(*args: Any, **kwargs: Any) -> Any:
            with type(self)(self.state):
                return function(*args, **kwargs)

        return checked
