"""``torch.distributed.utils``: names of the parts of sharded modules."""

from adjoint.distributed.refused import refuse_in

refuse_in(
    __name__,
    "parameters are whole on every rank; torch.nn.parallel.DistributedDataParallel keeps them alike",
    functions="_replace_by_prefix _sync_module_states _sync_params_and_buffers",
)
