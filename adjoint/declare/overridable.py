"""Overridable: which functions ``__torch_function__`` and modes are asked about, and by which name."""

from __future__ import annotations

from types import FunctionType
from typing import Any

from adjoint.autograd import overriding
from adjoint.names import is_private
from adjoint.tensor import Tensor

# Nobody is asked about these: they are about no tensor, or say what a tensor is.
NEVER = frozenset(
    {
        "Generator", "broadcast_shapes", "from_numpy", "frombuffer", "get_rng_state", "initial_seed", "is_storage", "is_tensor",
        "manual_seed", "seed", "set_default_tensor_type", "set_rng_state", "typename",
        "__class__", "__delattr__", "__getattribute__", "__hash__", "__init__", "__init_subclass__", "__iter__", "__new__",
        "__setattr__", "__setstate__", "__torch_function__", "_make_subclass", "_make_wrapper_subclass", "as_subclass",
    }
)  # fmt: skip

# Modes are, classes are not: they make tensors of data.
MODES_ALONE = frozenset({"as_tensor", "asarray", "tensor"})

# Special methods of which PyTorch tells that they are the method that they stand for.
_STANDS_FOR = {
    "__abs__": "abs", "__add__": "add", "__div__": "div", "__ge__": "ge", "__gt__": "gt", "__iadd__": "add_",
    "__idiv__": "div_", "__ifloordiv__": "floor_divide_", "__imod__": "remainder_", "__imul__": "mul_", "__isub__": "sub_",
    "__itruediv__": "div_", "__le__": "le", "__lt__": "lt", "__matmul__": "matmul", "__mod__": "remainder", "__mul__": "mul",
    "__ne__": "ne", "__neg__": "neg", "__pos__": "positive", "__radd__": "add", "__rand__": "bitwise_and", "__rmul__": "mul",
    "__ror__": "bitwise_or", "__rxor__": "bitwise_xor", "__sub__": "sub", "__truediv__": "div", "nelement": "numel",
}  # fmt: skip


def begin_function(name: str, function: Any) -> None:
    """Have a function of a namespace be offered to what overrides it."""
    if name not in NEVER:
        overriding.begin(function, classes=name not in MODES_ALONE)


def begin_method(name: str, value: Any) -> None:
    """Have a method of Tensor, or what reads and writes an attribute, be offered."""
    if name in NEVER or is_private(name):
        return
    if isinstance(value, FunctionType):
        overriding.begin(value, _STANDS_FOR.get(name))
    elif isinstance(value, property):
        overriding.begin(value.fget, value.__get__)
        overriding.begin(value.fset, value.__set__)
        overriding.begin(value.fdel, value.__delete__)


def begin_methods() -> None:
    """Have all methods and attributes of Tensor be offered that are built."""
    for name, value in list(vars(Tensor).items()):
        begin_method(name, value)
