"""The names by which PyTorch's errors tell in-place operators: ``add_.Tensor``, with the overload that the arguments choose."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from adjoint.autograd.captures import is_foreign, refuse_captured
from adjoint.autograd.grad_mode import mode
from adjoint.autograd.views import check_writable
from adjoint.tensor import Tensor

OVERLOADS: dict[str, Any] = {}
"""An in-place method's name -> the overload that PyTorch chooses, or a function that tells it of the arguments beside the tensor
itself and of those that are named (:mod:`adjoint.ops.overloads`).  None for one that is made of other methods: they are told."""

AUGMENTED: dict[str, str] = {}
"""The names of those operators that have another one where they are written ``&=``."""


def schema_name(name: str, others: tuple[Any, ...] = (), named: dict[str, Any] | None = None, augmented: bool = False) -> str:
    """An in-place method's name with the overload that these arguments choose.

    >>> import adjoint
    >>> schema_name("pow_", (2,)), schema_name("mul_", (2,)), schema_name("exp_")
    ('pow_.Scalar', 'mul_.Tensor', 'exp_')
    """
    if augmented:
        name = AUGMENTED.get(name, name)
    overload = OVERLOADS.get(name, "")
    if callable(overload):
        overload = overload(others, named or {})
    return f"{name}.{overload}" if overload else name


def check_captured(
    tensor: Any, name: str, others: Iterable[Any] = (), named: dict[str, Any] | None = None, augmented: bool = False
) -> None:
    """Raise PyTorch's error for a write to what the function that is being differentiated did not make; ``name``: the method,
    ``others`` and ``named``: what it was called with."""
    if mode.birth and isinstance(tensor, Tensor) and is_foreign(tensor):
        if tensor._foreign and mode.task is None:
            check_writable(tensor, mode.enabled)
        refuse_captured(tensor, schema_name(name, tuple(others), named, augmented), (*others, *(named or {}).values()))
