"""LU factorizations: of matrices, packed and in parts, and the systems that they solve."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from adjoint.autograd.taped import taped
from adjoint.declare import composite, op
from adjoint.declare.arguments import type_name as kind_of
from adjoint.declare.arranging import UNORDERED, made_of
from adjoint.declare.once import warn_once
from adjoint.declare.operands import sum_to
from adjoint.declare.outs import SAME
from adjoint.declare.return_types import return_type
from adjoint.ops.arrays import Array, all_values, array_function, contiguous, in_columns
from adjoint.ops.linalg import triangular_solve
from adjoint.ops.products import adjoint_of
from adjoint.ops.reduction import written
from adjoint.ops.unsupported import type_name, unsupported
from adjoint.readings.batched import BatchedArray, Level, aligned, rule
from adjoint.tensor import Tensor

# How rows are exchanged


@array_function
def permutation(pivots, m, dtype):
    """The matrix P of ``A = P L U``: in step i, row i is exchanged with row ``pivots[i]``, counted from 1."""
    flat = np.asarray(pivots).reshape(math.prod(pivots.shape[:-1]), pivots.shape[-1])
    rows = np.tile(np.arange(m), (len(flat), 1))
    each = np.arange(len(flat))
    for i in range(flat.shape[-1]):
        j = flat[:, i] - 1
        rows[each, i], rows[each, j] = rows[each, j], rows[each, i].copy()
    found = np.zeros((len(flat), m, m), dtype)
    found[each[:, None], rows, np.arange(m)] = 1
    return found.reshape(*pivots.shape[:-1], m, m)


@rule(permutation)
def _permutation_of_samples(level: Level, pivots: Any, m: Any, dtype: Any) -> Any:
    return BatchedArray(permutation(pivots.array, m, dtype), level)


@taped(permutation)
def _taped_permutation(pivots: Tensor, m: Any, dtype: Any) -> Tensor:
    return made_of(permutation(pivots._array, m, dtype))


def _lower(packed: Any) -> Any:
    """L, with ones on its diagonal, of a packed factorization."""
    k = min(packed.shape[-2:])
    return np.tril(packed[..., :k], -1) + np.eye(packed.shape[-2], k, dtype=packed.dtype)


def _upper(packed: Any) -> Any:
    return np.triu(packed[..., : min(packed.shape[-2:]), :])


def _packed(gL: Any, gU: Any) -> Any:
    """Gradients of both parts as that of what they are packed into."""
    m, n = gL.shape[-2], gU.shape[-1]
    below, above = np.tril(gL, -1), np.triu(gU)
    if m < n:
        return np.concatenate([below + above[..., :m], above[..., m:]], below.ndim - 1)
    if m > n:
        return np.concatenate([below[..., :n, :] + above, below[..., n:, :]], below.ndim - 2)
    return below + above


# Factorizing


@array_function
def factorized(A):
    """LAPACK's packed factors, the exchanges of rows, and per matrix 0 or which diagonal element of U is zero."""
    from scipy.linalg import get_lapack_funcs

    if A.ndim < 2:
        raise RuntimeError(f"torch.lu_factor: Expected tensor with 2 or more dimensions. Got size: {list(A.shape)} instead")
    if A.dtype.kind in "iub" or A.dtype.itemsize == 2:
        unsupported("lu_cpu", A)
    packed = np.array(A, order="C")
    pivots = np.zeros((*A.shape[:-2], min(A.shape[-2:])), np.int32)
    info = np.zeros(A.shape[:-2], np.int32)
    if A.size:
        (getrf,) = get_lapack_funcs(("getrf",), (packed,))
        for place in np.ndindex(A.shape[:-2]):
            packed[place], exchanged, info[place] = getrf(packed[place])
            pivots[place] = exchanged + 1
    return in_columns(packed), pivots, info


@rule(factorized)
def _factorized_samples(level: Level, A: Any) -> Any:
    return tuple(BatchedArray(part, level) for part in factorized(A.array))


def _check_pivot(name: str, pivot: Any) -> None:
    if not isinstance(pivot, bool | np.bool_):
        raise TypeError(f"{name}(): argument 'pivot' must be bool, not {kind_of(pivot)}")
    if not pivot:
        raise RuntimeError("linalg.lu_factor: LU without pivoting is not implemented on the CPU")


