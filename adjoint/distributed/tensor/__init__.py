"""``torch.distributed.tensor``: the names of tensors whose elements are spread over processes.

Adjoint's tensors are whole on every rank.  :class:`DTensor` is a class that nothing is an instance of, which is what
libraries ask; the placements are the descriptions that PyTorch's are.
"""

from typing import Any

from adjoint.distributed.refused import Refused, not_there, refused
from adjoint.distributed.tensor.placement_types import Partial, Placement, Replicate, Shard
from adjoint.names import list_names as _list_names
from adjoint.names import named as _named

WHOLE = "tensors are whole on every rank; torch.nn.parallel.DistributedDataParallel trains one model on several"

__all__ = [
    "DTensor",
    "Partial",
    "Placement",
    "Replicate",
    "Shard",
    "distribute_module",
    "distribute_tensor",
    "empty",
    "full",
    "ones",
    "rand",
    "randn",
    "zeros",
]


class DTensor(Refused, why=WHOLE):
    """A tensor whose elements are spread over processes, which no tensor here is.

    >>> import adjoint as torch
    >>> from adjoint.distributed.tensor import DTensor
    >>> isinstance(torch.ones(2), DTensor)
    False
    """

    @staticmethod
    def from_local(*args: Any, **kwargs: Any) -> Any:
        """Raises NotImplementedError: tensors are whole on every rank."""
        raise not_there("DTensor", WHOLE)


distribute_tensor = refused("distribute_tensor", WHOLE)
distribute_module = refused("distribute_module", WHOLE)
empty = refused("empty of DTensors", WHOLE)
full = refused("full of DTensors", WHOLE)
ones = refused("ones of DTensors", WHOLE)
rand = refused("rand of DTensors", WHOLE)
randn = refused("randn of DTensors", WHOLE)
zeros = refused("zeros of DTensors", WHOLE)

_named(__name__, modules={"_utils", "experimental", "parallel", "placement_types"})
_list_names(__name__)
