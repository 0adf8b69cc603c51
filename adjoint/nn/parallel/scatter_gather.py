"""Arguments split for several devices, and outputs put together again.  All devices are the CPU."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import adjoint
from adjoint.tensor import Tensor

__all__ = ["gather", "scatter", "scatter_kwargs"]


def check_devices(devices: Sequence[Any]) -> None:
    """Raise RuntimeError for a device that is not the CPU."""
    for device in devices:
        if adjoint.device(device).type != "cpu":
            raise RuntimeError(f"Adjoint computes on the CPU: there is no device {device!r} to send anything to")


def scatter(inputs: Any, target_gpus: Sequence[Any], dim: int = 0) -> Any:
    """What each of the devices gets: tensors are split along ``dim`` (into views), containers gone through, all else given to each.

    >>> import adjoint as torch
    >>> torch.nn.parallel.scatter(torch.arange(4), ["cpu", "cpu"])
    (tensor([0, 1]), tensor([2, 3]))
    """
    check_devices(target_gpus)

    def split(value: Any) -> Any:
        if isinstance(value, Tensor):
            return value.chunk(len(target_gpus), dim)
        if isinstance(value, tuple) and hasattr(value, "_fields"):
            return [type(value)(*parts) for parts in zip(*map(split, value))]
        if isinstance(value, tuple) and value:
            return list(zip(*map(split, value)))
        if isinstance(value, list) and value:
            return [list(parts) for parts in zip(*map(split, value))]
        if isinstance(value, dict) and value:
            return [type(value)(parts) for parts in zip(*map(split, value.items()))]
        return [value for _ in target_gpus]

    return split(inputs)


def scatter_kwargs(inputs: Any, kwargs: Any, target_gpus: Sequence[Any], dim: int = 0) -> tuple[Any, Any]:
    """Positional and keyword arguments for each of the devices."""
    for_each = list(scatter(inputs, target_gpus, dim)) if inputs else []
    named = list(scatter(kwargs, target_gpus, dim)) if kwargs else []
    for_each += [()] * (len(named) - len(for_each))
    named += [{} for _ in range(len(for_each) - len(named))]
    return tuple(for_each), tuple(named)


def gather(outputs: Any, target_device: Any, dim: int = 0) -> Any:
    """Outputs of several devices as one: tensors joined along ``dim`` (numbers become a vector), containers gone through.

    Raises ValueError for dictionaries that differ in their number of keys.
    """
    check_devices([target_device])

    def joined(parts: Any) -> Any:
        first = parts[0]
        if isinstance(first, Tensor):
            return adjoint.stack(list(parts)) if all(p.ndim == 0 for p in parts) else adjoint.cat(list(parts), dim)
        if first is None:
            return None
        if isinstance(first, dict):
            if any(len(first) != len(part) for part in parts):
                raise ValueError("All dicts must have the same number of keys")
            return type(first)((key, joined([part[key] for part in parts])) for key in first)
        made = map(joined, zip(*parts, strict=True))
        return type(first)(*made) if hasattr(first, "_fields") else type(first)(made)  # type: ignore[call-arg]

    return joined(outputs)
