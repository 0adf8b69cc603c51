"""``while_loop``: a loop whose condition and body are functions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from adjoint.names import list_names as _list_names


def while_loop(cond_fn: Callable[..., Any], body_fn: Callable[..., Any], carried_inputs: Any) -> Any:
    """``carried_inputs`` after ``body_fn`` was applied to them for as long as ``cond_fn`` holds.

    >>> import adjoint as torch
    >>> from adjoint._higher_order_ops import while_loop
    >>> while_loop(lambda i, a: i < 3, lambda i, a: (i + 1, a * 2), (torch.tensor(0), torch.ones(1)))
    (tensor(3), tensor([8.]))
    """
    carried = tuple(carried_inputs)
    while bool(cond_fn(*carried)):
        carried = tuple(body_fn(*carried))
    return carried


_list_names(__name__)
