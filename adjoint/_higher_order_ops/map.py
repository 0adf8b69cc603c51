"""``map``: a function of all slices along the first dimension."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from adjoint._higher_order_ops.scan import stacked
from adjoint.names import list_names as _list_names
from adjoint.pytree import tree_flatten, tree_unflatten


def map(f: Callable[..., Any], xs: Any, *args: Any) -> Any:
    """``f(x, *args)`` of all ``x`` along the first dimension of ``xs``, stacked."""
    leaves, spec = tree_flatten(xs)
    found = [f(tree_unflatten([leaf[i] for leaf in leaves], spec), *args) for i in range(leaves[0].shape[0])]
    return stacked(found)


_list_names(__name__)
