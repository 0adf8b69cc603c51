"""``torch.distributed``: several processes, on one machine or many, that train together.

The processes exchange tensors over MPI (the extra ``adjoint[distributed]``: mpi4py, and an MPI). ``adjoint run -n 4 train.py``
or ``mpirun -n 4 adjoint run train.py`` starts them; so does anything that sets torchrun's environment variables.
"""

from adjoint.distributed.backend import (
    Backend,
    BackendConfig,
    get_default_backend_for_device,
    is_available,
    is_backend_available,
    is_gloo_available,
    is_mpi_available,
    is_nccl_available,
    is_ucc_available,
    is_xccl_available,
)
from adjoint.distributed.collectives import all_reduce, barrier, broadcast
from adjoint.distributed.constants import default_pg_timeout
from adjoint.distributed.errors import DistBackendError, DistError, DistNetworkError, DistStoreError, QueueEmptyError
from adjoint.distributed.file_store import FileStore
from adjoint.distributed.grad_bucket import GradBucket
from adjoint.distributed.groups import (
    GroupMember,
    destroy_process_group,
    get_backend,
    get_backend_config,
    get_global_rank,
    get_group_rank,
    get_node_local_rank,
    get_pg_count,
    get_process_group_ranks,
    get_rank,
    get_world_size,
    group,
    init_process_group,
    is_initialized,
    is_torchelastic_launched,
)
from adjoint.distributed.process_group import ProcessGroup
from adjoint.distributed.reduce_op import ReduceOp, reduce_op, supports_complex
from adjoint.distributed.rendezvous import register_rendezvous_handler, rendezvous
from adjoint.distributed.store import HashStore, PrefixStore, Store
from adjoint.distributed.tcp_store import TCPStore
from adjoint.distributed.traffic import traffic
from adjoint.distributed.work import Work
from adjoint.names import list_names as _list_names
from adjoint.names import named as _named

__all__ = [
    "Backend",
    "BackendConfig",
    "DistBackendError",
    "DistError",
    "DistNetworkError",
    "DistStoreError",
    "FileStore",
    "GradBucket",
    "GroupMember",
    "HashStore",
    "PrefixStore",
    "ProcessGroup",
    "QueueEmptyError",
    "ReduceOp",
    "Store",
    "TCPStore",
    "Work",
    "all_reduce",
    "barrier",
    "broadcast",
    "default_pg_timeout",
    "destroy_process_group",
    "get_backend",
    "get_backend_config",
    "get_default_backend_for_device",
    "get_global_rank",
    "get_group_rank",
    "get_node_local_rank",
    "get_pg_count",
    "get_process_group_ranks",
    "get_rank",
    "get_world_size",
    "group",
    "init_process_group",
    "is_available",
    "is_backend_available",
    "is_gloo_available",
    "is_initialized",
    "is_mpi_available",
    "is_nccl_available",
    "is_torchelastic_launched",
    "is_ucc_available",
    "is_xccl_available",
    "reduce_op",
    "register_rendezvous_handler",
    "rendezvous",
    "supports_complex",
]

_named(
    __name__,
    modules={"algorithms", "constants", "distributed_c10d", "launch", "nn", "optim", "run"},
)
_list_names(__name__)
