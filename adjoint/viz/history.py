"""History: the recording of a graph that is there already, although nobody recorded it.

The graph knows its operators, what they saved, and how gradients flow.  The variables of the caller name its tensors, the
caller's source says which statement made them, and a dry backward the gradients that it would send.
"""

from __future__ import annotations

from types import FrameType
from typing import Any

import numpy as np

from adjoint.autograd.accumulate import AccumulateGrad
from adjoint.autograd.backward import _first_gradient
from adjoint.autograd.node import Node as GraphNode
from adjoint.autograd.node import Output
from adjoint.places import tell
from adjoint.tensor import NO_EDGE, Tensor
from adjoint.viz import model, names
from adjoint.viz.dry import dry_backward
from adjoint.viz.graph import Graph
from adjoint.viz.lines import Sources
from adjoint.viz.pruning import keep_only
from adjoint.viz.statements import Statements
from adjoint.viz.ways import tensor_that_leads_to

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
    frames = names.frames_around(frame)
    named = _named(frames, given_names)
    if isinstance(thing, Tensor) and thing.is_leaf and thing.requires_grad and gradient is None:
        way = tensor_that_leads_to(thing, [t for _, t, _ in named])
        if way is not None:
            return _history(way[0], frames, named, None, with_gradients, way[1], thing)
    return _history(thing, frames, named, gradient, with_gradients)


def _history(
    thing: Tensor | GraphNode,
    frames: list[FrameType],
    named: list[tuple[str, Tensor, FrameType | None]],
    gradient: Any,
    with_gradients: bool,
    only: set[int] | None = None,
    leaf: Tensor | None = None,
) -> model.Recording:
    """As :func:`history_of`; of ``only`` these of autograd's nodes, those on the way to a ``leaf``."""
    recording = model.Recording()
    sources = Sources(recording.files)
    graph = Graph(recording, sources, _MOST)
    edge = thing._edge or _edge_of(thing) if isinstance(thing, Tensor) else thing
    roots = [n for n in [edge.node if edge.__class__ is Output else edge] if isinstance(n, GraphNode)]
    for node in _nodes_from(roots):
        if len(graph.nodes) >= _MOST:
            recording.omitted["nodes"] += 1
        else:
            graph.node_of(node)
    if isinstance(thing, Tensor):
        source = graph.source_of(thing)
        graph.learn(*source, thing)
    owners: dict[int, FrameType] = {}  # of a node with a name, the frame whose variable that is
    for name, tensor, around in named:
        place = graph.known_source(tensor)
        if place is not None:
            graph.learn(*place, tensor)
            if graph.claim(name, tensor) and around is not None:
                owners[place[0]] = around
    if roots:
        _gradients(graph, thing, edge, gradient, with_gradients)
    graph.recompute()
    Statements(sources, frames).place(recording, owners)
    recording.title = _title(leaf if leaf is not None else thing, graph)
    recording.program = frames[-1].f_code.co_filename if frames else None
    if leaf is not None and thing is not leaf:
        recording.notes.insert(0, f"These are the ways from {_title(thing, graph)} to {recording.title}.")
    elif isinstance(thing, Tensor) and not roots:
        recording.notes.append(_of_no_graph(thing, recording.title))
    _note_steps(graph)
    kept = None if only is None else {graph.node_of(node) for node in _nodes_from(roots) if id(node) in only}
    if kept is not None and leaf is not None:
        kept.add(graph.source_of(leaf)[0])
    graph.finish()
    if kept is not None:
        keep_only(recording, kept)
    return recording


def _of_no_graph(tensor: Tensor, name: str) -> str:
    """Why there is nothing to see of a tensor."""
    if tensor.requires_grad:
        return f"{name} is a leaf: gradients end here, in .grad. No variable here has a graph that leads to it."
    if tensor._origin is not None:
        what, place = tensor._origin
        return f"{name} has no graph: the path broke at {what}:\n{tell(place)}"
    return f"{name} has no graph: it does not require grad, so nothing was recorded."


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
        if isinstance(thing, Tensor):
            g = _first_gradient(thing, gradient, 0, False)  # which has backward's errors
        elif isinstance(gradient, Tensor):
            g = gradient._array
        else:
            raise TypeError(f"gradient must be a Tensor, not {type(gradient).__name__}")
    elif array is not None and array.size == 1 and array.dtype.kind != "c":
        g = np.ones(array.shape, array.dtype)
    elif array is None and wanted and (edge.node if edge.__class__ is Output else edge)._outputs == 1:
        g = np.ones((), np.float32)  # of a node nobody knows the shape; it is that of a loss, most often
        shape = recording.nodes[graph.node_of(edge)].outputs[0].shape
        if shape is not None and shape != ():
            return
    else:
        if wanted and any(n.kind == model.OPERATOR for n in recording.nodes):
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
        return name or "this tensor"
    return thing.name()
