"""Edges: where a tensor's gradient goes."""

from __future__ import annotations

import weakref
from typing import Any, NamedTuple

import numpy as np

from adjoint.autograd.accumulate import AccumulateGrad
from adjoint.autograd.node import Node, Output
from adjoint.tensor import NO_EDGE, Sink, Tensor, from_array


def edge_of(tensor: Tensor) -> Sink:
    """The tensor's edge, found out where it is not at hand.

    A leaf that requires grad gets its AccumulateGrad.  The leaf knows it only weakly, since it holds the leaf: a graph
    keeps its leaves alive, and a leaf without a graph is freed without the garbage collector.
    """
    edge = tensor._edge
    if edge is not None:
        return edge
    known = tensor._accumulator  # None on a view whose edge has to be found out anew
    if known is not None:
        accumulator = known()
        if accumulator is not None:
            return accumulator
    if tensor._stale:
        edge = tensor._find_edge()
        if edge is not None:
            return edge
    if tensor._follows:
        return NO_EDGE
    accumulator = AccumulateGrad(tensor)
    tensor._accumulator = weakref.ref(accumulator)
    return accumulator


class _NodeAndOutput(NamedTuple):
    node: Node
    output_nr: int
    ownership_token: Node | None = None


class GradientEdge(_NodeAndOutput):
    """A place in the graph where a gradient arrives: one output of a node.

    It stands for a tensor in :func:`adjoint.autograd.grad` and ``backward``, without keeping the tensor.
    """

    form: Any = None  # the shape and dtype of the tensor that it was asked from


def stand_in(edge: GradientEdge, gradient: Tensor | None = None) -> Tensor:
    """A tensor without memory of its own at this place of the graph, of the shape of ``gradient`` if none is known."""
    if edge.form is not None:
        shape, dtype = edge.form
    elif gradient is not None:
        shape, dtype = gradient._array.shape, gradient._array.dtype
    else:
        shape, dtype = (2,), np.dtype(np.float32)
    t = from_array(np.broadcast_to(np.zeros((), dtype), shape))
    t._edge = Output(edge.node, edge.output_nr) if edge.node._outputs > 1 else edge.node
    return t
