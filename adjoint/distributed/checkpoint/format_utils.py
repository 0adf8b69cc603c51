"""Sharded checkpoints made files of torch.save, and the reverse."""

from adjoint.distributed.checkpoint import WHY
from adjoint.distributed.refused import refuse_in

refuse_in(
    __name__,
    WHY,
    classes="_EmptyStateDictLoadPlanner BroadcastingTorchSaveReader DynamicMetaLoadPlanner",
    functions="dcp_to_torch_save torch_save_to_dcp",
)
