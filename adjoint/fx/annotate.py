"""Types of values in a traced function."""

from __future__ import annotations

from typing import Any

from adjoint.fx.proxy import Proxy
from adjoint.names import list_names as _list_names

__all__ = ["annotate"]


def annotate(val: Any, type: Any) -> Any:
    """``val``; if it is a proxy, its node has the type from now on.  Raises RuntimeError if that has one."""
    if isinstance(val, Proxy):
        if val.node.type:
            raise RuntimeError(
                f"Tried to annotate a value that already had a type on it! Existing type is {val.node.type} and new type is "
                f"{type}. This could happen if you tried to annotate a function parameter value (in which case you should use "
                "the type slot on the function signature) or you called annotate on the same value twice"
            )
        val.node.type = type
    return val


_list_names(__name__)
