"""A second try: what a caller does where its forward did not return at first.

The context in which NumPy's warnings are off may have been taken, or a function may not know the shape of its result for arrays
without memory.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from adjoint.autograd import quiet
from adjoint.readings.meta import NoShapeRule, of_zeros


def is_taken(error: Exception) -> bool:
    """Whether a forward is to be tried again: as :func:`adjoint.autograd.quiet.is_taken`, or for want of a shape."""
    return quiet.is_taken(error) or error.__class__ is NoShapeRule


def quietly(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """As :func:`adjoint.autograd.quiet.quietly`; where arrays have no memory, what zeros in their place give."""
    try:
        return quiet.quietly(function, *args, **kwargs)
    except NoShapeRule:
        return of_zeros(function, args, kwargs)
