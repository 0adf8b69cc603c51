"""``torch.distributed.tensor.parallel``: layers whose weights are spread over processes.  Names alone."""

from adjoint.distributed.refused import refuse_in
from adjoint.distributed.tensor import WHOLE

refuse_in(
    __name__,
    WHOLE,
    classes="ColwiseParallel ParallelStyle PrepareModuleInput PrepareModuleInputOutput PrepareModuleOutput RowwiseParallel "
    "SequenceParallel",
    functions="loss_parallel parallelize_module",
)
