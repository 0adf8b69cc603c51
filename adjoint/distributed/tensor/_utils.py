"""Which part of a spread tensor a rank has: names that libraries import, refused when they are called."""

from adjoint.distributed.refused import refused
from adjoint.distributed.tensor import WHOLE

compute_local_shape_and_global_offset = refused("compute_local_shape_and_global_offset", WHOLE)
compute_global_tensor_info = refused("compute_global_tensor_info", WHOLE)
