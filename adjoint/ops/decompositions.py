"""Decompositions of matrices: cholesky, qr, svd, eigh, eig, and what is read off them."""

from __future__ import annotations

from typing import Any

import numpy as np

from adjoint.declare import composite, op
from adjoint.declare.arranging import UNORDERED, made_of
from adjoint.declare.once import warn_once
from adjoint.declare.one_node import as_one_node
from adjoint.declare.outs import SAME, safely
from adjoint.declare.return_types import return_type
from adjoint.ops.arithmetic import constant
from adjoint.ops.arrays import Array, array_function, conj, in_columns
from adjoint.ops.linalg import LinAlgError, check_matrix, least_counted, of_batch, solve_triangular, triangular_solve
from adjoint.ops.products import adjoint_of
from adjoint.ops.reduction import written
from adjoint.readings.batched import BatchedArray, Level, rule
from adjoint.tensor import Tensor, from_array


def _diagonal_matrix(x):
    """Vectors as the diagonals of matrices."""
    return x[..., None] * np.eye(x.shape[-1], dtype=x.dtype)


def _diagonal(x):
    return np.diagonal(x, 0, -2, -1)


def _quotient(a, b):
    """``a / b``, and 0 where both are 0: what nothing flows through does not become NaN."""
    none = (a == 0) & (b == 0)
    return np.where(none, constant(0, a), a / np.where(none, constant(1, b), b))


# Cholesky


def _fails_cholesky(matrix: Any) -> bool:
    try:
        np.linalg.cholesky(matrix)
    except np.linalg.LinAlgError:
        return True
    return False


def _cholesky(self: Array, upper=False):
    check_matrix("linalg.cholesky", self)
    try:
        lower = np.linalg.cholesky(adjoint_of(self) if upper else self)
    except np.linalg.LinAlgError:
        which, matrix = of_batch(self, _fails_cholesky)
        order = next(n for n in range(1, len(matrix) + 1) if _fails_cholesky(matrix[:n, :n]))
        raise LinAlgError(
            f"linalg.cholesky: {which}The factorization could not be completed because the input is not positive-definite "
            f"(the leading minor of order {order} is not positive-definite)."
        ) from None
    return in_columns(adjoint_of(lower) if upper else lower)


def _cholesky_gradient(g, result, upper):
    """Murray, "Differentiation of the Cholesky decomposition" (2016), section 3."""
    L, gL = (adjoint_of(result), adjoint_of(g)) if upper else (result, g)
    phi = np.tril(np.matmul(adjoint_of(L), gL))
    phi = (phi + adjoint_of(np.tril(phi, -1))) / 2
    inner = np.linalg.solve(adjoint_of(L), phi)
    return adjoint_of(np.linalg.solve(adjoint_of(L), adjoint_of(inner)))


def _cholesky_tangent(self_t, result, upper):
    """``L Φ(L⁻¹ A' L⁻ᴴ)``, section 2 of the same; of a change that is not Hermitian, as PyTorch's."""
    L = adjoint_of(result) if upper else result
    phi = np.tril(adjoint_of(np.linalg.solve(L, adjoint_of(np.linalg.solve(L, self_t)))))
    tangent = np.matmul(L, (phi + np.tril(phi, -1)) / 2)
    return adjoint_of(tangent) if upper else tangent


_cholesky_row = op("linalg_cholesky", _cholesky, lies=UNORDERED, where="", node="LinalgCholeskyExBackward0", self=_cholesky_gradient, tangent=_cholesky_tangent, reads={"self": "L⁻ᵀ Φ(Lᵀ g) L⁻¹, Φ the lower half (Murray 2016)"})
_cholesky_old = op("cholesky", _cholesky, lies=UNORDERED, where="", node="CholeskyBackward0", self=_cholesky_gradient, reads={"self": "L⁻ᵀ Φ(Lᵀ g) L⁻¹, Φ the lower half (Murray 2016)"})


@composite(out=SAME, where="linalg", name="cholesky")
def linalg_cholesky(A: Tensor, *, upper: bool = False, out: Tensor | None = None) -> Tensor:
    """The lower triangular ``L`` with ``L L^H = A`` (the upper ``U`` with ``U^H U = A``).

    Raises LinAlgError for a matrix that is not positive-definite.

    >>> import adjoint as torch
    >>> torch.linalg.cholesky(torch.tensor([[4., 0.], [0., 9.]]))
    tensor([[2., 0.],
            [0., 3.]])
    """
    return written(_cholesky_row.function(A, upper), out, "linalg_cholesky")


