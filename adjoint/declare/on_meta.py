"""On meta: functions that make tensors, asked for tensors without memory.

Whoever makes tensors asks :func:`adjoint.device.check_device` first, which raises :class:`adjoint.readings.meta.OnMeta` for the
device ``meta``.  What explains errors calls the function once more then, while whatever allocates makes nothing: so a function that
makes tensors needs to know nothing of it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from adjoint.declare.arranging import told
from adjoint.readings.meta import alike, making_nothing
from adjoint.tensor import NO_EDGE, Tensor, from_array


def made_on_meta(function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """What a function that makes tensors makes, without memory."""
    with making_nothing():
        found = function(*args, **kwargs)
    return without_elements(found) if isinstance(found, Tensor) and found._array.__class__ is np.ndarray else found


def without_elements(tensor: Tensor) -> Tensor:
    """A leaf of a tensor's shape, dtype and strides on the device ``meta``; it requires grad if that does."""
    made = told(from_array(alike(tensor._array)))
    if tensor._edge is not NO_EDGE:
        made._edge = None
    return made
