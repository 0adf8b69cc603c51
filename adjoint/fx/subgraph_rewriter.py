"""Rewriting: every part of a graph that looks like a pattern is replaced by another one."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from adjoint.fx._symbolic_trace import symbolic_trace
from adjoint.fx.graph import Graph
from adjoint.fx.graph_module import GraphModule
from adjoint.fx.node import Node
from adjoint.fx.passes.utils.matcher_utils import InternalMatch, SubgraphMatcher
from adjoint.nn import Module

__all__ = ["Match", "ReplacedPatterns", "replace_pattern", "replace_pattern_with_filters"]


class Match(NamedTuple):
    """Where the pattern was found: its last node there, and which nodes were which of the pattern's."""

    anchor: Node
    nodes_map: dict[Node, Node]


@dataclass
class ReplacedPatterns:
    """Where the pattern was found, and the nodes that are there now."""

    anchor: Node
    nodes_map: dict[Node, Node]
    replacements: list[Node]


def replace_pattern(gm: GraphModule, pattern: Any, replacement: Any) -> list[Match]:
    """Put ``replacement`` wherever the graph of ``gm`` does what ``pattern`` does, both functions or GraphModules, and return
    where that was; places that overlap an earlier one stay.

    >>> import adjoint as torch
    >>> traced = torch.fx.symbolic_trace(lambda x, y: torch.neg(x) + y)
    >>> found = torch.fx.replace_pattern(traced, lambda a, b: torch.neg(a) + b, lambda a, b: b - a)
    >>> print(traced.code)
    def forward(self, x, y):
        sub = y - x;  y = x = None
        return sub
    """
    return [Match(anchor=m.anchor, nodes_map=m.nodes_map) for m in _replace(gm, pattern, replacement)]


def replace_pattern_with_filters(
    gm: GraphModule,
    pattern: Any,
    replacement: Any = None,
    match_filters: list[Callable[[InternalMatch, Graph, Graph], bool]] | None = None,
    ignore_literals: bool = False,
    replacement_callback: Callable[[InternalMatch, Graph, Graph], Graph] | None = None,
    node_name_match: str = "",
) -> list[ReplacedPatterns]:
    """As :func:`replace_pattern`, where all ``match_filters(match, graph, pattern_graph)`` agree.

    ``replacement_callback`` makes a replacement for each place; ``ignore_literals``: constants of the pattern stand for any.
    """
    return _replace(
        gm, pattern, replacement, match_filters or [], ignore_literals, replacement_callback, node_name_match
    )


def _replace(
    gm: GraphModule,
    pattern: Any,
    replacement: Any,
    filters: list[Any] | None = None,
    ignore_literals: bool = False,
    make: Any = None,
    node_name_match: str = "",
) -> list[ReplacedPatterns]:
    graph, looked_for = gm.graph, _graph_of(pattern)
    matcher = SubgraphMatcher(looked_for, remove_overlapping_matches=True, ignore_literals=ignore_literals)
    matches = [m for m in matcher.match(graph, node_name_match) if all(f(m, graph, looked_for) for f in filters or ())]
    if replacement is None and make is None:
        raise AssertionError("Must provide either a replacement GraphModule or a replacement callback")
    common: Any = _graph_of(replacement) if replacement is not None else None
    moved: dict[Node, Node] = {}  # nodes that were replaced, and what stands for them
    done = []
    for match in matches:
        new: Graph = make(match, graph, looked_for) if make is not None else common
        inputs = [node for node in new.nodes if node.op == "placeholder"]
        if len(match.placeholder_nodes) != len(inputs):
            raise AssertionError(f"Placeholder count mismatch: {len(match.placeholder_nodes)} vs {len(inputs)}")
        match.placeholder_nodes = [moved.get(n, n) if isinstance(n, Node) else n for n in match.placeholder_nodes]
        for theirs, ours in match.nodes_map.items():
            if theirs.op == "placeholder" and isinstance(ours, Node):
                match.nodes_map[theirs] = moved.get(ours, ours)
        value_of: dict[Node, Any] = dict(zip(inputs, match.placeholder_nodes))
        with graph.inserting_before(_place(graph, match)):
            returned = graph.graph_copy(new, value_of)
        returned = (returned,) if isinstance(returned, Node) else returned
        if len(match.returning_nodes) != len(returned):
            raise AssertionError(f"Returning nodes count mismatch: {len(match.returning_nodes)} vs {len(returned)}")
        made = [node for node in value_of.values() if node not in match.placeholder_nodes]
        for old, node in zip(match.returning_nodes, returned):
            old.replace_all_uses_with(node)
            moved[old] = node
        for node in reversed(looked_for.nodes):
            if node.op not in ("placeholder", "output"):
                graph.erase_node(match.nodes_map[node])
        done.append(ReplacedPatterns(match.anchors[0], match.nodes_map, made))
    gm.recompile()
    if isinstance(replacement, Module):
        _take_attributes(gm, replacement)
    return done


def _graph_of(pattern: Any) -> Graph:
    if isinstance(pattern, GraphModule):
        return pattern.graph
    return pattern if isinstance(pattern, Graph) else symbolic_trace(pattern).graph


def _place(graph: Graph, match: InternalMatch) -> Node:
    """Before which node the replacement goes: the first that uses what is replaced, or else the one after it."""
    users = {user for node in match.returning_nodes for user in node.users}
    following = None
    for node in graph.nodes if users else reversed(graph.nodes):
        if node in users:
            return node
        if not users and node in match.returning_nodes:
            break
        following = node
    if following is None:
        raise AssertionError("The insert point can't be None")
    return following


def _take_attributes(gm: GraphModule, replacement: Module) -> None:
    """Copy the parameters and modules that the graph names, and ``gm`` does not have, from the replacement."""
    gm.delete_all_unused_submodules()
    if isinstance(replacement, GraphModule):
        replacement.graph.lint()
    for node in gm.graph.nodes:
        if node.op not in ("call_module", "get_attr") or _found(gm, node.target) is not None:
            continue
        value = _found(replacement, node.target)
        if value is None:
            raise RuntimeError(
                f'Attempted to create a "{node.op}" node during subgraph rewriting with target {node.target}, but the referenced '
                "attribute does not exist in the replacement GraphModule"
            )
        if isinstance(value, Module):
            gm.add_submodule(node.target, copy.deepcopy(value))
        else:
            setattr(gm, node.target, copy.deepcopy(value))
    gm.graph.lint()


def _found(module: Module, target: str) -> Any:
    path, _, name = target.rpartition(".")
    try:
        return getattr(module.get_submodule(path), name, None)
    except AttributeError:
        return None
