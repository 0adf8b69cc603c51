"""``torch.distributed.optim``: optimizers whose state is spread over processes."""

from adjoint.distributed.optim.zero_redundancy_optimizer import ZeroRedundancyOptimizer as ZeroRedundancyOptimizer
from adjoint.names import list_names as _list_names

__all__ = ["ZeroRedundancyOptimizer"]

_list_names(__name__)