def _raise_singular(name: str, info: Any) -> None:
    """Raise PyTorch's error for the first matrix whose U has a zero on its diagonal."""
    flat = info.reshape(-1)
    first = int(np.flatnonzero(flat)[0])
    which = f"(Batch element {first}): " if info.ndim else ""
    raise RuntimeError(
        f"{name}: {which}U[{flat[first]},{flat[first]}] is zero and using it on lu_solve would result in a division by zero. "
        "If you still want to perform the factorization, consider calling linalg.lu(A, pivot) or linalg.lu_factor_ex(A, pivot)"
    )


def _lu_factor_ex(A: Array, pivot=True, check_errors=False):
    _check_pivot("linalg_lu_factor_ex", pivot)
    packed, pivots, info = factorized(A)
    if check_errors and all_values(info).any():
        _raise_singular("torch.linalg.lu_factor_ex", all_values(info))
    return packed, pivots, info


def _factors_gradient(gL: Any, gU: Any, P: Any, L: Any, U: Any) -> Any:
    """Of ``A = P L U``: de Hoog, Anderssen, Lukas, "Differentiation of matrix functionals using triangular factorization" (2011)."""
    m, n = L.shape[-2], U.shape[-1]
    k = min(m, n)
    L1, U1 = L[..., :k, :], U[..., :k]
    below, above = np.matmul(adjoint_of(L1), gL[..., :k, :]), np.matmul(gU[..., :k], adjoint_of(U1))
    if m < n:
        below = below - np.matmul(gU[..., k:], adjoint_of(U[..., k:]))
    elif m > n:
        above = above - np.matmul(adjoint_of(L[..., k:, :]), gL[..., k:, :])
    inner = np.tril(below, -1) + np.triu(above)
    found = triangular_solve(adjoint_of(L1), inner, True, True, True)
    found = triangular_solve(adjoint_of(U1), found, False, False, False)
    if m < n:
        rest = triangular_solve(adjoint_of(L1), np.triu(gU)[..., k:], True, True, True)
        found = np.concatenate([found, rest], found.ndim - 1)
    elif m > n:
        rest = triangular_solve(adjoint_of(U1), gL[..., k:, :], False, False, False)
        found = np.concatenate([found, rest], found.ndim - 2)
    return np.matmul(P, found)


def _lu_factor_gradient(gs, LU, pivots):
    g = gs[0]
    return _factors_gradient(
        g[..., : min(g.shape[-2:])], g[..., : min(g.shape[-2:]), :], permutation(pivots, LU.shape[-2], LU.dtype), _lower(LU), _upper(LU)
    )


_lu_factor_row = op(
    "linalg_lu_factor_ex", _lu_factor_ex, where="", node="LinalgLuFactorExBackward0",
    outputs=("LU", "pivots", "info"), differentiable=("LU",), A=_lu_factor_gradient,
    reads={"A": "P L⁻ᵀ (tril(Lᵀ g_L) + triu(g_U Uᵀ)) U⁻ᵀ"},
)  # fmt: skip


@composite(out=SAME, where="linalg")
def lu_factor_ex(A: Tensor, *, pivot: bool = True, check_errors: bool = False, out: Any = None) -> Any:
    """The factors of ``A = P L U``, packed into one matrix, the exchanges of rows, and per matrix 0 or, counted from 1, which
    diagonal element of U is zero.  Raises RuntimeError for such a matrix with ``check_errors``.

    >>> import adjoint as torch
    >>> torch.linalg.lu_factor_ex(torch.tensor([[1., 2.], [2., 4.]])).info
    tensor(2, dtype=torch.int32)
    """
    return written(_lu_factor_row.function(A, pivot, check_errors), out, "linalg_lu_factor_ex")


