"""``torch._check`` and its kin: conditions that a program states, and the errors where they do not hold."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

from adjoint.autograd import overriding
from adjoint.places import users_level
from adjoint.tensor import Tensor

Message = Callable[[], Any] | None

_NOTHING_SAID = (
    "Expected cond to be True, but got False. (Could this error message be improved? If so, please report an enhancement "
    "request to PyTorch.)"
)


def _assert(condition: Any, message: Any) -> None:
    """Raise AssertionError with the message unless the condition holds, a tensor of one element or anything else."""
    if not condition:
        raise AssertionError(message)


overriding.begin_with_others(_assert)


def _check_with(error_type: type[Exception], cond: Any, message: Message) -> None:
    """Raise an error of that type, with what ``message()`` gives, unless the condition is True.

    Raises TypeError for conditions that are no bools.

    >>> _check_with(ValueError, 1 > 2, lambda: "one is less than two")
    Traceback (most recent call last):
        ...
    ValueError: one is less than two
    """
    if not isinstance(cond, bool):
        if isinstance(cond, Tensor):
            raise TypeError(
                "cond must be a bool, but got a Tensor. For tensor conditions, use torch._check_tensor_all() to assert that "
                "all elements are true."
            )
        raise TypeError(f"cond must be a bool, but got {type(cond)}")
    if cond:
        return
    if message is not None and not callable(message):
        raise TypeError("message must be a callable")
    raise error_type(_NOTHING_SAID if message is None else str(message()))


def _check(cond: Any, message: Message = None) -> None:
    """Raise RuntimeError unless the condition is True."""
    _check_with(RuntimeError, cond, message)


def _check_index(cond: Any, message: Message = None) -> None:
    """Raise IndexError unless the condition is True."""
    _check_with(IndexError, cond, message)


def _check_value(cond: Any, message: Message = None) -> None:
    """Raise ValueError unless the condition is True."""
    _check_with(ValueError, cond, message)


def _check_type(cond: Any, message: Message = None) -> None:
    """Raise TypeError unless the condition is True."""
    _check_with(TypeError, cond, message)


def _check_not_implemented(cond: Any, message: Message = None) -> None:
    """Raise NotImplementedError unless the condition is True."""
    _check_with(NotImplementedError, cond, message)


def _check_is_size(i: Any, message: Message = None, *, max: Any = None) -> None:
    """Raise RuntimeError unless a number is a size: not negative, and at most ``max``.  Deprecated: ``_check(i >= 0)``."""
    warnings.warn(
        "_check_is_size will be removed in a future PyTorch release along with guard_size_oblivious. "
        "    Use _check(i >= 0) instead.",
        FutureWarning,
        stacklevel=users_level(),
    )
    _check(i >= 0, message)
    if max is not None:
        _check(i <= max, message)


def _check_tensor_all_with(error_type: type[Exception], cond: Any, message: Message = None) -> None:
    """Raise an error of that type unless all elements of a tensor of bools are True."""
    if not isinstance(cond, Tensor):
        raise TypeError(f"cond must be a tensor, but got {type(cond)}")
    if str(cond.dtype) != "torch.bool":
        raise TypeError(f"cond tensor must have dtype torch.bool, but got {cond.dtype}")
    _check_with(error_type, bool(cond.all()), message)


def _check_tensor_all(cond: Any, message: Message = None) -> None:
    """Raise RuntimeError unless all elements of a tensor of bools are True."""
    _check_tensor_all_with(RuntimeError, cond, message)