@composite(out=safely("cholesky"))
def cholesky(input: Tensor, upper: bool = False, *, out: Tensor | None = None) -> Tensor:
    """As :func:`adjoint.linalg.cholesky`, which is to be used instead."""
    warn_once(
        "cholesky",
        "torch.cholesky is deprecated in favor of torch.linalg.cholesky and will be removed in a future PyTorch release.\n"
        "L = torch.cholesky(A)\nshould be replaced with\nL = torch.linalg.cholesky(A)\nand\nU = torch.cholesky(A, upper=True)\n"
        "should be replaced with\nU = torch.linalg.cholesky(A).mH\n"
        "This transform will produce equivalent results for all valid (symmetric positive definite) inputs.",
    )
    return written(_cholesky_old.function(input, upper), out, "cholesky")


@composite(out=SAME, where="linalg")
def cholesky_ex(A: Tensor, *, upper: bool = False, check_errors: bool = False) -> Any:
    """As :func:`adjoint.linalg.cholesky`, with 0 or the order of the first minor that is not positive-definite."""
    try:
        found, info = _cholesky_row.function(A, upper), made_of(np.zeros(A._array.shape[:-2], np.int32))
    except LinAlgError as error:
        if check_errors:
            raise LinAlgError(str(error).replace("linalg.cholesky:", "linalg.cholesky_ex:")) from None
        found, info = (made_of(part) for part in _each_cholesky(A._array, upper))
    return return_type("linalg_cholesky_ex")((found, info))


@array_function
def _each_cholesky(A: Any, upper: bool) -> tuple[Any, Any]:
    """The factors of those matrices that have one, NaN for the others, and 0 or the order of the first minor that fails."""
    info = np.zeros(A.shape[:-2], np.int32)
    result = np.full_like(A, np.nan)
    for place in np.ndindex(info.shape):
        matrix = A[place]
        info[place] = next((n for n in range(1, len(matrix) + 1) if _fails_cholesky(matrix[:n, :n])), 0)
        if not info[place]:
            result[place] = _cholesky(matrix, upper)
    return result, info


@rule(_each_cholesky)
def _each_cholesky_of_samples(level: Level, A: Any, upper: bool) -> Any:
    return tuple(BatchedArray(part, level) for part in _each_cholesky(A.array, upper))


@composite(out=safely("cholesky_solve"))
def cholesky_solve(input: Tensor, L: Tensor, upper: bool = False) -> Tensor:
    """The solution of ``A X = input`` from the Cholesky factor of ``A``."""
    return as_one_node("CholeskySolveBackward0", lambda input, L: _by_factor(input, L, upper), input, L)  # type: ignore[no-any-return]


def _by_factor(input: Tensor, L: Tensor, upper: bool) -> Tensor:
    lower = L.transpose(-2, -1).conj() if upper else L
    return solve_triangular(
        lower.transpose(-2, -1).conj(), solve_triangular(lower, input, upper=False), upper=True
    )


@composite(out=safely("cholesky_inverse"))
def cholesky_inverse(L: Tensor, upper: bool = False) -> Tensor:
    """The inverse of ``A`` from its Cholesky factor."""
    eye = np.broadcast_to(np.eye(L._array.shape[-1], dtype=L._array.dtype), L._array.shape)
    return as_one_node("CholeskyInverseBackward0", lambda L: _by_factor(from_array(eye.copy()), L, upper), L)  # type: ignore[no-any-return]


# QR


def _qr(self: Array, mode="reduced"):
    check_matrix("linalg.qr", self, square=False)
    if mode not in ("reduced", "r", "complete"):
        raise RuntimeError(f"qr received unrecognized mode '{mode}' but expected one of 'reduced' (default), 'r', or 'complete'")
    if mode == "r":
        return np.zeros(0, self.dtype), in_columns(np.linalg.qr(self, "r"))
    q, r = np.linalg.qr(self, mode)
    return in_columns(q), in_columns(r)


def _qr_square_gradient(gQ, gR, Q, R):
    M = np.matmul(gR, adjoint_of(R)) - np.matmul(adjoint_of(Q), gQ)
    M = np.triu(M)
    M = M + adjoint_of(M)
    M = M - _diagonal_matrix(_diagonal(M)) / 2
    inner = np.matmul(Q, M) + gQ
    return adjoint_of(triangular_solve(R, adjoint_of(inner), True, True, False))


