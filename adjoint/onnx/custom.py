"""Operators of the user's: functions that say how they are written in ONNX.

``register_custom_op_symbolic("ns::op", function, opset)`` has ``function(g, *args)`` called for calls of ``torch.ops.ns.op``, or
for a function of ``torch`` where the namespace is ``aten``; a ``torch.autograd.Function`` with a static ``symbolic(g, *args)`` says
so itself.  There ``g.op("Kind", ...)`` makes a node; a domain goes before it, as ``"my_domain::Kind"``, and attributes' names end
in ``_i``, ``_f``, ``_s`` or ``_t``, as PyTorch's do.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from adjoint.onnx.graph import Graph, Value
from adjoint.tensor import Tensor

REGISTERED: dict[str, dict[int, Callable[..., Any]]] = {}


def register(symbolic_name: str, symbolic_fn: Callable[..., Any], opset_version: int) -> None:
    """Keep a function for an operator, from this opset on.  Raises ValueError for a name that is not ``namespace::name``."""
    if not re.fullmatch(r"[a-zA-Z0-9_]+::[a-zA-Z0-9_]+(\.[a-zA-Z0-9_]+)?", symbolic_name):
        raise ValueError(
            f"Failed to register operator {symbolic_name}. The symbolic name must match the format domain::name"
        )
    REGISTERED.setdefault(symbolic_name, {})[opset_version] = symbolic_fn


def unregister(symbolic_name: str, opset_version: int) -> None:
    """Forget it."""
    REGISTERED.get(symbolic_name, {}).pop(opset_version, None)


def registered(name: str, opset: int) -> Callable[..., Any] | None:
    """The function for an operator: of the latest opset that is not after this one, else of the earliest."""
    found = dict(REGISTERED.get(name, {}).items())
    if not found:
        return None
    fitting = [version for version in found if version <= opset]
    return found[max(fitting) if fitting else min(found)]


def translator(key: str, opset: int) -> Callable[..., Any] | None:
    """The user's translator of a function of ``torch``; None if there is none."""
    if not REGISTERED:
        return None
    function = registered(key if "::" in key else f"aten::{key}", opset)
    return None if function is None else _called(function)


def translation(key: Any, translations: Mapping[Any, Callable[..., Any]], opset: int) -> Callable[..., Any] | None:
    """The user's translator of an operator or Function of theirs."""
    kind, what = key
    if kind == "symbolic":
        return _called(what.symbolic)
    for target, function in translations.items():
        if target is what or getattr(target, "overloadpacket", target) is getattr(what, "overloadpacket", what):
            return _called(function)
    function = registered(_name_of(what), opset)  # type: ignore[assignment]
    return None if function is None else _called(function)


def _name_of(operator: Any) -> str:
    name = getattr(operator, "_name", None) or getattr(operator, "name", None)
    text = name() if callable(name) else str(name or operator)
    return text.partition(".")[0] if "::" in text else text


def _called(function: Callable[..., Any]) -> Callable[..., Any]:
    def translate(g: Graph, *args: Any, **kwargs: Any) -> Any:
        return function(Symbolic(g), *args, **kwargs)

    return translate


class Symbolic:
    """The graph as PyTorch's symbolic functions know it."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.opset = graph.opset

    def op(self, opname: str, *raw_args: Any, outputs: int = 1, **kwargs: Any) -> Any:
        """Add a node.  Arguments that are numbers or tensors become constants; attributes' names end with their kind."""
        domain, _, kind = opname.rpartition("::")
        domain = "" if domain == "onnx" else domain
        if domain and domain not in self.graph.domains:
            self.graph.domains[domain] = 1
        attributes = {}
        for name, value in kwargs.items():
            plain, _, ending = name.rpartition("_")
            if plain and ending in ("i", "f", "s", "t"):
                attributes[plain] = _attribute(value, ending)
            else:
                attributes[name] = value
        if kind == "Constant" and not domain and "value" in attributes:
            return self.graph.const(_array(kwargs.get("value_t", kwargs.get("value"))))
        made = self.graph.op(kind, *[self._input(a) for a in raw_args], outputs=outputs, domain=domain, **attributes)
        if domain:
            first = made if outputs == 1 else made[0]
            first.dtype = self.graph.out[0].dtype if self.graph.out else first.dtype
        return made

    def _input(self, value: Any) -> Any:
        if value is None or isinstance(value, Value):
            return value
        return self.graph.const(_array(value))


def _array(value: Any) -> np.ndarray:
    if isinstance(value, Tensor):
        return value._array  # type: ignore[no-any-return]
    if isinstance(value, float):
        return np.asarray(value, np.float32)
    return np.asarray(value)


def _attribute(value: Any, ending: str) -> Any:
    if ending == "t":
        from onnx import numpy_helper

        return numpy_helper.from_array(np.ascontiguousarray(_array(value)))
    convert: Any = {"i": int, "f": float, "s": str}[ending]
    return [convert(v) for v in value] if isinstance(value, (list, tuple)) else convert(value)
