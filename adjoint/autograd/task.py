"""The backward that runs in this thread, as what is called during it may ask: which one, which node, and what it will run.

``torch._C`` has these questions; checkpoints, offloading and sharding ask them in hooks.  The engine notes nothing for
them: what it goes by anyway is looked up when somebody asks.
"""

from __future__ import annotations

import sys
from heapq import heapify, heappop, heappush
from typing import Any

from adjoint.autograd import engine
from adjoint.autograd.accumulate import AccumulateGrad
from adjoint.autograd.grad_mode import is_multithreading_enabled, mode
from adjoint.autograd.node import Node, Output
from adjoint.tensor import NO_EDGE


def current_graph_task_id() -> int:
    """The number of the backward that runs in this thread, -1 where none does."""
    return -1 if mode.task is None else mode.task[0]


def get_current_graph_task_keep_graph() -> bool:
    """Whether the backward that runs keeps the graph; True where none runs."""
    return True if mode.task is None else mode.task[7]


def current_autograd_node() -> Node | None:
    """The node that the backward of this thread is running, with its hooks; None where none runs."""
    if mode.task is None:
        return None
    frame = sys._getframe(1)
    while frame is not None and frame.f_code is not engine.loop_code:
        frame = frame.f_back  # type: ignore[assignment]
    return None if frame is None else frame.f_locals.get("node")


def nodes_that_run(task: Any) -> set[Node]:
    """The nodes that a backward reaches."""
    _, roots, captures, needed, *_ = task
    found: set[Node] = set()
    stack = [sink.node if isinstance(sink, Output) else sink for sink, _ in roots]
    while stack:
        node = stack.pop()
        if node in found or (needed is not None and node not in needed and node not in captures):
            continue
        found.add(node)
        stack += _targets(node)
    return found


def will_engine_execute_node(node: Any) -> bool:
    """Whether the backward that runs in this thread will run a node, or did.

    Raises RuntimeError outside of a backward, and for a leaf that :func:`adjoint.autograd.grad` was asked about, whose node
    gets its gradient and does not run.
    """
    if not isinstance(node, Node):
        raise RuntimeError(f"_will_engine_execute_node expects an grad_fn, but got {type(node).__name__}")
    task = mode.task
    if task is None:
        raise RuntimeError("_get_should_execute_nodes should only be called during the backward pass")
    if isinstance(node, AccumulateGrad) and task[2] and node in task[2]:
        raise RuntimeError(
            "A leaf node was passed to _will_engine_execute_node but we are currently running autograd.grad(). This is "
            "currently not supported."
        )
    return node in nodes_that_run(task)


def current_graph_task_execution_order() -> list[Node]:
    """The nodes of the backward that runs in this thread in the order in which they run: a leaf as soon as its gradient is
    complete, of the others the latest recorded first.

    Raises RuntimeError outside of a backward, and where several threads are allowed, as PyTorch does.
    """
    task = mode.task
    if task is None:
        raise RuntimeError("_current_graph_task_execution_order should only be called during the backward pass")
    if is_multithreading_enabled():
        raise RuntimeError(
            "get_current_graph_task_execution_order expects the current backward to be executed with multithreading "
            "disabled, e.g. by running:\n\n>>> with torch.autograd.set_multithreading_enabled(False):\n"
            "...     torch.autograd.grad(...)\n"
        )
    will_run = nodes_that_run(task)
    missing = dict.fromkeys(will_run, 0)  # how many gradients have yet to arrive
    for node in will_run:
        for target in _targets(node):
            if target in missing:
                missing[target] += 1
    ready = [(_turn(node), node) for node, count in missing.items() if not count]
    heapify(ready)
    order = []
    while ready:
        node = heappop(ready)[1]
        order.append(node)
        for target in _targets(node):
            if target in missing:
                missing[target] -= 1
                if not missing[target]:
                    heappush(ready, (_turn(target), target))
    return order


def _turn(node: Node) -> tuple[bool, int]:
    return not isinstance(node, AccumulateGrad), node._order  # no two are alike, so nodes themselves are never compared


def _targets(node: Node) -> list[Any]:
    return [edge.node if isinstance(edge, Output) else edge for edge in node._edges if edge is not NO_EDGE]
