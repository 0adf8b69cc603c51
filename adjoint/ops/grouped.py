"""Matrix products of groups: of rows, of columns, or of what is summed over, each with a matrix of its own."""

from __future__ import annotations

from typing import Any

from adjoint import dtypes
from adjoint.declare import composite
from adjoint.declare.namespaces import lookup
from adjoint.tensor import Tensor

_TAKEN = (dtypes.float32, dtypes.bfloat16, dtypes.float16)


@composite(where="nn.functional")
def grouped_mm(
    mat_a: Tensor, mat_b: Tensor, *, offs: Tensor | None = None, bias: Tensor | None = None, out_dtype: dtypes.dtype | None = None
) -> Tensor:
    """Products of groups of two matrices, of which ``offs`` (G,) says where each group ends.

    (M, K) and (G, K, N): each group of rows with its own matrix, (M, N).  (G, M, K) and (K, N): each matrix with its group of
    columns, (M, N).  (M, K) and (K, N): the products of groups of what is summed over, (G, M, N).  (G, M, K) and (G, K, N) have no
    ``offs``.  What is behind the last group is zero.  Raises RuntimeError for sizes, dtypes and strides that PyTorch does not take.

    >>> import adjoint as torch
    >>> ends = torch.tensor([1, 3], dtype=torch.int32)
    >>> torch.nn.functional.grouped_mm(torch.ones(3, 4), torch.ones(2, 4, 4), offs=ends).shape
    torch.Size([3, 4])
    """
    for name, matrix in (("mat_a", mat_a), ("mat_b", mat_b)):
        if matrix.dtype not in _TAKEN:
            given = dtypes.SCALAR_TYPE_NAMES[matrix.dtype]
            raise RuntimeError(f"Expected {name} to be Float32, BFloat16 or Float16 matrix, got {given}")
    for name, matrix in (("mat_a", mat_a), ("mat_b", mat_b)):
        if matrix.ndim not in (2, 3):
            raise RuntimeError(f"{name} has to be 2 or 3d")
    flat = mat_a.ndim == 2 or mat_b.ndim == 2
    if not (mat_a.ndim == 2 == mat_b.ndim) and mat_a.size(-1) != mat_b.size(-2):
        raise RuntimeError("contraction dimension of mat_a and mat_b must match")
    for matrix in (mat_a, mat_b):
        if any(step != 1 and step * matrix.itemsize % 16 for step in matrix.stride()[-2:]):
            raise RuntimeError("strides should be multiple of 16 bytes")
    if (offs is not None) != flat:
        raise RuntimeError("Have to provide offsets if there is a 2d matrix, or no offset if both matrices are 3d")
    if offs is not None and offs.dtype is not dtypes.int32:
        raise RuntimeError("Offsets have to be int32")
    if bias is not None:
        raise RuntimeError("Bias not supported yet")
    if out_dtype is not None and out_dtype is not mat_a.dtype:
        raise RuntimeError("Grouped gemm output dtype must match `mat_a` dtype")
    if mat_a.dtype is not mat_b.dtype:
        raise RuntimeError("expected mat_a and mat_b to have the same dtype")
    if offs is None:
        if mat_a.size(0) != mat_b.size(0):
            raise RuntimeError("batched dimension has to match")
        return mat_a @ mat_b
    return _of_groups(mat_a, mat_b, offs.tolist())


def _of_groups(a: Tensor, b: Tensor, ends: list[int]) -> Tensor:
    cat: Any = lookup("torch", "cat")
    zeros: Any = lookup("torch", "zeros")
    along = a.size(-1) if a.ndim == b.ndim else a.size(0) if a.ndim == 2 else b.size(1)
    if a.ndim == b.ndim and b.size(0) != along:
        raise RuntimeError("contraction dimension of mat_a and mat_b must match")
    if a.ndim != b.ndim and (b if a.ndim == 2 else a).size(0) != len(ends):
        raise RuntimeError("matrix batch sizes have to match")
    starts = [0, *ends[:-1]]
    if any(not start <= end <= along for start, end in zip(starts, ends)):
        raise RuntimeError(f"offs has to rise from 0 to {along} at most, got {ends}")
    groups = [slice(start, end) for start, end in zip(starts, ends)]
    if a.ndim == b.ndim:
        return lookup("torch", "stack")([a[:, group] @ b[group] for group in groups])  # type: ignore[no-any-return]
    if a.ndim == 2:
        parts = [a[group] @ b[i] for i, group in enumerate(groups)]
        rest = (along - ends[-1], b.size(2))
        return cat([*parts, zeros(rest, dtype=a.dtype)]) if rest[0] else cat(parts)  # type: ignore[no-any-return]
    parts = [a[i] @ b[:, group] for i, group in enumerate(groups)]
    rest = (a.size(1), along - ends[-1])
    return cat([*parts, zeros(rest, dtype=a.dtype)], 1) if rest[1] else cat(parts, 1)  # type: ignore[no-any-return]
