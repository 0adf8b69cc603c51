"""``scan``: a loop along a dimension that carries something on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from adjoint.declare.namespaces import lookup
from adjoint.names import list_names as _list_names
from adjoint.pytree import tree_flatten, tree_map, tree_unflatten


def scan(combine_fn: Callable[..., Any], init: Any, xs: Any, *, dim: int = 0, reverse: bool = False) -> Any:
    """What ``combine_fn(carry, x) -> (carry, y)`` carries at the end, begun with ``init``, and its ``y`` of all ``x`` along a
    dimension of ``xs``, stacked; from the last on if ``reverse``."""
    leaves, spec = tree_flatten(xs)
    count = leaves[0].shape[dim]
    carry, found = init, []
    for i in reversed(range(count)) if reverse else range(count):
        carry, y = combine_fn(carry, tree_unflatten([leaf.select(dim, i) for leaf in leaves], spec))
        found.append(y)
    return carry, stacked(found[::-1] if reverse else found)


def stacked(trees: list[Any]) -> Any:
    """Trees of tensors as one, in which each tensor is those of all, stacked."""
    return tree_map(lambda *leaves: lookup("torch", "stack")(leaves), *trees)


_list_names(__name__)
