"""``torch.distributed._tensor``: the older name of :mod:`adjoint.distributed.tensor`."""

from adjoint.distributed.tensor import (
    DTensor,
    Partial,
    Placement,
    Replicate,
    Shard,
    distribute_module,
    distribute_tensor,
)
from adjoint.names import named as _named

__all__ = ["DTensor", "Partial", "Placement", "Replicate", "Shard", "distribute_module", "distribute_tensor"]

_named(__name__, modules={"experimental"})
