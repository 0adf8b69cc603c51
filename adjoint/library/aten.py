"""``torch.ops.aten``: the operators under the names that PyTorch has below its functions.

``aten.txt`` lists them: a name, and its overloads where there are others than ``default``.  Those that are a function or method
here too compute with it; of the others there is the name, for tables that have operators as their keys.
"""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

from adjoint.declare.namespaces import lookup
from adjoint.library.operators import OpOverload, OpOverloadPacket
from adjoint.library.schema import FunctionSchema
from adjoint.tensor import Tensor


@functools.lru_cache(maxsize=None)
def _names() -> dict[str, list[str]]:
    lines = (Path(__file__).parent / "aten.txt").read_text(encoding="ascii").splitlines()
    return {name: overloads or ["default"] for name, *overloads in map(str.split, lines)}


def packet(name: str) -> Any:
    """The operators of a name; None where PyTorch has none."""
    overloads = _names().get(name)
    if overloads is None:
        return None
    function = lookup("torch", name) or (vars(Tensor).get(name) and getattr(Tensor, name)) or lookup("nn.functional", name)
    if not callable(function) or isinstance(function, type):
        function = functools.partial(_refuse, name)
    made = OpOverloadPacket("aten", name)
    for overload in overloads:
        made._overloads[overload] = _Known(made, overload, function)
    return made


def _refuse(name: str, *args: Any, **kwargs: Any) -> Any:
    raise NotImplementedError(f"torch.ops.aten.{name} is a name here: no function of Adjoint's computes just that")


class _Known(OpOverload):
    """An overload: the one function that Adjoint has for all of a name."""

    def __init__(self, packet: OpOverloadPacket, overload: str, function: Any) -> None:
        name = packet.__name__
        super().__init__("aten", name, FunctionSchema(f"aten::{name}", "" if overload == "default" else overload, (), ()))
        self._packet = packet
        self._function = function

    @property
    def overloadpacket(self) -> OpOverloadPacket:
        return self._packet

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._function(*args, **kwargs)
