"""The engine: runs the graph backward, iteratively, the latest recorded node first.

Every edge leads from a node to one recorded earlier, so the latest of the nodes that wait has all its gradients:
a heap by time of recording is a topological order, and no pass to count dependencies is needed.  Gradients travel
as raw arrays, or as :class:`~adjoint.autograd.taped.Taped` ones when the backward itself is to be recorded.
"""

from __future__ import annotations

from collections.abc import Iterable
from heapq import heappop, heappush, heappushpop
from typing import Any

from adjoint.autograd.grad_mode import mode
from adjoint.autograd.node import Node, Output
from adjoint.autograd.quiet import IGNORE, loud, quiet
from adjoint.autograd.taped import Taped
from adjoint.tensor import NO_EDGE, Sink, Tensor, from_array


def run(
    roots: Iterable[tuple[Sink, Any]],
    *,
    keep_graph: bool,
    create_graph: bool,
    captures: dict[Node, list[tuple[int, int]]] | None = None,
    needed: set[Node] | None = None,
) -> dict[int, Any]:
    """Send gradients from ``roots``, (edge, gradient array) pairs, to wherever they lead.

    With ``captures`` (node -> (output, position) pairs) only the ``needed`` nodes run, and the gradients that
    arrive at the captured outputs are returned by position.
    """
    before = mode.enabled
    mode.enabled = create_graph
    token = quiet(IGNORE)
    try:
        return _run(roots, keep_graph, create_graph, captures, needed)
    finally:
        loud(token)
        mode.enabled = before


def _run(
    roots: Iterable[tuple[Sink, Any]],
    keep_graph: bool,
    taped: bool,
    captures: dict[Node, list[tuple[int, int]]] | None,
    needed: set[Node] | None,
) -> dict[int, Any]:
    captured: dict[int, Any] = {}
    heap: list[int] = []  # the orders of the nodes that wait
    waiting: dict[int, Any] = {}  # order -> node
    arrived: dict[int, Any] = {}  # order -> the gradient that arrived so far; of several outputs, {index: gradient}
    for sink, g in roots:
        node = sink.node if sink.__class__ is Output else sink  # type: ignore[attr-defined]
        _deliver(sink, node, g, heap, waiting, arrived)
    if not heap:
        return captured
    order = heappop(heap)
    node, g = waiting.pop(order), arrived.pop(order)
    while True:
        if g.__class__ is dict:
            g = [g.get(i) for i in range(node.outputs)]
        if captures is not None:
            run_it, g = _capture(node, g, captures, needed, captured, taped)
        else:
            run_it = True
        grads: Any = ()
        if run_it:
            if node.hooks is None:
                grads = node.apply_taped(g) if taped else node.apply(g)
            else:
                grads = _apply_with_hooks(node, g, taped)
            if not keep_graph and node.saved:
                node.saved = None
        # The node to run next is most often one that just got its gradient: keep it out of the heap.
        following: Any = None
        gradient: Any = None
        for sink, g in zip(node.edges, grads):
            if g is None or sink is NO_EDGE:
                continue
            if sink is following:
                gradient = gradient + g
                continue
            target = sink.node if sink.__class__ is Output else sink
            if needed is not None and target not in needed and target not in captures:
                continue
            if target is not sink or target.order in waiting:
                _deliver(sink, target, g, heap, waiting, arrived)
                continue
            if following is not None:
                order = following.order
                heappush(heap, order)
                waiting[order] = following
                arrived[order] = gradient
            following = sink
            gradient = g
        if following is None:
            if not heap:
                return captured
            order = heappop(heap)
        elif heap and heap[0] < following.order:
            order = following.order
            waiting[order] = following
            arrived[order] = gradient
            order = heappushpop(heap, order)
        else:
            node = following
            g = gradient
            # Nothing but `g` may hold the gradient: a leaf takes over what nobody else holds.
            grads = following = gradient = sink = target = None
            continue
        grads = following = gradient = sink = target = None
        node = waiting.pop(order)
        g = arrived.pop(order)


def _deliver(
    sink: Sink, node: Any, g: Any, heap: list[int], waiting: dict[int, Any], arrived: dict[int, Any]
) -> None:
    """Add a gradient to what has arrived at a node, and have the node wait for its turn."""
    order = node.order
    if order not in waiting:
        heappush(heap, order)
        waiting[order] = node
        arrived[order] = {sink.index: g} if sink is not node else g  # type: ignore[attr-defined]
    elif sink is node:
        arrived[order] = arrived[order] + g
    else:
        buffer = arrived[order]
        index = sink.index  # type: ignore[attr-defined]
        buffer[index] = buffer[index] + g if index in buffer else g


def _capture(
    node: Node,
    g: Any,
    captures: dict[Node, list[tuple[int, int]]],
    needed: set[Node] | None,
    captured: dict[int, Any],
    taped: bool,
) -> tuple[bool, Any]:
    """Note what arrived at a captured node; whether the node is to run, and with what."""
    run_it = needed is None or node in needed
    wanted = captures.get(node)
    if wanted is not None:
        if not run_it and node.hooks is not None:
            g = node.hooks.before_capture(g, taped)
        for index, position in wanted:
            captured[position] = g[index] if node.outputs > 1 else g
    return run_it, g


def _apply_with_hooks(node: Node, g: Any, taped: bool) -> Any:
    hooks = node.hooks
    g = hooks.before(node, g, taped)
    grads = node.apply_taped(g) if taped else node.apply(g)
    return hooks.after(node, grads, g, taped)


def as_tensor(g: Any) -> Tensor | None:
    """A travelling gradient as the tensor that hooks and Functions see."""
    if g is None:
        return None
    return g.tensor if g.__class__ is Taped else from_array(g)


def as_gradient(t: Tensor | None, taped: bool) -> Any:
    """A tensor as a gradient that travels."""
    if t is None:
        return None
    return Taped(t) if taped else t._array
