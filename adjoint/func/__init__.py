"""torch.func: functions of functions, for derivatives and batches.

>>> import adjoint as torch
>>> from adjoint.func import grad, vmap
>>> vmap(grad(torch.sin))(torch.zeros(3))
tensor([1., 1., 1.])
"""

from adjoint.func.functional_call import functional_call, replace_all_batch_norm_modules_, stack_module_state
from adjoint.func.levels import debug_unwrap
from adjoint.func.transforms import (
    functionalize,
    grad,
    grad_and_value,
    hessian,
    jacfwd,
    jacrev,
    jvp,
    linearize,
    vjp,
)
from adjoint.func.vmap import vmap
from adjoint.names import list_names as _list_names

__all__ = [
    "debug_unwrap",
    "functional_call",
    "functionalize",
    "grad",
    "grad_and_value",
    "hessian",
    "jacfwd",
    "jacrev",
    "jvp",
    "linearize",
    "replace_all_batch_norm_modules_",
    "stack_module_state",
    "vjp",
    "vmap",
]

_list_names(__name__)
