"""DLPack: exchanging memory with other array libraries without a copy."""

from __future__ import annotations

from enum import IntEnum
from typing import Any

import numpy as np

from adjoint.autograd.waiting import waits
from adjoint.declare import composite
from adjoint.ops.creation import made
from adjoint.ops.from_data import of_numpy
from adjoint.tensor import Tensor, attach


class DLDeviceType(IntEnum):
    """DLPack's numbers of the kinds of devices."""

    kDLCPU = 1
    kDLCUDA = 2
    kDLCUDAHost = 3
    kDLOpenCL = 4
    kDLVulkan = 7
    kDLMetal = 8
    kDLVPI = 9
    kDLROCM = 10
    kDLExtDev = 12


@attach
def __dlpack__(
    self: Tensor,
    *,
    stream: Any = -1,
    max_version: tuple[int, int] | None = None,
    dl_device: tuple[int, int] | None = None,
    copy: bool | None = None,
) -> Any:
    """A capsule with this tensor's memory.  Raises BufferError if the tensor requires grad."""
    if self.requires_grad:
        raise BufferError("Can't export tensors that require gradient, use tensor.detach()")
    if waits(self)[0]:
        raise BufferError("Can't export tensors with the conjugate bit set")
    asked: dict[str, Any] = {}
    if max_version is not None:
        asked["max_version"] = max_version
    if dl_device is not None:
        asked["dl_device"] = (int(dl_device[0]), dl_device[1])
    if copy is not None:
        asked["copy"] = copy
    return (self._array if self._waits is None else self._array.copy()).__dlpack__(**asked)


@attach
def __dlpack_device__(self: Tensor) -> tuple[DLDeviceType, int]:
    return DLDeviceType.kDLCPU, 0


class _Capsule:
    """A bare capsule with the methods that NumPy asks for."""

    def __init__(self, capsule: Any) -> None:
        self.capsule = capsule

    def __dlpack__(self, **_: Any) -> Any:
        return self.capsule

    def __dlpack_device__(self) -> tuple[int, int]:
        return DLDeviceType.kDLCPU, 0


@composite(where="torch")
def from_dlpack(ext_tensor: Any, *, device: Any = None, copy: bool | None = None) -> Tensor:
    """A tensor over the memory of any object with ``__dlpack__``, or of a DLPack capsule.

    >>> import adjoint as torch, numpy as np
    >>> torch.from_dlpack(np.arange(3))
    tensor([0, 1, 2])
    """
    if device is not None:
        from adjoint.device import check_device

        check_device(device, "from_dlpack")
    source = ext_tensor if hasattr(ext_tensor, "__dlpack__") else _Capsule(ext_tensor)
    array = of_numpy(np.from_dlpack(source), writable=True)
    return made(array.copy() if copy else array)


@composite(where="torch")
def to_dlpack(tensor: Tensor) -> Any:
    """A capsule with a tensor's memory; it can be consumed once."""
    return tensor.__dlpack__()  # type: ignore[attr-defined]
