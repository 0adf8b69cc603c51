"""Pushing: tangents through the user's own Functions, by the ``jvp`` that they have, and what it may not return.

What the forward did to an input, the ``jvp`` has to do to that input's tangent: write to it, return it, or return a view of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from adjoint import dtypes
from adjoint.autograd.forward_ad import Level, check_shape
from adjoint.autograd.written_tangents import give_tangent
from adjoint.readings.batched import BatchedArray
from adjoint.tensor import Tensor, from_array, version_of


def push(level: Level, node: Any, args: Sequence[Any], tangents: Sequence[Tensor | None], outputs: Sequence[Any]) -> None:
    """Give a Function's outputs the tangents of a level that its ``jvp`` computes from those of its arguments.

    Raises RuntimeError, in PyTorch's words, for another number of tangents than outputs, for one of an output that has none, and
    for one that does not stand to the argument's as the output does to the argument.
    """
    written = {id(t) for t in node.dirty_tensors or ()}
    given = [_handed(a, t, id(a) in written, node.materialize_grads) for a, t in zip(args, tangents)]
    versions = [0 if t is None else version_of(t) for t in given]
    node._pushes = True
    try:
        pushed = node.apply_jvp(*given)
    finally:
        node._pushes = False
    pushed = pushed if isinstance(pushed, tuple) else (pushed,)
    for i, tangent in enumerate(pushed):
        if tangent is not None and not isinstance(tangent, Tensor):
            raise RuntimeError(f"expected Variable or None (got {type(tangent).__name__}) for grad output {i}.")
    if len(pushed) != len(outputs):
        raise RuntimeError(
            f"Function's jvp returned an invalid number of forward gradients (expected {len(outputs)} but got {len(pushed)})"
        )
    for i, (output, tangent) in enumerate(zip(outputs, pushed)):
        if not _is_differentiable(output, node.non_differentiable or ()):
            if tangent is not None:
                raise RuntimeError(
                    f"Function's jvp returned a gradient at position {i}, but  the corresponding forward output is not a "
                    "differentiable Tensor.You should return None at that position instead."
                )
        elif tangent is not None:
            check_shape(output, tangent)
            if id(output) in written:
                for a, of_argument, mine, version in zip(args, tangents, given, versions):
                    if a is output and of_argument is not None:
                        _check_written(mine, tangent, version)
                give_tangent(level, output, tangent)
            else:
                _check_view(output, tangent, args, tangents)
                level.set_tangent(output, tangent)


def _handed(argument: Any, tangent: Tensor | None, written: bool, fill: bool) -> Tensor | None:
    """What the ``jvp`` is handed of an argument's tangent: zeros for that of a constant; one of its own to write to, since other
    tensors may have the same tangent (``x + 1`` has that of ``x``)."""
    if tangent is not None:
        return tangent.clone() if written else tangent
    if fill and isinstance(argument, Tensor) and argument.dtype.category >= dtypes.FLOAT:
        return from_array(np.zeros_like(argument._array))
    return None


def _is_differentiable(output: Any, fixed: Sequence[Tensor]) -> bool:
    if not isinstance(output, Tensor) or output.dtype.category < dtypes.FLOAT:
        return False
    return not any(output is t or output._array is t._array for t in fixed)


def _check_written(handed: Tensor | None, returned: Tensor, version: int) -> None:
    """Raise PyTorch's error where the forward wrote to an argument, and the ``jvp`` not to its tangent."""
    if version_of(returned) == version:
        raise RuntimeError(
            "An inplace custom Function is not modifying the forward mode gradients inplace. If the forward is modifying an "
            "input inplace, then the jvp function must modify the corresponding gradient inplace."
        )
    if returned is not handed:
        raise RuntimeError(
            "An inplace custom Function is not returning the forward mode gradients as-is. If the forward is modifying an input "
            "inplace, then the jvp function must modify the gradient inplace and return it as-is."
        )


def _check_view(output: Tensor, returned: Tensor, args: Sequence[Any], tangents: Sequence[Tensor | None]) -> None:
    """Raise PyTorch's error where an output is a view of an argument, and its tangent none of that argument's."""
    if output._view is None or output._array.__class__ is BatchedArray or returned._array.__class__ is BatchedArray:
        return
    base = output._view.base
    for argument, tangent in zip(args, tangents):
        if tangent is None or not (argument is base or (argument._view is not None and argument._view.base is base)):
            continue
        if returned._view is None:
            raise RuntimeError(
                "A custom Function's forward is returning a view (or an input as-is) but the jvp is not returning a view."
            )
        if tangent._view is not None and returned._view.base is not tangent._view.base:
            raise RuntimeError(
                "A custom Function is returning a view but the jvp is not returning a view of the same base as the given grad "
                "input."
            )
        if tangent._view is None and returned._view.base is not tangent:
            raise RuntimeError(
                "A custom Function is returning a view but the jvp is not returning a view of the given grad input."
            )
        return
