"""torchvision's module of kernels: other programs import from here how a functional finds its kernel, and how it gets one."""

from __future__ import annotations

from collections.abc import Callable

from adjoint.vision.transforms.v2.functional.kernels import Kernel, kernel_of, kernels_of_all, plain_kernel
from adjoint.vision.transforms.v2.functional.kernels import is_pure_tensor as is_pure_tensor
from adjoint.vision.transforms.v2.functional.kernels import register_kernel as register_kernel

_get_kernel = kernel_of
_KERNEL_REGISTRY = kernels_of_all


def _register_kernel_internal(
    functional: Kernel, input_type: type, *, tv_tensor_wrapper: bool = True
) -> Callable[[Kernel], Kernel]:
    """A decorator: ``functional`` calls what it decorates for this class; with ``tv_tensor_wrapper`` that is handed plain tensors,
    and what it returns is of the class again.  Raises ValueError for a class that has a kernel."""
    return plain_kernel(functional, input_type, tv_tensor_wrapper)
