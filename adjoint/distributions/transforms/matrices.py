"""Transforms to matrices: triangular factors, and what is made of them."""

from __future__ import annotations

import math
from typing import Any

import adjoint
from adjoint.distributions import constraints
from adjoint.distributions.transforms.elementwise import _WithoutParameters
from adjoint.distributions.transforms.transform import Transform
from adjoint.distributions.utils import tril_matrix_to_vec, vec_to_tril_matrix
from adjoint.nn.functional import pad, softplus
from adjoint.tensor import Tensor


class CorrCholeskyTransform(Transform):
    """A vector of ``D (D - 1) / 2`` numbers to the Cholesky factor of a correlation matrix of size ``D``.

    Row by row, the numbers' hyperbolic tangents are partial correlations: each takes its share of what its predecessors
    left of the row's norm, 1 (Lewandowski, Kurowicka and Joe 2009).

    >>> import adjoint as torch
    >>> torch.distributions.CorrCholeskyTransform()(torch.zeros(3))
    tensor([[1., 0., 0.],
            [0., 1., 0.],
            [0., 0., 1.]])
    """

    domain = constraints.real_vector
    codomain = constraints.corr_cholesky
    bijective = True

    def _call(self, x: Tensor) -> Tensor:
        x = x.tanh()
        eps = adjoint.finfo(x.dtype).eps
        shares = vec_to_tril_matrix(x.clamp(min=-1 + eps, max=1 - eps), diag=-1)
        left = (1 - shares**2).sqrt().cumprod(-1)
        shares = shares + adjoint.eye(shares.shape[-1], dtype=shares.dtype, device=shares.device)
        return shares * pad(left[..., :-1], [1, 0], value=1)

    def _inverse(self, y: Tensor) -> Tensor:
        left = pad((1 - (y * y).cumsum(dim=-1))[..., :-1], [1, 0], value=1)
        shares = tril_matrix_to_vec(y, diag=-1) / tril_matrix_to_vec(left, diag=-1).sqrt()
        return (shares.log1p() - shares.neg().log1p()) / 2

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor, intermediates: Any = None) -> Tensor:
        left = tril_matrix_to_vec(1 - (y * y).cumsum(dim=-1), diag=-2)
        of_tanh = -2 * (x + softplus(-2 * x) - math.log(2.0)).sum(dim=-1)
        return 0.5 * left.log().sum(-1) + of_tanh

    def forward_shape(self, shape: Any) -> Any:
        if len(shape) < 1:
            raise ValueError("Too few dimensions on input")
        n = shape[-1]
        size = round((0.25 + 2 * n) ** 0.5 + 0.5)
        if size * (size - 1) // 2 != n:
            raise ValueError("Input is not a flattened lower-diagonal number")
        return shape[:-1] + (size, size)

    def inverse_shape(self, shape: Any) -> Any:
        if len(shape) < 2:
            raise ValueError("Too few dimensions on input")
        if shape[-2] != shape[-1]:
            raise ValueError("Input is not square")
        size = shape[-1]
        return shape[:-2] + (size * (size - 1) // 2,)


class LowerCholeskyTransform(_WithoutParameters):
    """A square matrix to a triangular one with a positive diagonal, the exponential of its own.

    >>> import adjoint as torch
    >>> torch.distributions.LowerCholeskyTransform()(torch.zeros(2, 2))
    tensor([[1., 0.],
            [0., 1.]])
    """

    domain = constraints.independent(constraints.real, 2)
    codomain = constraints.lower_cholesky

    def _call(self, x: Tensor) -> Tensor:
        return x.tril(-1) + x.diagonal(dim1=-2, dim2=-1).exp().diag_embed()

    def _inverse(self, y: Tensor) -> Tensor:
        return y.tril(-1) + y.diagonal(dim1=-2, dim2=-1).log().diag_embed()


class PositiveDefiniteTransform(_WithoutParameters):
    """A square matrix to a positive-definite one, the square of :class:`LowerCholeskyTransform`'s.

    >>> import adjoint as torch
    >>> torch.distributions.PositiveDefiniteTransform()(torch.zeros(2, 2))
    tensor([[1., 0.],
            [0., 1.]])
    """

    domain = constraints.independent(constraints.real, 2)
    codomain = constraints.positive_definite

    def _call(self, x: Tensor) -> Tensor:
        factor = LowerCholeskyTransform()(x)
        return factor @ factor.mT  # type: ignore[no-any-return]

    def _inverse(self, y: Tensor) -> Tensor:
        return LowerCholeskyTransform().inv(adjoint.linalg.cholesky(y))  # type: ignore[no-any-return]
