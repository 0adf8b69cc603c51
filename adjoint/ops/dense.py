"""Dense: what tensors that are never sparse answer to questions about sparse ones."""

from __future__ import annotations

from typing import Any

from adjoint import dtypes
from adjoint.declare import composite
from adjoint.tensor import Tensor

# What the parts of sparse tensors are asked of, by PyTorch's words.
_PARTS = {
    "coalesce": "sparse coordinate tensor",
    "indices": "sparse coordinate tensor",
    "is_coalesced": "sparse coordinate tensor",
    "values": "sparse tensor",
    "crow_indices": "sparse row compressed tensor",
    "col_indices": "sparse row compressed tensor",
    "ccol_indices": "sparse column compressed tensor",
    "row_indices": "sparse column compressed tensor",
}
_SPARSE = ("to_sparse", "to_sparse_coo", "to_sparse_csr", "to_sparse_csc", "to_sparse_bsr", "to_sparse_bsc")


@composite(where="Tensor")
def to_dense(self: Tensor, dtype: dtypes.dtype | None = None, *, masked_grad: bool | None = None) -> Tensor:
    """The tensor itself, which is dense; in another dtype, if one is named."""
    return self if dtype is None else self.to(dtype)  # type: ignore[attr-defined, no-any-return]


def _lacks(name: str, kind: str) -> Any:
    def part(self: Tensor) -> Any:
        raise RuntimeError(f"{name} expected {kind} layout but got Strided")

    part.__name__ = part.__qualname__ = name
    part.__doc__ = f"Raises RuntimeError: only a {kind} has it, and there is none."
    return part


def _refused(name: str) -> Any:
    def made(self: Tensor, *args: Any, **kwargs: Any) -> Any:
        raise NotImplementedError(f"{name}: Adjoint has no sparse tensors; compute with the dense one")

    made.__name__ = made.__qualname__ = name
    made.__doc__ = "Raises NotImplementedError: there are no sparse tensors."
    return made


for _name, _kind in _PARTS.items():
    composite(_lacks(_name, _kind), where="Tensor")
for _name in _SPARSE:
    composite(_refused(_name), where="Tensor")
