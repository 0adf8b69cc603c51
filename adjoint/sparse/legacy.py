"""The older constructors of sparse tensors: ``torch.sparse.FloatTensor(indices, values, size)`` and its kin."""

from __future__ import annotations

from typing import Any

from adjoint import dtypes
from adjoint.declare.once import warn_once
from adjoint.ops.sparse_making import check_all, is_sparse, sparse_coo_tensor
from adjoint.tensor import Tensor


class sparsetype(type):
    """The type of ``torch.sparse.FloatTensor`` and its kin: a sparse tensor is an instance of the one of its dtype."""

    dtype: dtypes.dtype
    is_cuda = False

    def __call__(cls, *args: Any, device: Any = None) -> Any:
        parts = [a for a in args if isinstance(a, Tensor)]
        of = ["indices", "values", "shape"][: len(args)] if len(parts) == 2 else ["shape"][: len(args)]
        warn_once(
            f"torch.sparse.{', '.join(of)}",
            f"torch.sparse.SparseTensor({', '.join([*of, '*', 'device=']) if of else ''}) is deprecated.  Please use "
            f"torch.sparse_coo_tensor({', '.join(of or ['(0,)'])}, dtype={', device=' if of else ''}).",
        )
        if len(parts) == 2:
            return sparse_coo_tensor(*args, device=device, check_invariants=check_all())
        size = args[0] if len(args) == 1 and not isinstance(args[0], int) else args
        return sparse_coo_tensor(tuple(size) or (0,), dtype=cls.dtype, device=device, check_invariants=check_all())

    def __instancecheck__(cls, instance: Any) -> bool:
        return isinstance(instance, Tensor) and is_sparse(instance) and instance.dtype is cls.dtype


def _class(dtype: dtypes.dtype) -> sparsetype:
    doc = f"The older constructor of sparse tensors of {dtype}.  Prefer ``torch.sparse_coo_tensor``."
    name = f"{dtypes.SCALAR_TYPE_NAMES[dtype]}Tensor"
    return sparsetype(name, (), {"__module__": "torch.sparse", "__doc__": doc, "dtype": dtype})


CLASSES = {
    cls.__name__: cls
    for cls in map(
        _class,
        (
            dtypes.float32, dtypes.float64, dtypes.float16, dtypes.bfloat16, dtypes.uint8, dtypes.int8, dtypes.int16, dtypes.int32,
            dtypes.int64,
        ),
    )
}  # fmt: skip
