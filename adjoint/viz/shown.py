"""Shown: which of a recording's operators a picture of the computation has, and what stands at its edges.

A program also initialises parameters, counts batches and steps an optimizer.  Those write into tensors that the computation
uses; in a picture the tensor is there, its leaf or its input, and the writing is not.
"""

from __future__ import annotations

from typing import Any


class Shown:
    """``operators`` are the ids of those that are shown, in the order of execution; :meth:`outside` says what else is used."""

    def __init__(self, recording: Any) -> None:
        self._nodes = recording.nodes
        self._modules = {module.path: module.id for module in recording.modules}
        self._origins = self._written()
        self.operators = self._chosen()
        self._shown = frozenset(self.operators)

    def is_shown(self, node: int) -> bool:
        """Whether a node is one of the operators."""
        return node in self._shown

    def outside(self, node: int) -> tuple[int, str]:
        """For a used node that is no shown operator: the node that it stands for, and its kind."""
        origin = self._origins.get(node, node)
        kind = self._nodes[origin].kind
        return origin, "input" if kind == "operator" else kind

    def owner(self, node: int) -> int | None:
        """The module that a parameter or a buffer belongs to, by its own account or by its name."""
        found = self._nodes[node]
        if found.module is not None:
            return int(found.module)
        path, dot, _ = (found.name or "").rpartition(".")
        return self._modules.get(path) if dot else None

    def _written(self) -> dict[int, int]:
        """Nodes that only wrote into a leaf, a parameter or a buffer, and those that made a buffer: what they stand for."""
        origins: dict[int, int] = {}
        used = {use.node for node in self._nodes for use in node.inputs}
        for node in self._nodes:
            if node.kind != "operator" or node.grad_fn is not None:
                continue
            if node.in_place and node.inputs:
                target = node.inputs[0].node
                origin = origins.get(target, target)
                if node.phase != "forward" or node.id not in used or any(map(self._is_modules_own, (node.id, target))):
                    origins[node.id] = origin
            elif self._is_modules_own(node.id):
                origins[node.id] = node.id
        return origins

    def _is_modules_own(self, node: int) -> bool:
        path, dot, _ = (self._nodes[node].name or "").rpartition(".")
        return bool(dot) and path in self._modules

    def _chosen(self) -> list[int]:
        operators = [n for n in self._nodes if n.kind == "operator" and n.id not in self._origins]
        forward = {n.id for n in operators if n.phase == "forward"}
        if not forward:
            return [n.id for n in operators if n.phase != "optimizer"]
        wanted, stack = set(forward), list(forward)
        while stack:
            for use in self._nodes[stack.pop()].inputs:
                used = self._nodes[use.node]
                if used.kind == "operator" and used.id not in wanted and used.id not in self._origins and used.phase != "optimizer":
                    wanted.add(used.id)
                    stack.append(used.id)
        users: dict[int, list[int]] = {}
        for node in self._nodes:
            for use in node.inputs:
                users.setdefault(use.node, []).append(node.id)
        for node in reversed(operators):  # what only served to make a buffer, or a parameter's first values
            if node.grad_fn is None and (using := users.get(node.id)) and not wanted.intersection(using):
                wanted.discard(node.id)
        return sorted(wanted)
