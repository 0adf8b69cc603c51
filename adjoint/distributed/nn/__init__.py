"""``torch.distributed.nn``: collectives through which gradients flow."""

from adjoint.distributed.nn import functional
from adjoint.distributed.nn.functional import (
    all_gather,
    all_reduce,
    all_to_all,
    all_to_all_single,
    broadcast,
    gather,
    reduce,
    reduce_scatter,
    scatter,
)
from adjoint.names import list_names as _list_names

__all__ = [
    "all_gather", "all_reduce", "all_to_all", "all_to_all_single", "broadcast", "functional", "gather", "reduce",
    "reduce_scatter", "scatter",
]  # fmt: skip

_list_names(__name__)
