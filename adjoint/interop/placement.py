"""Placement: a tensor's device and layout, and moving it where it already is."""

from __future__ import annotations

from typing import Any

from adjoint import layouts
from adjoint.device import CPU, META, NO_ACCELERATOR, check_device
from adjoint.device import device as Device
from adjoint.interop.segments import segment_of
from adjoint.readings.meta import MetaArray, no_data
from adjoint.readings.sparse import SparseArray
from adjoint.tensor import Tensor, attach

attach(
    property(
        lambda self: META if self._array.__class__ is MetaArray else CPU,
        doc="Where the elements are: on the CPU, or, of a tensor without any, ``meta``.",
    ),
    name="device",
)
attach(
    property(
        lambda self: layouts.sparse_coo if self._array.__class__ is SparseArray else layouts.strided,
        doc="How the elements are laid out: ``torch.strided``, or ``torch.sparse_coo``.",
    ),
    name="layout",
)
attach(property(lambda self: self._array.__class__ is SparseArray, doc="Whether places and values are stored."), name="is_sparse")
attach(
    property(
        lambda self: self._array.__class__ is not MetaArray,
        doc="Whether the elements are in the CPU's memory: False on the device ``meta``, where there are none.",
    ),
    name="is_cpu",
)
attach(property(lambda self: self._array.__class__ is MetaArray, doc="Whether there is no memory."), name="is_meta")

_NEVER = (
    "is_cuda", "is_mps", "is_xpu", "is_ipu", "is_xla", "is_mtia", "is_maia", "is_vulkan",
    "is_mkldnn", "is_sparse_csr", "is_quantized", "is_nested",
)  # fmt: skip
for _name in _NEVER:
    _kind = _name.removeprefix("is_")
    attach(property(lambda self: False, doc=f"False: there are no tensors of the kind {_kind!r} here."), name=_name)


@attach
def get_device(self: Tensor) -> int:
    """The number of the device: -1, the CPU has none."""
    return -1


@attach
def cpu(self: Tensor, memory_format: Any = layouts.preserve_format) -> Tensor:
    """The tensor itself, which is on the CPU.  Raises NotImplementedError for one on ``meta``: there are no elements."""
    if self._array.__class__ is MetaArray:
        raise no_data()
    if memory_format is layouts.preserve_format:
        return self
    return self.contiguous(memory_format=memory_format)  # type: ignore[attr-defined]


def _absent(kind: str) -> Any:
    def move(self: Tensor, device: Any = None, non_blocking: bool = False, memory_format: Any = None) -> Tensor:
        if isinstance(device, int):
            raise RuntimeError(NO_ACCELERATOR)
        wanted = Device(kind) if device is None else Device(device)
        if wanted.type != kind:
            raise RuntimeError(f"Invalid device, must be {kind} device")
        check_device(wanted, kind)
        raise AssertionError("an absent device was not refused")

    move.__name__ = kind
    move.__doc__ = f"Raises: there is no {kind} device."
    return move


for _name in ("cuda", "xpu"):
    attach(_absent(_name), name=_name)


@attach
def pin_memory(self: Tensor, device: Any = None) -> Tensor:
    """Raises RuntimeError: memory is pinned for an accelerator, and there is none."""
    raise RuntimeError(NO_ACCELERATOR)


@attach
def is_pinned(self: Tensor, device: Any = None) -> bool:
    """False: memory is pinned for an accelerator, and there is none."""
    return False


@attach
def is_shared(self: Tensor) -> bool:
    """Whether the memory is a segment that other processes may map."""
    return segment_of(self._array) is not None


@attach
def share_memory_(self: Tensor) -> Tensor:
    """Move the memory that this tensor and its views look at into a segment that other processes map.

    Processes that are forked from then on, and those that the tensor is sent to by :mod:`multiprocessing`, see what is
    written to it, and the other way round.  Arrays of NumPy that were made of it before stay where they are.
    """
    from adjoint.interop import sharing

    sharing.register()
    sharing.share(self)
    return self