@composite(out=SAME, where="linalg")
def lu_factor(A: Tensor, *, pivot: bool = True, out: Any = None) -> Any:
    """The factors of ``A = P L U``, packed into one matrix, L's ones left away, and the exchanges of rows, counted from 1.

    Raises RuntimeError for a matrix whose U has a zero on its diagonal.

    >>> import adjoint as torch
    >>> torch.linalg.lu_factor(torch.tensor([[1., 2.], [4., 4.]]))
    torch.return_types.linalg_lu_factor(
    LU=tensor([[4.0000, 4.0000],
            [0.2500, 1.0000]]),
    pivots=tensor([2, 2], dtype=torch.int32))
    """
    LU, pivots, info = _lu_factor_row.function(A, pivot)
    if all_values(info._array).any():
        _raise_singular("torch.linalg.lu_factor", all_values(info._array))
    return written(return_type("linalg_lu_factor")((LU, pivots)), out, "linalg_lu_factor")


def _lu(A: Array, pivot=True):
    _check_pivot("linalg_lu", pivot)
    packed, pivots, _ = factorized(A)
    P = permutation(pivots, A.shape[-2], packed.dtype)
    return P, contiguous(_lower(packed)), contiguous(_upper(packed))


_lu_row = op(
    "linalg_lu", _lu, where="", outputs=("P", "L", "U"), differentiable=("L", "U"),
    A=lambda gs, P, L, U: _factors_gradient(gs[0], gs[1], P, L, U),
    reads={"A": "P L⁻ᵀ (tril(Lᵀ g_L) + triu(g_U Uᵀ)) U⁻ᵀ"},
)  # fmt: skip


@composite(out=SAME, where="linalg", name="lu")
def linalg_lu(A: Tensor, *, pivot: bool = True, out: Any = None) -> Any:
    """``A = P L U``: exchanges of rows, a lower triangular matrix with ones on its diagonal, and an upper triangular one.

    >>> import adjoint as torch
    >>> torch.linalg.lu(torch.tensor([[1., 2.], [4., 4.]])).L
    tensor([[1.0000, 0.0000],
            [0.2500, 1.0000]])
    """
    return written(_lu_row.function(A, pivot), out, "linalg_lu")


def _lu_unpack(LU_data: Array, LU_pivots: Array, unpack_data=True, unpack_pivots=True):
    if LU_data.ndim < 2:
        raise RuntimeError(f"torch.lu_unpack: Expected tensor with 2 or more dimensions. Got size: {list(LU_data.shape)} instead")
    nothing = np.zeros(0, LU_data.dtype)
    P, L, U = nothing, nothing.copy(), nothing.copy()
    m = LU_data.shape[-2]
    if unpack_pivots:
        if LU_pivots.dtype != np.int32:
            raise RuntimeError(
                "torch.lu_unpack: LU_pivots is expected to be a contiguous tensor of torch.int32 dtype.\n"
                "Note: this function is intended to be used with the output produced by torch.linalg.lu_factor"
            )
        if all_values((LU_pivots < 1) | (LU_pivots > m)).any() or LU_pivots.shape[-1] != min(LU_data.shape[-2:]):
            raise RuntimeError(
                "pivots passed to lu_unpack must be between 1 and LU.size(-2) inclusive."
                "Did you properly pass the result of lu_factor?"
            )
        P = permutation(LU_pivots, m, LU_data.dtype)
    if unpack_data:
        L, U = contiguous(_lower(LU_data)), contiguous(_upper(LU_data))
    return P, L, U


op(
    "lu_unpack", _lu_unpack, out=SAME, where="torch", outputs=("P", "L", "U"), differentiable=("L", "U"),
    LU_data=lambda gs: _packed(gs[0], gs[1]), reads={"LU_data": "tril(g_L, -1) + triu(g_U)"},
    doc="""The parts ``P``, ``L`` and ``U`` of what ``lu_factor`` packed; those that are not asked for are empty.

    >>> import adjoint as torch
    >>> torch.lu_unpack(*torch.linalg.lu_factor(torch.tensor([[1., 2.], [4., 4.]]))).U
    tensor([[4., 4.],
            [0., 1.]])
    """,
)  # fmt: skip


# Solving


