"""What PyTorch has removed: names that raise, with its words on what to write instead, and norms that it is about to remove."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from adjoint.declare import composite
from adjoint.declare.once import warn_once
from adjoint.ops.reduction import written
from adjoint.tensor import Tensor

_GONE = "This function was deprecated since version 1.9 and is now removed."

_WORDS = {
    "matrix_rank": f"{_GONE}\nPlease use the `torch.linalg.matrix_rank` function instead. The parameter 'symmetric' was renamed in "
    "`torch.linalg.matrix_rank()` to 'hermitian'.",
    "solve": f"{_GONE} `torch.solve` is deprecated in favor of `torch.linalg.solve`. `torch.linalg.solve` has its arguments "
    "reversed and does not return the LU factorization.\n\nTo get the LU factorization see `torch.lu`, which can be used with "
    "`torch.lu_solve` or `torch.lu_unpack`.\nX = torch.solve(B, A).solution should be replaced with:\nX = torch.linalg.solve(A, B)",
    "lstsq": f"{_GONE} `torch.lstsq` is deprecated in favor of `torch.linalg.lstsq`.\n`torch.linalg.lstsq` has reversed arguments "
    "and does not return the QR decomposition in the returned tuple (although it returns other information about the "
    "problem).\n\nTo get the QR decomposition consider using `torch.linalg.qr`.\n\nThe returned solution in `torch.lstsq` stored "
    "the residuals of the solution in the last m - n columns of the returned value whenever m > n. In torch.linalg.lstsq, the "
    "residuals are in the field 'residuals' of the returned named tuple.\n\nThe unpacking of the solution, as in\n"
    "X, _ = torch.lstsq(B, A).solution[:A.size(1)]\nshould be replaced with:\nX = torch.linalg.lstsq(A, B).solution",
    "symeig": f"{_GONE} The default behavior has changed from using the upper triangular portion of the matrix by default to using "
    "the lower triangular portion.\n\nL, _ = torch.symeig(A, upper=upper) should be replaced with:\n"
    "L = torch.linalg.eigvalsh(A, UPLO='U' if upper else 'L')\n\nand\n\nL, V = torch.symeig(A, eigenvectors=True) should be "
    "replaced with:\nL, V = torch.linalg.eigh(A, UPLO='U' if upper else 'L')",
    "eig": f"{_GONE} `torch.linalg.eig` returns complex tensors of dtype `cfloat` or `cdouble` rather than real tensors mimicking "
    "complex tensors.\n\nL, _ = torch.eig(A) should be replaced with:\nL_complex = torch.linalg.eigvals(A)\n\nand\n\n"
    "L, V = torch.eig(A, eigenvectors=True) should be replaced with:\nL_complex, V_complex = torch.linalg.eig(A)",
}


def _removed(name: str) -> Callable[..., Any]:
    def gone(input: Tensor, *args: Any, **kwargs: Any) -> Any:
        raise RuntimeError(_WORDS[name])

    gone.__doc__ = f"Removed from PyTorch: raises RuntimeError, with what to write instead of ``{name}``."
    return gone


for _name in _WORDS:
    composite(where="torch" if _name == "matrix_rank" else "torch Tensor", name=_name)(_removed(_name))


# Norms by their old names


@composite(where="torch")
def nuclear_norm(input: Tensor, dim: Sequence[int] = (-2, -1), keepdim: bool = False, *, out: Tensor | None = None) -> Tensor:
    """The sum of the singular values of matrices; ``torch.linalg.matrix_norm(input, "nuc")``."""
    from adjoint.ops.norms import matrix_norm

    _warn_of_norm("nuclear_norm", "linalg.matrix_norm(A, 'nuc', dim, keepdim)")
    dim = (dim, dim) if isinstance(dim, int) else dim
    return written(matrix_norm(input, "nuc", tuple(dim), keepdim), out, "nuclear_norm")


@composite(where="torch")
def frobenius_norm(input: Tensor, dim: int | Sequence[int], keepdim: bool = False, *, out: Tensor | None = None) -> Tensor:
    """The root of the sum of squares along one dimension or two; ``torch.linalg.vector_norm(input, 2, dim)``."""
    import adjoint

    _warn_of_norm("frobenius_norm", "linalg.vector_norm(A, 2., dim, keepdim)")
    dims = (dim,) if isinstance(dim, int) else tuple(dim)
    if len(dims) > 2:
        raise RuntimeError(f"Expected at most 2 dimensions, but got {len(dims)} dimensions instead.")
    return written(adjoint.linalg.vector_norm(input, 2, dims or None, keepdim), out, "frobenius_norm")


def _warn_of_norm(name: str, instead: str) -> None:
    warn_once(
        name,
        f"at::{name} is deprecated and it is just left for JIT compatibility. It will be removed in a future PyTorch release. "
        f"Please use `{instead}` instead",
    )
