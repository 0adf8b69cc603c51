"""``torch.distributed.optim``: optimizers whose state is spread over processes."""

from adjoint.distributed.optim.zero_redundancy_optimizer import ZeroRedundancyOptimizer as ZeroRedundancyOptimizer
from adjoint.distributed.refused import refuse_in

__all__ = ["DistributedOptimizer", "PostLocalSGDOptimizer", "ZeroRedundancyOptimizer"]

refuse_in(
    __name__,
    "an optimizer steps the parameters of its own rank; ZeroRedundancyOptimizer spreads its state",
    classes="DistributedOptimizer PostLocalSGDOptimizer",
)
