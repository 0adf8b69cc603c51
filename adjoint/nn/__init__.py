"""``torch.nn``: modules, parameters, functions on them, initial values."""

from typing import Any

from adjoint.nn import functional, init, modules, utils
from adjoint.nn.modules import *  # noqa: F403
from adjoint.nn.modules import __all__ as _modules
from adjoint.nn.parameter import Buffer, Parameter

__all__ = ["Buffer", "Parameter", "functional", "init", "modules", "utils", *_modules]


def __getattr__(name: str) -> Any:
    raise AttributeError(f"module 'adjoint.nn' has no attribute {name!r}: Adjoint does not have torch.nn.{name}")
