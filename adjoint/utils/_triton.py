"""Whether Triton can be used: its package may be there, but no kernels of it run on Adjoint's arrays."""

from __future__ import annotations

from adjoint.names import list_names as _list_names
from adjoint.utils._import_utils import _check_module_exists


def has_triton_package() -> bool:
    """Whether the package can be imported."""
    return _check_module_exists("triton")


def has_triton() -> bool:
    """False: kernels of Triton's are for devices that Adjoint does not have."""
    return False


has_triton_tma = has_triton_tma_device = has_triton_stable_tma_api = has_triton
has_triton_experimental_host_tma = has_triton_tensor_descriptor_host_tma = has_triton


_list_names(__name__)
