"""Writes: what a tensor is after a write in place that autograd did not record.

A write to a view is a write to its base, which other operators know by its own name: from then on the base is another node,
made of the base as it was and of what was written.  A leaf that is only written to, as parameters are when they get their
first values, stays one leaf until something else uses it.
"""

from __future__ import annotations

import weakref
from typing import Any

from adjoint.tensor import Tensor, version_of
from adjoint.viz import model

WHOLE = "copy_slices"  # the operator that puts a part that was written to into the whole, as autograd's CopySlices


class Writes:
    """The writes that a graph's nodes have seen, and which of its leaves nothing but writes have used."""

    def __init__(self, graph: Any) -> None:
        self.graph = graph
        self._parts: dict[int, tuple[Any, list[int]]] = {}  # id of a base -> reference, writes to its views since its node
        self._before: dict[int, Any] = {}  # id of a tensor that is written to -> what was known of it
        self._new: set[int] = set()  # leaves that were only written to

    def made(self, leaf: model.Node) -> None:
        """A node for a leaf was made, as an operator uses it."""
        self._new.add(leaf.id)

    def used(self, tensor: Tensor, source: int, known: int, target: Tensor | None, phase: str, view: bool) -> bool:
        """An operator uses a tensor, whose node is ``source``; from ``known`` on nodes are made for this call.

        It is a first use of the leaf that the tensor is, or looks at, unless it writes into it, or is a view that may be
        written into.  Whether it is that, of a leaf that had been written to: it has the values and the name of this use.
        """
        if not self._new:
            return False
        nodes = self.graph.nodes
        while nodes[source].view_of is not None and source not in self._new:
            source = nodes[source].view_of
        leaf = nodes[source]
        first = phase != "optimizer" and leaf.gradient is None
        if source not in self._new or (first and (tensor is target or (view and phase == "no_grad"))):
            return False
        self._new.discard(source)
        if not first or source >= known:
            return False
        name, leaf.outputs[0] = leaf.name, self.graph.output_of(tensor if tensor._view is None else tensor._view.base)
        leaf.outputs[0].name = name
        return tensor._view is None

    def write(self, target: Tensor, node: model.Node, recorded: bool) -> None:
        """An operator's result is about to be written into a tensor."""
        tensors = self.graph._tensors
        known = tensors.get(id(target))
        if known is not None and known[0]() is target:
            self._before[id(target)] = known
            if target._view is None and self._is_new(known[1]):  # the same leaf, with its first values
                tensors[id(target)] = (*known[:3], version_of(target) + 1)
                return
        if target._view is None and target._edge is None and target.is_leaf:  # stepped: a leaf of another value from now on
            tensors.pop(id(target), None)
            return
        tensors[id(target)] = weakref.ref(target), node.id, 0, version_of(target) + 1
        if target._view is not None and not recorded:
            base = target._view.base
            parts = self._parts.get(id(base))
            if parts is None or parts[0]() is not base:
                parts = self._parts[id(base)] = weakref.ref(base), []
            parts[1].append(node.id)

    def source_of(self, tensor: Tensor, known: Any) -> tuple[int, int] | None:
        """Where a tensor comes from that is ``known`` to have come from a node, where writes since then tell."""
        if known[3] == version_of(tensor) + 1 and (before := self._before.get(id(tensor))) is not None:  # not yet written
            return before[1], before[2]
        view = tensor._view
        if view is not None:
            if known[3] in (-1, version_of(tensor)) or self.graph._known_of(view.base) is None:
                return None
            return self._looked_at_again(tensor, known)
        parts = self._parts.pop(id(tensor), None)
        if parts is None or parts[0]() is not tensor:
            return None
        if self.graph.nodes[known[1]].kind != model.LEAF:
            return self._whole(tensor, known, parts[1])
        if not self._is_new(known[1]):
            return None
        self.graph._tensors[id(tensor)] = (*known[:3], version_of(tensor))
        return known[1], known[2]

    def renumbered(self, numbers: dict[int, int]) -> None:
        """Nodes were taken out of the recording."""
        self._new = {numbers[node] for node in self._new if node in numbers}
        self._parts = {
            key: (reference, [numbers[node] for node in made])
            for key, (reference, made) in self._parts.items()
            if reference() is not None and all(node in numbers for node in made)
        }
        self._before.clear()

    def _is_new(self, node: int) -> bool:
        return node in self._new

    def _whole(self, base: Tensor, known: Any, parts: list[int]) -> tuple[int, int]:
        """A node for a base of which parts were written to."""
        node = self._after(base, known, parts[-1], WHOLE, [(known[1], known[2], "self")] + [(n, 0, "written") for n in parts])
        node.in_place = True
        return node.id, 0

    def _looked_at_again(self, view: Tensor, known: Any) -> tuple[int, int]:
        """A node for a view whose memory was written to by others."""
        source, output = self.graph.source_of(view._view.base)
        node = self._after(view, known, source, "as_strided", [(source, output, "self")])
        node.view_of = source
        return node.id, 0

    def _after(self, tensor: Tensor, known: Any, cause: int, operator: str, inputs: list[tuple[int, int, str]]) -> model.Node:
        """A node for what a tensor is because of another node."""
        graph = self.graph
        node: model.Node = graph._new(model.OPERATOR)
        because = graph.nodes[cause]
        node.operator = operator
        node.inputs = [model.Input(source, output, name, False) for source, output, name in inputs]
        node.line, node.module, node.call, node.phase = because.line, because.module, because.call, because.phase
        node.outputs.append(graph.output_of(tensor))
        graph._tensors[id(tensor)] = weakref.ref(tensor), node.id, 0, version_of(tensor)
        name = graph.nodes[known[1]].outputs[known[2]].name
        if name is not None:
            graph.call_it(node.id, 0, name)
        graph.step("forward", node.id)
        return node
