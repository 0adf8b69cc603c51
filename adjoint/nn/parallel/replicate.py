"""The same module for several devices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from adjoint.nn.parallel.scatter_gather import check_devices

__all__ = ["replicate"]


def replicate(network: Any, devices: Sequence[Any], detach: bool = False) -> list[Any]:
    """A module for each of the devices, with the parameters of ``network``: it itself, for all devices are the CPU.

    Raises RuntimeError for other devices, and for ``detach=True``, which would take the parameters out of the graph.
    """
    check_devices(devices)
    if detach:
        raise RuntimeError("replicate(): detach=True is not supported; call the module under torch.no_grad()")
    return [network for _ in devices]
