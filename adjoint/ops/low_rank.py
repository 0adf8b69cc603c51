"""Low rank: the largest singular values and eigenvalues of matrices, and the vectors that go with them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from adjoint.declare import composite
from adjoint.tensor import Tensor


def _range_of(A: Tensor, q: int, niter: int, M: Tensor | None) -> Tensor:
    """Orthonormal columns that nearly span what ``A - M`` makes of vectors: Halko, Martinsson, Tropp, "Finding structure with
    randomness" (2009), algorithm 4.4."""
    import adjoint

    def across(vectors: Tensor, adjoint_of: bool = False) -> Tensor:
        found = (A.mH if adjoint_of else A).matmul(vectors)
        return found if M is None else found - (M.mH if adjoint_of else M).matmul(vectors)

    dtype = A.dtype if A.dtype.is_complex or A.dtype.is_floating_point else adjoint.float32
    Q = adjoint.linalg.qr(across(adjoint.randn(A.shape[-1], q, dtype=dtype)))[0]
    for _ in range(niter):
        Q = adjoint.linalg.qr(across(Q, True))[0]
        Q = adjoint.linalg.qr(across(Q))[0]
    return Q


@composite(where="torch")
def svd_lowrank(A: Tensor, q: int | None = 6, niter: int | None = 2, M: Tensor | None = None) -> tuple[Tensor, Tensor, Tensor]:
    """``(U, S, V)`` with ``A - M`` nearly ``U diag(S) V^H``: the ``q`` largest singular values, by ``niter`` steps from random
    vectors, which the default generator draws.

    Algorithm 5.1 of Halko, Martinsson, Tropp, "Finding structure with randomness" (2009).

    >>> import adjoint as torch
    >>> torch.svd_lowrank(torch.diag(torch.tensor([3., 2., 0.])), q=2)[1].round(decimals=4)
    tensor([3., 2.])
    """
    import adjoint

    q, niter = 6 if q is None else q, 2 if niter is None else niter
    m, n = A.shape[-2:]
    M = M.broadcast_to(A.shape) if M is not None else None
    if m < n:
        A, M = A.mH, M.mH if M is not None else None
    Q = _range_of(A, q, niter, M)
    B = Q.mH.matmul(A)
    if M is not None:
        B = B - Q.mH.matmul(M)
    U, S, Vh = adjoint.linalg.svd(B, full_matrices=False)
    U, V = Q.matmul(U), Vh.mH
    return (V, S, U) if m < n else (U, S, V)


@composite(where="torch")
def pca_lowrank(A: Tensor, q: int | None = None, center: bool = True, niter: int = 2) -> tuple[Tensor, Tensor, Tensor]:
    """The principal components of rows of numbers: ``(U, S, V)`` as :func:`adjoint.svd_lowrank` of ``A`` less the mean of its
    rows (or, without ``center``, of ``A``).

    The columns of ``V`` are the directions, ``S**2 / (m - 1)`` the variances along them.  Raises ValueError for a ``q`` that is
    negative or larger than ``A``, and for a negative ``niter``.

    >>> import adjoint as torch
    >>> torch.pca_lowrank(torch.tensor([[1., 0.], [3., 0.], [5., 0.]]), q=1)[1]
    tensor([2.8284])
    """
    m, n = A.shape[-2:]
    if q is None:
        q = min(6, m, n)
    elif not 0 <= q <= min(m, n):
        raise ValueError(f"q(={q}) must be non-negative integer and not greater than min(m, n)={min(m, n)}")
    if niter < 0:
        raise ValueError(f"niter(={niter}) must be non-negative integer")
    return svd_lowrank(A - A.mean(-2, keepdim=True) if center else A, q, niter)


@composite(where="torch")
def lobpcg(
    A: Tensor,
    k: int | None = None,
    B: Tensor | None = None,
    X: Tensor | None = None,
    n: int | None = None,
    iK: Tensor | None = None,
    niter: int | None = None,
    tol: float | None = None,
    largest: bool | None = None,
    method: str | None = None,
    tracker: Callable[..., Any] | None = None,
    ortho_iparams: dict[str, int] | None = None,
    ortho_fparams: dict[str, float] | None = None,
    ortho_bparams: dict[str, bool] | None = None,
) -> tuple[Tensor, Tensor]:
    """The ``k`` largest (or, with ``largest=False``, smallest) eigenvalues of symmetric matrices, and their eigenvectors; with
    ``B`` those of ``A x = lambda B x``.

    They are computed by a full decomposition, exactly, whatever ``X`` (which gives ``k`` where that is not said), ``iK``,
    ``niter``, ``tol``, ``method`` and the ``ortho_`` parameters say of PyTorch's iterations.  Raises ValueError for matrices of
    fewer than ``3 k`` rows, NotImplementedError for a ``tracker``, which has no iterations to see.

    >>> import adjoint as torch
    >>> torch.lobpcg(torch.diag(torch.tensor([1., 2., 3., 4.])), 1)[0]
    tensor([4.])
    """
    import adjoint

    if tracker is not None:
        raise NotImplementedError("lobpcg: there are no iterations for a tracker to see: eigenvalues are computed by a full decomposition")
    assert A.shape[-2] == A.shape[-1], f"A must be square, got shape {A.shape}"
    if not A.dtype.is_floating_point:
        raise RuntimeError(f"lobpcg: expected a tensor of floating point values, but got {A.dtype}")
    m = A.shape[-1]
    k = (1 if X is None else X.shape[-1]) if k is None else k
    wanted = k if n is None else n
    if m < 3 * wanted:
        raise ValueError(
            f"LOBPCG algorithm is not applicable when the number of A rows (={m}) is smaller than 3 x the number of requested "
            f"eigenpairs (={wanted})"
        )
    A = (A + A.mT) / 2
    back = None
    if B is not None:  # A x = s B x is C y = s y with B = L L', C = inv(L) A inv(L'), y = L' x
        L = adjoint.linalg.cholesky(B)
        A = adjoint.linalg.solve_triangular(L, A, upper=False)
        A = adjoint.linalg.solve_triangular(L.mT, A, upper=True, left=False)
        back = L.mT
    values, vectors = adjoint.linalg.eigh(A)
    if largest is None or largest:
        values, vectors = values.flip(-1), vectors.flip(-1)
    values, vectors = values[..., :k], vectors[..., :k]
    return values, vectors if back is None else adjoint.linalg.solve_triangular(back, vectors, upper=True)
