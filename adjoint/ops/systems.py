"""Linear systems in other forms: of symmetric factors, of tensors, with what went wrong as a result."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from adjoint.declare import composite, op
from adjoint.declare.arranging import made_of
from adjoint.declare.once import warn_once
from adjoint.declare.one_node import as_one_node
from adjoint.declare.outs import SAME, safely
from adjoint.declare.return_types import return_type
from adjoint.declare.underived import underived
from adjoint.layouts import contiguous_format
from adjoint.ops.arrays import Array, all_values, in_columns
from adjoint.ops.each_sample import each_sample
from adjoint.ops.linalg import LinAlgError, _solve_row, is_vector, solve_triangular
from adjoint.ops.lu import solved_by_factors
from adjoint.ops.reduction import written
from adjoint.ops.reflections import householder_product as _householder_row
from adjoint.ops.unsupported import type_name, unsupported
from adjoint.tensor import Tensor

# Symmetric factors


def _ldl_factor_ex(self: Array, hermitian=False, check_errors=False):
    from scipy.linalg import get_lapack_funcs

    name = "torch.linalg.ldl_factor_ex"
    if self.ndim < 2:
        raise RuntimeError(f"{name}: The input tensor A must have at least 2 dimensions.")
    if self.shape[-1] != self.shape[-2]:
        raise RuntimeError(
            f"{name}: A must be batches of square matrices, but they are {self.shape[-2]} by {self.shape[-1]} matrices"
        )
    if self.dtype.kind in "iub":
        raise RuntimeError(f"{name}: Expected a floating point or complex tensor as input. Got {type_name(self)}")
    if self.dtype.itemsize == 2:
        unsupported("ldl_factor_kernel_cpu", self)
    packed = np.array(self)
    pivots = np.zeros(self.shape[:-1], np.int32)
    info = np.zeros(self.shape[:-2], np.int32)
    if self.size:
        (factor,) = get_lapack_funcs(("hetrf" if hermitian and self.dtype.kind == "c" else "sytrf",), (packed,))
        for place in np.ndindex(self.shape[:-2]):
            packed[place], pivots[place], info[place] = factor(packed[place], lower=1)
    if check_errors and all_values(info).any():
        block = all_values(info).max()
        raise LinAlgError(f"{name}: D[{block},{block}] is zero, the factors solve no system.")
    return in_columns(np.tril(packed)), pivots, info


def _no_ldl_derivative():
    raise RuntimeError("derivative for aten::linalg_ldl_factor_ex is not implemented")


_ldl_row = op(
    "linalg_ldl_factor_ex", _ldl_factor_ex, where="", outputs=("LD", "pivots", "info"), differentiable=("LD",),
    node="NotImplemented", self=lambda gs: _no_ldl_derivative(),
)  # fmt: skip


@composite(out=SAME, where="linalg")
def ldl_factor_ex(A: Tensor, *, hermitian: bool = False, check_errors: bool = False, out: Any = None) -> Any:
    """As :func:`adjoint.linalg.ldl_factor`, with 0 or, counted from 1, which block of D is zero."""
    return written(_ldl_row.function(A, hermitian, check_errors), out, "linalg_ldl_factor_ex")


@composite(out=SAME, where="linalg")
def ldl_factor(A: Tensor, *, hermitian: bool = False, out: Any = None) -> Any:
    """The factors of a symmetric (with ``hermitian`` a Hermitian) matrix ``A = L D L^T``, packed as LAPACK does, and its pivots;
    the lower triangle of ``A`` is looked at.

    Raises LinAlgError (a RuntimeError) where a block of D is zero.  It has no gradient.

    >>> import adjoint as torch
    >>> torch.linalg.ldl_factor(torch.tensor([[4., 2.], [2., 2.]])).LD
    tensor([[4.0000, 0.0000],
            [0.5000, 1.0000]])
    """
    LD, pivots, _ = _ldl_row.function(A, hermitian, True)
    return written(return_type("linalg_ldl_factor")((LD, pivots)), out, "linalg_ldl_factor")


def _ldl_solve(LD: Array, pivots: Array, B: Array, hermitian=False):
    from scipy.linalg import get_lapack_funcs

    name = "torch.linalg.ldl_solve"
    if B.ndim < 2:
        raise IndexError(f"Dimension out of range (expected to be in range of [-{max(B.ndim, 1)}, 0], but got -2)")
    if LD.dtype != B.dtype:
        raise RuntimeError(
            f"Expected b and A to have the same dtype, but found b of type {type_name(B)} and A of type {type_name(LD)} instead."
        )
    if LD.shape[-1] != B.shape[-2]:
        raise RuntimeError(
            f"Incompatible matrix sizes for {name}: each A matrix is {LD.shape[-1]} by {LD.shape[-1]} but each b matrix is "
            f"{B.shape[-2]} by {B.shape[-1]}"
        )
    if LD.shape[:-1] != pivots.shape:
        raise RuntimeError(
            f"{name}: Expected LD.shape[:-1] and pivots.shape to be the same, but got pivots with shape {list(pivots.shape)} instead"
        )
    batch = np.broadcast_shapes(LD.shape[:-2], B.shape[:-2])
    found = np.array(np.broadcast_to(B, (*batch, *B.shape[-2:])))
    LD, pivots = np.broadcast_to(LD, (*batch, *LD.shape[-2:])), np.broadcast_to(pivots, (*batch, pivots.shape[-1]))
    if found.size:
        (solve,) = get_lapack_funcs(("hetrs" if hermitian and LD.dtype.kind == "c" else "sytrs",), (LD, found))
        for place in np.ndindex(batch):
            found[place] = solve(LD[place], pivots[place].astype(np.int32), found[place], lower=1)[0]
    return in_columns(found)


@each_sample
def linalg_ldl_solve(LD: Tensor, pivots: Tensor, B: Tensor, hermitian: bool) -> Tensor:
    found = made_of(_ldl_solve(LD._array, pivots._array, B._array, hermitian))
    underived([found], [LD, B], "derivative for aten::linalg_ldl_solve is not implemented")
    return found


@composite(out=SAME, where="linalg")
def ldl_solve(LD: Tensor, pivots: Tensor, B: Tensor, *, hermitian: bool = False, out: Tensor | None = None) -> Tensor:
    """The solution of ``A X = B`` from what ``ldl_factor`` made of ``A``.  It has no gradient.

    >>> import adjoint as torch
    >>> torch.linalg.ldl_solve(*torch.linalg.ldl_factor(torch.tensor([[2., 0.], [0., 4.]])), torch.ones(2, 1))
    tensor([[0.5000],
            [0.2500]])
    """
    return written(linalg_ldl_solve(LD, pivots, B, hermitian), out, "linalg_ldl_solve")


# Reflections by their names in linalg


@composite(out=safely("torch.linalg.householder_product"), where="linalg", name="householder_product")
def linalg_householder_product(A: Tensor, tau: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The first columns of the product of Householder reflections, whose vectors are below the diagonal of ``A``.

    Raises RuntimeError for shapes that do not fit.

    >>> import adjoint as torch
    >>> torch.linalg.householder_product(torch.tensor([[1.], [1.]]), torch.tensor([1.]))
    tensor([[ 0.],
            [-1.]])
    """
    return written(_householder_row.function(A, tau), out, "linalg_householder_product")


