"""Evaluations of functions that are differentiated: which of the nested ones a tensor, and a hook on it, belongs to.

Inside of ``grad(f)`` a tensor has a graph of ``f``'s own, in PyTorch, beside those of what is around: a hook that is registered
on it there sees the gradients of this ``grad``, and not those that an outer one, or a later backward, sends through the same
operators.  Here all that is one graph, so that the hook has to be told whose gradients it is for.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from adjoint.autograd.grad_mode import mode
from adjoint.tensor import Tensor, tick


class Evaluation:
    """One evaluation of a function that is to be differentiated with respect to its inputs."""

    __slots__ = ("birth", "inputs", "sources", "switched_off")

    def __init__(self) -> None:
        self.birth = tick()  # what was recorded before it comes from outside
        self.inputs: list[Any] = []
        self.sources: list[Any] = []  # what these stand for
        self.switched_off = False  # whether some of it was not recorded: no_grad, which keeps tangents

    def made(self, tensor: Tensor, node: Any) -> bool:
        """Whether the tensor, made by the node (None, or its own, for a leaf), is an input or was made during this."""
        if tensor.is_leaf:
            return any(i is tensor for i in self.inputs)
        return node is not None and node._order < self.birth


def of_its_evaluation(tensor: Tensor, node: Any, hook: Callable[..., Any]) -> Callable[..., Any]:
    """The hook as it is to be called for all gradients: if the tensor belongs to an evaluation that is under way, it sees
    that one's own gradients only."""
    for evaluation in reversed(mode.evaluating):
        if evaluation.made(tensor, node):
            return lambda *given: hook(*given) if mode.pulling is evaluation else None
    return hook
