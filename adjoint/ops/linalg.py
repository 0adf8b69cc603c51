"""Linear algebra: inverses, determinants, linear systems, powers of matrices."""

from __future__ import annotations

from typing import Any

import numpy as np

from adjoint import dtypes
from adjoint.autograd.taped import taped
from adjoint.declare import composite, op
from adjoint.declare.arranging import UNORDERED, made_of
from adjoint.declare.namespaces import FUNCTIONS
from adjoint.declare.one_node import as_one_node
from adjoint.declare.operands import sum_to
from adjoint.declare.outs import SAME, refused, safely
from adjoint.declare.return_types import return_type
from adjoint.layouts import contiguous_format
from adjoint.ops.arithmetic import constant
from adjoint.ops.arrays import Array, all_values, array_function, conj, contiguous, converted, in_columns
from adjoint.ops.broadcasting import broadcast_shape
from adjoint.ops.contraction import matmul
from adjoint.ops.products import adjoint_of
from adjoint.ops.reduction import written
from adjoint.ops.unsupported import type_name
from adjoint.tensor import Tensor, from_array


class LinAlgError(RuntimeError):
    """A matrix for which the computation does not work: singular, not positive-definite, not finite."""


LinAlgError.__name__ = LinAlgError.__qualname__ = "_LinAlgError"
FUNCTIONS.setdefault("linalg", {})["LinAlgError"] = LinAlgError


def check_matrix(name: str, A: Any, square: bool = True) -> None:
    """Raise PyTorch's errors for what is no batch of (square) matrices of floating-point numbers."""
    if A.ndim < 2:
        raise RuntimeError(f"{name}: The input tensor A must have at least 2 dimensions.")
    if square and A.shape[-1] != A.shape[-2]:
        raise RuntimeError(
            f"{name}: A must be batches of square matrices, but they are {A.shape[-2]} by {A.shape[-1]} matrices"
        )
    if A.dtype.kind in "iub":
        raise RuntimeError(f"{name}: Expected a floating point or complex tensor as input. Got {type_name(A)}")
    if A.dtype.itemsize == 2:
        raise RuntimeError(f"{name}: Low precision dtypes not supported. Got {type_name(A)}")


def of_batch(A: Any, fails: Any) -> tuple[str, Any]:
    """The words for the first matrix of a batch, or of all samples of one, for which ``fails``, and that matrix."""
    A = all_values(A)
    for i, matrix in enumerate(A.reshape(-1, *A.shape[-2:])):
        if fails(matrix):
            return f"(Batch element {i}): " if A.ndim > 2 else "", matrix
    return "", A


def _is_singular(matrix: Any) -> bool:
    try:
        np.linalg.inv(matrix)
    except np.linalg.LinAlgError:
        return True
    return False


def _zero_pivot(matrix: Any) -> int:
    """Which diagonal element of the triangular factor is zero, from 1 on."""
    import warnings

    import scipy.linalg

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        factors, _ = scipy.linalg.lu_factor(matrix)
    zeros = np.flatnonzero(np.diagonal(factors) == 0)
    return int(zeros[0]) + 1 if zeros.size else len(matrix)


# Inverses


def _inv(self: Array):
    check_matrix("linalg.inv", self)
    try:
        return in_columns(np.linalg.inv(self))
    except np.linalg.LinAlgError:
        which, matrix = of_batch(self, _is_singular)
        raise LinAlgError(
            f"linalg.inv: {which}The diagonal element {_zero_pivot(matrix)} is zero, the inversion could not be completed "
            "because the input matrix is singular."
        ) from None


def _inverse_gradient(g, result):
    back = adjoint_of(result)
    return -np.matmul(back, np.matmul(g, back))


_inv_row = op("inverse", _inv, lies=UNORDERED, where="", node="LinalgInvExBackward0", self=_inverse_gradient)


@taped(np.linalg.inv)
def _taped_inv(x: Tensor) -> Tensor:
    return _inv_row.function(x)


