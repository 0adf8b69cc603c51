"""Rows' functions under names of modules, which are built when they are first called and not when the module is imported."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from adjoint.declare.operator import Operator


def built_late(row: Operator, space: dict[str, Any], name: str) -> Callable[..., Any]:
    """What a module has under ``name`` until it is called: it puts the row's function there, so that later calls pay nothing."""

    def first(*args: Any, **kwargs: Any) -> Any:
        found = space[name] = row.function
        return found(*args, **kwargs)

    return first
