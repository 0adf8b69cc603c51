"""Nodes: what autograd's nodes say of themselves: what they saved, and where their edges lead."""

from __future__ import annotations

import functools
from typing import Any

from adjoint import dtypes
from adjoint.autograd.accumulate import AccumulateGrad
from adjoint.autograd.node import Node as GraphNode
from adjoint.autograd.node import Output as GraphOutput
from adjoint.autograd.saved import is_freed
from adjoint.autograd.saved_hooks import Packed
from adjoint.declare.namespaces import FUNCTIONS
from adjoint.declare.saved import saved_names
from adjoint.tensor import NO_EDGE, Tensor


@functools.lru_cache(maxsize=None)
def public_name(row: str) -> str:
    """What users call an operator, of whose several rows each has a name: ``pow`` for ``pow_number``."""
    row = row.removesuffix("_number").removeprefix("vector_").removeprefix("native_")
    if row[:1] != "_":
        return row
    words = row.strip("_").split("_")
    for name in FUNCTIONS["nn.functional"]:  # _scaled_dot_product_flash_attention_for_cpu: the words of one, and more
        given = iter(words)
        if name.count("_") > 1 and all(word in given for word in name.split("_")):
            return name
    return row.strip("_")


def saved_of(graph_node: GraphNode) -> list[tuple[str, Any]]:
    """What a node keeps, by name; nothing of what hooks have packed, or was freed."""
    kept = graph_node._kept
    if is_freed(kept) or not kept:
        return []
    operator = getattr(type(graph_node), "operator", None)
    names = saved_names(operator) if operator is not None else []
    found: list[tuple[str, Any]] = []
    for i, saved in enumerate(kept):
        name = names[i] if i < len(names) else f"saved[{i}]"
        several = isinstance(saved, (tuple, list))
        for j, one in enumerate(saved if several else (saved,)):
            if one is None or one.__class__ is Packed or not hasattr(one, "_array") or getattr(one, "_wrapped", False):
                continue  # what hooks have packed is theirs; a number is told by the formula
            found.append((f"{name}[{j}]" if several else name, one))
    return found


def edge_names(graph_node: GraphNode, operator: Any) -> list[str]:
    """The names of the inputs that a node's edges belong to."""
    count = len(graph_node._edges)
    names = list(operator.differentiable_inputs) if operator is not None else []
    if len(names) == 1 and count > 1:
        return [f"{names[0]}[{i}]" for i in range(count)]
    return [*names[:count], *(f"input {i}" for i in range(len(names), count))]


def dtype_name(array: Any) -> str:
    """The name of an array's dtype, ``"float32"``."""
    return str(dtypes.OF_ARRAY[array.dtype]).rpartition(".")[2]


def way_of(tensor: Tensor) -> Any:
    """Where a tensor's gradient goes, as a key: the same as :func:`way_along` of an edge that leads there."""
    edge = tensor._edge
    return id(tensor) if edge is None or edge is NO_EDGE else way_along(edge)


def way_along(edge: Any) -> Any:
    """Where a gradient goes along an edge, as a key."""
    if edge.__class__ is AccumulateGrad:
        return id(edge.variable)
    return (id(edge.node), edge.index) if edge.__class__ is GraphOutput else id(edge)


def targets_of(graph_node: GraphNode) -> list[Any]:
    return [e.node if e.__class__ is GraphOutput else e for e in graph_node._edges if e is not NO_EDGE]  # type: ignore[attr-defined]
