"""Kernel dtypes: with which dtypes PyTorch computes an operator on a CPU, and its error for the others.

NumPy's functions compute with more dtypes than PyTorch's kernels are compiled for.  A row's column ``kernel`` says where that
is so: a program that PyTorch refuses is not to run here, with numbers that PyTorch never gives.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from adjoint import dtypes
from adjoint.autograd.grad_mode import mode
from adjoint.readings.meta import MetaArray
from adjoint.tensor import Tensor

WIDE = frozenset({dtypes.float32.array, dtypes.float64.array})
"""The floating-point numbers of at least 32 bits."""
FLOATING = WIDE | {dtypes.float16.array, dtypes.bfloat16.array}
"""The floating-point numbers."""
COMPLEX = frozenset({dtypes.complex64.array, dtypes.complex128.array})
FLOATING_OR_COMPLEX = FLOATING | COMPLEX
FLOATING_OR_LONG = FLOATING | {dtypes.int64.array}
WIDE_OR_LONG = WIDE | {dtypes.int64.array}
FLOATING_OR_BYTE = FLOATING | {dtypes.uint8.array}
REAL = FLOATING_OR_LONG | {d.array for d in (dtypes.int32, dtypes.int16, dtypes.int8, dtypes.uint8)}
"""All that can be computed with and has an order, other than bools."""
NUMBERS = REAL | FLOATING_OR_COMPLEX


@dataclass(frozen=True, slots=True)
class Kernel:
    """PyTorch's kernel of an operator: its name in errors, and the dtypes of the first operand that it is compiled for.

    The name may follow from the operator's arguments: a function of those that its parameters name.  Of an array without elements,
    ``empty`` says whether it is refused, too.  ``plain`` are dtypes that it computes with as long as no gradient is asked for.
    """

    name: str | Callable[..., str]
    dtypes: frozenset[Any]
    empty: bool = True
    plain: frozenset[Any] = frozenset()

    def check(self, array: Any) -> None:
        """Raise PyTorch's error if the array's dtype is none of the kernel's: for what is computed by several operators."""
        if array.dtype not in self.dtypes:
            refuse_dtype("", self, array, {})


def refuse_dtype(operator: str, kernel: Kernel, array: Any, arguments: dict[str, Any]) -> None:
    """Raise PyTorch's error for an array whose dtype is none of the kernel's, where PyTorch would have looked at it.

    On the device ``meta`` no kernel runs, so that its shapes are those of any dtype.
    """
    if array.__class__ is MetaArray or not (array.size or kernel.empty):
        return
    if array.dtype in kernel.plain:
        if mode.enabled and any(isinstance(x, Tensor) and x.requires_grad for x in arguments.values()):
            raise RuntimeError(f"{operator} does not support automatic differentiation for outputs with complex dtype.")
        return
    name = kernel.name
    if not isinstance(name, str):
        name = name(*[arguments[asked] for asked in name.__code__.co_varnames[: name.__code__.co_argcount]])
    raise NotImplementedError(f"\"{name}\" not implemented for '{dtypes.SCALAR_TYPE_NAMES[dtypes.of_array(array)]}'")
