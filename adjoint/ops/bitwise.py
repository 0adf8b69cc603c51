"""Bits of integers: & | ^ ~ << >>."""

from __future__ import annotations

from typing import Any

import numpy as np

from adjoint.autograd.taped import taped
from adjoint.declare import composite, elementwise
from adjoint.declare.operands import is_number
from adjoint.declare.outs import FOUND
from adjoint.ops.unsupported import unsupported
from adjoint.tensor import Tensor


def _bits(kernel: str, ufunc: Any, kinds: str = "iub") -> Any:
    def forward(self, other):
        if self.dtype.kind not in kinds:
            unsupported(kernel, self)
        return ufunc(self, other)

    return forward


def _not(self):
    if self.dtype.kind not in "iub":
        unsupported("bitwise_not_cpu", self)
    return np.bitwise_not(self)


bitwise_and = elementwise(
    "bitwise_and", _bits("bitwise_and_cpu", np.bitwise_and), scalar_first=True, dunder=("__and__", "__rand__", "__iand__"),
    doc="The bits that are set in both, of integers or bools.",
)
bitwise_or = elementwise(
    "bitwise_or", _bits("bitwise_or_cpu", np.bitwise_or), scalar_first=True, dunder=("__or__", "__ror__", "__ior__"),
    doc="The bits that are set in either, of integers or bools.",
)
bitwise_xor = elementwise(
    "bitwise_xor", _bits("bitwise_xor_cpu", np.bitwise_xor), scalar_first=True, dunder=("__xor__", "__rxor__", "__ixor__"),
    doc="The bits that are set in one of the two alone, of integers or bools.",
)
bitwise_not = elementwise(
    "bitwise_not", _not, out=FOUND, dunder=("__invert__",),
    doc="The bits that are not set, of integers or bools.",
)  # fmt: skip
bitwise_left_shift = elementwise(
    "bitwise_left_shift", _bits("lshift_cpu", np.left_shift, "iu"), scalar_first=True, dunder=("__lshift__", "__ilshift__"),
    doc="The bits of ``input`` moved up by ``other``: ``input * 2**other``.",
)
bitwise_right_shift = elementwise(
    "bitwise_right_shift", _bits("rshift_cpu", np.right_shift, "iu"), scalar_first=True,
    dunder=("__rshift__", "__irshift__"),
    doc="The bits of ``input`` moved down by ``other``, the sign kept: ``input`` over ``2**other``, rounded down.",
)  # fmt: skip



def _shifted_by(row: Any) -> Any:
    def reflected(self: Any, other: Any) -> Any:
        return row.function(other, self) if is_number(other) or isinstance(other, Tensor) else NotImplemented

    return reflected


composite(_shifted_by(bitwise_left_shift), where="", dunder=("__rlshift__",))
composite(_shifted_by(bitwise_right_shift), where="", dunder=("__rrshift__",))

for _row, _ufunc in ((bitwise_and, np.bitwise_and), (bitwise_or, np.bitwise_or), (bitwise_xor, np.bitwise_xor)):
    taped(_ufunc)(lambda a, b, row=_row: row.function(a, b))
taped(np.bitwise_not)(lambda x: bitwise_not.function(x))