def _check_solve(LU: Any, pivots: Any, B: Any, left: bool) -> None:
    name = "linalg.lu_solve"
    if LU.ndim < 2:
        raise RuntimeError(f"torch.{name}: The input tensor A must have at least 2 dimensions.")
    if LU.dtype.kind in "iub":
        raise RuntimeError(f"torch.{name}: Expected a floating point or complex tensor as input. Got {type_name(LU)}")
    if LU.dtype != B.dtype:
        raise RuntimeError(
            f"{name}: Expected LU and B to have the same dtype, but found LU of type {type_name(LU)} and B of type "
            f"{type_name(B)} instead"
        )
    if pivots.dtype != np.int32:
        raise RuntimeError(f"{name}: pivots should be a Tensor of scalar type torch.int32")
    if LU.shape[-1] != LU.shape[-2]:
        raise RuntimeError(
            f"torch.{name}: A must be batches of square matrices, but they are {LU.shape[-2]} by {LU.shape[-1]} matrices"
        )
    if B.ndim < 2:
        raise RuntimeError(f"{name}: The input tensor B must have at least 2 dimensions.")
    if B.shape[-2 if left else -1] != LU.shape[-1]:
        raise RuntimeError(
            f"{name}: Incompatible shapes of A and B for the equation {'AX = B' if left else 'XA = B'} "
            f"({LU.shape[-2]}x{LU.shape[-1]} and {B.shape[-2]}x{B.shape[-1]})"
        )
    if pivots.shape[-1] != LU.shape[-1]:
        raise RuntimeError(f"{name}: Number of pivots per batch should be same as the dimension of the matrix")
    if pivots.shape[:-1] != LU.shape[:-2]:
        raise RuntimeError(f"{name}: Expected LU.shape[:-1] and pivots.shape to be the same, but got pivots with shape "
                           f"{list(pivots.shape)} instead")  # fmt: skip


@array_function
def lu_solved(LU: Array, pivots: Array, B: Array, left, adjoint):
    """``inv(A) B`` from the factors of A, ``B inv(A)``, or the same of A's adjoint."""
    _check_solve(LU, pivots, B, left)
    if not left:  # X A = B is A' X' = B'
        return adjoint_of(lu_solved(LU, pivots, adjoint_of(B), True, not adjoint))
    P = permutation(pivots, LU.shape[-1], LU.dtype)
    if adjoint:
        X = triangular_solve(adjoint_of(LU), B, False, True, False)
        X = triangular_solve(adjoint_of(_lower(LU)), X, True, True, False)
        return in_columns(np.matmul(P, X))
    X = np.matmul(P.swapaxes(-1, -2), B)
    X = triangular_solve(_lower(LU), X, False, True, False)
    return in_columns(triangular_solve(LU, X, True, True, False))


@rule(lu_solved)
def _lu_solved_samples(level: Level, LU: Any, pivots: Any, B: Any, left: Any, adjoint: Any) -> Any:
    ndim = max(LU.ndim, B.ndim)
    LU, pivots, B = aligned(LU, level, ndim), aligned(pivots, level, ndim - 1), aligned(B, level, ndim)
    batch = np.broadcast_shapes(LU.shape[:-2], pivots.shape[:-1])  # one of the two may be every sample's
    LU, pivots = np.broadcast_to(LU, (*batch, *LU.shape[-2:])), np.broadcast_to(pivots, (*batch, pivots.shape[-1]))
    return BatchedArray(lu_solved(LU, pivots, B, left, adjoint), level)


def _lu_solve_gradient(g, LU, pivots, result, left, adjoint, LU_shape):
    X, g = (result, g) if left else (adjoint_of(result), adjoint_of(g))
    P = permutation(pivots, LU_shape[-1], LU.dtype)
    L, U = _lower(LU), np.triu(LU)
    if adjoint == left:  # of the adjoint's system: U' L' P' X = B
        Z, g = np.matmul(P.swapaxes(-1, -2), X), np.matmul(P.swapaxes(-1, -2), g)
        step = triangular_solve(L, g, False, True, True)
        gL = -np.matmul(Z, adjoint_of(step))
        gU = -np.matmul(np.matmul(adjoint_of(L), Z), adjoint_of(triangular_solve(U, step, True, True, False)))
    else:
        step = triangular_solve(adjoint_of(U), g, False, True, False)
        gU = -np.matmul(step, adjoint_of(X))
        gL = -np.matmul(triangular_solve(adjoint_of(L), step, True, True, True), adjoint_of(np.matmul(U, X)))
    return sum_to(np.tril(gL, -1) + np.triu(gU), LU_shape)


