"""A leaf's ``grad_dtype``: of which dtype its gradients are, where that is not its own.

The conversion stands before all hooks of the leaf's node (:class:`adjoint.autograd.hooks.NodeHooks`), so that hooks, ``grad``
and what :func:`adjoint.autograd.grad` returns have it alike, and leaves without one pay nothing.
"""

from __future__ import annotations

from adjoint import dtypes
from adjoint.autograd.hooks import NodeHooks
from adjoint.dtypes import dtype
from adjoint.tensor import Tensor, attach
from adjoint.type_names import type_name


def grad_dtype_of(self: Tensor) -> dtype | None:
    """The dtype to which gradients of this leaf are brought: its own, unless another is set; None to take any as it comes.

    Raises RuntimeError of what is no leaf, of what is no dtype, and beside a ``grad`` of another dtype.

    >>> import adjoint as torch
    >>> x = torch.ones(2, requires_grad=True)
    >>> x.grad_dtype
    torch.float32
    >>> x.grad_dtype = torch.float64
    >>> x.sum().backward()
    >>> x.grad
    tensor([1., 1.], dtype=torch.float64)
    """
    if not self.is_leaf:
        raise RuntimeError("grad_dtype can only be accessed on leaf tensors.")
    return self.dtype if self._grad_dtype is False else self._grad_dtype


def _set_grad_dtype(self: Tensor, wanted: dtype | None) -> None:
    if not self.is_leaf:
        raise RuntimeError("grad_dtype can only be set on leaf tensors.")
    if wanted is not None and not isinstance(wanted, dtype):
        raise RuntimeError(f"grad_dtype must be a torch.dtype or None, but got {type_name(wanted)}")
    grad = self._grad
    if grad is not None and wanted is not None and grad.dtype is not wanted:
        raise RuntimeError(
            f"Cannot set grad_dtype to '{dtypes.SCALAR_TYPE_NAMES[wanted]}' because there is already a gradient with dtype "
            f"'{dtypes.C_NAMES[grad.dtype]}'. Please clear the gradient (.grad = None) before changing grad_dtype, or ensure "
            "the new grad_dtype matches the existing gradient's dtype."
        )
    if self._hooks is None:
        self._hooks = NodeHooks()
    self._hooks.see()
    self._hooks.arrives_as = wanted
    self._grad_dtype = wanted
    node = None if self._accumulator is None else self._accumulator()
    if node is not None:  # made before, and part of graphs
        if node._hooks is None:
            node._hooks = self._hooks.of_node()
        node._hooks.arrives_as = wanted


attach(property(grad_dtype_of, _set_grad_dtype), name="grad_dtype")
