"""Conversion: what becomes of a module's parameters when they are of another dtype, or on another device."""

from __future__ import annotations

from typing import Any

from adjoint.autograd.grad_mode import no_grad
from adjoint.nn.parameter import Parameter, is_lazy
from adjoint.tensor import Tensor


class Conversion:
    """The switches of :mod:`adjoint.__future__`."""

    overwrites = False
    swaps = False


def converted(param: Any, fn: Any) -> Any:
    """The parameter that takes the place of ``param`` when ``fn`` converts it and its gradient: itself, unless told otherwise."""
    grad = param.grad
    with no_grad():
        new = fn(param)
        new_grad = None if grad is None else fn(grad)
    if new is param and new_grad is grad:
        return param
    if Conversion.swaps:
        exchange(param, Parameter(new, requires_grad=param.requires_grad))
        param._grad = new_grad
        return param
    if Conversion.overwrites:
        made = Parameter(new, requires_grad=param.requires_grad)
        made._grad = None if new_grad is None else new_grad.requires_grad_(grad.requires_grad)
        return made
    take_over(param, new)
    if new_grad is not None:
        take_over(grad, new_grad)
    return param


def take_over(tensor: Tensor, new: Tensor) -> None:
    """Have ``tensor`` look at the memory of ``new``."""
    if new is not tensor:
        new = new.data if is_lazy(new) else new
        tensor._array = new._array
        tensor._writes = new._writes


def exchange(tensor: Any, new: Any) -> None:
    """Have ``tensor`` be what ``new`` is, of its class and with its attributes."""
    new.__class__, tensor.__class__ = tensor.__class__, new.__class__
    take_over(tensor, new)
    tensor._set_requires_grad(new.requires_grad)
    tensor._grad = new._grad
