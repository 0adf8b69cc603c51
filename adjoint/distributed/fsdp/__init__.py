"""``torch.distributed.fsdp``: names of what shards a model's parameters over processes, which is not to be had here.

No module is one of these, which is what libraries ask; making one says what there is instead.  Settings are plain data.
"""

from dataclasses import dataclass as _dataclass

from adjoint.distributed.fsdp import api as api
from adjoint.distributed.fsdp import fully_sharded_data_parallel as fully_sharded_data_parallel
from adjoint.distributed.fsdp import wrap as wrap
from adjoint.distributed.fsdp.fully_sharded_data_parallel import *  # noqa: F403
from adjoint.distributed.fsdp.fully_sharded_data_parallel import WHY as _WHY
from adjoint.distributed.refused import Refused as _Refused
from adjoint.distributed.refused import refused as _refused
from adjoint.dtypes import dtype as _dtype
from adjoint.names import list_names as _list_names
from adjoint.names import named as _named


class FSDPModule(_Refused, why=_WHY):
    """What ``fully_shard`` would make a module, which no module here is."""


@_dataclass(frozen=True)
class MixedPrecisionPolicy:
    """The dtypes in which a module that ``fully_shard`` made computes."""

    param_dtype: _dtype | None = None
    reduce_dtype: _dtype | None = None
    output_dtype: _dtype | None = None
    cast_forward_inputs: bool = True


@_dataclass
class OffloadPolicy:
    """Sharded parameters stay where they compute."""


@_dataclass
class CPUOffloadPolicy(OffloadPolicy):
    """Sharded parameters wait in the CPU's memory."""

    pin_memory: bool = True


fully_shard = _refused("fully_shard", _WHY)

__all__ = ["CPUOffloadPolicy", "FSDPModule", "MixedPrecisionPolicy", "OffloadPolicy", "fully_shard"]
__all__ += fully_sharded_data_parallel.__all__

_named(__name__, modules={"sharded_grad_scaler"})
_list_names(__name__)
