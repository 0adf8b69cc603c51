"""``torch._functorch.apis``: the transforms that users call."""

from adjoint.func import grad, grad_and_value, vmap
from adjoint.func.vmap import chunk_vmap

__all__ = ["chunk_vmap", "grad", "grad_and_value", "vmap"]