@composite
def orgqr(input: Tensor, tau: Tensor, *, out: Tensor | None = None) -> Tensor:
    """As :func:`adjoint.linalg.householder_product`."""
    return written(_householder_row.function(input, tau), out, "orgqr")


# What went wrong as a result


@composite(out=SAME, where="linalg")
def solve_ex(A: Tensor, B: Tensor, *, left: bool = True, check_errors: bool = False, out: Any = None) -> Any:
    """The solution of ``A X = B``, and per matrix 0 or, counted from 1, which pivot of a singular one is zero; then the
    solution is not finite.  Raises LinAlgError for one with ``check_errors``.

    >>> import adjoint as torch
    >>> torch.linalg.solve_ex(torch.ones(2, 2), torch.ones(2)).info
    tensor(2, dtype=torch.int32)
    """
    try:
        found = _solve_row.function(A, B, left)
        info = made_of(np.zeros(A._array.shape[:-2], np.int32))
    except LinAlgError as error:
        if check_errors:
            raise LinAlgError(str(error).replace("linalg.solve:", "linalg.solve_ex:")) from None
        vector = is_vector(A._array, B._array)
        found, info = solved_by_factors(A, B.unsqueeze(-1) if vector else B, left)
        found = found.squeeze(-1) if vector else found
    return written(return_type("linalg_solve_ex")((found, info)), out, "linalg_solve_ex")


