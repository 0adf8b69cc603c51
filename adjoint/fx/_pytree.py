"""Arguments taken apart as their structure was when a function was traced."""

from __future__ import annotations

from typing import Any

from adjoint import pytree

__all__ = ["tree_flatten_spec"]


def tree_flatten_spec(tree: Any, spec: Any) -> list[Any]:
    """The leaves of ``tree``, whose structure is ``spec``; dictionaries in that order of keys.

    Raises RuntimeError where it has another structure.
    """
    if spec.is_leaf():
        return [tree]
    leaves, real = pytree.tree_flatten(tree)
    if len(leaves) != spec.num_leaves:
        raise RuntimeError(f"Real spec {real} of object {tree} is different from expected spec {spec}.")
    return leaves
