"""Folding: a Linear and the activation behind it, where one is certain to be called on what the other returns.

:func:`in_turn` is ``activation(linear(input))``.  It leaves both to one kernel where that pays and nobody could tell: the
product is large, and there are no hooks but those that only look, and no subclasses (:mod:`adjoint.ops.linear_activation`).
"""

from __future__ import annotations

from types import FunctionType
from typing import Any

from adjoint.declare.namespaces import OPERATORS, lookup
from adjoint.kernels.late import LARGE
from adjoint.nn import functional as F
from adjoint.nn.modules import activation as a
from adjoint.nn.modules.linear import Linear
from adjoint.nn.modules.module import Module
from adjoint.nn.modules.module_hooks import GLOBAL
from adjoint.ops.linear_activation import linear_activation
from adjoint.tensor import Tensor

# What a module, or a function, calls: the operator, and those of its values that are attributes of the module.
_CALLS: dict[Any, tuple[str, ...]] = {
    a.CELU: ("celu", "alpha"),
    a.ELU: ("elu", "alpha"),
    a.GELU: ("gelu", "approximate"),
    a.Hardshrink: ("hardshrink", "lambd"),
    a.Hardsigmoid: ("hardsigmoid",),
    a.Hardswish: ("hardswish",),
    a.Hardtanh: ("hardtanh", "min_val", "max_val"),
    a.LeakyReLU: ("leaky_relu", "negative_slope"),
    a.LogSigmoid: ("logsigmoid",),
    a.Mish: ("mish",),
    a.ReLU: ("relu",),
    a.ReLU6: ("hardtanh", "min_val", "max_val"),
    a.SiLU: ("silu",),
    a.Sigmoid: ("sigmoid",),
    a.Softplus: ("softplus", "beta", "threshold"),
    a.Softshrink: ("softshrink", "lambd"),
    a.Tanh: ("tanh",),
    F.relu: ("relu",),
    F.gelu: ("gelu",),
}
_OTHER_IN_PLACE = {"celu", "elu", "leaky_relu"}  # their node is another one, which asks for the result
# What calling such a module comes to, unless a program puts something of its own there.
_CALL = Module.__call__
_FORWARDS = {kind: kind.forward for kind in [Linear, *_CALLS] if isinstance(kind, type) and issubclass(kind, Module)}


def is_foldable(module: Any, input: Any) -> bool:
    """Whether a module is a Linear that may be computed together with what follows it."""
    return module.__class__ is Linear and input.__class__ is Tensor and input._array.size >= LARGE and _is_plain(module)


def in_turn(linear: Linear, activation: Any, input: Tensor) -> Any:
    """``activation(linear(input))`` for a Linear that :func:`is_foldable`."""
    is_module = isinstance(activation, Module)
    calls = None
    if is_module:
        if activation.__class__ in _CALLS and _is_plain(activation):
            calls = _CALLS[activation.__class__]
    elif isinstance(activation, FunctionType):  # what else can be called need not be hashable
        calls = _CALLS.get(activation)
    if calls is not None:
        name, *attributes = calls
        values = {attribute: getattr(activation, attribute) for attribute in attributes}
        inplace = is_module and getattr(activation, "inplace", False)
        if _is_own("linear") and _is_own(name) and not (inplace and name in _OTHER_IN_PLACE):
            found = linear_activation(input, linear.weight, linear.bias, OPERATORS[name], values, inplace)
            if found is not None:
                if GLOBAL:
                    _show(linear, input, activation if is_module else None, found)
                return found
    return activation(linear(input))


def _is_plain(module: Any) -> bool:
    """Whether calling a module is calling its class's forward, the one written here."""
    own, kind = module.__dict__, module.__class__
    hooks = own["_forward_hooks"] or own["_forward_pre_hooks"] or own["_backward_hooks"] or own["_backward_pre_hooks"]
    hooks = hooks or (GLOBAL and not all(_observes(entry) for entry in GLOBAL.values()))
    return not (hooks or "forward" in own) and kind.forward is _FORWARDS[kind] and kind.__call__ is _CALL


def _observes(entry: tuple[str, Any, bool]) -> bool:
    """Whether a hook on all modules only looks.  It says so by its ``observes(linear, input)``, which is called in its place
    for a Linear whose result is never made."""
    kind, hook, _ = entry
    return kind == "forward" and hasattr(hook, "observes")


def _show(linear: Linear, input: Tensor, activation: Any, result: Any) -> None:
    """Let hooks that only look see what was computed together."""
    for _, hook, _ in list(GLOBAL.values()):
        hook.observes(linear, input)
        if activation is not None:
            hook(activation, (), result)


def _is_own(name: str) -> bool:
    """Whether nobody has put another function in the place of ``nn.functional``'s."""
    written = lookup("nn.functional", name)
    return vars(F).get(name, written) is written
