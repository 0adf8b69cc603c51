"""Steps: the nodes that PyTorch has where a row computes at once what PyTorch computes in several steps.

The product of a vector and a matrix is there the vector unsqueezed, a product of matrices, and the result squeezed: three nodes.
Here it is one, at a third of the cost, and nobody can tell until somebody looks: asks the node where it leads or what it saved,
or puts a hook on it.  Then the node is *opened*.  The row's ``steps`` say how PyTorch computes it, of other rows.  They are run
on what the node saved, and compute nothing but views: what only would be a result is stood in for by an array without elements of
its own.  The node becomes the last one that they record, with the others behind it, and the graph is PyTorch's from then on.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from adjoint.autograd import engine
from adjoint.autograd.edges import edge_of
from adjoint.autograd.grad_mode import mode
from adjoint.autograd.node import Node, Output
from adjoint.autograd.saved import alias, is_freed
from adjoint.autograd.saved_hooks import Packed
from adjoint.declare.operator import Operator, asks_for
from adjoint.declare.saved import extra_names, saved_names
from adjoint.readings.meta import nested
from adjoint.tensor import NO_EDGE, Tensor, from_array
from adjoint.thread_state import defaults, put_back, snapshot


def opening(operator: Operator) -> dict[str, Any]:
    """What the class of the nodes of a row with ``steps`` has in the place of what shows its inside: it opens the node first."""

    def opened(name: str) -> Any:
        def bound(node: Any) -> Any:
            open_up(node)
            return getattr(node, name)

        return bound

    def __getattr__(node: Any, name: str) -> Any:
        if name.startswith(("_saved_", "_raw_saved_")):
            open_up(node)
            return getattr(node, name)
        raise AttributeError(f"'{type(node).__name__}' object has no attribute '{name}'")

    return {
        "next_functions": property(opened("next_functions")),
        "register_hook": property(opened("register_hook")),
        "__call__": lambda node, *gradients: opened("__call__")(node)(*gradients),
        "__dir__": lambda node: opened("__dir__")(node)(),
        "__getattr__": __getattr__,
    }


def open_up(node: Any) -> None:
    """Make a node the last of those that the ``steps`` of its row record, and put the others behind it."""
    operator = type(node).operator
    if operator.steps is None:  # another thread has opened it
        return
    last, behind = _recorded(node, operator)
    _place(node, behind)
    if is_freed(node._kept):
        for each in (last, *behind):
            if each._kept:
                each._kept = node._kept
    node._edges, node._kept, node._extra, node.__class__ = last._edges, last._kept, last._extra, last.__class__


def _recorded(node: Any, operator: Operator) -> tuple[Any, list[Node]]:
    """The last of the nodes that the steps record, and the others in the order in which they are recorded."""
    assert operator.steps is not None
    operands, unknown = _operands(node, operator)
    stood_in: list[Any] = []

    def without_products(step: Operator, run: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """The interceptor: record an operator of several operands as if it had been computed, if its node keeps no result."""
        if len(step.arrays) == 1 or not {p.name for p in step.arrays}.issuperset(saved_names(step)):
            return run(*args, **kwargs)
        if any(isinstance(t, Tensor) and t._array.__class__ is not np.ndarray for t in args):
            return run(*args, **kwargs)
        shape: tuple[int, ...] = ()  # as long as nobody asks for it
        if not any(t is x for t in args for x in unknown):
            shape = run(*[_without_memory(t) for t in args], **kwargs)._array.shape
        stood_in.append(nothing(shape, next(t._array.dtype for t in args if isinstance(t, Tensor))))
        return step.recorded(stood_in[-1], *args, **kwargs)

    before = snapshot()
    try:
        put_back({**defaults(), "interceptors": ((without_products,), 1)})
        arguments = [operands[name] for name in asks_for(operator.steps)]
        last = edge_of(operator.steps(*arguments))
        behind = _behind(last, node._edges)
        if any(_saves(each, stood_in) for each in (last, *behind)):  # then it has to be there
            put_back(defaults())
            last = edge_of(operator.steps(*arguments))
            behind = _behind(last, node._edges)
    finally:
        put_back(before)
    return last, behind


def _behind(last: Any, ends: tuple[Any, ...]) -> list[Any]:
    """The nodes between one and the ends of the graph, in the order in which they were recorded."""
    found: list[Any] = []
    stack: list[Any] = [last]
    while stack:
        for edge in stack.pop()._edges:
            each = edge.node if edge.__class__ is Output else edge
            if edge is not NO_EDGE and not any(edge is end for end in ends) and each not in found:
                found.append(each)
                stack.append(each)
    return sorted(found, key=lambda each: -each._order)


def _saves(node: Any, arrays: list[Any]) -> bool:
    """Whether a node keeps one of the arrays, or a view of it."""
    return any(x is not None and np.may_share_memory(x._array, a) for x in node._kept for a in arrays)


def _operands(node: Any, operator: Operator) -> tuple[dict[str, Any], list[Tensor]]:
    """What the node saved, in its place in the graph, with stand-ins for what it did not; and those of unknown shape.

    No gradient needs the elements of what was not saved.
    """
    found = dict(zip(extra_names(operator), node._extra))
    kept = {} if is_freed(node._kept) else dict(zip(saved_names(operator), node._kept))
    known = [x._array for x in kept.values() if x is not None] + [x for x in found.values() if isinstance(x, np.ndarray)]
    dtype = known[0].dtype if known else np.dtype(np.float32)
    edges = dict(zip(operator.differentiable_inputs, node._edges))
    unknown = []
    for p in operator.arrays:
        saved, held = kept.get(p.name), found.get(f"{p.name}_array")
        if saved is not None:
            tensor = alias(saved.tensor if saved.__class__ is Packed else saved, None, array=held)
        elif held is not None or f"{p.name}_shape" in found:
            tensor = from_array(np.empty(found[f"{p.name}_shape"] if held is None else held.shape, dtype))
        else:
            tensor = from_array(nothing((), dtype))
            unknown.append(tensor)
        tensor._edge = edges.get(p.name, NO_EDGE)
        found[p.name] = tensor
    return found, unknown


def nothing(shape: tuple[int, ...], dtype: Any) -> Any:
    """An array of a shape and a dtype that has one element in memory."""
    return np.broadcast_to(np.zeros((), dtype), shape)


def _without_memory(value: Any) -> Any:
    """A tensor on the device meta of this one's form; anything else as it is."""
    if not isinstance(value, Tensor):
        return value
    return from_array(nested(value._array.shape, value._array.dtype, range(value._array.ndim)))


def _place(node: Node, behind: list[Node]) -> None:
    """Give the nodes behind one that is opened their time: between it and what it was made of, in their order.

    A backward that is under way in this thread, and runs only the nodes that it needs, needs them with it.
    """
    for i, each in enumerate(behind):
        each._order = node._order + (len(behind) - i) / (len(behind) + 1)  # type: ignore[assignment]
    if mode.task is None:
        return
    frame: Any = sys._getframe(1)
    while frame is not None:
        if frame.f_code is engine.loop_code:
            needed = frame.f_locals["needed"]
            if needed is not None and node in needed:
                needed.update(behind)
        frame = frame.f_back
