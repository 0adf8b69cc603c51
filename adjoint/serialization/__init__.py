"""Serialization: ``torch.save`` and ``torch.load`` in PyTorch's own file format."""

from adjoint.names import list_names as _list_names
from adjoint.serialization.allowed import (
    add_safe_globals,
    clear_safe_globals,
    get_safe_globals,
    safe_globals,
)
from adjoint.serialization.damage import CorruptFileError
from adjoint.serialization.loading import get_unsafe_globals_in_checkpoint, load
from adjoint.serialization.locations import MAP_LOCATION, default_restore_location, location_tag, register_package
from adjoint.serialization.saving import save
from adjoint.serialization.sources import SourceChangeWarning
from adjoint.serialization.storage_types import StorageType

__all__ = [
    "MAP_LOCATION",
    "CorruptFileError",
    "SourceChangeWarning",
    "StorageType",
    "add_safe_globals",
    "clear_safe_globals",
    "default_restore_location",
    "get_safe_globals",
    "get_unsafe_globals_in_checkpoint",
    "load",
    "location_tag",
    "register_package",
    "safe_globals",
    "save",
]

_list_names(__name__)
