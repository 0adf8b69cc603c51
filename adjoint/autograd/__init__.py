"""Automatic differentiation: the graph, the engine that runs it backward, and what users may ask of both."""

import sys as _sys
import typing as _typing
from types import ModuleType as _Module

from adjoint.autograd.backward import backward_of as backward
from adjoint.autograd.backward import grad
from adjoint.autograd.explaining import explain as _explain  # registers itself with tensors and nodes
from adjoint.autograd.grad_mode import (
    enable_grad,
    inference_mode,
    is_multithreading_enabled,
    no_grad,
    set_grad_enabled,
    set_multithreading_enabled,
)
from adjoint.autograd.gradient_dtype import grad_dtype_of as _grad_dtype_of  # registers itself with tensors
from adjoint.autograd.hooks import NodeHooks as _NodeHooks  # registers the hooks of tensors and nodes
from adjoint.names import list_names as _list_names
from adjoint.names import named as _named

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

if _typing.TYPE_CHECKING:
    from adjoint.autograd import anomaly_mode as anomaly_mode
    from adjoint.autograd import forward_ad as forward_ad
    from adjoint.autograd import functional as functional
    from adjoint.autograd import graph as graph
    from adjoint.autograd import profiler as profiler
    from adjoint.autograd.anomaly_mode import detect_anomaly as detect_anomaly
    from adjoint.autograd.anomaly_mode import set_detect_anomaly as set_detect_anomaly
    from adjoint.autograd.function import Function as Function
    from adjoint.autograd.grad_mode import is_view_replay_enabled as is_view_replay_enabled
    from adjoint.autograd.gradcheck import gradcheck as gradcheck
    from adjoint.autograd.gradcheck import gradgradcheck as gradgradcheck
    from adjoint.autograd.profiler import kineto_available as kineto_available
    from adjoint.autograd.profiler_util import DeviceType as DeviceType
    from adjoint.autograd.saved_hooks import SavedTensor as SavedTensor
    from adjoint.autograd.variable import Variable as Variable

# What is imported when it is first named: name -> the module that has it.
_LAZY = {
    "Function": "function",
    "SavedTensor": "saved_hooks",
    "DeviceType": "profiler_util",
    "_force_original_view_tracking": "grad_mode",
    "_profiler_enabled": "profiler",
    "kineto_available": "profiler",
    "_unsafe_preserve_version_counter": "versions",
    "is_view_replay_enabled": "grad_mode",
    "Variable": "variable",
    "detect_anomaly": "anomaly_mode",
    "gradcheck": "gradcheck",
    "gradgradcheck": "gradcheck",
    "set_detect_anomaly": "anomaly_mode",
}
_MODULES = frozenset(
    {
        "_functions",
        "anomaly_mode",
        "forward_ad",
        "function",
        "functional",
        "grad_mode",
        "graph",
        "profiler",
        "profiler_util",
        "variable",
    }
)

_named(__name__, modules=_MODULES, elsewhere=_LAZY, unlisted={"_functions"})
_list_names(__name__)


class _Package(_Module):
    """``gradcheck`` is a function, also after the module of that name was imported."""

    def __setattr__(self, name: str, value: object) -> None:
        if name == "gradcheck" and isinstance(value, _Module):
            value = value.gradcheck
        super().__setattr__(name, value)


_sys.modules[__name__].__class__ = _Package
