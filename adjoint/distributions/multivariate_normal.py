"""The multivariate normal distribution."""

from __future__ import annotations

import math
from collections.abc import Sequence

import adjoint
from adjoint.distributions import constraints
from adjoint.distributions.distribution import Distribution
from adjoint.distributions.utils import _standard_normal, lazy_property
from adjoint.tensor import Size, Tensor

__all__ = ["MultivariateNormal"]


def _batch_mv(bmat: Tensor, bvec: Tensor) -> Tensor:
    """Matrices times vectors, whose batches broadcast."""
    return adjoint.matmul(bmat, bvec.unsqueeze(-1)).squeeze(-1)


def _batch_mahalanobis(bL: Tensor, bx: Tensor) -> Tensor:
    """``x^T (L L^T)^-1 x`` for triangular matrices ``L`` and vectors ``x``, whose batch may be the larger one.

    A matrix is solved with all of its vectors at once, so it is not copied for each: of every dimension of the batch that
    both have, the vectors' is split in the matrices' part, and how often each is repeated.
    """
    n = bx.size(-1)
    batch_shape = bx.shape[:-1]
    shared = bL.dim() - 2
    outer = len(batch_shape) - shared
    split = batch_shape[:outer]
    for of_L, of_x in zip(bL.shape[:-2], batch_shape[outer:]):
        split += (of_x // of_L, of_L)
    repeats, own = range(outer, outer + 2 * shared, 2), range(outer + 1, outer + 2 * shared, 2)
    bx = bx.reshape(split + (n,)).permute([*range(outer), *repeats, *own, outer + 2 * shared])

    flat_L = bL.reshape(-1, n, n)
    columns = bx.reshape(-1, flat_L.size(0), n).permute(1, 2, 0)
    distances = adjoint.linalg.solve_triangular(flat_L, columns, upper=False).pow(2).sum(-2).t()

    back = [*range(outer)]
    for i in range(shared):
        back += [outer + i, outer + shared + i]
    return distances.reshape(bx.shape[:-1]).permute(back).reshape(batch_shape)


def _precision_to_scale_tril(P: Tensor) -> Tensor:
    """The lower Cholesky factor of a precision matrix's inverse: that matrix, read from its end, has a factor whose
    transpose is triangular in the right sense."""
    reversed_factor = adjoint.linalg.cholesky(P.flip((-2, -1)))
    inverse = reversed_factor.flip((-2, -1)).transpose(-2, -1)
    identity = adjoint.eye(P.shape[-1], dtype=P.dtype, device=P.device)
    return adjoint.linalg.solve_triangular(inverse, identity, upper=False)


class MultivariateNormal(Distribution):
    """Normally distributed vectors of mean ``loc``, whose covariance is given by one of: ``covariance_matrix``, its inverse
    ``precision_matrix``, or its lower Cholesky factor ``scale_tril``, with which it computes.

    Raises ValueError unless exactly one is given.

    >>> import adjoint as torch
    >>> torch.distributions.MultivariateNormal(torch.zeros(2), torch.eye(2)).log_prob(torch.zeros(2))
    tensor(-1.8379)
    """

    arg_constraints = {
        "loc": constraints.real_vector,
        "covariance_matrix": constraints.positive_definite,
        "precision_matrix": constraints.positive_definite,
        "scale_tril": constraints.lower_cholesky,
    }
    support = constraints.real_vector
    has_rsample = True
    _expands = ("loc", "covariance_matrix", "scale_tril", "precision_matrix")
    _keeps = ("_unbroadcasted_scale_tril",)

    def __init__(
        self,
        loc: Tensor,
        covariance_matrix: Tensor | None = None,
        precision_matrix: Tensor | None = None,
        scale_tril: Tensor | None = None,
        validate_args: bool | None = None,
    ) -> None:
        if loc.dim() < 1:
            raise ValueError("loc must be at least one-dimensional.")
        matrices = {
            "covariance_matrix": covariance_matrix,
            "precision_matrix": precision_matrix,
            "scale_tril": scale_tril,
        }
        given = [(name, matrix) for name, matrix in matrices.items() if matrix is not None]
        if len(given) != 1:
            raise ValueError(
                "Exactly one of covariance_matrix or precision_matrix or scale_tril may be specified."
            )
        ((name, matrix),) = given
        if matrix.dim() < 2:
            said = "scale_tril matrix" if name == "scale_tril" else name
            raise ValueError(f"{said} must be at least two-dimensional, with optional leading batch dimensions")
        batch_shape = Size(adjoint.broadcast_shapes(matrix.shape[:-2], loc.shape[:-1]))
        setattr(self, name, matrix.expand(batch_shape + (-1, -1)))
        self.loc = loc.expand(batch_shape + (-1,))
        super().__init__(batch_shape, self.loc.shape[-1:], validate_args=validate_args)
        self._unbroadcasted_scale_tril = _factor(name, matrix)

    @lazy_property
    def scale_tril(self) -> Tensor:
        """The lower Cholesky factor of the covariance."""
        return self._expanded(self._unbroadcasted_scale_tril)

    @lazy_property
    def covariance_matrix(self) -> Tensor:
        """The covariance."""
        return self._expanded(adjoint.matmul(self._unbroadcasted_scale_tril, self._unbroadcasted_scale_tril.mT))

    @lazy_property
    def precision_matrix(self) -> Tensor:
        """The inverse of the covariance."""
        return self._expanded(adjoint.cholesky_inverse(self._unbroadcasted_scale_tril))

    def _expanded(self, matrix: Tensor) -> Tensor:
        return matrix.expand(self._batch_shape + self._event_shape + self._event_shape)

    @property
    def mean(self) -> Tensor:
        return self.loc

    @property
    def mode(self) -> Tensor:
        return self.loc

    @property
    def variance(self) -> Tensor:
        return self._unbroadcasted_scale_tril.pow(2).sum(-1).expand(self._batch_shape + self._event_shape)

    def rsample(self, sample_shape: Sequence[int] = Size()) -> Tensor:
        shape = self._extended_shape(sample_shape)
        eps = _standard_normal(shape, dtype=self.loc.dtype, device=self.loc.device)
        return self.loc + _batch_mv(self._unbroadcasted_scale_tril, eps)

    def log_prob(self, value: Tensor) -> Tensor:
        if self._validate_args:
            self._validate_sample(value)
        distance = _batch_mahalanobis(self._unbroadcasted_scale_tril, value - self.loc)
        return -0.5 * (self._event_shape[0] * math.log(2 * math.pi) + distance) - self._half_log_det()

    def entropy(self) -> Tensor:
        entropy = 0.5 * self._event_shape[0] * (1.0 + math.log(2 * math.pi)) + self._half_log_det()
        return entropy.expand(self._batch_shape) if self._batch_shape else entropy

    def _half_log_det(self) -> Tensor:
        return self._unbroadcasted_scale_tril.diagonal(dim1=-2, dim2=-1).log().sum(-1)


def _factor(name: str, matrix: Tensor) -> Tensor:
    """The lower Cholesky factor of the covariance that a matrix of that name gives."""
    if name == "covariance_matrix":
        return adjoint.linalg.cholesky(matrix)
    return _precision_to_scale_tril(matrix) if name == "precision_matrix" else matrix