@composite(out=SAME, where="torch Tensor")
def inverse(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The inverses of square matrices.

    Raises LinAlgError (a RuntimeError) for a singular one.

    >>> import adjoint as torch
    >>> torch.inverse(torch.tensor([[2., 0.], [0., 4.]]))
    tensor([[0.5000, 0.0000],
            [0.0000, 0.2500]])
    """
    return written(_inv_row.function(input), out, "inverse")


@composite(out=SAME, where="linalg")
def inv(A: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The inverses of square matrices; as :func:`adjoint.inverse`."""
    return written(_inv_row.function(A), out, "linalg_inv")


@composite(out=SAME, where="linalg")
def inv_ex(A: Tensor, *, check_errors: bool = False) -> Any:
    """The inverses and, per matrix, 0 or which diagonal element of a singular one is zero."""
    try:
        found, info = _inv_row.function(A), made_of(np.zeros(A._array.shape[:-2], np.int32))
    except LinAlgError as error:
        if check_errors:
            raise LinAlgError(str(error).replace("linalg.inv:", "linalg.inv_ex:")) from None
        from adjoint.ops.lu import solved_by_factors

        found, info = solved_by_factors(A, from_array(np.eye(A.shape[-1], dtype=A._array.dtype)))
    return return_type("linalg_inv_ex")((found, info))


# Determinants


def _decomposed(A: Any) -> tuple[Any, Any, Any, Any]:
    """The singular value decomposition, of zeros in place of what is not finite; and 1, or there NaN."""
    finite = np.isfinite(A).all((-2, -1))
    if A.__class__ is np.ndarray and not finite.all():
        A = np.where(finite[..., None, None], A, A.dtype.type(0))
    parts = np.linalg.svd(A)
    return (*parts, np.where(finite, A.real.dtype.type(1), A.real.dtype.type(np.nan)))


@array_function
def cofactors(self: Array):
    """The derivative of the determinant, of singular matrices too: ``det(A) inv(A)`` transposed."""
    u, s, vh, known = _decomposed(self)
    n = s.shape[-1]
    others = np.stack([np.multiply.reduce(np.delete(s, i, -1), -1) for i in range(n)], -1) if n else s
    sign = np.linalg.det(u) * np.linalg.det(vh)
    return conj(np.matmul(u * others[..., None, :], vh) * (conj(sign) * known)[..., None, None]).astype(self.dtype)


@array_function
def cofactors_along(self: Array, direction: Array):
    """How the cofactors change along a direction, of singular matrices too.

    In the bases of a singular value decomposition the matrix is a diagonal one, of whose second derivatives of the determinant
    most are zero: two elements of the diagonal, or two that mirror each other, meet with the product of all other singular
    values.
    """
    u, s, vh, known = _decomposed(self)
    n = s.shape[-1]
    others = np.zeros((*s.shape, n), s.dtype)
    for i in range(n):
        for j in range(i):
            others[..., i, j] = others[..., j, i] = np.multiply.reduce(np.delete(s, (i, j), -1), -1)
    inner = np.matmul(adjoint_of(u), np.matmul(direction, adjoint_of(vh)))
    turned = -others * inner.swapaxes(-1, -2)
    turned[..., range(n), range(n)] = np.matmul(others, inner.diagonal(0, -2, -1)[..., None])[..., 0]
    sign = np.linalg.det(u) * np.linalg.det(vh) * known
    return (np.matmul(conj(u), np.matmul(turned, conj(vh))) * sign[..., None, None]).astype(self.dtype)


def _trace(matrices):
    return np.sum(matrices * np.eye(matrices.shape[-1], dtype=matrices.dtype), (-2, -1))[..., None, None]


def _along_gradient(g, self, direction):
    """By the inverse: of singular matrices infinities and NaN."""
    inverse, g = solved(self, np.eye(self.shape[-1], dtype=self.dtype)), conj(g)
    a, b = np.matmul(inverse, direction), np.matmul(inverse, g)
    ab, ba = np.matmul(a, b), np.matmul(b, a)
    inner = (_trace(a) * _trace(b) - _trace(ab)) * inverse + np.matmul(ab + ba - a * _trace(b) - b * _trace(a), inverse)
    return conj((np.linalg.det(self)[..., None, None] * inner).swapaxes(-1, -2))


op(
    "_cofactors_along", cofactors_along, where="", self=_along_gradient,
    direction=lambda g, self: conj(cofactors_along(self, conj(g))),
)  # fmt: skip
op(
    "_cofactors", cofactors, where="", self=lambda g, self: conj(cofactors_along(self, conj(g))),
    tangent=lambda self, self_t: cofactors_along(self, self_t),
)  # fmt: skip


def _det(self: Array):
    check_matrix("linalg.det", self)
    return np.linalg.det(self).astype(self.dtype)


_det_row = op(
    "det", _det, where="", node="LinalgDetBackward0", self=lambda g, self: g[..., None, None] * conj(cofactors(self)),
    tangent=lambda self, self_t: np.sum(cofactors(self) * self_t, (-2, -1)), reads={"self": "g * result * inverse(self).T"},
)  # fmt: skip


taped(np.linalg.det)(lambda x: _det_row.function(x))


@composite(out=SAME, where="torch Tensor linalg")
def det(A: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The determinants of square matrices.

    >>> import adjoint as torch
    >>> torch.det(torch.tensor([[2., 0.], [0., 4.]]))
    tensor(8.)
    """
    return written(_det_row.function(A), out, "linalg_det", SAME)


def _slogdet(self: Array):
    check_matrix("linalg.slogdet", self)
    sign, log = np.linalg.slogdet(self)
    return converted(sign, self.dtype), converted(log, self.real.dtype)


def _slogdet_gradient(gs, self, sign):
    g = gs[1]
    if sign.dtype.kind == "c":
        g = g - (conj(gs[0]) * sign).imag * constant(1j, self)
    return solved(adjoint_of(self), g[..., None, None] * np.eye(self.shape[-1], dtype=self.dtype))


_slogdet_row = op(
    "linalg_slogdet", _slogdet, where="", outputs=("sign", "logabsdet"), self=_slogdet_gradient,
    reads={"self": "g * inverse(self).T"},
)


@composite(out=SAME, where="linalg", name="slogdet")
def linalg_slogdet(A: Tensor) -> Any:
    """The signs of determinants, and the logarithms of their sizes."""
    return _slogdet_row.function(A)


@composite(out=SAME)
def slogdet(input: Tensor) -> Any:
    """The signs of determinants, and the logarithms of their sizes."""
    return return_type("slogdet")(tuple(_slogdet_row.function(input)))


@composite
def logdet(input: Tensor) -> Tensor:
    """The logarithms of determinants; NaN of a negative one.

    >>> import adjoint as torch
    >>> torch.logdet(torch.eye(2))
    tensor(0.)
    """
    from adjoint.ops.bounds import where

    check_matrix("linalg.slogdet", input._array)
    sign, log = _slogdet_row.function(input)
    if input.dtype.is_complex:
        return sign.log() + log
    return where(sign == -1, float("nan"), log)


# Linear systems


def is_vector(A: Any, B: Any) -> bool:
    """Whether ``B`` is a batch of vectors rather than of matrices."""
    return B.ndim == 1 or (A.ndim - 1 == B.ndim and B.shape == A.shape[:-1])


def _solve(self: Array, B: Array, left=True):
    name = "linalg.solve"
    check_matrix(name, self)
    if self.dtype != B.dtype:
        raise RuntimeError(
            f"{name}: Expected A and B to have the same dtype, but found A of type {type_name(self)} and B of type "
            f"{type_name(B)} instead"
        )
    vector = is_vector(self, B)
    b = B[..., None] if vector else B
    if b.shape[-2 if left else -1] != self.shape[-1]:
        equation = "AX = B" if left else "XA = B"
        raise RuntimeError(
            f"{name}: Incompatible shapes of A and B for the equation {equation} ({self.shape[-2]}x{self.shape[-1]} and "
            f"{b.shape[-2]}x{b.shape[-1]})"
        )
    try:
        if left:
            x = np.linalg.solve(self, b)
        else:
            x = np.linalg.solve(self.swapaxes(-1, -2), b.swapaxes(-1, -2)).swapaxes(-1, -2)
    except np.linalg.LinAlgError:
        which, _ = of_batch(self, _is_singular)
        raise LinAlgError(
            f"torch.linalg.solve: {which}The solver failed because the input matrix is singular."
        ) from None
    x = x[..., 0] if vector else x
    return in_columns(x) if left else contiguous(x)  # a batch of vectors too: PyTorch takes it for a matrix


@array_function
def solved(A, B):
    """``inv(A) @ B`` in a formula: of a singular matrix what its factors give, infinities and NaN, as in PyTorch."""
    try:
        return np.linalg.solve(A, B)
    except np.linalg.LinAlgError:
        from adjoint.ops.lu import factorized, lu_solved

        factors, pivots, _ = factorized(A)
        return lu_solved(factors, pivots, B, True, False)


@taped(solved)
def _taped_solved(A: Tensor, B: Tensor) -> Tensor:
    try:
        return _solve_row.function(A, B)
    except LinAlgError:
        from adjoint.ops.lu import solved_by_factors

        return solved_by_factors(A, B)[0]


def _solve_gradient_B(g, self, B_shape, left, vector):
    back = adjoint_of(self)
    if vector:
        return solved(back, g[..., None])[..., 0]
    return solved(back, g) if left else solved(back.swapaxes(-1, -2), g.swapaxes(-1, -2)).swapaxes(-1, -2)


def _vector_by_shape(a: tuple[int, ...], b: tuple[int, ...]) -> bool:
    return len(b) == 1 or (len(a) - 1 == len(b) and b == a[:-1])


def _solve_gradient_of_A(g, self, result, self_shape, B_shape, left):
    vector = _vector_by_shape(self_shape, B_shape)
    gB = _solve_gradient_B(g, self, B_shape, left, vector)
    if vector:
        gA = -(gB[..., :, None] * conj(result)[..., None, :])
    else:
        gA = -np.matmul(gB, adjoint_of(result)) if left else -np.matmul(adjoint_of(result), gB)
    return sum_to(gA, self_shape)


_solve_row = op(
    "linalg_solve", _solve, lies=UNORDERED, where="", node="LinalgSolveExBackward0",
    self=_solve_gradient_of_A,
    B=lambda g, self, self_shape, B_shape, left:
        sum_to(_solve_gradient_B(g, self, B_shape, left, _vector_by_shape(self_shape, B_shape)), B_shape),
    reads={"self": "-solve(self.T, g) @ result.T", "B": "solve(self.T, g)"},
)  # fmt: skip


@taped(np.linalg.solve)
def _taped_solve(A: Tensor, B: Tensor) -> Tensor:
    return _solve_row.function(A, B)


@composite(out=SAME, where="linalg")
def solve(A: Tensor, B: Tensor, *, left: bool = True, out: Tensor | None = None) -> Tensor:
    """The solution of ``A X = B`` (``X A = B`` with ``left=False``); ``B`` holds vectors or matrices.

    Raises LinAlgError for a singular ``A``.

    >>> import adjoint as torch
    >>> torch.linalg.solve(torch.tensor([[2., 0.], [0., 4.]]), torch.tensor([2., 4.]))
    tensor([1., 1.])
    """
    return written(_solve_row.function(A, B, left), out, "linalg_solve")


@array_function
def triangular_solve(A: Array, B: Array, upper, left, unit):
    """``inv(A) @ B`` (``B @ inv(A)``) with only a triangle of ``A`` looked at."""
    _check_triangular(A, B, left)
    if not left:  # X A = B is A' X' = B', and A' has the other triangle
        A, B, upper = A.swapaxes(-1, -2), B.swapaxes(-1, -2), not upper
    n = A.shape[-1]
    batch = np.broadcast_shapes(A.shape[:-2], B.shape[:-2])
    if A.dtype == B.dtype and not unit and n and B.size and A.diagonal(0, -2, -1).all():
        # Elimination with pivots has nothing to do with an upper triangle, and substitutes back.
        if upper:
            x = np.linalg.solve(np.triu(A), B)
        else:
            x = np.linalg.solve(np.triu(A[..., ::-1, ::-1]), B[..., ::-1, :])[..., ::-1, :]
        if np.isfinite(x).all():  # or else zeros may have met what is not finite
            return in_columns(x if left else x.swapaxes(-1, -2))
    A = np.broadcast_to(A, (*batch, n, n))
    x = np.array(np.broadcast_to(B, (*batch, *B.shape[-2:])))
    for i in range(n - 1, -1, -1) if upper else range(n):  # what a zero on the diagonal divides is infinite, as in PyTorch
        known = slice(i + 1, n) if upper else slice(0, i)
        x[..., i, :] -= np.matmul(A[..., i, None, known], x[..., known, :])[..., 0, :]
        if not unit:
            x[..., i, :] /= A[..., i, i, None]
    return in_columns(x if left else x.swapaxes(-1, -2))


def _check_triangular(A: Any, B: Any, left: bool) -> None:
    name = "linalg.solve_triangular"
    check_matrix(name, A)
    if B.ndim < 2:
        raise RuntimeError(f"{name}: The input tensor B must have at least 2 dimensions.")
    if B.shape[-2 if left else -1] != A.shape[-1]:
        equation = "AX = B" if left else "XA = B"
        raise RuntimeError(
            f"{name}: Incompatible shapes of A and B for the equation {equation} ({A.shape[-2]}x{A.shape[-1]} and "
            f"{B.shape[-2]}x{B.shape[-1]})"
        )


def _triangle(g, upper, unit):
    k = (1 if unit else 0) if upper else (-1 if unit else 0)
    return np.triu(g, k) if upper else np.tril(g, k)


def _triangular_gradient_B(g, A, upper, left, unit):
    return triangular_solve(adjoint_of(A), g, not upper, left, unit)


def _triangular_gradient_A(g, A, result, upper, left, unit, A_shape):
    gB = _triangular_gradient_B(g, A, upper, left, unit)
    gA = -np.matmul(gB, adjoint_of(result)) if left else -np.matmul(adjoint_of(result), gB)
    return sum_to(_triangle(gA, upper, unit), A_shape)


_triangular_row = op(
    "linalg_solve_triangular", triangular_solve, lies=UNORDERED, where="",
    A=_triangular_gradient_A,
    B=lambda g, A, upper, left, unit, B_shape: sum_to(_triangular_gradient_B(g, A, upper, left, unit), B_shape),
    reads={"A": "-solve(A.T, g) @ result.T, its triangle", "B": "solve(A.T, g)"},
)  # fmt: skip


@composite(out=refused("expected scalar type {Result} but found {Out}"), where="linalg")
def solve_triangular(
    A: Tensor, B: Tensor, *, upper: bool, left: bool = True, unitriangular: bool = False, out: Tensor | None = None
) -> Tensor:
    """The solution of ``A X = B`` with a triangular ``A``, of which the other triangle is not looked at.

    >>> import adjoint as torch
    >>> torch.linalg.solve_triangular(torch.tensor([[2., 9.], [0., 4.]]), torch.tensor([[11.], [4.]]), upper=True)
    tensor([[1.],
            [1.]])
    """
    return written(_triangular_row.function(A, B, upper, left, unitriangular), out, "linalg_solve_triangular")


# Least squares and pseudo-inverses


def least_counted(values: Any, size: int, atol: Any, rtol: Any) -> tuple[Any, Any]:
    """For each matrix, of at most ``size`` rows or columns, the number that a singular value has to exceed to count as one, and
    the largest of its singular ``values``; both beside these."""
    absolute = _of_each(0.0 if atol is None else atol, values)
    if rtol is None:
        relative = np.where(absolute > 0, 0.0, size * np.finfo(values.dtype).eps)
    else:
        relative = _of_each(rtol, values)
    largest = values.max(-1, keepdims=True) if values.shape[-1] else np.zeros((*values.shape[:-1], 1), values.dtype)
    return np.maximum(absolute, relative * largest), largest


def _of_each(tolerance: Any, values: Any) -> Any:
    """A number, or a tensor's numbers, beside the singular values of each matrix."""
    if not isinstance(tolerance, Tensor):
        return np.asarray(tolerance)
    broadcast_shape(tolerance._array.shape, values.shape[:-1])  # raises PyTorch's error
    return np.asarray(tolerance._array)[..., None]


def _pinv(self: Array, rtol=None, hermitian=False):
    check_matrix("linalg.pinv", self, square=False)
    if rtol is None:
        rtol = max(self.shape[-2:]) * np.finfo(self.dtype).eps
    return np.linalg.pinv(self, rtol, hermitian).astype(self.dtype)


def _pinv_gradient(g, self, result):
    m, n = self.shape[-2:]
    P, Ph, gh = result, adjoint_of(result), adjoint_of(g)
    if m <= n:
        K = np.matmul(gh, P)
        KPh = np.matmul(K, Ph)
        return (
            KPh - adjoint_of(np.matmul(P, K)) - np.matmul(np.matmul(self, P), KPh)
            + np.matmul(np.matmul(Ph, P), gh - np.matmul(K, self))
        )  # fmt: skip
    K = np.matmul(P, gh)
    PhK = np.matmul(Ph, K)
    return (
        PhK - adjoint_of(np.matmul(K, P)) - np.matmul(np.matmul(PhK, P), self)
        + np.matmul(np.matmul(gh - np.matmul(self, K), P), Ph)
    )  # fmt: skip


_pinv_row = op("linalg_pinv", _pinv, lies=UNORDERED, where="", self=_pinv_gradient, reads={"self": "-result.T @ g.T @ result.T, and two terms more (Golub and Pereyra 1973)"})


@composite(out=safely("linalg.pinv"), where="linalg")
def pinv(
    A: Tensor, *, atol: float | None = None, rtol: float | None = None, hermitian: bool = False, out: Tensor | None = None
) -> Tensor:
    """The pseudo-inverses of matrices; singular values below ``max(atol, rtol * largest)`` count as zero.

    >>> import adjoint as torch
    >>> torch.linalg.pinv(torch.tensor([[2.], [0.]]))
    tensor([[0.5000, 0.0000]])
    """
    if A.ndim < 2 or A.dtype.category < dtypes.FLOAT or A.dtype in (dtypes.float16, dtypes.bfloat16):
        raise RuntimeError(
            f"linalg.pinv({dtypes.SCALAR_TYPE_NAMES[A.dtype]}{{{list(A.shape)}}}): expected a tensor with 2 or more "
            "dimensions of float, double, cfloat or cdouble types"
        )
    if hermitian:
        check_matrix("linalg.eigh", A._array)
    relative: Any = rtol
    if atol is not None or isinstance(rtol, Tensor):  # as parts of each matrix's largest singular value
        least, largest = least_counted(np.linalg.svd(A._array, compute_uv=False), max(A._array.shape[-2:]), atol, rtol)
        relative = np.where(largest > 0, least / np.where(largest > 0, largest, 1), 0)[..., 0]
    return written(_pinv_row.function(A, relative, hermitian), out, "linalg_pinv")


@composite
def pinverse(input: Tensor, rcond: float = 1e-15) -> Tensor:
    """The pseudo-inverses of matrices; as :func:`adjoint.linalg.pinv`."""
    return pinv(input, rtol=rcond)


def _lstsq(self: Array, B: Array, rcond=None):
    if self.ndim < 2:
        raise RuntimeError("torch.linalg.lstsq: input must have at least 2 dimensions.")
    check_matrix("linalg.lstsq", self, square=False)
    found = np.matmul(_pinv(self, rcond), B).astype(self.dtype)
    if found.__class__ is not np.ndarray:
        return found
    *batch, rows, columns = found.shape
    # LAPACK puts the solution where the right-hand side was, column by column; of a tall one it fills the first rows.
    memory = np.empty((*batch, columns, max(self.shape[-2:])), found.dtype).swapaxes(-1, -2)[..., :rows, :]
    memory[...] = found
    return memory


def _pseudo(A):
    return np.linalg.pinv(A)


taped(np.linalg.pinv)(lambda x: _pinv_row.function(x))

_lstsq_row = op(
    "linalg_lstsq", _lstsq, where="", node="LinalgLstsqBackward0",
    self=lambda g, self, B: _pinv_gradient(np.matmul(g, adjoint_of(B)), self, _pseudo(self)),
    B=lambda g, self: np.matmul(adjoint_of(_pseudo(self)), g),
    reads={"self": "that of pinv(self) @ B", "B": "pinv(self).T @ g"},
)  # fmt: skip


@composite(out=safely("torch.linalg.lstsq", "solution", "residuals", "rank", "singular_values"), where="linalg")
def lstsq(A: Tensor, B: Tensor, rcond: float | None = None, *, driver: str | None = None) -> Any:
    """The ``X`` for which ``A X`` is the nearest to ``B``; also the residuals, the rank and the singular values.

    ``driver`` is one of "gelsy", "gels", "gelsd" and "gelss"; all give the same solution here.
    """
    if driver not in (None, "gelsy", "gels", "gelsd", "gelss"):
        raise RuntimeError(
            "torch.linalg.lstsq: parameter `driver` should be one of (gels, gelsy, gelsd, gelss)"
        )
    if A.ndim < 2:
        raise RuntimeError("torch.linalg.lstsq: input must have at least 2 dimensions.")
    vector = B.ndim == 1 or (A.ndim - 1 == B.ndim and B._array.shape == A._array.shape[:-1])
    b = B.unsqueeze(-1) if vector else B
    if B.ndim and A._array.shape[-2] != b._array.shape[-2]:
        raise RuntimeError(f"torch.linalg.lstsq: input.size(-2) should match other.size({-1 if vector else -2})")
    broadcast_shape(A._array.shape[:-2], b._array.shape[:-2])  # raises PyTorch's error
    m, n = A._array.shape[-2:]
    values = np.linalg.svd(A._array, compute_uv=False)
    least = (max(m, n) * np.finfo(A._array.dtype).eps if rcond is None else rcond) * values[..., :1]
    rank = (values > least).sum(-1)
    told = m > n and driver not in (None, "gelsy") and bool(all_values(rank == n).all())

    def solved(A: Tensor, B: Tensor) -> tuple[Tensor, Tensor]:
        b = B.unsqueeze(-1) if vector else B
        solution = _lstsq_row.function(A, b, rcond)
        residuals = made_of(np.zeros(0, values.dtype))
        if told:
            away = A @ solution - b
            squares = away * away.conj()
            residuals = (squares.real if squares.is_complex() else squares).sum(-2)
        return solution.squeeze(-1) if vector else solution, residuals

    solution, residuals = as_one_node("LinalgLstsqBackward0", solved, A, B)
    shown = values if driver in ("gelsd", "gelss") else np.zeros(0, values.dtype)
    rank_array = converted(rank, np.int64) if driver != "gels" else np.zeros(0, np.int64)
    return return_type("linalg_lstsq")(
        (solution, residuals, made_of(rank_array), made_of(shown))
    )


# Powers and exponentials of matrices


@composite(out=SAME, where="torch Tensor linalg")
def matrix_power(A: Tensor, n: int, *, out: Tensor | None = None) -> Tensor:
    """Square matrices multiplied ``n`` times; with a negative ``n`` their inverses.

    >>> import adjoint as torch
    >>> torch.matrix_power(torch.tensor([[1., 1.], [0., 1.]]), 3)
    tensor([[1., 3.],
            [0., 1.]])
    """
    if not isinstance(n, int):
        raise TypeError(f"linalg_matrix_power(): argument 'n' (position 2) must be int, not {type(n).__name__}")
    if A.ndim < 2:
        raise RuntimeError("linalg.matrix_power: The input tensor A must have at least 2 dimensions.")
    rows, columns = A._array.shape[-2:]
    if rows != columns:
        raise RuntimeError(
            f"linalg.matrix_power: A must be batches of square matrices, but they are {rows} by {columns} matrices"
        )
    if n == 0:
        eye = np.broadcast_to(np.eye(rows, dtype=A._array.dtype), A._array.shape).copy()
        return written(A.clone(memory_format=contiguous_format).copy_(from_array(eye)), out, "linalg_matrix_power", SAME)
    if n == 1:
        return written(A.clone(memory_format=contiguous_format), out, "linalg_matrix_power", SAME)
    if n < 0:
        A, n = _inv_row.function(A), -n
    if n == 3:
        return written(matmul(matmul(A, A), A), out, "linalg_matrix_power", SAME)
    result: Tensor | None = None
    square = A
    while n:
        if n & 1:
            result = square if result is None else matmul(result, square)
        n >>= 1
        if n:
            square = matmul(square, square)
    assert result is not None
    return written(result, out, "linalg_matrix_power", SAME)


@array_function
def exponential_of(A: Array):
    """The matrix exponential."""
    import scipy.linalg

    return scipy.linalg.expm(A).astype(A.dtype)


def _exponential_gradient(g, A):
    """The upper right block of the exponential of ``[[A^H, g], [0, A^H]]`` (Mathias, 1996)."""
    back = adjoint_of(A)
    n = back.shape[-1]
    last = back.ndim - 1
    upper = np.concatenate([back, g], last)
    lower = np.concatenate([np.zeros_like(back), back], last)
    return exponential_of(np.concatenate([upper, lower], last - 1))[..., :n, n:]


_exponential_row = op("linalg_matrix_exp", exponential_of, lies=UNORDERED, where="", A=_exponential_gradient, reads={"A": "the upper right block of exp([[A.T, g], [0, A.T]])"})


@composite(where="torch Tensor linalg")
def matrix_exp(A: Tensor) -> Tensor:
    """The exponentials of square matrices.

    >>> import adjoint as torch
    >>> torch.matrix_exp(torch.zeros(2, 2))
    tensor([[1., 0.],
            [0., 1.]])
    """
    check_matrix("linalg.matrix_exp", A._array)
    return _exponential_row.function(A)


@composite(out=refused("linalg.vecdot: Expected out of dtype{Result} but found {Out}"), where="linalg")
def vecdot(x: Tensor, y: Tensor, *, dim: int = -1, out: Tensor | None = None) -> Tensor:
    """The dot products of the vectors along ``dim``, the first ones conjugated."""
    from adjoint.ops.complex_parts import conj as conjugated
    from adjoint.ops.reduction import sum as summed

    return written(summed.function(conjugated(x) * y, dim), out, "linalg_vecdot")


FUNCTIONS["linalg"]["matmul"] = FUNCTIONS["torch"]["matmul"]
