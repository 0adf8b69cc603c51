"""``torch._functorch.functional_call``: modules as functions."""

from adjoint.func import functional_call, stack_module_state

__all__ = ["functional_call", "stack_module_state"]
