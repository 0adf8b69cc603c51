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
from adjoint.distributed.coalescing import all_gather_coalesced, all_reduce_coalesced
from adjoint.distributed.collectives import (
    all_reduce,
    barrier,
    broadcast,
    reduce,
    reduce_scatter,
    reduce_scatter_tensor,
)
from adjoint.distributed.constants import default_pg_timeout
from adjoint.distributed.errors import DistBackendError, DistError, DistNetworkError, DistStoreError, QueueEmptyError
from adjoint.distributed.file_store import FileStore
from adjoint.distributed.gathering import (
    all_gather,
    all_gather_into_tensor,
    all_to_all,
    all_to_all_single,
    gather,
    scatter,
)
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
from adjoint.distributed.messages import P2POp, batch_isend_irecv, irecv, isend, recv, send
from adjoint.distributed.monitored import monitored_barrier
from adjoint.distributed.objects import (
    all_gather_object,
    broadcast_object_list,
    gather_object,
    recv_object_list,
    scatter_object_list,
    send_object_list,
)
from adjoint.distributed.process_group import ProcessGroup
from adjoint.distributed.reduce_op import ReduceOp, reduce_op, supports_complex
from adjoint.distributed.rendezvous import register_rendezvous_handler, rendezvous
from adjoint.distributed.store import HashStore, PrefixStore, Store
from adjoint.distributed.subgroups import (
    new_group,
    new_subgroups,
    new_subgroups_by_enumeration,
    shrink_group,
    split_group,
)
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
    "P2POp",
    "PrefixStore",
    "ProcessGroup",
    "QueueEmptyError",
    "ReduceOp",
    "Store",
    "TCPStore",
    "Work",
    "all_gather",
    "all_gather_coalesced",
    "all_gather_into_tensor",
    "all_gather_object",
    "all_reduce",
    "all_reduce_coalesced",
    "all_to_all",
    "all_to_all_single",
    "barrier",
    "batch_isend_irecv",
    "broadcast",
    "broadcast_object_list",
    "default_pg_timeout",
    "destroy_process_group",
    "gather",
    "gather_object",
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
    "irecv",
    "is_available",
    "is_backend_available",
    "is_gloo_available",
    "is_initialized",
    "is_mpi_available",
    "is_nccl_available",
    "is_torchelastic_launched",
    "is_ucc_available",
    "is_xccl_available",
    "isend",
    "monitored_barrier",
    "new_group",
    "new_subgroups",
    "new_subgroups_by_enumeration",
    "recv",
    "recv_object_list",
    "reduce",
    "reduce_op",
    "reduce_scatter",
    "reduce_scatter_tensor",
    "register_rendezvous_handler",
    "rendezvous",
    "scatter",
    "scatter_object_list",
    "send",
    "send_object_list",
    "shrink_group",
    "split_group",
    "supports_complex",
]

_named(
    __name__,
    modules={
        "_composable",
        "_functional_collectives",
        "algorithms",
        "checkpoint",
        "constants",
        "device_mesh",
        "distributed_c10d",
        "elastic",
        "fsdp",
        "launch",
        "launcher",
        "nn",
        "optim",
        "pipelining",
        "rpc",
        "run",
        "tensor",
        "utils",
    },
    elsewhere={"DeviceMesh": "device_mesh", "init_device_mesh": "device_mesh"},
)
_list_names(__name__)
