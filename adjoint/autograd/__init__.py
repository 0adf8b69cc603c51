"""Automatic differentiation: the graph, the engine that runs it backward, and what users may ask of both."""

from adjoint.autograd.backward import backward_of as backward
from adjoint.autograd.backward import grad
from adjoint.autograd.grad_mode import enable_grad, inference_mode, no_grad, set_grad_enabled
from adjoint.autograd.hooks import NodeHooks as _NodeHooks  # registers the hooks of tensors and nodes

__all__ = ["backward", "enable_grad", "grad", "inference_mode", "no_grad", "set_grad_enabled"]
