"""Writes that transforms refuse, and the names by which PyTorch's errors tell them: ``add_.Tensor``, with the overload that the
arguments choose."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NoReturn

import numpy as np

from adjoint.autograd.captures import is_foreign, refuse_captured
from adjoint.autograd.grad_mode import mode
from adjoint.autograd.views import check_writable
from adjoint.readings.batched import Level, current_levels, levels_of
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


INCOMPATIBLE: dict[str, str] = {}
"""An in-place method's name, with its overload or without -> what PyTorch's error calls it where samples are to be written into
what all samples share, if not ``aten::name``; empty for those whose error is that of shapes that do not fit."""


def check_write(
    tensor: Any, name: str, others: Iterable[Any] = (), named: dict[str, Any] | None = None, augmented: bool = False
) -> None:
    """Raise PyTorch's error for a write that a transform refuses: to what a function that is differentiated did not make, or of
    samples into what all samples share; ``name``: the method, ``others`` and ``named``: what it was called with."""
    levels = current_levels()
    if not (levels or mode.birth) or not isinstance(tensor, Tensor) or mode.task is not None:
        return
    values = (*others, *(named or {}).values())
    beyond = _beyond(tensor, values) if levels else None
    if beyond is not None and beyond.birth < mode.birth:  # the innermost transform's refusal is the first
        _refuse_samples(tensor, name, values, beyond)
    if mode.birth and is_foreign(tensor):
        if tensor._foreign:
            check_writable(tensor, mode.enabled)
        refuse_captured(schema_name(name, tuple(others), named, augmented))
    if beyond is not None:
        _refuse_samples(tensor, name, values, beyond)


def _beyond(tensor: Tensor, values: Iterable[Any]) -> Level | None:
    """The innermost vmap whose samples differ in one of the values and not in the tensor."""
    own = levels_of(tensor._array)
    found: Level | None = None
    for value in values:
        if isinstance(value, Tensor):
            for level in levels_of(value._array):
                if level.active and level not in own and (found is None or level.number > found.number):
                    found = level
        elif isinstance(value, (tuple, list)):
            level = _beyond(tensor, value)  # type: ignore[assignment]
            if level is not None and (found is None or level.number > found.number):
                found = level
    return found


def _refuse_samples(tensor: Tensor, name: str, values: tuple[Any, ...], level: Level) -> NoReturn:
    what = INCOMPATIBLE.get(schema_name(name, values), INCOMPATIBLE.get(name, f"aten::{name}"))
    if not what:
        shape = np.broadcast_shapes(*[v._array.shape for v in (tensor, *values) if isinstance(v, Tensor)])
        raise RuntimeError(
            f"output with shape {list(tensor.shape)} doesn't match the broadcast shape {[level.size, *shape]}"
        )
    raise_into_unbatched(what, f"at level {level.depth}" if what.startswith("aten::") else "in a vmap")


def raise_into_unbatched(what: str = "inplace arithmetic", where: str = "in a vmap") -> NoReturn:
    """PyTorch's error for samples that are to be written into what all samples share."""
    raise RuntimeError(
        f"vmap: {what}(self, *extra_args) is not possible because there exists a Tensor `other` in extra_args that has more "
        f"elements than `self`. This happened due to `other` being vmapped over but `self` not being vmapped over {where}. "
        f"Please try to use out-of-place operators instead of {what}. If said operator is being called inside the PyTorch "
        "framework, please file a bug report instead."
    )
