"""functorch: the old spelling of :mod:`adjoint.func`, for programs that ``import functorch``.

The transforms are those of :mod:`adjoint.func` behind PyTorch's warning that they go by another name now; what only was here,
modules without their state, is in :mod:`adjoint.functorch.stateless`.
"""

from adjoint.functorch.deprecated import (
    combine_state_for_ensemble,
    functionalize,
    grad,
    grad_and_value,
    hessian,
    jacfwd,
    jacrev,
    jvp,
    make_functional,
    make_functional_with_buffers,
    vjp,
    vmap,
)
from adjoint.functorch.stateless import FunctionalModule, FunctionalModuleWithBuffers
from adjoint.names import list_names as _list_names
from adjoint.version import __version__

__all__ = [
    "FunctionalModule",
    "FunctionalModuleWithBuffers",
    "__version__",
    "combine_state_for_ensemble",
    "functionalize",
    "grad",
    "grad_and_value",
    "hessian",
    "jacfwd",
    "jacrev",
    "jvp",
    "make_functional",
    "make_functional_with_buffers",
    "vjp",
    "vmap",
]

_list_names(__name__)
