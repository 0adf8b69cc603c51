"""``torch.jit``: TorchScript's names, in a library that runs Python and compiles no TorchScript.

Everything behaves as PyTorch's own does with ``PYTORCH_JIT=0``: :func:`script` and :func:`trace` hand back what they are given,
decorators mark functions, and questions are answered with False.  What needs a compiled program (:func:`save`, :func:`load`)
says so.
"""

from typing import Any, Final, NoReturn, TypeVar

from adjoint._jit_internal import (
    _drop,
    _IgnoreContextManager,
    _isinstance,
    _overload,
    _overload_method,
    export,
    ignore,
    is_scripting,
    unused,
)
from adjoint.futures import Future
from adjoint.jit import annotations
from adjoint.jit._async import _fork, _wait, fork, wait
from adjoint.jit._freeze import freeze, optimize_for_inference, run_frozen_optimizations
from adjoint.jit._fuser import (
    enable_onednn_fusion,
    fuser,
    onednn_fusion_enabled,
    optimized_execution,
    set_fusion_strategy,
    strict_fusion,
)
from adjoint.jit._script import (
    Attribute,
    CompilationUnit,
    RecursiveScriptClass,
    RecursiveScriptModule,
    ScriptFunction,
    ScriptModule,
    ScriptWarning,
    _unwrap_optional,
    interface,
    script,
    script_method,
)
from adjoint.jit._serialization import jit_module_from_flatbuffer, load, save, save_jit_module_to_flatbuffer
from adjoint.jit._trace import (
    ONNXTracedModule,
    TopLevelTracedModule,
    TracedModule,
    TracerWarning,
    TracingCheckError,
    _get_trace_graph,
    _script_if_tracing,
    _unique_state_dict,
    is_tracing,
    trace,
    trace_module,
)
from adjoint.names import list_names as _list_names

__all__ = [
    "Attribute",
    "CompilationUnit",
    "Error",
    "Future",
    "ScriptFunction",
    "ScriptModule",
    "annotate",
    "enable_onednn_fusion",
    "export",
    "export_opnames",
    "fork",
    "freeze",
    "ignore",
    "interface",
    "isinstance",
    "load",
    "onednn_fusion_enabled",
    "optimize_for_inference",
    "save",
    "script",
    "script_if_tracing",
    "set_fusion_strategy",
    "strict_fusion",
    "trace",
    "trace_module",
    "unused",
    "wait",
]

T = TypeVar("T")


class Error(RuntimeError):
    """What scripted code raises in PyTorch; Python code raises its own exceptions."""


def annotate(the_type: Any, the_value: T) -> T:
    """``the_value``; the type is for TorchScript.

    >>> import adjoint as torch
    >>> torch.jit.annotate(dict[str, int], {})
    {}
    """
    return the_value


def isinstance(obj: Any, target_type: Any) -> bool:
    """Whether ``obj`` is of a type, which may say what containers hold, or of one of a tuple of types.

    Warns where a container is empty, whose type cannot be told.  Raises RuntimeError for containers without a type.

    >>> import adjoint as torch
    >>> torch.jit.isinstance([1, 2], list[int]), torch.jit.isinstance([1, 2.0], list[int])
    (True, False)
    """
    return _isinstance(obj, target_type)


def script_if_tracing(fn: Any) -> Any:
    """``fn`` in a function that calls it; nothing is ever being traced."""
    return _script_if_tracing(fn)


def export_opnames(m: Any) -> NoReturn:
    """The operators of a scripted module: refused, for there are no scripted modules."""
    raise RuntimeError(
        "torch.jit.export_opnames needs a module that was compiled to TorchScript, which Adjoint does not do"
    )


_list_names(__name__)
