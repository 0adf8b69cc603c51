"""Tracing for TorchScript: what is traced runs once, to see that it does, and stays what it is."""

from __future__ import annotations

import functools
import warnings
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, NoReturn, TypeVar

from adjoint.autograd.grad_mode import no_grad
from adjoint.jit._deprecation import SWITCH, deprecated
from adjoint.jit._script import ScriptModule, _refuse
from adjoint.nn import Module
from adjoint.random import fork_rng
from adjoint.tensor import Tensor

T = TypeVar("T", bound=Callable[..., Any])


class TracerWarning(Warning):
    """What tracing warns of in PyTorch: Python values made of tensors, which a trace takes for constants."""

    @staticmethod
    def ignore_lib_warnings() -> None:
        """Have no such warnings shown of PyTorch's own functions."""
        warnings.filterwarnings("ignore", category=TracerWarning, module=r"torch\.(?!jit)")


class TracingCheckError(Exception):
    """What PyTorch raises where a trace computes something else than the function."""

    def __init__(
        self, graph_diff_error: str | None, tensor_compare_error: str | None, extra_msg: str | None = None
    ) -> None:
        parts = ["Tracing failed sanity checks!", extra_msg]
        parts += (
            ["ERROR: Graphs differed across invocations!", graph_diff_error] if graph_diff_error is not None else []
        )
        if tensor_compare_error is not None:
            parts += [
                "ERROR: Tensor-valued Constant nodes differed in value across invocations. "
                "This often indicates that the tracer has encountered untraceable code.",
                tensor_compare_error,
            ]
        super().__init__("\n".join(part for part in parts if part))


class TracedModule(ScriptModule):
    """What PyTorch's :func:`trace` makes of a module; here it makes none."""


class TopLevelTracedModule(TracedModule):
    """The outermost of them."""


class ONNXTracedModule(Module):
    """What exporting to ONNX makes of a module; here it makes none."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        _refuse("torch.jit.ONNXTracedModule")


def trace(
    func: T,
    example_inputs: Any = None,
    optimize: bool | None = None,
    check_trace: bool = True,
    check_inputs: Any = None,
    check_tolerance: float = 1e-5,
    strict: bool = True,
    _force_outplace: bool = False,
    _module_class: Any = None,
    _compilation_unit: Any = None,
    example_kwarg_inputs: dict[str, Any] | None = None,
    _store_inputs: bool = True,
) -> T:
    """``func`` itself, a function or module, after it has run with ``example_inputs``: what fails fails here.

    Of that run nothing is left: the state of the random generator and the module's buffers are what they were.  Branches and
    loops are taken anew in every call, as Python takes them, where PyTorch's trace would keep those of this run.

    >>> import adjoint as torch
    >>> double = torch.jit.trace(lambda x: x * 2, torch.ones(1))
    >>> double(torch.ones(3))
    tensor([2., 2., 2.])
    """
    deprecated("trace", SWITCH, dropped=True)
    if example_inputs is not None or example_kwarg_inputs is not None:
        _try(func, func, example_inputs, example_kwarg_inputs)
    return func


def trace_module(
    mod: T,
    inputs: dict[str, Any],
    optimize: bool | None = None,
    check_trace: bool = True,
    check_inputs: Any = None,
    check_tolerance: float = 1e-5,
    strict: bool = True,
    _force_outplace: bool = False,
    _module_class: Any = None,
    _compilation_unit: Any = None,
    example_inputs_is_kwarg: bool = False,
    _store_inputs: bool = True,
) -> T:
    """``mod`` itself, after each of its methods in ``inputs`` has run with the inputs given there, as :func:`trace` does.

    Raises AttributeError if ``inputs`` is no dictionary.
    """
    deprecated("trace_method", SWITCH, dropped=True)
    if not isinstance(inputs, dict):
        raise AttributeError("expected a dictionary of (method_name, input) pairs")
    for name, given in inputs.items():
        method = mod if name == "forward" else getattr(mod, name)
        _try(mod, method, *((None, given) if example_inputs_is_kwarg else (given, None)))
    return mod


def _try(owner: Any, function: Callable[..., Any], inputs: Any, keywords: dict[str, Any] | None) -> None:
    """Call the function, of a module perhaps, and put back what it has changed of the module's buffers."""
    args = () if inputs is None else (inputs,) if isinstance(inputs, (Tensor, dict)) else tuple(inputs)
    owner = getattr(owner, "__self__", owner)
    buffers = list(owner.buffers()) if isinstance(owner, Module) else []
    kept = [buffer.clone() for buffer in buffers]
    with no_grad():
        try:
            with fork_rng():
                function(*args, **(keywords or {}))
        finally:
            for buffer, value in zip(buffers, kept):
                buffer.copy_(value)


tracing: list[Any] = []
"""What records models while they run, as :func:`torch.onnx.export` does."""


def is_tracing() -> bool:
    """Whether a model is being recorded: only while it is exported to ONNX."""
    return bool(tracing)


def _get_tracing_state() -> None:
    """None: nothing is being recorded."""


def _script_if_tracing(fn: T) -> T:
    """``fn`` in a function that calls it."""

    @functools.wraps(fn)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        return fn(*args, **kwargs)

    wrapper.__original_fn = fn  # type: ignore[attr-defined]
    wrapper.__script_if_tracing_wrapper = True  # type: ignore[attr-defined]
    return wrapper  # type: ignore[return-value]


def _unique_state_dict(module: Module, keep_vars: bool = False) -> OrderedDict[str, Tensor]:
    """The state of a module, of tensors that have several names the first alone."""
    found: OrderedDict[str, Tensor] = OrderedDict()
    seen = set()
    for name, value in module.state_dict(keep_vars=True).items():
        if id(value) not in seen:
            seen.add(id(value))
            found[name] = value if keep_vars else value.detach()
    return found


def _get_trace_graph(*args: Any, **kwargs: Any) -> NoReturn:
    """Refused: there is no TorchScript graph.  ``torch.fx.symbolic_trace`` gives one of the module's calls."""
    _refuse("torch.jit._get_trace_graph")
