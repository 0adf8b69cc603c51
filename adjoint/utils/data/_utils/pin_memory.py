"""Pinned memory: copies of a batch's tensors where a device can fetch them; without an accelerator, as they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from adjoint.tensor import Tensor
from adjoint.utils.data._utils.collate import _like_mapping, _like_sequence


def pin_memory(data: Any, device: Any = None) -> Any:
    """A batch with ``pin_memory()`` called on each tensor, and each object that has it, also inside of lists and dictionaries."""
    if isinstance(data, Tensor) or hasattr(data, "pin_memory"):
        return data.pin_memory()
    if isinstance(data, (str, bytes)):
        return data
    if isinstance(data, Mapping):
        return _like_mapping(data, {key: pin_memory(value, device) for key, value in data.items()})
    if isinstance(data, tuple):
        pinned = [pin_memory(value, device) for value in data]
        return type(data)(*pinned) if hasattr(data, "_fields") else type(data)(pinned)
    if isinstance(data, Sequence):
        return _like_sequence(data, [pin_memory(value, device) for value in data])
    return data
