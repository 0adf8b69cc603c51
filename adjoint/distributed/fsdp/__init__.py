"""``torch.distributed.fsdp``: names of what shards a model's parameters over processes, which is not to be had here.

No module is one of these, which is what libraries ask; making one says what there is instead.
"""

from adjoint.distributed.refused import Refused, refused
from adjoint.names import list_names as _list_names
from adjoint.nn import Module

_WHY = "parameters are whole on every rank; torch.nn.parallel.DistributedDataParallel trains one model on several"


class FullyShardedDataParallel(Refused, Module, why=_WHY):
    """A module whose parameters are sharded over processes, which no module here is."""


class FSDPModule(Refused, why=_WHY):
    """What ``fully_shard`` would make a module, which no module here is."""


class MixedPrecision(Refused, why=_WHY):
    """In which dtypes a sharded module would compute."""


class MixedPrecisionPolicy(Refused, why=_WHY):
    """In which dtypes a sharded module would compute."""


class CPUOffload(Refused, why=_WHY):
    """Whether a sharded module's parameters would be kept in the CPU's memory."""


class OffloadPolicy(Refused, why=_WHY):
    """Where a sharded module's parameters would be kept."""


class CPUOffloadPolicy(OffloadPolicy, why=_WHY):
    """Sharded parameters would be kept in the CPU's memory."""


fully_shard = refused("fully_shard", _WHY)

_list_names(__name__)
