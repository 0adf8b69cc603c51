"""The LKJ distribution of correlation matrices, as their Cholesky factors."""

from __future__ import annotations

import math
from collections.abc import Sequence

import adjoint
from adjoint.distributions import constraints
from adjoint.distributions.beta import Beta
from adjoint.distributions.distribution import Distribution
from adjoint.distributions.utils import broadcast_all
from adjoint.tensor import Size, Tensor

__all__ = ["LKJCholesky"]


class LKJCholesky(Distribution):
    """Lower triangular factors of correlation matrices of size ``dim``, whose determinants to the power of
    ``concentration - 1`` are their density: 1 makes all matrices equally likely, more those near the identity.

    Samples are drawn by the onion method (Lewandowski, Kurowicka and Joe 2009).  Raises ValueError for a size below 2.

    >>> import adjoint as torch
    >>> torch.distributions.LKJCholesky(3, 0.5).sample().shape
    torch.Size([3, 3])
    """

    arg_constraints = {"concentration": constraints.positive}
    support = constraints.corr_cholesky
    _expands = ("concentration", "_beta")
    _keeps = ("dim",)

    def __init__(self, dim: int, concentration: Tensor | float = 1.0, validate_args: bool | None = None) -> None:
        if dim < 2:
            raise ValueError(f"Expected dim to be an integer greater than or equal to 2. Found dim={dim}.")
        self.dim = dim
        (self.concentration,) = broadcast_all(concentration)
        # How far from the axis a row's end is: of row i, a beta variable; of the first, anything that is defined.
        marginal = self.concentration + 0.5 * (dim - 2)
        offset = adjoint.arange(dim - 1, dtype=self.concentration.dtype, device=self.concentration.device)
        offset = adjoint.cat([offset.new_zeros((1,)), offset])
        self._beta = Beta(offset + 0.5, marginal.unsqueeze(-1) - 0.5 * offset)
        super().__init__(self.concentration.size(), Size((dim, dim)), validate_args)

    def sample(self, sample_shape: Sequence[int] = Size()) -> Tensor:
        squares = self._beta.sample(sample_shape).unsqueeze(-1)
        shape = self._extended_shape(sample_shape)
        normal = adjoint.randn(shape, dtype=squares.dtype, device=squares.device).tril(-1)
        directions = normal / normal.norm(dim=-1, keepdim=True)
        directions[..., 0, :].fill_(0.0)  # 0 / 0
        factor = squares.sqrt() * directions
        left = (1 - (factor**2).sum(dim=-1)).clamp(min=adjoint.finfo(factor.dtype).tiny)
        return factor + left.sqrt().diag_embed()

    def log_prob(self, value: Tensor) -> Tensor:
        if self._validate_args:
            self._validate_sample(value)
        # The density of the matrix, and the determinant of the map from factors to matrices (Stan's reference manual).
        diagonal = value.diagonal(dim1=-1, dim2=-2)[..., 1:]
        order = adjoint.arange(2, self.dim + 1, device=self.concentration.device)
        order = 2 * (self.concentration - 1).unsqueeze(-1) + self.dim - order
        unnormalized = (order * diagonal.log()).sum(dim=-1)
        n = self.dim - 1
        alpha = self.concentration + 0.5 * n
        normalizer = 0.5 * n * math.log(math.pi) + (alpha - 0.5).mvlgamma(n) - alpha.lgamma() * n
        return unnormalized - normalizer
