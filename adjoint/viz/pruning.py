"""Pruning: a recording without some of its nodes."""

from __future__ import annotations

from adjoint.viz import model
from adjoint.viz.facts import label_of


def keep_only(recording: model.Recording, kept: set[int], drop_steps: slice | None = None) -> dict[int, int]:
    """Leave only some of a recording's nodes, and what they use of the others, as inputs; the new numbers by the old.

    Steps of nodes that are gone go with them; besides, those of ``drop_steps``.
    """
    nodes = recording.nodes
    used = {given.node for number in kept for given in nodes[number].inputs}
    numbers: dict[int, int] = {}
    left: list[model.Node] = []
    for node in nodes:
        if node.id in kept or node.id in used:
            numbers[node.id] = len(left)
            left.append(node if node.id in kept or node.kind != model.OPERATOR else _as_input(node))
    for node in left:
        node.id = numbers[node.id]
        for given in node.inputs:
            given.node = numbers[given.node]
        for saved in node.saved:
            saved.of = None if saved.of is None else numbers.get(saved.of)
        node.view_of = None if node.view_of is None else numbers.get(node.view_of)
    nodes[:] = left
    backwards: dict[int, int] = {}
    for backward in list(recording.backwards):
        if backward.root in numbers:
            backwards[backward.id] = len(backwards)
            backward.id, backward.root = backwards[backward.id], numbers[backward.root]
        else:
            recording.backwards.remove(backward)
    if drop_steps is not None:
        del recording.steps[drop_steps]
    steps = []
    for step in recording.steps:
        if step.node is not None:
            if step.node not in numbers or (step.edge is not None and step.edge[0] not in numbers):
                continue
            step.node = numbers[step.node]
            step.edge = None if step.edge is None else (numbers[step.edge[0]], step.edge[1])
        step.backward = None if step.backward is None else backwards.get(step.backward)
        steps.append(step)
    recording.steps[:] = steps
    return numbers


def _as_input(node: model.Node) -> model.Node:
    return model.Node(node.id, model.INPUT, label_of(node), outputs=node.outputs, line=node.line, module=node.module)
