"""The engine: runs the graph backward, iteratively, the latest recorded node first.

Every edge leads from a node to one recorded earlier, so the latest of the nodes that wait has all its gradients:
a heap by time of recording is a topological order, and no pass to count dependencies is needed.  Gradients travel
as raw arrays, or as :class:`~adjoint.autograd.taped.Taped` ones when the backward itself is to be recorded.

Leaves are older than what is made of them, so a leaf's gradient is complete before its turn comes.  Nobody can tell,
unless there are hooks or somebody waits for leaves: then a first pass counts the uses of every leaf, and each is
accumulated into as soon as its last gradient arrives, as in PyTorch.

The thread's grad mode stays the user's while nodes compute with arrays; the user's own functions (hooks, Functions, callbacks)
are called in the backward's (:func:`~adjoint.autograd.grad_mode.in_backward`), and so is all of a recorded backward.  So what
else runs in between, a signal's handler or a finalizer, finds the mode that the user set, and may run a backward itself.

A backward runs in the thread that asked for it.  One that is asked for inside of another (by a hook or a Function)
is a run of its own, done when the call returns; nested deeply, it goes on in a new thread with a fresh stack.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from heapq import heappop, heappush, heappushpop
from itertools import count
from typing import Any

import numpy as np

from adjoint.autograd.accumulate import OWNED, AccumulateGrad
from adjoint.autograd.batch import brought_out, sample_by_sample, ways_in
from adjoint.autograd.grad_mode import in_backward, mode, switch_recording
from adjoint.autograd.node import Node, Output
from adjoint.autograd.quiet import IGNORE, loudness, quiet
from adjoint.autograd.taped import Taped
from adjoint.interrupts import at_once
from adjoint.kernels import deferred
from adjoint.kernels.deferred import forced, unsettled
from adjoint.kernels.reading import added, threshold
from adjoint.readings.batched import MissingRule
from adjoint.tensor import NO_EDGE, Sink, Tensor, as_array, from_array
from adjoint.thread_state import go_on_elsewhere, put_back

# Called around every node of every backward while there are any: watcher(node, g, run) -> what run() returned, the
# gradients; g is the one that arrived (a list of those of several outputs).  Anomaly detection, the profiler and recorders
# put themselves here for as long as they are on.
watchers: list[Callable[[Node, Any, Callable[[], Any]], Any]] = []

# The hooks of all nodes and leaves; while there are any, leaves are accumulated into in PyTorch's order.
hooked: set[Any] = set()  # weak references that take themselves out

# What waits for gradients to be accumulated, as a reducer that averages them over processes does, and looks at nothing
# before.  While there is any, leaves are accumulated into in PyTorch's order as well, but gradients may still be deferred.
awaited: set[Any] = set()  # weak references that take themselves out

_TAPED, _SEEN = 1, 2  # what is done with a node: recorded; looked at before and after
LARGE = threshold()
deferred.may_defer = lambda: mode.task is not None and mode.task[5]
_numbers = count()
_first_of_all = count(-(2**63)).__next__  # the turns of leaves that are complete: before all others
_NESTED = 20  # how many backwards inside of each other one thread's stack has to hold
_callbacks: dict[int, list[Callable[[], Any]]] = {}  # number of a backward -> what was queued to run at its end


def run(
    roots: Iterable[tuple[Sink, Any]],
    *,
    keep_graph: bool,
    create_graph: bool,
    captures: dict[Node, list[tuple[int, int]]] | None = None,
    needed: set[Node] | None = None,
    place: Any = None,
) -> dict[int, Any]:
    """Send gradients from ``roots``, (edge, gradient array) pairs, to wherever they lead.

    With ``captures`` (node -> (output, position) pairs) only the ``needed`` nodes run, and the gradients that
    arrive at the captured outputs are returned by position.  ``place`` is the user's line that asked for it (a list,
    see :func:`~adjoint.autograd.saved.is_freed`): nodes whose saved tensors are freed keep it.
    """
    state = mode.__dict__  # this thread's, looked up once
    outer = state.get("task")
    depth = 0
    if outer is not None:
        depth = outer[4] + 1
        if depth % _NESTED == 0:
            again = functools.partial(
                run,
                roots,
                keep_graph=keep_graph,
                create_graph=create_graph,
                captures=captures,
                needed=needed,
                place=place,
            )
            return go_on_elsewhere(_deeper, depth, again)
    before = state.copy()
    warnings = loudness()
    recorded = state.get("enabled", True)
    number = next(_numbers)
    taped = create_graph or state.get("duals")  # the tangents of gradients may be asked for
    try:
        state["task"] = (number, roots, captures, needed, depth, not (taped or hooked or watchers), create_graph, keep_graph)
        switched = taped and recorded is not create_graph
        if switched:
            switch_recording(create_graph)
        quiet(IGNORE)
        if taped and not create_graph:
            roots = [(sink, g if g.__class__ is Taped else Taped(from_array(g))) for sink, g in roots]
        found = _run(roots, keep_graph, bool(taped), captures, needed, place)
        if number in _callbacks:
            for callback in _callbacks[number]:  # one may queue others
                in_backward(callback)
            del _callbacks[number]
        quiet(warnings)
        if switched:
            switch_recording(recorded)
        state["task"] = outer
        if unsettled and outer is None:
            unsettled.pop(state["ident"], None)
        return found
    except BaseException:
        put_back(before)
        quiet(warnings)
        _callbacks.pop(number, None)
        if outer is None:
            unsettled.pop(state["ident"], None)
        raise


def _deeper(depth: int, again: Callable[[], Any]) -> Any:
    """Go on in a new thread: as inside of a backward that is nested one deeper."""
    mode.task = (*mode.task[:4], depth, *mode.task[5:])
    return again()


@at_once
def unwatch(watcher: Any) -> None:
    """Take a watcher away, if it is there."""
    if watcher in watchers:
        watchers.remove(watcher)


def queue_callback(callback: Callable[[], Any]) -> None:
    """Have ``callback()`` called at the end of the backward that runs in this thread.

    Raises RuntimeError where none does.
    """
    if mode.task is None:
        raise RuntimeError("Final callbacks can only be installed during backward pass.")
    _callbacks.setdefault(mode.task[0], []).append(callback)


def _run(
    roots: Iterable[tuple[Sink, Any]],
    keep_graph: bool,
    taped: bool,
    captures: dict[Node, list[tuple[int, int]]] | None,
    needed: set[Node] | None,
    place: Any,
) -> dict[int, Any]:
    captured: dict[int, Any] = {}
    special = _SEEN if watchers or ways_in else _TAPED if taped else 0
    heap: list[int] = []  # the orders of the nodes that wait
    waiting: dict[int, Any] = {}  # order -> node
    arrived: dict[int, Any] = {}  # order -> the gradient that arrived so far; of several outputs, {index: gradient}
    uses = _uses_of_leaves(roots, captures, needed) if hooked or awaited else None
    partial = needed is not None or uses is not None  # whether an edge has to be looked at before it is followed
    for sink, g in roots:
        node = sink.node if sink.__class__ is Output else sink  # type: ignore[attr-defined]
        if uses is not None and node in uses:
            _deliver_to_leaf(node, g, uses, heap, waiting, arrived)
        else:
            _deliver(sink, node, g, heap, waiting, arrived)
    if not heap:
        return captured
    order = heappop(heap)
    node, g = waiting.pop(order), arrived.pop(order)
    grads: Any
    following: Any
    gradient: Any
    while True:
        # Here nothing but `g` may hold the gradient: a leaf takes over what nobody else holds.
        following = gradient = grads = None
        undefined = g is None
        if g.__class__ is dict:
            undefined = not g
            g = [g.get(i) for i in range(node._outputs)]
        run_it = True
        if captures is not None:
            run_it, g = _capture(node, g, captures, needed, captured, taped)
        if run_it:
            try:
                if node._hooks is not None:
                    grads = _apply_with_hooks(node, g, taped)
                elif undefined:
                    grads = node.apply_undefined(g, taped)
                elif not special:
                    grads = node.apply(g)
                elif special == _TAPED:
                    grads = node.apply_taped(g)
                else:
                    grads = _apply_seen(node, g, taped)
            except MissingRule:
                grads = brought_out(node._edges, sample_by_sample(node, g, taped))
            if not keep_graph and node._kept:
                node._kept = place
            # The node to run next is most often one that just got its gradient: keep it out of the heap.
            for sink, g in zip(node._edges, grads):
                if sink is NO_EDGE:
                    continue
                if sink is following:
                    if g is not None:
                        gradient = gradient + g if g.size < LARGE else added(gradient, g)
                    continue
                if partial:
                    target = sink.node if sink.__class__ is Output else sink
                    if needed is not None and target not in needed and target not in captures:  # type: ignore[operator]
                        continue
                    if uses is not None and target in uses:
                        _deliver_to_leaf(target, g, uses, heap, waiting, arrived)
                        continue
                if sink.__class__ is Output or g is None:
                    _deliver(sink, sink.node if sink.__class__ is Output else sink, g, heap, waiting, arrived)
                    continue
                order = sink._order
                if order in arrived:
                    earlier = arrived[order]
                    arrived[order] = g if earlier is None else earlier + g if g.size < LARGE else added(earlier, g)
                    continue
                if following is not None:
                    order = following._order
                    heappush(heap, order)
                    waiting[order] = following
                    arrived[order] = gradient
                following = sink
                gradient = g
        if following is not None:
            if not heap or following._order < heap[0]:
                node = following
                g = gradient
                continue
            order = following._order
            waiting[order] = following
            arrived[order] = gradient
            order = heappushpop(heap, order)
        elif heap:
            order = heappop(heap)
        else:
            return captured
        node = waiting.pop(order)
        g = arrived.pop(order)


loop_code = _run.__code__
"""By which the frame of a running backward is known; its ``node`` is the one that is running."""


def _deliver(sink: Sink, node: Any, g: Any, heap: list[int], waiting: dict[int, Any], arrived: dict[int, Any]) -> None:
    """Add a gradient, or None, to what has arrived at a node, and have the node wait for its turn."""
    order = node._order
    if order not in waiting:
        heappush(heap, order)
        waiting[order] = node
        arrived[order] = g if sink is node else {}
    elif sink is node and g is not None:
        earlier = arrived[order]
        arrived[order] = g if earlier is None else added(earlier, g)
    if sink is not node and g is not None:
        buffer = arrived[order]
        index = sink.index  # type: ignore[attr-defined]
        buffer[index] = added(buffer[index], g) if index in buffer else g


def _deliver_to_leaf(
    leaf: Node, g: Any, uses: dict[Node, Any], heap: list[int], waiting: dict[int, Any], arrived: dict[int, Any]
) -> None:
    """Add a gradient, or None, to a leaf's; with the last of them it is the leaf's turn."""
    use = uses[leaf]
    use[0] -= 1
    if g is not None:
        use[1] = g if use[1] is None else added(use[1], g)
    if use[0] == 0:
        turn = _first_of_all()
        heappush(heap, turn)
        waiting[turn] = leaf
        arrived[turn] = use[1]
        del uses[leaf]


def _uses_of_leaves(
    roots: Iterable[tuple[Sink, Any]], captures: dict[Node, Any] | None, needed: set[Node] | None
) -> dict[Node, Any]:
    """For every leaf that this run reaches, a list: how many gradients it will get, and None, their sum so far."""
    uses: dict[Node, Any] = {}
    seen: set[Any] = set()
    stack: list[Any] = [sink.node if sink.__class__ is Output else sink for sink, _ in roots]  # type: ignore[attr-defined]
    while stack:
        node = stack.pop()
        if needed is not None and node not in needed and node not in captures:  # type: ignore[operator]
            continue
        if node.__class__ is AccumulateGrad:
            use = uses.get(node)
            if use is None:
                uses[node] = [1, None]
            else:
                use[0] += 1
        elif node not in seen:
            seen.add(node)
            if needed is None or node in needed:
                stack += [e.node if e.__class__ is Output else e for e in node._edges if e is not NO_EDGE]
    return uses


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
        if not run_it and node._hooks is not None:
            g = in_backward(node._hooks.before_capture, g, taped)
        g = forced(g)
        for index, position in wanted:
            captured[position] = g[index] if node._outputs > 1 else g
    return run_it, g


def _apply_with_hooks(node: Node, g: Any, taped: bool) -> Any:
    hooks = node._hooks
    given = g
    if hooks.come_before():
        g = in_backward(hooks.before, node, g, taped)
    if g is None or (g.__class__ is list and not any(x is not None for x in g)):
        grads = node.apply_undefined(g, taped)
    elif node.__class__ is AccumulateGrad and not (taped or watchers or ways_in):
        # A leaf takes over a gradient that only the engine and this function hold; hooks that come after see that memory.
        grads = node.apply(g, OWNED + (g is given))
    else:
        grads = _apply_seen(node, g, taped)
    return in_backward(hooks.after, node, grads, g, taped) if hooks.post else grads


def _apply_seen(node: Node, g: Any, taped: bool) -> Any:
    """Run a node with the watchers around it, the latest of them outermost, and see its gradients out of vmaps."""

    def run_node() -> Any:
        return node.apply_taped(g) if taped else node.apply(g)

    for watcher in watchers:
        run_node = functools.partial(watcher, node, g, run_node)
    return brought_out(node._edges, run_node())


def as_tensor(g: Any) -> Tensor | None:
    """A travelling gradient as the tensor that hooks and Functions see."""
    if g is None:
        return None
    if g.__class__ is Taped:
        return g.tensor
    array = as_array(forced(g))
    return from_array(array if array.__class__ is not np.ndarray or array.flags.writeable else _to_be_written(array))


def _to_be_written(array: Any) -> Any:
    """The same elements in memory that belongs to nobody else (the engine's own 1 does), as often as it had them."""
    if not array.size:
        return array.copy()
    part = np.array(array[tuple(slice(0, 1) if step == 0 else slice(None) for step in array.strides)])
    strides = [0 if step == 0 else own for step, own in zip(array.strides, part.strides)]
    return np.ndarray(array.shape, part.dtype, part, 0, strides)


def as_gradient(t: Tensor | None, taped: bool) -> Any:
    """A tensor as a gradient that travels."""
    if t is None:
        return None
    return Taped(t) if taped else t._array
