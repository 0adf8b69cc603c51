"""``torch._C``: what programs and generated code name of PyTorch's inner module, found where users find it."""

from __future__ import annotations

import importlib
import sys
from types import ModuleType
from typing import Any

_ELSEWHERE = {
    "_FunctionBase": "adjoint.autograd.function._FunctionBase",
    "_WeakTensorRef": "adjoint.interop.weak_tensors.WeakTensorRef",
    "_current_autograd_node": "adjoint.autograd.task.current_autograd_node",
    "_current_graph_task_execution_order": "adjoint.autograd.task.current_graph_task_execution_order",
    "_current_graph_task_id": "adjoint.autograd.task.current_graph_task_id",
    "_will_engine_execute_node": "adjoint.autograd.task.will_engine_execute_node",
    "DisableTorchFunction": "adjoint.autograd.overriding.DisableTorchFunction",
    "DisableTorchFunctionSubclass": "adjoint.autograd.overriding.DisableTorchFunctionSubclass",
    "CompilationUnit": "adjoint.jit._script.CompilationUnit",
    "ScriptFunction": "adjoint.jit._script.ScriptFunction",
    "ScriptMethod": "adjoint.jit._script.ScriptMethod",
    "ScriptModule": "adjoint.jit._script.ScriptModule",
    "_disabled_torch_function_impl": "adjoint.autograd.overriding.disabled",
    "_nn._parse_to": "adjoint.nn.modules.module._parse_to",
    "_get_tracing_state": "adjoint.jit._trace._get_tracing_state",
    "_has_torch_function": "adjoint.overrides.has_torch_function",
    "_has_torch_function_unary": "adjoint.overrides.has_torch_function_unary",
    "_has_torch_function_variadic": "adjoint.overrides.has_torch_function_variadic",
    "_is_torch_function_mode_enabled": "adjoint.overrides._is_torch_function_mode_enabled",
    "_len_torch_function_stack": "adjoint.overrides._len_torch_function_stack",
    "_is_fwd_grad_enabled": "adjoint.autograd.forward_ad._is_fwd_grad_enabled",
    "_set_fwd_grad_enabled": "adjoint.autograd.forward_ad._set_fwd_grad_enabled",
    "_set_grad_enabled": "adjoint.autograd.grad_mode.set_grad_enabled",
    "_to_dlpack": "adjoint.interop.dlpack.to_dlpack",
    "_from_dlpack": "adjoint.interop.dlpack.from_dlpack",
    "_get_deterministic_algorithms": "adjoint.settings.are_deterministic_algorithms_enabled",
}
_PARTS = ("_fft", "_linalg", "_nn", "_special")


def _log_api_usage_once(event: str) -> None:
    """Count the use of something for PyTorch's makers: nothing is counted here."""


class _Part(ModuleType):
    """A module of operators, such as ``torch._C._nn``."""

    def __getattr__(self, name: str) -> Any:
        full = f"{self.__name__.rpartition('.')[2]}.{name}"
        return _elsewhere(full) if full in _ELSEWHERE else _found(self.__name__, name)


def _elsewhere(name: str) -> Any:
    place, _, own = _ELSEWHERE[name].rpartition(".")
    return getattr(importlib.import_module(place), own)


def _found(module: str, name: str) -> Any:
    if name[:2] == "__":
        raise AttributeError(f"module {module!r} has no attribute {name!r}")
    from adjoint.serialization.names import find  # not before something is asked for: programs begin with this module

    try:
        return find("torch" + module.removeprefix("adjoint").removeprefix("torch"), name)
    except ModuleNotFoundError:
        raise AttributeError(f"module {module!r} has no attribute {name!r}") from None


def __getattr__(name: str) -> Any:
    if name in _ELSEWHERE:
        return _elsewhere(name)
    if name in ("_autograd", "_functions"):
        return importlib.import_module(f"adjoint._C.{name}")
    if name.startswith(("_jit_", "_get_graph_", "_set_graph_")):
        return getattr(importlib.import_module("adjoint._C.switches"), name)
    answer = getattr(importlib.import_module("adjoint._C.answers"), name, _NOTHING) if name[:2] != "__" else _NOTHING
    return _found(__name__, name) if answer is _NOTHING else answer


_NOTHING = object()

for _name in _PARTS:
    sys.modules[f"{__name__}.{_name}"] = globals()[_name] = _Part(f"{__name__}.{_name}")
