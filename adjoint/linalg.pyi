"""``torch.linalg``: linear algebra.  The operators are declared in :mod:`adjoint.ops.linalg`, ``.decompositions``, ``.norms``.

>>> import adjoint as torch
>>> torch.linalg.norm(torch.tensor([3., 4.]))
tensor(5.)
"""

# Written by `python -m stubs` from the tables; not by hand.

from builtins import bool as _bool
from builtins import float as _float
from builtins import int as _int
from collections.abc import Sequence
from typing import Any

from adjoint import return_types
from adjoint.dtypes import dtype as _dtype
from adjoint.ops.linalg import LinAlgError as LinAlgError
from adjoint.tensor import Tensor

def cholesky(A: Tensor, *, upper: _bool = False, out: Tensor | None = None) -> Tensor:
    """The lower triangular ``L`` with ``L L^H = A`` (the upper ``U`` with ``U^H U = A``).

    Raises LinAlgError for a matrix that is not positive-definite.

    >>> import adjoint as torch
    >>> torch.linalg.cholesky(torch.tensor([[4., 0.], [0., 9.]]))
    tensor([[2., 0.],
            [0., 3.]])
    """

def cholesky_ex(A: Tensor, *, upper: _bool = False, check_errors: _bool = False) -> return_types.linalg_cholesky_ex:
    """As :func:`adjoint.linalg.cholesky`, with 0 or the order of the first minor that is not positive-definite."""

def cond(A: Tensor, p: _float | str | None = None, *, out: Tensor | None = None) -> Tensor:
    """The condition numbers of matrices with respect to a matrix norm.

    >>> import adjoint as torch
    >>> torch.linalg.cond(torch.tensor([[4., 0.], [0., 2.]]))
    tensor(2.)
    """

def cross(input: Tensor, other: Tensor, *, dim: _int = -1, out: Tensor | None = None) -> Tensor:
    """The cross products of vectors of three elements along ``dim``.

    Raises RuntimeError for vectors of another length.

    >>> import adjoint as torch
    >>> torch.linalg.cross(torch.tensor([1., 0., 0.]), torch.tensor([0., 1., 0.]))
    tensor([0., 0., 1.])
    """

