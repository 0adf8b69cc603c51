"""``torch.distributed._functional_collectives``: collectives that return new tensors and are part of a graph, refused when called.

:mod:`adjoint.distributed.nn.functional` has collectives that gradients flow through.
"""

from adjoint.distributed.refused import refused
from adjoint.names import list_names as _list_names

_WHY = "call those of torch.distributed.nn.functional, through which gradients flow"

all_gather_tensor = refused("all_gather_tensor", _WHY)
all_gather_tensor_autograd = refused("all_gather_tensor_autograd", _WHY)
all_reduce = refused("all_reduce of a graph", _WHY)
all_to_all_single = refused("all_to_all_single of a graph", _WHY)
all_to_all_single_autograd = refused("all_to_all_single_autograd", _WHY)
broadcast = refused("broadcast of a graph", _WHY)
reduce_scatter_tensor = refused("reduce_scatter_tensor of a graph", _WHY)
reduce_scatter_tensor_autograd = refused("reduce_scatter_tensor_autograd", _WHY)
wait_tensor = refused("wait_tensor", _WHY)

_list_names(__name__)
