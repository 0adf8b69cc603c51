"""Passes: the backwards that run while a recorder is on, node by node."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from adjoint.autograd import engine
from adjoint.autograd.accumulate import AccumulateGrad
from adjoint.autograd.grad_mode import mode
from adjoint.autograd.node import Node as GraphNode
from adjoint.autograd.node import Output as GraphOutput
from adjoint.autograd.saved import is_freed
from adjoint.autograd.taped import Taped
from adjoint.kernels.deferred import forced
from adjoint.tensor import NO_EDGE
from adjoint.viz import lines, model
from adjoint.viz.arrays import Summary
from adjoint.viz.graph import Graph


class Passes:
    """What the backwards do.  They may nest: one that a hook asks for runs inside of another."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
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
        number = graph.node_of(node)
        shown = graph.nodes[number]
        arrived = [self._summary(x) for x in (g if g.__class__ is list else [g])]
        self._learn_forms(shown, arrived)
        started = time.perf_counter()
        grads = run()
        shown.backward_seconds = time.perf_counter() - started
        if isinstance(node, AccumulateGrad):
            shown.gradient = model.Gradient(arrived, [])
            norm = None if arrived[0] is None else arrived[0].norm
            graph.step("accumulate", number, backward=backward, norm=norm)
            return grads
        left: list[Summary | None] = [None] * len(shown.inputs)
        shown.gradient = model.Gradient(arrived, left)
        for place, edge, grad in zip(graph.wanted.get(number, ()), node._edges, grads):
            if edge is NO_EDGE or grad is None:
                continue
            summary = self._summary(grad)
            if place >= 0:
                left[place] = summary
            target = edge.node if edge.__class__ is GraphOutput else edge
            if isinstance(target, GraphNode) and len(graph.nodes) < graph.most:
                to = graph.node_of(target)
                norm = None if summary is None else summary.norm
                graph.step("arrive", to, edge=(number, place) if place >= 0 else None, backward=backward, norm=norm)
        self._last = node, number
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
        line = graph.sources.of_frame(lines.user_frame(sys._getframe(1)))
        backward = model.Backward(len(made), graph.node_of(root), line, bool(mode.enabled))
        made.append(backward)
        self._running.append((number, backward))
        graph.step("backward begins", backward.root, backward=backward.id)

        def ended() -> None:
            self.settle()
            while self._running and self._running[-1][1].id >= backward.id:
                self._running.pop()
            graph.step("backward ends", backward.root, backward=backward.id)

        engine.queue_callback(ended)
        return backward.id

    def _summary(self, g: Any) -> Summary | None:
        if g is None:
            return None
        array = g.tensor._array if g.__class__ is Taped else forced(g)
        array = getattr(array, "array", array) if not isinstance(array, np.ndarray) else array
        return self.graph.summary(array) if isinstance(array, (np.ndarray, np.generic)) else None

    def _learn_forms(self, node: model.Node, arrived: list[Summary | None]) -> None:
        """What arrives at an output has its shape and dtype, where nobody saw it being made."""
        for output, summary in zip(node.outputs, arrived):
            if output.shape is None and summary is not None:
                output.shape, output.dtype = summary.shape, summary.dtype
