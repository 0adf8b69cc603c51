"""The parametrizations that come with the library: orthogonal matrices, weight norm, spectral norm."""

from __future__ import annotations

from enum import Enum, auto
from typing import Any

import adjoint
from adjoint.autograd.grad_mode import no_grad
from adjoint.names import list_names as _list_names
from adjoint.nn import functional as F
from adjoint.nn.modules.module import Module
from adjoint.nn.utils import parametrize
from adjoint.nn.utils.spectral_norm import output_dim
from adjoint.ops.weight_norm import norm_except_dim
from adjoint.ops.weight_norm import weight_norm as computed_weight_norm
from adjoint.tensor import Tensor

__all__ = ["orthogonal", "spectral_norm", "weight_norm"]


class _OrthMaps(Enum):
    """The maps from all matrices onto orthogonal ones."""

    matrix_exp = auto()
    cayley = auto()
    householder = auto()


def _is_orthogonal(Q: Tensor) -> bool:
    n, k = Q.shape[-2:]
    near: bool = adjoint.allclose(
        Q.mH @ Q, adjoint.eye(k, dtype=Q.dtype, device=Q.device), atol=10.0 * n * adjoint.finfo(Q.dtype).eps
    )
    return near


def _make_orthogonal(A: Tensor) -> Tensor:
    """The Q of a QR decomposition whose R has a positive diagonal, which makes it unique."""
    reflectors, tau = adjoint.geqrf(A)
    Q: Tensor = adjoint.linalg.householder_product(reflectors, tau)
    return Q.mul_(reflectors.diagonal(dim1=-2, dim2=-1).sgn().unsqueeze(-2))


class _Orthogonal(Module):
    base: Tensor

    def __init__(self, weight: Tensor, orthogonal_map: _OrthMaps, *, use_trivialization: bool = True) -> None:
        super().__init__()
        if weight.is_complex() and orthogonal_map == _OrthMaps.householder:
            raise ValueError("The householder parametrization does not support complex tensors.")
        self.shape = weight.shape
        self.orthogonal_map = orthogonal_map
        if use_trivialization:
            self.register_buffer("base", None)

    def forward(self, X: Tensor) -> Tensor:
        """The orthogonal matrix of ``X``; of a wide one its rows are orthonormal, of a tall one its columns."""
        transposed = X.size(-2) < X.size(-1)
        if transposed:
            X = X.mT
        Q = self._by_reflections(X) if self.orthogonal_map == _OrthMaps.householder else self._of_skew_symmetric(X)
        if hasattr(self, "base"):
            Q = self.base @ Q
        return Q.mT if transposed else Q

    def _of_skew_symmetric(self, X: Tensor) -> Tensor:
        n, k = X.shape[-2:]
        X = X.tril()
        if n != k:
            nothing = X.new_zeros(n, n - k).expand(*X.shape[:-2], -1, -1)
            X = adjoint.cat([X, nothing], dim=-1)
        A = X - X.mH
        if self.orthogonal_map == _OrthMaps.matrix_exp:
            Q = adjoint.matrix_exp(A)
        else:  # Cayley's: (I + A / 2) (I - A / 2)^-1
            one = adjoint.eye(n, dtype=A.dtype, device=A.device)
            Q = adjoint.linalg.solve(adjoint.add(one, A, alpha=-0.5), adjoint.add(one, A, alpha=0.5))
        return Q[..., :k] if n != k else Q

    def _by_reflections(self, X: Tensor) -> Tensor:
        A = X.tril(diagonal=-1)
        tau = 2.0 / (1.0 + (A * A).sum(dim=-2))
        Q: Tensor = adjoint.linalg.householder_product(A, tau)
        # The diagonal, ones and minus ones, says which columns are turned round.
        return Q * X.diagonal(dim1=-2, dim2=-1).int().unsqueeze(-2)

    def right_inverse(self, Q: Tensor) -> Tensor:
        """The ``X`` of an orthogonal ``Q``; another matrix is made orthogonal first."""
        with no_grad():
            return self._right_inverse(Q)

    def _right_inverse(self, Q: Tensor) -> Tensor:
        if Q.shape != self.shape:
            raise ValueError(
                f"Expected a matrix or batch of matrices of shape {self.shape}. Got a tensor of shape {Q.shape}."
            )
        given = Q
        transposed = Q.size(-2) < Q.size(-1)
        if transposed:
            Q = Q.mT
        n, k = Q.shape[-2:]
        if not hasattr(self, "base"):
            if self.orthogonal_map != _OrthMaps.householder:
                raise NotImplementedError(
                    "It is not possible to assign to the matrix exponential or the Cayley parametrizations when "
                    "use_trivialization=False."
                )
            A, tau = adjoint.geqrf(Q)
            A.diagonal(dim1=-2, dim2=-1).sign_()
            A.diagonal(dim1=-2, dim2=-1)[tau == 0.0] *= -1
            return A.mT if transposed else A
        if n == k:
            Q = Q.clone() if _is_orthogonal(Q) else _make_orthogonal(Q)
        else:  # with columns that make it square
            more = adjoint.randn(*Q.shape[:-2], n, n - k, dtype=Q.dtype, device=Q.device)
            Q = _make_orthogonal(adjoint.cat([Q, more], dim=-1))
        self.base = Q
        # What the maps take to the identity, which is then multiplied with the base: all of them do that.
        minus_one = adjoint.zeros_like(given)
        minus_one.diagonal(dim1=-2, dim2=-1).fill_(-1.0)
        return minus_one


