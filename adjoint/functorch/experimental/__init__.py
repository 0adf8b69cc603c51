"""functorch.experimental: transforms that now are in :mod:`adjoint.func`, and :func:`chunk_vmap`."""

from adjoint.func import functionalize, hessian, jacfwd, jvp, replace_all_batch_norm_modules_
from adjoint.func.vmap import chunk_vmap
from adjoint.names import list_names as _list_names

__all__ = ["chunk_vmap", "functionalize", "hessian", "jacfwd", "jvp", "replace_all_batch_norm_modules_"]

_list_names(__name__)
