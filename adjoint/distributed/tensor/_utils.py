"""Which part of a spread tensor a rank has: names that libraries import, refused when they are called."""

from adjoint.distributed.refused import refused
from adjoint.distributed.tensor import WHOLE
from adjoint.names import list_names as _list_names

compute_local_shape_and_global_offset = refused("compute_local_shape_and_global_offset", WHOLE)
compute_global_tensor_info = refused("compute_global_tensor_info", WHOLE)

_list_names(__name__)
