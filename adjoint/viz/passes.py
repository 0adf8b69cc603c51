"""Passes: the backwards that run while a recorder is on, node by node."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any

from adjoint.autograd import engine
from adjoint.autograd.grad_mode import mode
from adjoint.autograd.node import Node as GraphNode
from adjoint.autograd.node import Output as GraphOutput
from adjoint.autograd.saved import is_freed
from adjoint.tensor import Tensor
from adjoint.viz import lines, model, names
from adjoint.viz.graph import Graph


class Passes:
    """What the backwards do.  They may nest: one that a hook asks for runs inside of another."""

    def __init__(self, graph: Graph, ended: Callable[[], None]) -> None:
        self.graph = graph
        self.ended = ended  # called as the outermost of them ends
        self._running: list[tuple[int, model.Backward]] = []  # (the engine's number, the backward)
        self._last: tuple[GraphNode, int] | None = None  # which ran last, and may be freed now

    def run(self, node: GraphNode, g: Any, run: Callable[[], Any]) -> Any:
        """Run a node, and write down what arrived, what left, and how long it took."""
        graph = self.graph
        backward = self._of_task()
        self.settle()
        if len(graph.nodes) >= graph.most and graph._id_if_known(node) is None:
            graph.recording.omitted["nodes"] += 1
            return run()
        arrived = list(g) if g.__class__ is list else [g]
        shown = graph.nodes[graph.node_of(node)]
        started = time.perf_counter()
        grads = run()
        shown.backward_seconds = time.perf_counter() - started
        graph.gradient(node, arrived, grads, backward)
        self._last = node, shown.id
        return grads

    def settle(self) -> None:
        """Note what the node that ran last was freed of."""
        if self._last is not None:
            node, number = self._last
            self._last = None
            if is_freed(node._kept):
                if self.graph.memory.frees(id(node)):
                    backward = self._running[-1][1].id if self._running else None
                    self.graph.step("free", number, backward=backward)

    def end(self) -> None:
        """The recorder is switched off."""
        self.settle()
        self._running.clear()

    def _of_task(self) -> int:
        """The backward that runs now; noted as begun if this is its first node."""
        task = mode.task
        number = task[0]
        if self._running and self._running[-1][0] == number:
            return self._running[-1][1].id
        self.settle()
        graph = self.graph
        made = graph.recording.backwards
        sink = next(iter(task[1]))[0]
        root = sink.node if sink.__class__ is GraphOutput else sink
        frame = lines.user_frame(sys._getframe(1))
        line = graph.sources.of_frame(frame)
        known = graph.node_of(root) if len(graph.nodes) < graph.most else graph._id_if_known(root)
        backward = model.Backward(len(made), known, line, bool(task[6]))
        made.append(backward)
        for around in names.frames_around(frame, graph.home):
            for name, value in list(around.f_locals.items()):
                if isinstance(value, Tensor):
                    graph.claim(name, value)
        self._running.append((number, backward))
        graph.step("backward begins", backward.root, backward=backward.id)

        def ended() -> None:
            self.settle()
            while self._running and self._running[-1][1].id >= backward.id:
                self._running.pop()
            graph.step("backward ends", backward.root, backward=backward.id)
            if not self._running:
                self.ended()

        engine.queue_callback(ended)
        return backward.id
