"""The Wishart distribution."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence

import adjoint
from adjoint.distributions import constraints
from adjoint.distributions.chi2 import Chi2
from adjoint.distributions.exp_family import ExponentialFamily
from adjoint.distributions.multivariate_normal import _factor
from adjoint.distributions.utils import lazy_property
from adjoint.places import users_level
from adjoint.tensor import Size, Tensor

__all__ = ["Wishart"]


class Wishart(ExponentialFamily):
    """Positive-definite matrices, as ``x x^T`` summed over ``df`` normally distributed vectors of a covariance that is given by
    one of ``covariance_matrix``, its inverse ``precision_matrix``, or its lower Cholesky factor ``scale_tril``.

    ``df`` may be any number above the matrices' size minus 1.  Raises ValueError for a smaller one, AssertionError unless
    exactly one matrix is given; warns where ``df`` is so small that samples may be singular.

    >>> import adjoint as torch
    >>> torch.distributions.Wishart(torch.tensor(3.), torch.eye(2)).mean
    tensor([[3., 0.],
            [0., 3.]])
    """

    support = constraints.positive_definite
    has_rsample = True
    _mean_carrier_measure = 0
    _expands = ("df", "_unbroadcasted_scale_tril", "covariance_matrix", "scale_tril", "precision_matrix", "_dist_chi2")

    def __init__(
        self,
        df: Tensor | float,
        covariance_matrix: Tensor | None = None,
        precision_matrix: Tensor | None = None,
        scale_tril: Tensor | None = None,
        validate_args: bool | None = None,
    ) -> None:
        matrices = {
            "covariance_matrix": covariance_matrix,
            "precision_matrix": precision_matrix,
            "scale_tril": scale_tril,
        }
        given = [(name, matrix) for name, matrix in matrices.items() if matrix is not None]
        if len(given) != 1:
            raise AssertionError(
                "Exactly one of covariance_matrix or precision_matrix or scale_tril may be specified."
            )
        ((name, matrix),) = given
        if matrix.dim() < 2:
            raise ValueError("scale_tril must be at least two-dimensional, with optional leading batch dimensions")
        if isinstance(df, (int, float)):
            batch_shape = matrix.shape[:-2]
            self.df = adjoint.tensor(df, dtype=matrix.dtype, device=matrix.device)
        else:
            batch_shape = Size(adjoint.broadcast_shapes(matrix.shape[:-2], df.shape))
            self.df = df.expand(batch_shape)
        event_shape = matrix.shape[-2:]
        size = event_shape[-1]
        if self.df.le(size - 1).any():
            raise ValueError(f"Value of df={df} expected to be greater than ndim - 1 = {size - 1}.")
        setattr(self, name, matrix.expand(batch_shape + (-1, -1)))
        if self.df.lt(size).any():
            warnings.warn(
                "Low df values detected. Singular samples are highly likely to occur for ndim - 1 < df < ndim.",
                stacklevel=users_level(),
            )
        super().__init__(batch_shape, event_shape, validate_args=validate_args)
        # With the batch's dimensions, although they may be repeated: expanding goes by them.
        self._unbroadcasted_scale_tril = _factor(name, matrix).expand(batch_shape + (-1, -1))
        steps = adjoint.arange(size, dtype=matrix.dtype, device=matrix.device)
        self._dist_chi2 = Chi2(df=self.df.unsqueeze(-1) - steps.expand(batch_shape + (-1,)))

    @property
    def arg_constraints(self) -> dict[str, constraints.Constraint]:
        return {
            "covariance_matrix": constraints.positive_definite,
            "precision_matrix": constraints.positive_definite,
            "scale_tril": constraints.lower_cholesky,
            "df": constraints.greater_than(self.event_shape[-1] - 1),
        }

    @lazy_property
    def scale_tril(self) -> Tensor:
        """The lower Cholesky factor of the vectors' covariance."""
        return self._unbroadcasted_scale_tril

    @lazy_property
    def covariance_matrix(self) -> Tensor:
        """The vectors' covariance."""
        return self._unbroadcasted_scale_tril @ self._unbroadcasted_scale_tril.mT

    @lazy_property
    def precision_matrix(self) -> Tensor:
        """The inverse of the vectors' covariance."""
        factor = self._unbroadcasted_scale_tril
        identity = adjoint.eye(self._event_shape[-1], device=factor.device, dtype=factor.dtype)
        return adjoint.cholesky_solve(identity, factor)

    @property
    def mean(self) -> Tensor:
        return self._of_matrices(self.df) * self.covariance_matrix

    @property
    def mode(self) -> Tensor:
        factor = self.df - self.covariance_matrix.shape[-1] - 1
        factor[factor <= 0] = math.nan
        return self._of_matrices(factor) * self.covariance_matrix

    @property
    def variance(self) -> Tensor:
        V = self.covariance_matrix
        diagonal = V.diagonal(dim1=-2, dim2=-1)
        return self._of_matrices(self.df) * (V.pow(2) + adjoint.einsum("...i,...j->...ij", diagonal, diagonal))

    def _of_matrices(self, numbers: Tensor) -> Tensor:
        """Numbers of the batch, to multiply matrices with."""
        return numbers.view(self._batch_shape + (1, 1))

    def _bartlett_sampling(self, sample_shape: Sequence[int] = Size()) -> Tensor:
        """Samples by Bartlett's decomposition: a triangular matrix of normal numbers below roots of chi-squared ones."""
        p = self._event_shape[-1]
        roots = self._dist_chi2.rsample(sample_shape).sqrt()
        roots = roots.clamp(min=adjoint.finfo(roots.dtype).eps)
        noise = roots.diag_embed(dim1=-2, dim2=-1)
        i, j = adjoint.tril_indices(p, p, offset=-1)
        noise[..., i, j] = adjoint.randn(
            Size(sample_shape) + self._batch_shape + (p * (p - 1) // 2,), dtype=noise.dtype, device=noise.device
        )
        factor = self._unbroadcasted_scale_tril @ noise
        return factor @ factor.mT

    def rsample(self, sample_shape: Sequence[int] = Size(), max_try_correction: int = 10) -> Tensor:
        """Samples; those that rounding made singular are drawn again, ``max_try_correction`` times at most."""
        sample_shape = Size(sample_shape)
        # PyTorch draws all samples, and then again those that are regular; so that a seed gives what it gives there.
        self._bartlett_sampling(sample_shape)
        sample = self._bartlett_sampling((sample_shape.numel(),))
        singular = self._singular(sample)
        if singular.any():
            warnings.warn("Singular sample detected.", stacklevel=users_level())
        for _ in range(max_try_correction - 1):
            if not singular.any():
                break
            again = self._bartlett_sampling(singular[singular].shape)
            sample[singular] = again
            singular[singular.clone()] = self._singular(again)
        return sample.reshape(self._extended_shape(sample_shape))

    def _singular(self, sample: Tensor) -> Tensor:
        """Which samples are no positive-definite matrices: a sample of a batch, if one of its matrices is not."""
        singular = ~self.support.check(sample)
        return singular.amax(tuple(range(-len(self._batch_shape), 0))) if self._batch_shape else singular

    def log_prob(self, value: Tensor) -> Tensor:
        if self._validate_args:
            self._validate_sample(value)
        nu, p, factor = self.df, self._event_shape[-1], self._unbroadcasted_scale_tril
        trace = adjoint.cholesky_solve(value, factor).diagonal(dim1=-2, dim2=-1).sum(dim=-1)
        return (
            -nu * (p * math.log(2) / 2 + factor.diagonal(dim1=-2, dim2=-1).log().sum(-1))
            - (nu / 2).mvlgamma(p=p)
            + (nu - p - 1) / 2 * adjoint.linalg.slogdet(value).logabsdet
            - trace / 2
        )

    def entropy(self) -> Tensor:
        nu, p, factor = self.df, self._event_shape[-1], self._unbroadcasted_scale_tril
        return (
            (p + 1) * (p * math.log(2) / 2 + factor.diagonal(dim1=-2, dim2=-1).log().sum(-1))
            + (nu / 2).mvlgamma(p=p)
            - (nu - p - 1) / 2 * _mvdigamma(nu / 2, p)
            + nu * p / 2
        )

    @property
    def _natural_params(self) -> tuple[Tensor, Tensor]:
        return -self.precision_matrix / 2, (self.df - self._event_shape[-1] - 1) / 2

    def _log_normalizer(self, x: Tensor, y: Tensor) -> Tensor:
        p = self._event_shape[-1]
        y = y + (p + 1) / 2
        return y * (-adjoint.linalg.slogdet(-2 * x).logabsdet + math.log(2) * p) + y.mvlgamma(p=p)


def _mvdigamma(x: Tensor, p: int) -> Tensor:
    """The derivative of ``mvlgamma(x, p)``."""
    steps = adjoint.arange(p, dtype=x.dtype, device=x.device).div(2)
    return (x.unsqueeze(-1) - steps.expand(x.shape + (-1,))).digamma().sum(-1)
