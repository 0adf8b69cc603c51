"""``torch.distributed.rpc``: calls of functions on other processes, which there are none of."""

from adjoint.distributed.refused import refuse_in


def is_available() -> bool:
    """False."""
    return False


refuse_in(
    __name__,
    "processes exchange tensors by the collectives of torch.distributed",
    classes="RRef TensorPipeAgent TensorPipeRpcBackendOptions",
    functions="get_worker_info init_rpc remote rpc_async rpc_sync shutdown",
)
