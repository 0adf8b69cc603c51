"""Ways: which graph leads to a leaf.  Nothing in a leaf points forward, so the caller's variables are asked."""

from __future__ import annotations

from typing import Any

from adjoint.autograd.accumulate import AccumulateGrad
from adjoint.autograd.node import Node, Output
from adjoint.tensor import NO_EDGE, Tensor

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


def targets(node: Node) -> list[Any]:
    """The nodes that a node's edges lead to."""
    return [e.node if e.__class__ is Output else e for e in node._edges if e is not NO_EDGE]  # type: ignore[attr-defined]
