"""``torch.distributed.tensor.experimental``: what is tried out with spread tensors.  Names alone."""

from adjoint.distributed.refused import refuse_in
from adjoint.distributed.tensor import WHOLE

refuse_in(
    __name__, WHOLE, functions="context_parallel implicit_replication local_map register_sharding", modules="_attention"
)
