"""Kumaraswamy's distribution."""

from __future__ import annotations

import math

import adjoint
from adjoint.distributions import constraints
from adjoint.distributions.transformed_distribution import TransformedDistribution
from adjoint.distributions.transforms import AffineTransform, PowerTransform
from adjoint.distributions.uniform import Uniform
from adjoint.distributions.utils import broadcast_all, euler_constant
from adjoint.tensor import Tensor

__all__ = ["Kumaraswamy"]


class Kumaraswamy(TransformedDistribution):
    """Numbers in [0, 1] of the density ``a b x^(a - 1) (1 - x^a)^(b - 1)``, where ``a`` and ``b`` are ``concentration1`` and
    ``concentration0``: much like the beta distribution, with samples that are simple functions of uniform numbers.

    >>> import adjoint as torch
    >>> torch.distributions.Kumaraswamy(1., 1.).mean
    tensor(0.5000)
    """

    arg_constraints = {"concentration1": constraints.positive, "concentration0": constraints.positive}
    support = constraints.unit_interval
    has_rsample = True
    _expands = ("concentration1", "concentration0")

    def __init__(
        self, concentration1: Tensor | float, concentration0: Tensor | float, validate_args: bool | None = None
    ) -> None:
        self.concentration1, self.concentration0 = broadcast_all(concentration1, concentration0)
        base = Uniform(
            adjoint.full_like(self.concentration0, 0),
            adjoint.full_like(self.concentration0, 1),
            validate_args=validate_args,
        )
        super().__init__(
            base,
            [
                PowerTransform(exponent=self.concentration0.reciprocal()),
                AffineTransform(loc=1.0, scale=-1.0),
                PowerTransform(exponent=self.concentration1.reciprocal()),
            ],
            validate_args=validate_args,
        )

    @property
    def mean(self) -> Tensor:
        return self._moment(1)

    @property
    def mode(self) -> Tensor:
        # In logarithms, which lose nothing where the concentrations are large.
        log_mode = (
            self.concentration0.reciprocal() * (-self.concentration0).log1p()
            - (-self.concentration0 * self.concentration1).log1p()
        )
        log_mode[(self.concentration0 < 1) | (self.concentration1 < 1)] = math.nan
        return log_mode.exp()

    @property
    def variance(self) -> Tensor:
        return self._moment(2) - self.mean.pow(2)

    def _moment(self, n: int) -> Tensor:
        """The mean of the ``n``-th power, ``b B(1 + n / a, b)``."""
        a = 1 + n / self.concentration1
        b = self.concentration0
        return b * (a.lgamma() + b.lgamma() - (a + b).lgamma()).exp()

    def entropy(self) -> Tensor:
        t1 = 1 - self.concentration1.reciprocal()
        t0 = 1 - self.concentration0.reciprocal()
        harmonic = (self.concentration0 + 1).digamma() + euler_constant
        return t0 + t1 * harmonic - self.concentration1.log() - self.concentration0.log()
