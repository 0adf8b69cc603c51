"""Matching: where a graph does what another one does."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from adjoint.fx.graph import Graph
from adjoint.fx.graph_module import _get_attr
from adjoint.fx.node import Node
from adjoint.tensor import Tensor

__all__ = ["InternalMatch", "SubgraphMatcher"]


@dataclass
class InternalMatch:
    """A place: which nodes of the graph are which of the pattern's, its inputs and what it returns among them."""

    anchors: list[Node]
    nodes_map: dict[Node, Any] = field(default_factory=dict)
    placeholder_nodes: list[Any] = field(default_factory=list)
    returning_nodes: list[Node] = field(default_factory=list)
    name_node_map: dict[str, Node] = field(default_factory=dict)

    def __copy__(self) -> InternalMatch:
        return InternalMatch(
            self.anchors, dict(self.nodes_map), list(self.placeholder_nodes), list(self.returning_nodes)
        )


class SubgraphMatcher:
    """Finds a pattern in graphs.

    ``match_output`` and ``match_placeholder``: its inputs and output are those of the graph, and do not stand for any node.
    ``ignore_literals``: constants stand for any.  Raises ValueError for an empty pattern, AssertionError for one with nodes
    that nothing uses.
    """

    def __init__(
        self,
        pattern: Graph,
        match_output: bool = False,
        match_placeholder: bool = False,
        remove_overlapping_matches: bool = True,
        ignore_literals: bool = False,
    ) -> None:
        self.pattern = pattern
        self.match_output = match_output
        self.match_placeholder = match_placeholder
        self.remove_overlapping_matches = remove_overlapping_matches
        self.ignore_literals = ignore_literals
        if not len(pattern.nodes):
            raise ValueError("SubgraphMatcher cannot be initialized with an empty pattern")
        for node in pattern.nodes:
            if not node.users and not node.is_impure():
                raise AssertionError("SubgraphMatcher cannot be initialized with an pattern with dead code")
        self.pattern_placeholder_nodes = [n for n in pattern.nodes if n.op == "placeholder"]
        output = pattern.output_node()
        self.pattern_returning_nodes = output.all_input_nodes
        self.pattern_anchors = [output] if match_output else [n for n in output.all_input_nodes if len(n.users) == 1]

    def match(self, graph: Graph, node_name_match: str = "") -> list[InternalMatch]:
        """The places, in the order of their last nodes."""
        found = list(self._matches(graph, InternalMatch(self.pattern_anchors), 0, node_name_match))
        for match in found:
            match.placeholder_nodes = [match.nodes_map[n] for n in self.pattern_placeholder_nodes]
            match.returning_nodes = [match.nodes_map[n] for n in self.pattern_returning_nodes]
        found = [m for m in found if self._is_contained(m) and not _would_be_a_cycle(_inner(m))]
        if not self.remove_overlapping_matches:
            return found
        taken: set[Node] = set()
        kept = []
        for match in found:
            nodes = _inner(match)
            if taken.isdisjoint(nodes):
                kept.append(match)
                taken.update(nodes)
        return kept

    def _matches(self, graph: Graph, match: InternalMatch, at: int, name: str) -> Iterator[InternalMatch]:
        """The ways to find the anchors from ``at`` on, where those before it are found."""
        if not self.pattern_anchors:
            return
        if at == len(self.pattern_anchors):
            yield match
            return
        for node in graph.nodes:
            if self._are_equal(self.pattern_anchors[at], node, name):
                tried = copy.copy(match)
                if self._match_nodes(self.pattern_anchors[at], node, tried, name):
                    yield from self._matches(graph, tried, at + 1, name)

    def _are_equal(self, theirs: Node, ours: Node, name: str = "") -> bool:
        if theirs.op == "placeholder" and not self.match_placeholder:
            return True
        if name and name in ours.name:
            return True
        if theirs.op != ours.op:
            return False
        if theirs.op in ("placeholder", "output"):
            return True
        if theirs.op == "get_attr":
            mine, its = (
                _get_attr(ours.graph.owning_module, ours.target),
                _get_attr(theirs.graph.owning_module, theirs.target),
            )
            if type(mine) is type(its) and not isinstance(mine, Tensor):
                raise RuntimeError(f"Unsupported type {its} when matching attributes")
            return type(mine) is type(its)
        return bool(theirs.target == ours.target)

    def _match_nodes(self, theirs: Node, ours: Node, match: InternalMatch, name: str = "") -> bool:
        if theirs in match.nodes_map:
            return match.nodes_map[theirs] is ours
        if any(ours is node for node in match.nodes_map.values()) or not self._are_equal(theirs, ours, name):
            return False
        match.nodes_map[theirs] = ours
        if theirs.op == "placeholder":
            return True
        if len(theirs.args) != len(ours.args) or list(theirs.kwargs) != list(ours.kwargs):
            return False
        return self._match_args((*theirs.args, *theirs.kwargs.values()), (*ours.args, *ours.kwargs.values()), match)

    def _match_args(self, theirs: Any, ours: Any, match: InternalMatch) -> bool:
        if len(theirs) != len(ours):
            return False
        for a, b in zip(theirs, ours):
            if isinstance(a, Node) and isinstance(b, Node):
                same = self._match_nodes(a, b, match)
            elif isinstance(a, (list, tuple)) and isinstance(b, (list, tuple)):
                same = self._match_args(a, b, match)
            else:
                same = self._match_constants(a, b, match) or self.ignore_literals
            if not same:
                return False
        return True

    def _match_constants(self, theirs: Any, ours: Any, match: InternalMatch) -> bool:
        if not isinstance(theirs, Node):
            return not isinstance(ours, Node) and type(theirs) is type(ours) and bool(theirs == ours)
        if theirs.op != "placeholder":
            return False
        if theirs in match.nodes_map:
            return bool(match.nodes_map[theirs] == ours)
        match.nodes_map[theirs] = ours
        return True

    def _is_contained(self, match: InternalMatch) -> bool:
        """Whether nothing else uses what the pattern does not return."""
        inner = set(_inner(match))
        returned = set(match.returning_nodes)
        return all(user in inner for node in inner - returned for user in node.users)


def _inner(match: InternalMatch) -> list[Node]:
    """The nodes that the pattern computes."""
    return [ours for theirs, ours in match.nodes_map.items() if theirs.op not in ("placeholder", "output")]


def _would_be_a_cycle(nodes: list[Node]) -> bool:
    """Whether a node that uses one of these is used by another: they cannot become one step."""
    inside = set(nodes)
    waiting = [user for node in nodes for user in node.users if user not in inside]
    seen: set[Node] = set()
    while waiting:
        node = waiting.pop()
        if node in seen:
            continue
        seen.add(node)
        for user in node.users:
            if user in inside:
                return True
            waiting.append(user)
    return False