_lu_solve_row = op(
    "linalg_lu_solve", lu_solved, where="", lies=UNORDERED,
    LU=_lu_solve_gradient,
    B=lambda g, LU, pivots, left, adjoint, B_shape: sum_to(lu_solved(LU, pivots, g, left, not adjoint), B_shape),
    reads={"LU": "tril(g_L, -1) + triu(g_U), of the two triangular systems", "B": "lu_solve(LU, pivots, g) of the adjoint"},
)  # fmt: skip


@composite(out=SAME, where="linalg", name="lu_solve")
def linalg_lu_solve(
    LU: Tensor, pivots: Tensor, B: Tensor, *, left: bool = True, adjoint: bool = False, out: Tensor | None = None
) -> Tensor:
    """The solution of ``A X = B`` (``X A = B`` with ``left=False``; of A's adjoint with ``adjoint``) from what ``lu_factor``
    made of ``A``.

    >>> import adjoint as torch
    >>> LU, pivots = torch.linalg.lu_factor(torch.tensor([[2., 0.], [0., 4.]]))
    >>> torch.linalg.lu_solve(LU, pivots, torch.tensor([[2.], [4.]]))
    tensor([[1.],
            [1.]])
    """
    return written(_lu_solve_row.function(LU, pivots, B, left, adjoint), out, "linalg_lu_solve")


def solved_by_factors(A: Tensor, B: Tensor, left: bool = True) -> tuple[Tensor, Tensor]:
    """The solution of ``A X = B`` where some of the matrices are singular, whose solution is not finite, and per matrix 0 or
    which diagonal element is zero."""
    LU, pivots, info = _lu_factor_row.function(A)
    return _lu_solve_row.function(LU, pivots, B, left, False), info


# What PyTorch is about to remove


@composite(out=SAME)
def lu_solve(input: Tensor, LU_data: Tensor, LU_pivots: Tensor, *, out: Tensor | None = None) -> Tensor:
    """As :func:`adjoint.linalg.lu_solve`, its arguments in another order."""
    warn_once(
        "lu_solve",
        "torch.lu_solve is deprecated in favor of torch.linalg.lu_solveand will be removed in a future PyTorch release.\n"
        "Note that torch.linalg.lu_solve has its arguments reversed.\nX = torch.lu_solve(B, LU, pivots)\n"
        "should be replaced with\nX = torch.linalg.lu_solve(LU, pivots, B)",
    )
    return written(_lu_solve_row.function(LU_data, LU_pivots, input, True, False), out, "lu_solve")


@composite(where="torch")
def lu(A: Tensor, pivot: bool = True, get_infos: bool = False, out: Any = None) -> Any:
    """As :func:`adjoint.linalg.lu_factor`, or with ``get_infos`` as ``lu_factor_ex``."""
    warn_once(
        "lu",
        "torch.lu is deprecated in favor of torch.linalg.lu_factor / torch.linalg.lu_factor_ex and will be removed in a future "
        "PyTorch release.\nLU, pivots = torch.lu(A, compute_pivots)\nshould be replaced with\n"
        "LU, pivots = torch.linalg.lu_factor(A, compute_pivots)\nand\n"
        "LU, pivots, info = torch.lu(A, compute_pivots, get_infos=True)\nshould be replaced with\n"
        "LU, pivots, info = torch.linalg.lu_factor_ex(A, compute_pivots)",
    )
    found = _lu_factor_row.function(A, pivot)  # singular matrices too, as in PyTorch
    if get_infos:
        return written(return_type("_lu_with_info")(tuple(found)), out, "lu")
    pair = (found[0], found[1])
    return written(pair, out, "lu")


@composite(where="Tensor", name="lu")
def _method_lu(A: Tensor, pivot: bool = True, get_infos: bool = False) -> Any:
    """As :func:`adjoint.linalg.lu_factor`, or with ``get_infos`` as ``lu_factor_ex``; a plain tuple."""
    return tuple(lu(A, pivot, get_infos))