def _qr_gradient(gs, self, Q, R, mode):
    if mode == "r":
        raise RuntimeError(
            "The derivative of linalg.qr depends on Q, which is not computed when mode='r'. Please use "
            "linalg.qr(A, mode='reduced') if you are going to differentiate through linalg.qr."
        )
    gQ, gR = gs
    m, n = self.shape[-2:]
    if mode == "complete" and m > n:
        raise RuntimeError(
            "The QR decomposition is not differentiable when mode='complete' and nrows > ncols."
        )
    if m >= n:
        return _qr_square_gradient(gQ, gR, Q, R)
    # A wide matrix [X | Y] has R = [U | Q^H Y] with X = Q U.
    U, gU, gV, Y = R[..., :m], gR[..., :m], gR[..., m:], self[..., m:]
    gX = _qr_square_gradient(gQ + np.matmul(Y, adjoint_of(gV)), gU, Q, U)
    return np.concatenate([gX, np.matmul(Q, gV)], self.ndim - 1)


_qr_row = op("linalg_qr", _qr, where="", outputs=("Q", "R"), self=_qr_gradient, reads={"self": "(g_Q + Q copyltu(R g_Rᵀ - g_Qᵀ Q)) R⁻ᵀ"})


@composite(out=SAME, where="linalg", name="qr")
def linalg_qr(A: Tensor, mode: str = "reduced", *, out: Any = None) -> Any:
    """``A = Q R`` with orthonormal columns in ``Q`` and an upper triangular ``R``.

    Raises RuntimeError for a mode other than "reduced", "complete" and "r".
    """
    result = _qr_row.function(A, mode)
    return written(result, out, "linalg_qr")


@composite(out=SAME)
def qr(input: Tensor, some: bool = True) -> Any:
    """As :func:`adjoint.linalg.qr`, which is to be used instead."""
    warn_once(
        "qr",
        "torch.qr is deprecated in favor of torch.linalg.qr and will be removed in a future PyTorch release.\n"
        "The boolean parameter 'some' has been replaced with a string parameter 'mode'.\nQ, R = torch.qr(A, some)\n"
        "should be replaced with\nQ, R = torch.linalg.qr(A, 'reduced' if some else 'complete')",
    )
    return return_type("qr")(tuple(_qr_row.function(input, "reduced" if some else "complete")))


# Singular values


def _svd(self: Array, full_matrices=True):
    check_matrix("linalg.svd", self, square=False)
    try:
        u, s, vh = np.linalg.svd(self, full_matrices)
    except np.linalg.LinAlgError:
        which, _ = of_batch(self, lambda matrix: not np.isfinite(matrix).all())
        raise LinAlgError(
            f"linalg.svd: {which}The algorithm failed to converge because the input matrix contained non-finite values."
        ) from None
    return in_columns(u), s, in_columns(vh)


def _skew(x):
    return x - adjoint_of(x)


def _svd_gradient(gs, self, U, S, Vh):
    """Townsend, "Differentiating the singular value decomposition" (2016)."""
    gU, gS, gVh = gs
    m, n = self.shape[-2:]
    k = S.shape[-1]
    if U.shape[-1] > k or Vh.shape[-2] > k:
        U, gU, Vh, gVh = U[..., :k], gU[..., :k], Vh[..., :k, :], gVh[..., :k, :]
    E = (S * S)[..., None, :] - (S * S)[..., :, None] + np.eye(k, dtype=S.dtype)
    UhgU = _skew(np.matmul(adjoint_of(U), gU))
    VhgV = _skew(np.matmul(Vh, adjoint_of(gVh)))
    off = np.eye(k, dtype=S.dtype) == 0
    inner = np.where(off, _quotient(UhgU, E), constant(0, U)) * S[..., None, :]
    inner = inner + S[..., :, None] * np.where(off, _quotient(VhgV, E), constant(0, U))
    inner = inner + _diagonal_matrix(gS)
    if U.dtype.kind == "c":
        inner = inner + _diagonal_matrix(_quotient(_diagonal(UhgU), 2 * S))
    gA = np.matmul(U, np.matmul(inner, Vh))
    if m > k:
        part = _quotient(gU, S[..., None, :] + (gU - gU))
        gA = gA + np.matmul(part - np.matmul(U, np.matmul(adjoint_of(U), part)), Vh)
    if n > k:
        part = _quotient(gVh, S[..., :, None] + (gVh - gVh))
        gA = gA + np.matmul(U, part - np.matmul(np.matmul(part, adjoint_of(Vh)), Vh))
    return gA


