"""Edges: where a tensor's gradient goes."""

from __future__ import annotations

import weakref

from adjoint.autograd.accumulate import AccumulateGrad
from adjoint.tensor import Sink, Tensor


def edge_of(tensor: Tensor) -> Sink:
    """The tensor's edge, found out where it is not at hand.

    A leaf that requires grad gets its AccumulateGrad.  The leaf knows it only weakly, since it holds the leaf: a graph
    keeps its leaves alive, and a leaf without a graph is freed without the garbage collector.
    """
    edge = tensor._edge
    if edge is not None:
        return edge
    if tensor._stale:
        from adjoint.autograd.views import refresh

        return refresh(tensor)
    known = tensor._accumulator
    accumulator = known() if known is not None else None
    if accumulator is None:
        accumulator = AccumulateGrad(tensor)
        tensor._accumulator = weakref.ref(accumulator)
    return accumulator
