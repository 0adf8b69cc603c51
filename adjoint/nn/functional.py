"""``torch.nn.functional``: every function that the tables declare for it, looked up when first named."""

from adjoint import ops as _ops  # noqa: F401  (fills the namespace)
from adjoint.declare.namespaces import FUNCTIONS as _FUNCTIONS
from adjoint.declare.namespaces import lookup as _lookup
from adjoint.names import named as _named

_named(
    __name__, find=lambda name: _lookup("nn.functional", name), found=lambda: _FUNCTIONS["nn.functional"]
)
