"""``ShardedGradScaler``, which would scale the gradients of sharded parameters."""

from adjoint.amp.grad_scaler import GradScaler as _GradScaler
from adjoint.distributed.fsdp.fully_sharded_data_parallel import WHY as _WHY
from adjoint.distributed.refused import Refused
from adjoint.names import list_names as _list_names

__all__ = ["ShardedGradScaler"]


class ShardedGradScaler(Refused, _GradScaler, why=_WHY):
    """A scaler of sharded gradients, which none here is; ``torch.amp.GradScaler`` scales those that are whole."""


_list_names(__name__)
