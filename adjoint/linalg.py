"""``torch.linalg``: linear algebra.  The operators are declared in :mod:`adjoint.ops.linalg`, ``.decompositions``, ``.norms``.

>>> import adjoint as torch
>>> torch.linalg.norm(torch.tensor([3., 4.]))
tensor(5.)
"""

from adjoint.declare.namespaces import FUNCTIONS as _FUNCTIONS
from adjoint.declare.namespaces import lookup as _lookup
from adjoint.names import named as _named

_named(
    __name__, find=lambda name: _lookup("linalg", name), found=lambda: _FUNCTIONS["linalg"]
)
