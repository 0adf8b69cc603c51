"""``torch.distributed.algorithms``: uneven inputs, and what is done to gradients on their way between processes."""

from adjoint.distributed.algorithms.join import Join as Join
from adjoint.distributed.algorithms.join import Joinable as Joinable
from adjoint.distributed.algorithms.join import JoinHook as JoinHook
from adjoint.names import list_names as _list_names
from adjoint.names import named as _named

__all__ = ["Join", "JoinHook", "Joinable"]

_named(__name__, modules={"_checkpoint", "ddp_comm_hooks", "join", "model_averaging"})
_list_names(__name__)
