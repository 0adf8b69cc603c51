"""``torch.utils.dlpack``: exchanging memory with other array libraries without a copy."""

from adjoint.interop.dlpack import DLDeviceType, from_dlpack, to_dlpack
from adjoint.names import list_names as _list_names

__all__ = ["DLDeviceType", "from_dlpack", "to_dlpack"]

_list_names(__name__)
