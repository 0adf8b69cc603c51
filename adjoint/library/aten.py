"""``torch.ops.aten``: the operators under the names that PyTorch has below its functions."""

from __future__ import annotations

import re
from typing import Any

from adjoint.declare.namespaces import lookup
from adjoint.library.operators import OpOverload, OpOverloadPacket
from adjoint.library.schema import FunctionSchema
from adjoint.tensor import Tensor

# Names of overloads: of dtypes and forms of arguments.  A name that is none of these is refused.
_OVERLOAD = re.compile(
    r"default|out|(?:self_)?(?:Tensor|Scalar|int|float|bool|complex|dim|dims|dimname|names|mode|vec|correction|self|other|value|size"
    r"|indices|sections|array|start|step|end|p|ord|str|dtype|layout|device|list|p_?dtype|ScalarOpt|optional|memory_format|generator"
    r"|max|min|all|unary|Dimname|IntList|DimnameList|using_ints|using_symints|prime|reduce)(?:_\w+)?"
)


def packet(name: str) -> Any:
    """The operators of a name, computed by the function or method of that name; None where there is none."""
    function = lookup("torch", name) or (vars(Tensor).get(name) and getattr(Tensor, name)) or lookup("nn.functional", name)
    if not callable(function) or isinstance(function, type):
        return None
    return _Known(name, function)


class _Known(OpOverloadPacket):
    """What ``torch.ops.aten`` has under a name."""

    def __init__(self, name: str, function: Any) -> None:
        super().__init__("aten", name)
        self._function = function

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._function(*args, **kwargs)

    def __getattr__(self, name: str) -> Any:
        overloads = self.__dict__.get("_overloads", {})
        if name not in overloads:
            if not _OVERLOAD.fullmatch(name):
                raise AttributeError(f"The underlying op of '{self}' has no overload name '{name}'")
            overloads[name] = _Overload(self, name)
        return overloads[name]

    def overloads(self) -> list[str]:
        """Refused: which overloads PyTorch has of a function, Adjoint does not know."""
        raise NotImplementedError(f"overloads: Adjoint has one function for all overloads of {self}")


class _Overload(OpOverload):
    """One of them: the same function."""

    def __init__(self, packet: _Known, name: str) -> None:
        super().__init__("aten", packet.__name__, FunctionSchema(f"aten::{packet.__name__}", name, (), ()))
        self._packet = packet

    @property
    def overloadpacket(self) -> OpOverloadPacket:
        return self._packet

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._packet._function(*args, **kwargs)