def orthogonal(
    module: Module, name: str = "weight", orthogonal_map: str | None = None, *, use_trivialization: bool = True
) -> Module:
    """Have a module's matrix (or batch of matrices) stay orthogonal, or unitary; returns the module.

    ``orthogonal_map`` is "matrix_exp", "cayley" or "householder"; by default the first for square and for complex matrices and
    the last for others.  With ``use_trivialization`` it is computed relative to a matrix that is kept, which makes it
    possible to assign to it.  Raises ValueError where there is no such matrix, and for another map.

    >>> import adjoint as torch
    >>> m = torch.nn.utils.parametrizations.orthogonal(torch.nn.Linear(3, 3))
    >>> torch.allclose(m.weight @ m.weight.T, torch.eye(3), atol=1e-5)
    True
    """
    weight = getattr(module, name, None)
    if not isinstance(weight, Tensor):
        raise ValueError(f"Module '{module}' has no parameter or buffer with name '{name}'")
    if weight.ndim < 2:
        raise ValueError(f"Expected a matrix or batch of matrices. Got a tensor of {weight.ndim} dimensions.")
    if orthogonal_map is None:
        square = weight.size(-2) == weight.size(-1)
        orthogonal_map = "matrix_exp" if square or weight.is_complex() else "householder"
    chosen = getattr(_OrthMaps, orthogonal_map, None)
    if chosen is None:
        raise ValueError(f'orthogonal_map has to be one of "matrix_exp", "cayley", "householder". Got: {orthogonal_map}')
    by = _Orthogonal(weight, chosen, use_trivialization=use_trivialization)
    return parametrize.register_parametrization(module, name, by, unsafe=True)


class _WeightNorm(Module):
    def __init__(self, dim: int | None = 0) -> None:
        super().__init__()
        self.dim = -1 if dim is None else dim

    def forward(self, weight_g: Tensor, weight_v: Tensor) -> Tensor:
        """The direction ``weight_v`` with the lengths ``weight_g``."""
        return computed_weight_norm(weight_v, weight_g, self.dim)

    def right_inverse(self, weight: Tensor) -> tuple[Tensor, Tensor]:
        """The lengths, and the weight."""
        return norm_except_dim(weight, 2, self.dim), weight


