"""``torch._functorch.eager_transforms``: derivatives of functions."""

from typing import Any

from adjoint.func import functionalize, grad, grad_and_value, hessian, jacfwd, jacrev, jvp, linearize, vjp
from adjoint.func.transforms import argnums_t, select

__all__ = [
    "_slice_argnums",
    "argnums_t",
    "functionalize",
    "grad",
    "grad_and_value",
    "hessian",
    "jacfwd",
    "jacrev",
    "jvp",
    "linearize",
    "vjp",
]


def _slice_argnums(args: tuple[Any, ...], argnums: argnums_t, as_tuple: bool = True) -> Any:
    """Of a call's arguments those with these numbers; of one number a tuple of one, with ``as_tuple``."""
    chosen = select(args, argnums)
    return (chosen,) if as_tuple and isinstance(argnums, int) else chosen
