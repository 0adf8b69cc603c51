"""``torch.distributed.distributed_c10d``: the names of ``torch.distributed`` by the module in which PyTorch has them."""

from __future__ import annotations

from typing import Any

import adjoint.distributed as _distributed
from adjoint.distributed import coalescing as _coalescing
from adjoint.distributed import groups as _groups
from adjoint.distributed import objects as _objects
from adjoint.distributed.process_group import ProcessGroup
from adjoint.names import list_names as _list_names

# Names of torch.distributed that PyTorch has in other modules.
_ELSEWHERE = (
    "DistBackendError", "DistError", "DistNetworkError", "FileStore", "GradBucket", "HashStore", "PrefixStore", "QueueEmptyError",
    "Store", "TCPStore", "is_available", "register_rendezvous_handler", "rendezvous",
)  # fmt: skip

__all__ = [name for name in _distributed.__all__ if name not in _ELSEWHERE]

globals().update({name: getattr(_distributed, name) for name in __all__})

_coalescing_manager = _coalescing._coalescing_manager
_CoalescingManager = _coalescing._CoalescingManager
_get_default_group = _groups._get_default_group
_get_default_store = _groups._get_default_store
_object_to_tensor = _objects._object_to_tensor
_tensor_to_object = _objects._tensor_to_object


def _rank_not_in_group(group: Any) -> bool:
    """Whether this process is not in a group."""
    return group is _groups.GroupMember.NON_GROUP_MEMBER


def _get_process_group_name(pg: ProcessGroup) -> str:
    return pg.group_name


def _resolve_process_group(group_name: str) -> ProcessGroup:
    """The group of a name.  Raises RuntimeError if there is none."""
    if group_name not in _groups._groups:
        raise RuntimeError(f"Could not resolve the process group registered under the name {group_name}")
    return _groups._groups[group_name]


_list_names(__name__)