def weight_norm(module: Module, name: str = "weight", dim: int | None = 0) -> Module:
    """Have a module's ``weight`` be a direction and a length, which are learned apart; returns the module.

    They are ``parametrizations.weight.original0`` (one length for each place of ``dim``, or a single one if that is None) and
    ``original1``.  State dicts of the older :func:`adjoint.nn.utils.weight_norm` can be loaded.

    >>> import adjoint as torch
    >>> m = torch.nn.utils.parametrizations.weight_norm(torch.nn.Linear(20, 40))
    >>> m.parametrizations.weight.original0.shape
    torch.Size([40, 1])
    """
    parametrize.register_parametrization(module, name, _WeightNorm(dim), unsafe=True)

    def rename_old_keys(state_dict: dict[str, Any], prefix: str, *_: Any) -> None:
        g, v = f"{prefix}{name}_g", f"{prefix}{name}_v"
        if g in state_dict and v in state_dict:
            state_dict[f"{prefix}parametrizations.{name}.original0"] = state_dict.pop(g)
            state_dict[f"{prefix}parametrizations.{name}.original1"] = state_dict.pop(v)

    module._register_load_state_dict_pre_hook(rename_old_keys)
    return module


class _SpectralNorm(Module):
    _u: Tensor
    _v: Tensor

    def __init__(self, weight: Tensor, n_power_iterations: int = 1, dim: int = 0, eps: float = 1e-12) -> None:
        super().__init__()
        ndim = weight.ndim
        if not -ndim <= dim < ndim:
            raise IndexError(
                f"Dimension out of range (expected to be in range of [-{ndim}, {ndim - 1}] but got {dim})"
            )
        if n_power_iterations <= 0:
            raise ValueError(
                f"Expected n_power_iterations to be positive, but got n_power_iterations={n_power_iterations}"
            )
        self.dim = dim % ndim
        self.eps = eps
        if ndim > 1:
            self.n_power_iterations = n_power_iterations
            matrix = self._as_matrix(weight)
            rows, columns = matrix.size()
            for buffer, size in (("_u", rows), ("_v", columns)):
                start = matrix.new_empty(size).normal_(0, 1)
                self.register_buffer(buffer, F.normalize(start, dim=0, eps=eps))
            self._power_method(matrix, 15)

    def _as_matrix(self, weight: Tensor) -> Tensor:
        if self.dim != 0:
            weight = weight.permute(self.dim, *(d for d in range(weight.ndim) if d != self.dim))
        return weight.flatten(1)

    def _power_method(self, matrix: Tensor, n_power_iterations: int) -> None:
        """Bring the singular vectors nearer, in place: modules that share them see it."""
        with no_grad():
            for _ in range(n_power_iterations):
                self._u = F.normalize(adjoint.mv(matrix, self._v), dim=0, eps=self.eps, out=self._u)
                self._v = F.normalize(adjoint.mv(matrix.H, self._u), dim=0, eps=self.eps, out=self._v)

    def forward(self, weight: Tensor) -> Tensor:
        """The weight divided by its largest singular value."""
        if weight.ndim == 1:
            return F.normalize(weight, dim=0, eps=self.eps)
        matrix = self._as_matrix(weight)
        if self.training:
            self._power_method(matrix, self.n_power_iterations)
        # Another forward writes to the buffers before this one's backward.
        u, v = self._u.clone(), self._v.clone()
        sigma: Tensor = adjoint.vdot(u, adjoint.mv(matrix, v))
        return weight / sigma  # type: ignore[no-any-return]

    def right_inverse(self, value: Tensor) -> Tensor:
        """The weight itself: it may have any norm."""
        return value


def spectral_norm(
    module: Module, name: str = "weight", n_power_iterations: int = 1, eps: float = 1e-12, dim: int | None = None
) -> Module:
    """Have a module's ``weight`` be divided by its largest singular value; returns the module.

    It is that of the matrix with the places of ``dim`` as rows (by default those of the outputs), found by the power method,
    of which each forward in training does ``n_power_iterations`` steps.  Raises ValueError where there is no such tensor.

    >>> import adjoint as torch
    >>> m = torch.nn.utils.parametrizations.spectral_norm(torch.nn.Linear(20, 40))
    >>> abs(torch.linalg.matrix_norm(m.weight, 2).item() - 1) < 0.1
    True
    """
    weight = getattr(module, name, None)
    if not isinstance(weight, Tensor):
        raise ValueError(f"Module '{module}' has no parameter or buffer with name '{name}'")
    by = _SpectralNorm(weight, n_power_iterations, output_dim(module) if dim is None else dim, eps)
    return parametrize.register_parametrization(module, name, by)


_list_names(__name__)
