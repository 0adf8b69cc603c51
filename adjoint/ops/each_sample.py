"""Inside of a vmap: functions that are made of no operators, one sample after the other, or not at all."""

from __future__ import annotations

import functools
import inspect
import warnings
from collections.abc import Callable
from typing import Any

from adjoint.autograd.batch import batch, sample_of
from adjoint.ops.joining import stack
from adjoint.places import users_level
from adjoint.readings.batched import BatchedArray, Level, current_levels
from adjoint.tensor import Tensor


def each_sample(function: Callable[..., Any]) -> Callable[..., Any]:
    """Have a function of tensors compute sample by sample inside of a vmap, with PyTorch's warning (a decorator)."""
    return _apart(function, ())


def each_sample_of(*names: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """The same where one of the arguments of these names is another for each sample; other functions of it have a batch's rules."""
    return lambda function: _apart(function, names)


def _apart(function: Callable[..., Any], names: tuple[str, ...]) -> Callable[..., Any]:
    parameters = inspect.signature(function)

    @functools.wraps(function)
    def inside(*args: Any, **kwargs: Any) -> Any:
        level = _innermost([*args, *kwargs.values()]) if current_levels() else None
        if level is not None and names:
            given = parameters.bind(*args, **kwargs).arguments
            level = _innermost([given.get(name) for name in names])
        if level is None:
            return function(*args, **kwargs)
        warnings.warn(
            f"There is a performance drop because we have not yet implemented the batching rule for aten::{function.__name__}. "
            "Please file us an issue on GitHub so that we can prioritize its implementation.",
            UserWarning,
            stacklevel=users_level(),
        )
        found = []
        for i in range(level.size):
            one = {name: sample_of(value, level, i) for name, value in kwargs.items()}
            found.append(inside(*sample_of(args, level, i), **one))
        if not isinstance(found[0], tuple):
            return batch(stack(found), level, 0)
        parts = [batch(stack(part), level, 0) for part in zip(*found)]
        return tuple(parts) if type(found[0]) is tuple else type(found[0])(parts)

    return inside


def refuse_samples(name: str, tensor: Tensor) -> None:
    """Raise PyTorch's error for an operator whose result is of another shape for each sample."""
    if tensor._array.__class__ is BatchedArray:
        raise RuntimeError(
            "vmap: We do not support batching operators that can output dynamic shape. Attempted to vmap over "
            f"aten::{name}. Please file an issue at https://github.com/pytorch/pytorch/issues if you need this feature."
        )


def _innermost(values: list[Any]) -> Level | None:
    levels = [v._array.level for v in values if isinstance(v, Tensor) and v._array.__class__ is BatchedArray]
    return max(levels, key=lambda level: level.number, default=None)