# Of tensors


@composite(out=safely("tensorinv"), where="linalg")
def tensorinv(A: Tensor, ind: int = 2, *, out: Tensor | None = None) -> Tensor:
    """The inverse of what ``tensordot`` with ``A`` along its last dimensions does: ``A.shape[ind:] + A.shape[:ind]``.

    Raises RuntimeError where the first ``ind`` dimensions have not as many elements as the others.

    >>> import adjoint as torch
    >>> torch.linalg.tensorinv(torch.eye(6).reshape(2, 3, 6)).shape
    torch.Size([6, 2, 3])
    """
    from adjoint.ops.linalg import inv

    if ind <= 0:
        raise RuntimeError(f"Expected a strictly positive integer for 'ind', but got {ind}")
    before, behind = tuple(A.shape[:ind]), tuple(A.shape[ind:])
    if math.prod(behind) != math.prod(before):
        raise RuntimeError(
            "Expected self to satisfy the requirement prod(self.shape[ind:]) == prod(self.shape[:ind]), but got "
            f"{math.prod(behind)} != {math.prod(before)}"
        )
    return written(inv(A.reshape(math.prod(behind), -1)).reshape(behind + before), out, "linalg_tensorinv")


@composite(out=safely("tensorsolve"), where="linalg")
def tensorsolve(A: Tensor, B: Tensor, dims: Sequence[int] | None = None, *, out: Tensor | None = None) -> Tensor:
    """The ``X`` with ``tensordot(A, X, X.ndim) == B``, after the dimensions ``dims`` of ``A`` were moved to its end.

    Raises RuntimeError where the first dimensions of ``A`` have not as many elements as the others.

    >>> import adjoint as torch
    >>> torch.linalg.tensorsolve(torch.eye(6).reshape(2, 3, 6), torch.ones(2, 3)).shape
    torch.Size([6])
    """
    from adjoint.ops.linalg import solve

    if dims is not None:
        moved = [d % A.ndim for d in dims]
        A = A.permute([d for d in range(A.ndim) if d not in moved] + moved)
    shape = tuple(A.shape[B.ndim :])
    if math.prod(shape) != B.numel():
        raise RuntimeError(
            "Expected self to satisfy the requirement prod(self.shape[other.ndim:]) == prod(self.shape[:other.ndim]), but got "
            f"{math.prod(shape)} != {B.numel()}"
        )
    found = solve(A.reshape(math.prod(shape), -1), B.reshape(-1)).reshape(shape)
    return written(found, out, "linalg_tensorsolve")


# What PyTorch is about to remove


@composite(out=SAME)
def triangular_solve(
    input: Tensor, A: Tensor, upper: bool = True, transpose: bool = False, unitriangular: bool = False, *, out: Any = None
) -> Any:
    """As :func:`adjoint.linalg.solve_triangular`, its arguments in another order, and a copy of ``A``."""
    warn_once(
        "triangular_solve",
        "torch.triangular_solve is deprecated in favor of torch.linalg.solve_triangularand will be removed in a future PyTorch "
        "release.\ntorch.linalg.solve_triangular has its arguments reversed and does not return a copy of one of the inputs.\n"
        "X = torch.triangular_solve(B, A).solution\nshould be replaced with\nX = torch.linalg.solve_triangular(A, B).",
    )
    for name, given in (("b", input), ("A", A)):
        if given.ndim < 2:
            raise RuntimeError(
                f"torch.triangular_solve: Expected {name} to have at least 2 dimensions, but it has {given.ndim} dimensions instead"
            )
    if input.shape[-2] != A.shape[-1]:
        raise RuntimeError(
            f"Incompatible matrix sizes for triangular_solve: each A matrix is {A.shape[-2]} by {A.shape[-1]} but each b matrix is "
            f"{input.shape[-2]} by {input.shape[-1]}"
        )

    def solved(input: Tensor, A: Tensor) -> tuple[Tensor, Tensor]:
        matrix = A.mH if transpose else A
        found = solve_triangular(matrix, input, upper=upper is not transpose, unitriangular=unitriangular)
        return found, A.expand(*found.shape[:-2], *A.shape[-2:]).mT.clone(memory_format=contiguous_format).mT

    found = as_one_node("TriangularSolveBackward0", solved, input, A)
    return written(return_type("triangular_solve")(found), out, "triangular_solve")
