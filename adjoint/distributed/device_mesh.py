"""``torch.distributed.device_mesh``: names of meshes of processes, which nothing here is spread over."""

from adjoint.distributed.refused import Refused, refused
from adjoint.names import list_names as _list_names

_WHY = "tensors are whole on every rank; torch.distributed.new_group makes groups of some of them"


class DeviceMesh(Refused, why=_WHY):
    """A mesh of processes over which tensors are spread, which there is none of."""


init_device_mesh = refused("init_device_mesh", _WHY)

_list_names(__name__)