_svd_row = op("linalg_svd", _svd, where="", outputs=("U", "S", "Vh"), self=_svd_gradient, reads={"self": "U (...) Vᵀ of the three gradients (Townsend 2016)"})


@composite(out=SAME, where="linalg", name="svd")
def linalg_svd(A: Tensor, full_matrices: bool = True, *, driver: str | None = None, out: Any = None) -> Any:
    """``A = U diag(S) Vh`` with orthonormal columns in ``U`` and rows in ``Vh``, and ``S`` from the largest on.

    Raises LinAlgError for a matrix that is not finite, RuntimeError where a ``driver`` is given, which is for CUDA alone.
    """
    if driver is not None:
        raise RuntimeError("torch.linalg.svd: keyword argument `driver=` is only supported on CUDA inputs with cuSOLVER backend.")
    result = _svd_row.function(A, full_matrices)
    return written(result, out, "linalg_svd")


@composite(out=SAME, where="linalg")
def svdvals(A: Tensor, *, driver: str | None = None, out: Tensor | None = None) -> Tensor:
    """The singular values of matrices, from the largest on.

    >>> import adjoint as torch
    >>> torch.linalg.svdvals(torch.tensor([[3., 0.], [0., 4.]]))
    tensor([4., 3.])
    """
    if driver is not None:
        raise RuntimeError("torch.linalg.svd: keyword argument `driver=` is only supported on CUDA inputs with cuSOLVER backend.")
    return written(_svd_row.function(A, False)[1], out, "linalg_svdvals")


@composite(out=SAME)
def svd(input: Tensor, some: bool = True, compute_uv: bool = True) -> Any:
    """``input = U diag(S) V^H``; :func:`adjoint.linalg.svd` returns ``V^H`` instead."""
    U, S, Vh = _svd_row.function(input, not some)
    V = Vh.transpose(-2, -1).conj()
    if not compute_uv:
        U, V = U.detach() * 0, V.detach() * 0
    return return_type("svd")((U, S, V))


# Eigenvalues


def _eigh(self: Array, UPLO="L"):
    check_matrix("linalg.eigh", self)
    if UPLO.upper() not in ("L", "U"):
        raise RuntimeError(f"linalg.eigh: Expected UPLO argument to be 'L' or 'U', but got {UPLO}")
    try:
        values, vectors = np.linalg.eigh(self, UPLO)
    except np.linalg.LinAlgError:
        raise LinAlgError("linalg.eigh: The algorithm failed to converge.") from None
    return values, in_columns(vectors)


def _eigh_gradient(gs, eigenvalues, eigenvectors):
    gL, gV = gs
    V, L = eigenvectors, eigenvalues
    k = L.shape[-1]
    E = L[..., None, :] - L[..., :, None] + np.eye(k, dtype=L.dtype)
    VhgV = _skew(np.matmul(adjoint_of(V), gV)) / 2  # vectors stay orthonormal: the rest of gV moves nothing
    off = np.eye(k, dtype=L.dtype) == 0
    inner = np.where(off, _quotient(VhgV, E + (VhgV - VhgV)), constant(0, V)) + _diagonal_matrix(gL)
    return np.matmul(V, np.matmul(inner, adjoint_of(V)))


def _eigh_tangent(self_t, eigenvalues, eigenvectors):
    """Of a change that is not Hermitian, too, as PyTorch's: all of it counts."""
    V, L = eigenvectors, eigenvalues
    k = L.shape[-1]
    change = np.matmul(adjoint_of(V), np.matmul(self_t, V))
    E = L[..., None, :] - L[..., :, None] + np.eye(k, dtype=L.dtype)
    off = np.eye(k, dtype=L.dtype) == 0
    turned = np.matmul(V, np.where(off, _quotient(change, E + (change - change)), constant(0, V)))
    return _diagonal(change).real, turned


_eigh_row = op("linalg_eigh", _eigh, where="", outputs=("eigenvalues", "eigenvectors"), self=_eigh_gradient, tangent=_eigh_tangent, reads={"self": "V (diag(g_L) + (Vᵀ g_V) / (L_j - L_i)) Vᵀ"})


@composite(out=SAME, where="linalg")
def eigh(A: Tensor, UPLO: str = "L", *, out: Any = None) -> Any:
    """The eigenvalues, ascending, and the eigenvectors of symmetric (Hermitian) matrices; one triangle is looked at."""
    result = _eigh_row.function(A, UPLO)
    return written(result, out, "linalg_eigh")


