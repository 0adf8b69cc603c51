"""Saved tensors: what a node keeps for its backward, and the errors of asking for it too late."""

from __future__ import annotations

from typing import Any, NoReturn

from adjoint import dtypes
from adjoint.autograd.node import Node, Output, as_pair
from adjoint.autograd.taped import Taped
from adjoint.tensor import NO_EDGE, Sink, Tensor, writes_of

_new = object.__new__


def saved_result(result: Tensor) -> Tensor:
    """What a node keeps of its own output: the same memory under the same record of writes, without the graph,
    so that node and output do not hold each other."""
    return alias(result, NO_EDGE)


def alias(tensor: Tensor, edge: Sink | None, *, array: Any = None) -> Tensor:
    """A tensor over the same memory and record of writes, with another place in the graph."""
    t = _new(Tensor)
    t._array = tensor._array if array is None else array
    t._edge = edge
    t._writes = writes_of(tensor)
    return t


def raise_freed() -> NoReturn:
    """PyTorch's error for using a graph whose saved tensors are gone."""
    raise RuntimeError(
        "Trying to backward through the graph a second time (or directly access saved tensors after they have already "
        "been freed). Saved intermediate values of the graph are freed when you call .backward() or autograd.grad(). "
        "Specify retain_graph=True if you need to backward through the graph a second time or if you need to access "
        "saved tensors after calling backward."
    )


def raise_modified(node: Node, saved: Tensor) -> NoReturn:
    """PyTorch's error for a saved tensor that was written to since."""
    writes = writes_of(saved)
    kind = f"torch.{dtypes.SCALAR_TYPE_NAMES[dtypes.of_array(saved._array)]}Tensor"
    sizes = list(saved._array.shape)
    made_by, number = as_pair(saved._edge) if not saved.is_leaf else (None, 0)
    origin = f", which is output {number} of {made_by.name()}," if made_by is not None else ""
    raise RuntimeError(
        "one of the variables needed for gradient computation has been modified by an inplace operation: "
        f"[{kind} {sizes}]{origin} is at version {writes.count}; expected version "
        f"{writes.count_at(node.order)} instead. Hint: enable anomaly detection to find the operation that failed to "
        "compute its gradient, with torch.autograd.set_detect_anomaly(True)."
    )


def taped_input(node: Node, saved: Any) -> Taped:
    """A saved input as the taped reading sees it: with its place in the graph."""
    writes = saved._writes
    if writes is not None and writes.stamp < node.order:
        raise_modified(node, saved)
    return Taped(saved if isinstance(saved, Tensor) else saved.tensor)


def taped_result(node: Node, saved: Any, index: int | None = None) -> Taped:
    """A saved output as the taped reading sees it: made by this node."""
    writes = saved._writes
    if writes is not None and writes.stamp < node.order:
        raise_modified(node, saved)
    return Taped(alias(saved, node if index is None else Output(node, index)))
