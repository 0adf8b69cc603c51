"""A dry backward: the gradients that a graph would send, without a trace that it was run.

No leaf gets a ``grad``, no hook runs, nothing is freed or recorded, and the generator of random numbers is as it was.  The
``backward`` of a user's Function does run, for nothing else knows its derivative.
"""

from __future__ import annotations

from collections.abc import Callable
from heapq import heappop, heappush
from typing import Any

import numpy as np

from adjoint.autograd.accumulate import AccumulateGrad
from adjoint.autograd.batch import brought_out, sample_by_sample
from adjoint.autograd.function import BackwardCFunction
from adjoint.autograd.grad_mode import no_grad
from adjoint.autograd.node import Node, Output
from adjoint.autograd.quiet import silence
from adjoint.autograd.saved import is_freed
from adjoint.autograd.saved_hooks import Packed
from adjoint.random import default_generator
from adjoint.readings.batched import MissingRule
from adjoint.tensor import NO_EDGE

Seen = Callable[[Node, list[Any], Any], None]
"""Called with a node, what arrived at each of its outputs, and what left for each of its edges (None: it did not run)."""


def dry_backward(edge: Any, g: Any, seen: Seen) -> list[str]:
    """Send the gradient ``g`` down from an edge; the reasons why some of it was not sent on, if there are any."""
    state = default_generator.get_state()
    try:
        with no_grad(), silence():
            return _run(edge, g, seen)
    finally:
        if not np.array_equal(default_generator.get_state()._array, state._array):
            default_generator.set_state(state)


def _run(edge: Any, g: Any, seen: Seen) -> list[str]:
    problems: list[str] = []
    heap: list[int] = []
    waiting: dict[int, tuple[Node, dict[int, Any]]] = {}

    def send(sink: Any, gradient: Any) -> None:
        node, index = (sink.node, sink.index) if sink.__class__ is Output else (sink, 0)
        order = node._order
        if order not in waiting:
            heappush(heap, order)
            waiting[order] = node, {}
        if gradient is not None:
            arrived = waiting[order][1]
            arrived[index] = arrived[index] + gradient if index in arrived else gradient

    send(edge, g)
    while heap:
        node, found = waiting.pop(heappop(heap))
        arrived = [found.get(i) for i in range(node._outputs)]
        if isinstance(node, AccumulateGrad):
            seen(node, arrived, ())
            continue
        problem = _reason_not_to_run(node)
        left: Any = None
        if problem is None:
            try:
                left = _apply(node, arrived)
            except Exception as error:  # which the real backward would raise, too
                text = str(error).partition("\n")[0] or type(error).__name__
                problem = f"{node.name()} cannot be run backward: {text}"
        if problem is not None and problem not in problems:
            problems.append(problem)
        seen(node, arrived, left)
        for sink, gradient in zip(node._edges, left or ()):
            if sink is not NO_EDGE:
                send(sink, gradient)
    return problems


def _apply(node: Node, arrived: list[Any]) -> Any:
    if all(a is None for a in arrived):
        return node.apply_undefined(arrived if node._outputs > 1 else None, False)
    g = arrived if node._outputs > 1 else arrived[0]
    try:
        return brought_out(node._edges, node.apply(g))
    except MissingRule:
        return brought_out(node._edges, sample_by_sample(node, g, False))


def _reason_not_to_run(node: Node) -> str | None:
    """Why a node must not be run: there would be nothing to run it on, or it would leave a trace."""
    if is_freed(node._kept):
        return "the graph was freed by an earlier backward"
    if any(s.__class__ is Packed for s in _all(node._kept)):
        return f"what {node.name()} saved was packed by hooks, which are not run here"
    if isinstance(node, BackwardCFunction) and node._forward_cls.clear_saved_tensors_on_access:
        return f"{node.name()} frees what it saved as soon as it is run"
    return None


def _all(kept: Any) -> Any:
    for saved in kept:
        if isinstance(saved, (tuple, list)):
            yield from saved
        else:
            yield saved
