"""Automatic differentiation: the graph, the engine that runs it backward, and what users may ask of both."""

from __future__ import annotations

import importlib
import sys
from types import ModuleType
from typing import Any

from adjoint.autograd.backward import backward_of as backward
from adjoint.autograd.backward import grad
from adjoint.autograd.grad_mode import (
    enable_grad,
    inference_mode,
    is_multithreading_enabled,
    no_grad,
    set_grad_enabled,
    set_multithreading_enabled,
)
from adjoint.autograd.hooks import NodeHooks as _NodeHooks  # registers the hooks of tensors and nodes

__all__ = [
    "backward",
    "enable_grad",
    "grad",
    "inference_mode",
    "is_multithreading_enabled",
    "no_grad",
    "set_grad_enabled",
    "set_multithreading_enabled",
]

# What is imported when it is first named: name -> the module that has it.
_LAZY = {
    "Function": "function",
    "Variable": "variable",
    "detect_anomaly": "anomaly_mode",
    "gradcheck": "gradcheck",
    "gradgradcheck": "gradcheck",
    "set_detect_anomaly": "anomaly_mode",
}
_MODULES = frozenset(
    {"anomaly_mode", "forward_ad", "function", "functional", "grad_mode", "graph", "profiler", "variable"}
)


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return importlib.import_module(f"adjoint.autograd.{name}")
    if name not in _LAZY:
        raise AttributeError(
            f"module 'torch.autograd' has no attribute {name!r}: Adjoint does not have torch.autograd.{name}"
        )
    found = getattr(importlib.import_module(f"adjoint.autograd.{_LAZY[name]}"), name)
    globals()[name] = found
    return found


class _Package(ModuleType):
    """``gradcheck`` is a function, also after the module of that name was imported."""

    def __setattr__(self, name: str, value: Any) -> None:
        if name == "gradcheck" and isinstance(value, ModuleType):
            value = value.gradcheck
        super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package
