"""``torch.nn.parallel``: one module in several processes, or on several devices."""

from adjoint.names import list_names as _list_names
from adjoint.names import named as _named
from adjoint.nn.parallel.data_parallel import DataParallel as DataParallel
from adjoint.nn.parallel.data_parallel import data_parallel as data_parallel
from adjoint.nn.parallel.parallel_apply import parallel_apply as parallel_apply
from adjoint.nn.parallel.replicate import replicate as replicate
from adjoint.nn.parallel.scatter_gather import gather as gather
from adjoint.nn.parallel.scatter_gather import scatter as scatter

__all__ = ["DataParallel", "DistributedDataParallel", "data_parallel", "gather", "parallel_apply", "replicate", "scatter"]

# DistributedDataParallel brings torch.distributed with it.
_named(__name__, modules={"distributed"}, elsewhere={"DistributedDataParallel": "distributed"})
_list_names(__name__)
