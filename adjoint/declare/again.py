"""Again: the place in the graph of gradients that are differentiated once more, where no formula gives it to them.

The slope of a rectifier is a step: the gradient uses the input, though it does not change with it.  And where PyTorch
computes the gradients of several inputs by one function, each is its output, though it may not depend on all that it
took.  Such gradients require grad as PyTorch's do, and what is differentiated once more is zero, or undefined.  Rows name
those inputs (``flat``, ``joint`` of :class:`~adjoint.declare.operator.Operator`); a backward that is not itself recorded
does not know of it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from adjoint.autograd.edges import edge_of
from adjoint.autograd.grad_mode import mode
from adjoint.autograd.node import Node, record
from adjoint.autograd.taped import Taped
from adjoint.declare.operator import Operator
from adjoint.tensor import NO_EDGE, Sink, Tensor


def flat(operator: Operator, g: Taped | None, edge: Sink) -> Taped | None:
    """The gradient of an input as one that depends on the input at ``edge``, with a derivative of zero."""
    if g is None or edge is NO_EDGE or not mode.enabled:
        return g
    return _with_node(operator, FlatBackward, g, (edge_of(g.tensor), edge))


def joint(operator: Operator, g: Taped | None, edges: tuple[Sink, ...]) -> Taped | None:
    """The gradient of an input as an output of a function of all inputs at ``edges``; its derivatives are undefined."""
    if g is None or not mode.enabled or g.tensor._edge is not NO_EDGE or all(e is NO_EDGE for e in edges):
        return g
    return _with_node(operator, JointBackward, g, edges)


class FlatBackward(Node):
    """Behind a gradient that is a step function of its own input."""

    __slots__ = ()

    def apply(self, g: Any) -> Any:
        """The gradient, for what the step was multiplied with, and zeros."""
        return (None if self._edges[0] is NO_EDGE else g, np.zeros_like(g))

    apply_taped = apply


class JointBackward(Node):
    """Behind a gradient that came with others."""

    __slots__ = ()

    def apply(self, g: Any) -> Any:
        """Nothing."""
        return (None,) * len(self._edges)

    apply_taped = apply


def _with_node(operator: Operator, kind: type[Node], g: Taped, edges: tuple[Sink, ...]) -> Taped:
    key = kind.__name__, operator.backward_name
    cls = _CLASSES.get(key)
    if cls is None:
        name = operator.again or operator.backward_name[:-1] + "Backward0"
        cls = _CLASSES[key] = type(name, (kind,), {"__slots__": (), "__module__": "builtins", "__doc__": kind.__doc__})
    made = object.__new__(Tensor)
    made._array = g.tensor._array
    made._writes = None
    made._edge = record(cls(), edges)
    if g.tensor._tangents is not None:
        made._tangents = g.tensor._tangents
    return Taped(made)


_CLASSES: dict[tuple[str, str], type[Node]] = {}
