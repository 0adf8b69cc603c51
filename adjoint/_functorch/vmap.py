"""``torch._functorch.vmap``: the types of its dimensions."""

from typing import Any

from adjoint.func import vmap

in_dims_t = int | tuple[Any, ...]
out_dims_t = int | tuple[int, ...]

__all__ = ["in_dims_t", "out_dims_t", "vmap"]
