"""``torch.cond``: one function or the other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from adjoint.names import list_names as _list_names


def cond(pred: Any, true_fn: Callable[..., Any], false_fn: Callable[..., Any], operands: Any = ()) -> Any:
    """``true_fn(*operands)`` if ``pred``, a bool or a tensor of one element, is true, else ``false_fn(*operands)``.

    >>> import adjoint as torch
    >>> torch.cond(torch.tensor(2.) > 1, torch.sin, torch.neg, (torch.zeros(1),))
    tensor([0.])
    """
    return true_fn(*operands) if bool(pred) else false_fn(*operands)


_list_names(__name__)
