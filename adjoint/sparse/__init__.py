"""``torch.sparse``: operators of sparse tensors.  They are declared in :mod:`adjoint.ops`; how such tensors are stored is said at
:mod:`adjoint.readings.sparse`.

>>> import adjoint as torch
>>> torch.sparse.mm(torch.eye(2).to_sparse(), torch.ones(2, 1))
tensor([[1.],
        [1.]])
"""

from adjoint.declare.namespaces import FUNCTIONS as _FUNCTIONS
from adjoint.declare.namespaces import lookup as _lookup
from adjoint.names import named as _named
from adjoint.sparse.gradients import as_sparse_gradcheck
from adjoint.sparse.invariants import check_sparse_tensor_invariants
from adjoint.sparse.legacy import CLASSES as _CLASSES

__all__ = [
    "addmm", "as_sparse_gradcheck", "check_sparse_tensor_invariants", "log_softmax", "mm", "softmax", "spdiags", "sum",
]  # fmt: skip

vars().update(_CLASSES)
_named(__name__, find=lambda name: _lookup("sparse", name), found=lambda: _FUNCTIONS["sparse"], kept_back=_CLASSES)