@composite(out=SAME, where="linalg")
def eigvalsh(A: Tensor, UPLO: str = "L", *, out: Tensor | None = None) -> Tensor:
    """The eigenvalues of symmetric (Hermitian) matrices, ascending.

    >>> import adjoint as torch
    >>> torch.linalg.eigvalsh(torch.tensor([[2., 0.], [0., 1.]]))
    tensor([1., 2.])
    """
    return written(_eigh_row.function(A, UPLO)[0], out, "linalg_eigvalsh")


def _eig(self: Array):
    check_matrix("linalg.eig", self)
    try:
        values, vectors = np.linalg.eig(self)
    except np.linalg.LinAlgError:
        raise RuntimeError("torch.linalg.eig: input tensor should not contain infs or NaNs.") from None
    whole = np.complex64 if self.dtype in (np.float32, np.complex64) else np.complex128
    return values.astype(whole), in_columns(vectors.astype(whole))


def _eig_gradient(gs, eigenvalues, eigenvectors, self_dtype):
    """Boeddeker et al., "On the computation of complex-valued gradients" (2019), with vectors of norm 1."""
    gL, gV = gs
    V, L = eigenvectors, eigenvalues
    k = L.shape[-1]
    Vh = adjoint_of(V)
    VhgV = np.matmul(Vh, gV)
    inner = VhgV - np.matmul(Vh, V) * (_diagonal(VhgV).real + (L - L))[..., None, :]
    E = conj(L[..., None, :] - L[..., :, None]) + np.eye(k, dtype=L.dtype)
    off = np.eye(k) == 0
    inner = np.where(off, _quotient(inner, E), constant(0, V)) + _diagonal_matrix(gL)
    gA = np.linalg.solve(Vh, np.matmul(inner, Vh))
    return gA if self_dtype.kind == "c" else gA.real


_eig_row = op("linalg_eig", _eig, where="", outputs=("eigenvalues", "eigenvectors"), self=_eig_gradient, reads={"self": "V⁻ᵀ (diag(g_L) + (Vᵀ g_V) / (L_j - L_i)) Vᵀ (Boeddeker 2019)"})


@composite(out=safely("torch.linalg.eig", "eigenvalues", "eigenvectors"), where="linalg")
def eig(A: Tensor) -> Any:
    """The eigenvalues and eigenvectors of square matrices, complex also where the matrices are real."""
    return _eig_row.function(A)


@composite(out=safely("torch.linalg.eigvals", "eigenvalues"), where="linalg")
def eigvals(A: Tensor) -> Tensor:
    """The eigenvalues of square matrices, complex also where the matrices are real."""
    return _eig_row.function(A)[0]


# What is read off singular values


@composite(out=SAME, where="linalg")
def matrix_rank(
    A: Tensor, tol: Any = None, hermitian: bool = False, *, atol: Any = None, rtol: Any = None
) -> Tensor:
    """How many singular values are above ``max(atol, rtol * largest)``: numbers, or tensors with one for each matrix.

    >>> import adjoint as torch
    >>> torch.linalg.matrix_rank(torch.ones(2, 2))
    tensor(1)
    """
    if A.ndim < 2:
        raise RuntimeError("torch.linalg.matrix_rank: The input tensor input must have at least 2 dimensions.")
    check_matrix("linalg.matrix_rank", A._array, square=False)
    if hermitian:
        check_matrix("linalg.eigh", A._array)
    if tol is not None:
        atol, rtol = tol, 0.0
    values = np.absolute(np.linalg.eigvalsh(A._array)) if hermitian else np.linalg.svd(A._array, compute_uv=False)
    least, _ = least_counted(values, max(A._array.shape[-2:]), atol, rtol)
    return made_of((values > least).sum(-1, keepdims=True, dtype=np.int64)[..., 0])


@composite(out=safely("linalg.cond"), where="linalg")
def cond(A: Tensor, p: float | str | None = None, *, out: Tensor | None = None) -> Tensor:
    """The condition numbers of matrices with respect to a matrix norm.

    >>> import adjoint as torch
    >>> torch.linalg.cond(torch.tensor([[4., 0.], [0., 2.]]))
    tensor(2.)
    """
    from adjoint.ops.linalg import inv
    from adjoint.ops.norms import matrix_norm

    check_matrix("linalg.cond", A._array, square=False)
    if p is None or p in (2, -2):
        values = svdvals(A)
        largest, smallest = values[..., 0], values[..., -1]
        return written(smallest / largest if p == -2 else largest / smallest, out, "linalg_cond")
    return written(matrix_norm(A, p) * matrix_norm(inv(A), p), out, "linalg_cond")
