"""Nodes by themselves: an error that waits until somebody differentiates, and a place that no gradient passes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from adjoint.autograd.edges import edge_of
from adjoint.autograd.node import Error, Output, UndefinedGradBackward, record
from adjoint.autograd.saved import alias
from adjoint.tensor import NO_EDGE, Tensor


def delayed_error(message: str, tensors: Sequence[Tensor | None]) -> tuple[Tensor | None, ...]:
    """The tensors once more, made by a node that raises RuntimeError(message) in a backward."""
    if all(t is None or t._edge is NO_EDGE for t in tensors):
        return tuple(None if t is None else alias(t, NO_EDGE) for t in tensors)
    node = Error()
    node.message = message
    node._outputs = len(tensors)
    record(node, tuple([NO_EDGE if t is None else edge_of(t) for t in tensors]))
    return tuple(
        None if t is None else alias(t, node if len(tensors) == 1 else Output(node, i)) for i, t in enumerate(tensors)
    )


class DelayedError:
    """``DelayedError(message, n)(*tensors)`` gives ``n`` tensors back; to go backward through one of them raises the message.

    >>> import adjoint as torch
    >>> x = torch.ones(2, requires_grad=True)
    >>> y = torch._C._functions.DelayedError("no further", 1)(x)
    >>> y.sum().backward()
    Traceback (most recent call last):
    RuntimeError: no further
    """

    def __init__(self, message: str, number: int) -> None:
        self._message = message
        self._number = number

    def __call__(self, *tensors: Tensor) -> Any:
        _check(tensors, self._number)
        found = delayed_error(self._message, tensors)
        return found[0] if len(found) == 1 else found


class UndefinedGrad:
    """``UndefinedGrad()(tensor)`` is the tensor, behind which no gradient arrives.

    >>> import adjoint as torch
    >>> x = torch.ones(2, requires_grad=True)
    >>> torch._C._functions.UndefinedGrad()(x * 1).sum().backward()
    >>> print(x.grad)
    None
    """

    def __call__(self, *tensors: Tensor) -> Tensor:
        _check(tensors, 1)
        edge = edge_of(tensors[0])
        return alias(tensors[0], edge if edge is NO_EDGE else record(UndefinedGradBackward(), (edge,)))


def _check(tensors: tuple[Any, ...], number: int) -> None:
    for i, tensor in enumerate(tensors):
        if not isinstance(tensor, Tensor):
            raise TypeError(f"argument {i} is not a Variable")
    if len(tensors) != number:
        raise TypeError(f"expected {number} arguments, got {len(tensors)} instead")
