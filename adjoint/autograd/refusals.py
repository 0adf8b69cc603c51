"""Refusals: what cannot be done inside of a transform, where a tensor's place in the graph is the transform's own."""

from __future__ import annotations

from adjoint.autograd.grad_mode import mode
from adjoint.tensor import Tensor, attach
from adjoint.type_names import type_name


def refuse(what: str, name: str) -> None:
    """Raise PyTorch's error for a call inside of a function that a transform evaluates."""
    raise RuntimeError(
        f"You are attempting to call {what} inside of a function being transformed by a functorch transform. This is "
        "unsupported, please attempt to use the functorch transforms (e.g. grad, vjp, jacrev, jacfwd, hessian) or call "
        f"{name}() outside of a function being transformed instead."
    )


@attach
def requires_grad_(self: Tensor, requires_grad: bool = True) -> Tensor:
    """Set ``requires_grad`` in place and return the tensor.

    Raises RuntimeError on a non-leaf (when it is to be switched off), on an integer or bool tensor, and inside of a
    function that a transform of ``torch.func`` evaluates.
    """
    if mode.transforms:
        refuse("Tensor.requires_grad_() (or perhaps using torch.autograd.functional.* APIs)", "requires_grad_")
    if requires_grad.__class__ is not bool:
        raise TypeError(
            f"requires_grad_(): argument 'requires_grad' (position 1) must be bool, not {type_name(requires_grad)}"
        )
    return self._set_requires_grad(requires_grad)
