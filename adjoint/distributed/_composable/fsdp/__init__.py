"""``torch.distributed._composable.fsdp``: the older place of names in :mod:`adjoint.distributed.fsdp`."""

from adjoint.distributed.fsdp import (
    CPUOffloadPolicy,
    FSDPModule,
    MixedPrecisionPolicy,
    OffloadPolicy,
    fully_shard,
)
from adjoint.names import list_names as _list_names

__all__ = ["CPUOffloadPolicy", "FSDPModule", "MixedPrecisionPolicy", "OffloadPolicy", "fully_shard"]

_list_names(__name__)
