"""``torch.utils.dlpack``: exchanging memory with other array libraries without a copy."""

from adjoint.interop.dlpack import DLDeviceType, from_dlpack, to_dlpack

__all__ = ["DLDeviceType", "from_dlpack", "to_dlpack"]
