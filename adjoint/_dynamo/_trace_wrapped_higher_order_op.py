"""``torch._dynamo._trace_wrapped_higher_order_op``: what libraries take from it, which has nothing left to do here."""

from __future__ import annotations

from typing import Any

from adjoint.names import list_names as _list_names


class TransformGetItemToIndex:
    """A context in which ``x[i]`` of tensors ``i`` without dimensions does not read their numbers, as ``vmap`` asks: it never
    does here, so nothing is changed.

    >>> import adjoint as torch
    >>> from adjoint._dynamo._trace_wrapped_higher_order_op import TransformGetItemToIndex
    >>> with TransformGetItemToIndex():
    ...     torch.vmap(lambda i: torch.tensor([3, 4, 5])[i])(torch.tensor([2, 0]))
    tensor([5, 3])
    """

    def __enter__(self) -> TransformGetItemToIndex:
        return self

    def __exit__(self, *exc: Any) -> None:
        pass


_list_names(__name__)
