"""Ways: which graph leads to a leaf.  Nothing in a leaf points forward, so the caller's variables are asked."""

from __future__ import annotations

from typing import Any

from adjoint.autograd.accumulate import AccumulateGrad
from adjoint.autograd.node import Node, Output
from adjoint.tensor import NO_EDGE, Tensor
from adjoint.viz import model
from adjoint.viz.facts import label_of

_MOST = 20_000  # nodes that are looked at


def tensor_that_leads_to(leaf: Tensor, tensors: list[Tensor]) -> tuple[Tensor, set[int]] | None:
    """Of these tensors the one that was made last of a leaf, and the ids of autograd's nodes on the ways to it."""
    roots = [(t, t._edge.node if t._edge.__class__ is Output else t._edge) for t in tensors]  # type: ignore[union-attr]
    made = [(t, node) for t, node in roots if isinstance(node, Node)]
    for tensor, root in sorted(made, key=lambda pair: pair[1]._order):
        on_the_way = _ways(root, leaf)
        if on_the_way:
            return tensor, on_the_way
    return None


def _ways(root: Node, leaf: Tensor) -> set[int]:
    seen: dict[int, Any] = {}
    stack: list[Any] = [root]
    while stack and len(seen) < _MOST:
        node = stack.pop()
        if id(node) not in seen:
            seen[id(node)] = node
            stack += targets(node)
    reached: set[int] = set()
    for node in seen.values():
        if node.__class__ is AccumulateGrad and node.variable is leaf:
            reached.add(id(node))
    for node in sorted(seen.values(), key=lambda n: -n._order):  # earlier ones first
        if any(id(target) in reached for target in targets(node)):
            reached.add(id(node))
    return reached


def keep_only(recording: model.Recording, kept: set[int]) -> None:
    """Leave of a recording's nodes only some; what they use of the others become inputs."""
    used = {i.node for n in kept for i in recording.nodes[n].inputs}
    numbers: dict[int, int] = {}
    nodes: list[model.Node] = []
    for node in recording.nodes:
        if node.id in kept or node.id in used:
            numbers[node.id] = len(nodes)
            if node.id not in kept and node.kind == model.OPERATOR:
                name = label_of(node)
                node = model.Node(node.id, model.INPUT, name, outputs=node.outputs, line=node.line)
            nodes.append(node)
    for node in nodes:
        node.id = numbers[node.id]
        for given in node.inputs:
            given.node = numbers[given.node]
        for saved in node.saved:
            saved.of = numbers.get(saved.of) if saved.of is not None else None
        node.view_of = numbers.get(node.view_of) if node.view_of is not None else None
    recording.nodes[:] = nodes
    steps = []
    for step in recording.steps:
        if step.node in numbers and (step.edge is None or step.edge[0] in numbers):
            step.node = numbers[step.node]
            step.edge = None if step.edge is None else (numbers[step.edge[0]], step.edge[1])
            steps.append(step)
    recording.steps[:] = steps
    for backward in recording.backwards:
        backward.root = numbers.get(backward.root) if backward.root is not None else None


def targets(node: Node) -> list[Any]:
    """The nodes that a node's edges lead to."""
    return [e.node if e.__class__ is Output else e for e in node._edges if e is not NO_EDGE]  # type: ignore[attr-defined]
