"""Functions: whether the backward that a user wrote for a ``torch.autograd.Function`` is the derivative of its forward."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from adjoint import dtypes
from adjoint.autograd.grad_mode import mode, set_recording
from adjoint.tensor import Tensor, from_array

_AGREES = 0.03


@dataclass(eq=False)
class Custom:
    """One call of a Function: its arguments, the gradient that arrived, and those that its backward gave."""

    function: Any
    args: tuple[Any, ...]
    came: Any = None
    left: Any = None


class Wrong(NamedTuple):
    """A gradient that is not the derivative: of which argument, and both along a random direction."""

    argument: int
    given: float
    expected: float


def wrong(custom: Custom) -> Iterator[Wrong]:
    """Compare each gradient with differences of the forward, along a random direction."""
    if custom.came is None or custom.left is None:
        return
    tensors = [i for i, a in enumerate(custom.args) if isinstance(a, Tensor)]
    for place, left in zip(tensors, custom.left):
        argument = custom.args[place]
        if left is None or argument.dtype.category != dtypes.FLOAT:
            continue
        rng = np.random.default_rng(0)
        direction = rng.standard_normal(argument._array.shape)
        given = float(np.sum(left * direction))
        slopes = [_slope(custom, place, direction, step) for step in (1e-4, 1e-5)]
        if any(s is None for s in slopes):
            continue
        first, second = slopes
        if abs(first - second) > _AGREES * max(abs(first), abs(second)):  # type: ignore[operator, arg-type]
            continue  # no derivative there
        if second and abs(given - second) > _AGREES * max(abs(given), abs(second)):
            yield Wrong(place, given, second)


def _slope(custom: Custom, place: int, direction: Any, step: float) -> float | None:
    """The derivative of the forward along a direction of one argument, times the gradient that arrived."""
    results = []
    for sign in (1, -1):
        args = [_wide(a) for a in custom.args]
        args[place]._array += sign * step * direction
        made = _forward(custom.function, args)
        if made is None or made.shape != custom.came.shape:
            return None
        results.append(made)
    found = float(np.sum(custom.came * (results[0] - results[1])) / (2 * step))
    return found if np.isfinite(found) else None


def _wide(argument: Any) -> Any:
    if not isinstance(argument, Tensor):
        return argument
    array = argument._array
    return from_array(array.astype(np.float64) if argument.dtype.category == dtypes.FLOAT else array.copy())


class _Context:
    """What a forward gets as ``ctx`` where nothing of it is used."""

    def __getattr__(self, name: str) -> Any:
        return lambda *args, **kwargs: None


def _forward(function: Any, args: list[Any]) -> Any:
    """The result of a Function's forward; None where it cannot be called so, or gives several."""
    recorded = mode.enabled
    set_recording(False)
    try:
        try:
            made = function.forward(_Context(), *args)
        except TypeError:
            made = function.forward(*args)
    except Exception:
        return None
    finally:
        set_recording(recorded)
    return made._array if isinstance(made, Tensor) else None
