"""History: the recording of a graph that is there already, although nobody recorded it.

The graph knows its operators, what they saved, and how gradients flow.  The variables of the caller name its tensors, the
caller's source says which statement made them, and a dry backward the gradients that it would send.
"""

from __future__ import annotations

from types import FrameType
from typing import Any

import numpy as np

from adjoint.autograd.accumulate import AccumulateGrad
from adjoint.autograd.node import Node as GraphNode
from adjoint.autograd.node import Output
from adjoint.tensor import NO_EDGE, Tensor
from adjoint.viz import model, names
from adjoint.viz.dry import dry_backward
from adjoint.viz.graph import Graph
from adjoint.viz.lines import Sources
from adjoint.viz.statements import Statements

_MOST = 200_000


def history_of(
    thing: Tensor | GraphNode,
    frame: FrameType | None,
    *,
    gradient: Any = None,
    with_gradients: bool = True,
    given_names: dict[str, Tensor] | None = None,
) -> model.Recording:
    """The recording of the graph that led to a tensor, or to a node of one.

    ``frame`` is the caller's, whose variables name tensors; ``given_names`` name more.  ``gradient`` is what a dry backward
    begins with, of a scalar 1; without either there are no gradients, nor where ``with_gradients`` is False.
    """
    recording = model.Recording()
    sources = Sources(recording.files)
    graph = Graph(recording, sources, _MOST)
    edge = thing._edge or _edge_of(thing) if isinstance(thing, Tensor) else thing
    roots = [n for n in [edge.node if edge.__class__ is Output else edge] if isinstance(n, GraphNode)]
    found = _nodes_from(roots)
    for node in found:
        if len(graph.nodes) >= _MOST:
            recording.omitted["nodes"] += 1
        else:
            graph.node_of(node)
    if isinstance(thing, Tensor):
        source = graph.source_of(thing)
        graph.learn(*source, thing)
    frames = names.frames_around(frame)
    owners: dict[int, FrameType] = {}  # of a node with a name, the frame whose variable that is
    for name, tensor, around in _named(frames, given_names):
        place = graph.known_source(tensor)
        if place is not None:
            graph.learn(*place, tensor)
            if graph.claim(name, tensor) and around is not None:
                owners[place[0]] = around
    if roots:
        _gradients(graph, thing, edge, gradient, with_gradients)
    Statements(sources, frames).place(recording, owners)
    recording.title = _title(thing, graph)
    recording.program = frame.f_code.co_filename if frame is not None else None
    _note_steps(graph)
    graph.finish()
    return recording


def _edge_of(tensor: Tensor) -> Any:
    from adjoint.autograd.edges import edge_of

    return edge_of(tensor)


def _nodes_from(roots: list[GraphNode]) -> list[GraphNode]:
    """All nodes that edges lead to, in the order of recording; the leaves' own are left out."""
    seen: dict[int, GraphNode] = {}
    stack = list(roots)
    while stack:
        node = stack.pop()
        if id(node) in seen or isinstance(node, AccumulateGrad):
            continue
        seen[id(node)] = node
        stack += [e.node if e.__class__ is Output else e for e in node._edges if e is not NO_EDGE]  # type: ignore[attr-defined, misc]
    return sorted(seen.values(), key=lambda n: -n._order)


def _named(
    frames: list[FrameType], given: dict[str, Tensor] | None
) -> list[tuple[str, Tensor, FrameType | None]]:
    """The tensors that have a name, each with the frame whose variable it is."""
    found: list[tuple[str, Tensor, FrameType | None]] = [(name, t, None) for name, t in (given or {}).items()]
    for around in reversed(frames):  # the innermost names are those that the reader sees
        found += [(name, tensor, around) for name, tensor in names.tensors_in(around)]
    return found


def _gradients(graph: Graph, thing: Any, edge: Any, gradient: Any, wanted: bool) -> None:
    """Run the graph backward without a trace, and note what each node got and gave."""
    recording = graph.recording
    array = thing._array if isinstance(thing, Tensor) else None
    if gradient is not None:
        g = gradient._array if isinstance(gradient, Tensor) else np.asarray(gradient)
    elif array is not None and array.size == 1 and array.dtype.kind != "c":
        g = np.ones(array.shape, array.dtype)
    elif array is None and wanted and (edge.node if edge.__class__ is Output else edge)._outputs == 1:
        g = np.ones((), np.float32)  # of a node nobody knows the shape; it is that of a loss, most often
        shape = recording.nodes[graph.node_of(edge)].outputs[0].shape
        if shape is not None and shape != ():
            return
    else:
        if wanted:
            recording.notes.append("No gradients are shown: this is no scalar, so say which one arrives, explain(gradient=...).")
        return
    if not wanted:
        return
    backward = model.Backward(0, graph.node_of(edge.node if edge.__class__ is Output else edge), None, False)
    recording.backwards.append(backward)
    recording.dry = True
    graph.step("backward begins", backward.root, backward=0)

    def seen(node: GraphNode, arrived: list[Any], left: Any) -> None:
        graph.gradient(node, arrived, left or (), 0)

    problems = dry_backward(edge, g, seen)
    graph.step("backward ends", backward.root, backward=0)
    for problem in problems:
        recording.notes.append(f"Gradients end where {problem}.")
    if any(_has_hooks(n) for n in _all(edge)):
        recording.notes.append("Hooks on this graph were not run: what they do to gradients is not shown.")


def _has_hooks(node: GraphNode) -> bool:
    hooks = node._hooks
    return hooks is not None and bool(hooks.tensor_pre or hooks.pre or hooks.post)


def _all(edge: Any) -> list[GraphNode]:
    return _nodes_from([edge.node if edge.__class__ is Output else edge])


def _note_steps(graph: Graph) -> None:
    """The forward, as steps before those of the dry backward."""
    recording = graph.recording
    forward = [model.Step(0.0, "forward", node.id) for node in recording.nodes if node.kind == model.OPERATOR]
    saved = 0
    for step in forward:
        assert step.node is not None
        saved += sum(s.bytes for s in recording.nodes[step.node].saved)
        step.saved_bytes = step.bytes = saved
    recording.steps[:0] = forward


def _title(thing: Any, graph: Graph) -> str:
    if isinstance(thing, Tensor):
        place = graph.known_source(thing)
        name = None if place is None else graph.nodes[place[0]].outputs[place[1]].name
        return name or "tensor"
    return thing.name()