def det(A: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The determinants of square matrices.

    >>> import adjoint as torch
    >>> torch.det(torch.tensor([[2., 0.], [0., 4.]]))
    tensor(8.)
    """

def diagonal(A: Tensor, *, offset: _int = 0, dim1: _int = -2, dim2: _int = -1) -> Tensor:
    """The diagonals of matrices, a view."""

def eig(A: Tensor) -> return_types.linalg_eig:
    """The eigenvalues and eigenvectors of square matrices, complex also where the matrices are real."""

def eigh(A: Tensor, UPLO: str = "L", *, out: tuple[Tensor, Tensor] | None = None) -> return_types.linalg_eigh:
    """The eigenvalues, ascending, and the eigenvectors of symmetric (Hermitian) matrices; one triangle is looked at."""

def eigvals(A: Tensor) -> Tensor:
    """The eigenvalues of square matrices, complex also where the matrices are real."""

def eigvalsh(A: Tensor, UPLO: str = "L", *, out: Tensor | None = None) -> Tensor:
    """The eigenvalues of symmetric (Hermitian) matrices, ascending.

    >>> import adjoint as torch
    >>> torch.linalg.eigvalsh(torch.tensor([[2., 0.], [0., 1.]]))
    tensor([1., 2.])
    """

def householder_product(A: Tensor, tau: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The first columns of the product of Householder reflections, whose vectors are below the diagonal of ``A``.

    Raises RuntimeError for shapes that do not fit.

    >>> import adjoint as torch
    >>> torch.linalg.householder_product(torch.tensor([[1.], [1.]]), torch.tensor([1.]))
    tensor([[ 0.],
            [-1.]])
    """

def inv(A: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The inverses of square matrices; as :func:`adjoint.inverse`."""

def inv_ex(A: Tensor, *, check_errors: _bool = False) -> return_types.linalg_inv_ex:
    """The inverses and, per matrix, 0 or which diagonal element of a singular one is zero."""

def ldl_factor(A: Tensor, *, hermitian: _bool = False, out: Tensor | None = None) -> Any:
    """The factors of a symmetric (with ``hermitian`` a Hermitian) matrix ``A = L D L^T``, packed as LAPACK does, and its pivots;
    the lower triangle of ``A`` is looked at.

    Raises LinAlgError (a RuntimeError) where a block of D is zero.  It has no gradient.

    >>> import adjoint as torch
    >>> torch.linalg.ldl_factor(torch.tensor([[4., 2.], [2., 2.]])).LD
    tensor([[4.0000, 0.0000],
            [0.5000, 1.0000]])
    """

def ldl_factor_ex(
    A: Tensor, *, hermitian: _bool = False, check_errors: _bool = False, out: Tensor | None = None
) -> Any:
    """As :func:`adjoint.linalg.ldl_factor`, with 0 or, counted from 1, which block of D is zero."""

def ldl_solve(LD: Tensor, pivots: Tensor, B: Tensor, *, hermitian: _bool = False, out: Tensor | None = None) -> Tensor:
    """The solution of ``A X = B`` from what ``ldl_factor`` made of ``A``.  It has no gradient.

    >>> import adjoint as torch
    >>> torch.linalg.ldl_solve(*torch.linalg.ldl_factor(torch.tensor([[2., 0.], [0., 4.]])), torch.ones(2, 1))
    tensor([[0.5000],
            [0.2500]])
    """

def lstsq(A: Tensor, B: Tensor, rcond: _float | None = None, *, driver: str | None = None) -> return_types.linalg_lstsq:
    """The ``X`` for which ``A X`` is the nearest to ``B``; also the residuals, the rank and the singular values.

    ``driver`` is one of "gelsy", "gels", "gelsd" and "gelss"; all give the same solution here.
    """

def lu(A: Tensor, *, pivot: _bool = True, out: Tensor | None = None) -> Any:
    """``A = P L U``: exchanges of rows, a lower triangular matrix with ones on its diagonal, and an upper triangular one.

    >>> import adjoint as torch
    >>> torch.linalg.lu(torch.tensor([[1., 2.], [4., 4.]])).L
    tensor([[1.0000, 0.0000],
            [0.2500, 1.0000]])
    """

def lu_factor(A: Tensor, *, pivot: _bool = True, out: Tensor | None = None) -> Any:
    """The factors of ``A = P L U``, packed into one matrix, L's ones left away, and the exchanges of rows, counted from 1.

    Raises RuntimeError for a matrix whose U has a zero on its diagonal.

    >>> import adjoint as torch
    >>> torch.linalg.lu_factor(torch.tensor([[1., 2.], [4., 4.]]))
    torch.return_types.linalg_lu_factor(
    LU=tensor([[4.0000, 4.0000],
            [0.2500, 1.0000]]),
    pivots=tensor([2, 2], dtype=torch.int32))
    """

def lu_factor_ex(A: Tensor, *, pivot: _bool = True, check_errors: _bool = False, out: Tensor | None = None) -> Any:
    """The factors of ``A = P L U``, packed into one matrix, the exchanges of rows, and per matrix 0 or, counted from 1, which
    diagonal element of U is zero.  Raises RuntimeError for such a matrix with ``check_errors``.

    >>> import adjoint as torch
    >>> torch.linalg.lu_factor_ex(torch.tensor([[1., 2.], [2., 4.]])).info
    tensor(2, dtype=torch.int32)
    """

def lu_solve(
    LU: Tensor, pivots: Tensor, B: Tensor, *, left: _bool = True, adjoint: _bool = False, out: Tensor | None = None
) -> Tensor:
    """The solution of ``A X = B`` (``X A = B`` with ``left=False``; of A's adjoint with ``adjoint``) from what ``lu_factor``
    made of ``A``.

    >>> import adjoint as torch
    >>> LU, pivots = torch.linalg.lu_factor(torch.tensor([[2., 0.], [0., 4.]]))
    >>> torch.linalg.lu_solve(LU, pivots, torch.tensor([[2.], [4.]]))
    tensor([[1.],
            [1.]])
    """

def matmul(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The matrix product: of vectors their dot product, of matrices theirs, of more dimensions one per batch, broadcast.

    Raises RuntimeError for shapes that do not fit, dtypes that differ, or a 0-d tensor.

    >>> import adjoint as torch
    >>> torch.matmul(torch.ones(2, 3), torch.ones(3))
    tensor([3., 3.])
    """

def matrix_exp(A: Tensor) -> Tensor:
    """The exponentials of square matrices.

    >>> import adjoint as torch
    >>> torch.matrix_exp(torch.zeros(2, 2))
    tensor([[1., 0.],
            [0., 1.]])
    """

def matrix_norm(
    A: Tensor,
    ord: _float | str = "fro",
    dim: tuple[_int, _int] = ...,
    keepdim: _bool = False,
    *,
    dtype: _dtype | None = None,
    out: Tensor | None = None,
) -> Tensor:
    """The norm of matrices: "fro", "nuc", or 1, -1, 2, -2, inf or -inf.

    Raises RuntimeError for another order, or for what has fewer than two dimensions.

    >>> import adjoint as torch
    >>> torch.linalg.matrix_norm(torch.ones(2, 2))
    tensor(2.)
    """

def matrix_power(A: Tensor, n: _int, *, out: Tensor | None = None) -> Tensor:
    """Square matrices multiplied ``n`` times; with a negative ``n`` their inverses.

    >>> import adjoint as torch
    >>> torch.matrix_power(torch.tensor([[1., 1.], [0., 1.]]), 3)
    tensor([[1., 3.],
            [0., 1.]])
    """

def matrix_rank(
    A: Tensor,
    tol: Tensor | _float | None = None,
    hermitian: _bool = False,
    *,
    atol: Tensor | _float | None = None,
    rtol: Tensor | _float | None = None,
) -> Tensor:
    """How many singular values are above ``max(atol, rtol * largest)``: numbers, or tensors with one for each matrix.

    >>> import adjoint as torch
    >>> torch.linalg.matrix_rank(torch.ones(2, 2))
    tensor(1)
    """

def multi_dot(tensors: Tensor | Sequence[Tensor], *, out: Tensor | None = None) -> Tensor:
    """The product of matrices, in the order that needs the least arithmetic; the first and the last may be vectors.

    Raises RuntimeError for fewer than two tensors.
    """

def norm(
    A: Tensor,
    ord: _float | str | None = None,
    dim: _int | Sequence[_int] | None = None,
    keepdim: _bool = False,
    *,
    dtype: _dtype | None = None,
    out: Tensor | None = None,
) -> Tensor:
    """The norm of a vector or of a matrix: of a matrix where two dims are given, or where there are two and an order.

    >>> import adjoint as torch
    >>> torch.linalg.norm(torch.ones(2, 2), 1)
    tensor(2.)
    """

def pinv(
    A: Tensor,
    *,
    atol: _float | None = None,
    rtol: _float | None = None,
    hermitian: _bool = False,
    out: Tensor | None = None,
) -> Tensor:
    """The pseudo-inverses of matrices; singular values below ``max(atol, rtol * largest)`` count as zero.

    >>> import adjoint as torch
    >>> torch.linalg.pinv(torch.tensor([[2.], [0.]]))
    tensor([[0.5000, 0.0000]])
    """

def qr(A: Tensor, mode: str = "reduced", *, out: tuple[Tensor, Tensor] | None = None) -> return_types.linalg_qr:
    """``A = Q R`` with orthonormal columns in ``Q`` and an upper triangular ``R``.

    Raises RuntimeError for a mode other than "reduced", "complete" and "r".
    """

def slogdet(A: Tensor) -> return_types.linalg_slogdet:
    """The signs of determinants, and the logarithms of their sizes."""

def solve(A: Tensor, B: Tensor, *, left: _bool = True, out: Tensor | None = None) -> Tensor:
    """The solution of ``A X = B`` (``X A = B`` with ``left=False``); ``B`` holds vectors or matrices.

    Raises LinAlgError for a singular ``A``.

    >>> import adjoint as torch
    >>> torch.linalg.solve(torch.tensor([[2., 0.], [0., 4.]]), torch.tensor([2., 4.]))
    tensor([1., 1.])
    """

def solve_ex(
    A: Tensor, B: Tensor, *, left: _bool = True, check_errors: _bool = False, out: Tensor | None = None
) -> Any:
    """The solution of ``A X = B``, and per matrix 0 or, counted from 1, which pivot of a singular one is zero; then the
    solution is not finite.  Raises LinAlgError for one with ``check_errors``.

    >>> import adjoint as torch
    >>> torch.linalg.solve_ex(torch.ones(2, 2), torch.ones(2)).info
    tensor(2, dtype=torch.int32)
    """

def solve_triangular(
    A: Tensor, B: Tensor, *, upper: _bool, left: _bool = True, unitriangular: _bool = False, out: Tensor | None = None
) -> Tensor:
    """The solution of ``A X = B`` with a triangular ``A``, of which the other triangle is not looked at.

    >>> import adjoint as torch
    >>> torch.linalg.solve_triangular(torch.tensor([[2., 9.], [0., 4.]]), torch.tensor([[11.], [4.]]), upper=True)
    tensor([[1.],
            [1.]])
    """

def svd(
    A: Tensor,
    full_matrices: _bool = True,
    *,
    driver: str | None = None,
    out: tuple[Tensor, Tensor, Tensor] | None = None,
) -> return_types.linalg_svd:
    """``A = U diag(S) Vh`` with orthonormal columns in ``U`` and rows in ``Vh``, and ``S`` from the largest on.

    Raises LinAlgError for a matrix that is not finite, RuntimeError where a ``driver`` is given, which is for CUDA alone.
    """

def svdvals(A: Tensor, *, driver: str | None = None, out: Tensor | None = None) -> Tensor:
    """The singular values of matrices, from the largest on.

    >>> import adjoint as torch
    >>> torch.linalg.svdvals(torch.tensor([[3., 0.], [0., 4.]]))
    tensor([4., 3.])
    """

def tensorinv(A: Tensor, ind: _int = 2, *, out: Tensor | None = None) -> Tensor:
    """The inverse of what ``tensordot`` with ``A`` along its last dimensions does: ``A.shape[ind:] + A.shape[:ind]``.

    Raises RuntimeError where the first ``ind`` dimensions have not as many elements as the others.

    >>> import adjoint as torch
    >>> torch.linalg.tensorinv(torch.eye(6).reshape(2, 3, 6)).shape
    torch.Size([6, 2, 3])
    """

def tensorsolve(A: Tensor, B: Tensor, dims: Sequence[_int] | None = None, *, out: Tensor | None = None) -> Tensor:
    """The ``X`` with ``tensordot(A, X, X.ndim) == B``, after the dimensions ``dims`` of ``A`` were moved to its end.

    Raises RuntimeError where the first dimensions of ``A`` have not as many elements as the others.

    >>> import adjoint as torch
    >>> torch.linalg.tensorsolve(torch.eye(6).reshape(2, 3, 6), torch.ones(2, 3)).shape
    torch.Size([6])
    """

def vander(x: Tensor, *, N: _int | None = None) -> Tensor:
    """The matrices of powers of vectors' elements, from the power 0 on."""

def vecdot(x: Tensor, y: Tensor, *, dim: _int = -1, out: Tensor | None = None) -> Tensor:
    """The dot products of the vectors along ``dim``, the first ones conjugated."""

def vector_norm(
    x: Tensor,
    ord: _float = 2,
    dim: _int | Sequence[_int] | None = None,
    keepdim: _bool = False,
    *,
    dtype: _dtype | None = None,
    out: Tensor | None = None,
) -> Tensor:
    """The norm of the vectors along ``dim``, or of all elements as one vector.

    Raises RuntimeError on a tensor of integers, or where an empty vector has no such norm.

    >>> import adjoint as torch
    >>> torch.linalg.vector_norm(torch.tensor([3., 4.]))
    tensor(5.)
    """
