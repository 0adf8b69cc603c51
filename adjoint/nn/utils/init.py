"""Modules without their initial values."""

from __future__ import annotations

import inspect
from typing import Any

from adjoint.nn.modules.module import Module

__all__ = ["skip_init"]


def skip_init(module_cls: Any, *args: Any, **kwargs: Any) -> Any:
    """A module of a class whose parameters are uninitialised: made on the device meta, and given memory then.

    Raises RuntimeError for what is no class of modules, and for one that takes no ``device``."""
    if not issubclass(module_cls, Module):
        raise RuntimeError(f"Expected a Module; got {module_cls}")
    if "device" not in inspect.signature(module_cls).parameters:
        raise RuntimeError("Module must support a 'device' arg to skip initialization")
    device = kwargs.pop("device", "cpu")
    return module_cls(*args, **kwargs, device="meta").to_empty(device=device)
