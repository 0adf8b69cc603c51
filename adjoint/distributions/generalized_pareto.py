"""The generalized Pareto distribution."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import adjoint
from adjoint.distributions import constraints
from adjoint.distributions.distribution import Distribution
from adjoint.distributions.utils import broadcast_all
from adjoint.tensor import Size, Tensor

__all__ = ["GeneralizedPareto"]


class GeneralizedPareto(Distribution):
    """Numbers ``x >= loc`` of the density ``(1 + c z)^(-1 / c - 1) / scale``, where ``z = (x - loc) / scale`` and ``c`` is the
    concentration; ``exp(-z) / scale`` where that is 0.  A negative one gives the support an end.

    >>> import adjoint as torch
    >>> torch.distributions.GeneralizedPareto(0., 2., 0.5).mean
    tensor(4.)
    """

    arg_constraints = {"loc": constraints.real, "scale": constraints.positive, "concentration": constraints.real}
    has_rsample = True
    _expands = ("loc", "scale", "concentration")

    def __init__(self, loc: Any, scale: Any, concentration: Any, validate_args: bool | None = None) -> None:
        self.loc, self.scale, self.concentration = broadcast_all(loc, scale, concentration)
        super().__init__(self.loc.size(), validate_args=validate_args)

    @constraints.dependent_property(is_discrete=False, event_dim=0)
    def support(self) -> Any:
        end = adjoint.where(self.concentration < 0, self.loc - self.scale / self.concentration, math.inf)
        return constraints.interval(self.loc, end)

    @property
    def mean(self) -> Tensor:
        valid = self.concentration < 1
        c = adjoint.where(valid, self.concentration, 0.5)
        return adjoint.where(valid, self.loc + self.scale / (1 - c), math.nan)

    @property
    def mode(self) -> Tensor:
        return self.loc

    @property
    def variance(self) -> Tensor:
        valid = self.concentration < 0.5
        c = adjoint.where(valid, self.concentration, 0.25)
        return adjoint.where(valid, self.scale**2 / ((1 - c) ** 2 * (1 - 2 * c)), math.nan)

    def rsample(self, sample_shape: Sequence[int] = Size()) -> Tensor:
        shape = self._extended_shape(sample_shape)
        return self.icdf(adjoint.rand(shape, dtype=self.loc.dtype, device=self.loc.device))

    def log_prob(self, value: Tensor) -> Tensor:
        if self._validate_args:
            self._validate_sample(value)
        z = self._z(value)
        is_zero, c = self._concentrations()
        power = 1 / c + adjoint.ones_like(z)
        otherwise = adjoint.where(power == 0, power, power * (c * z).log1p())
        log_scale = math.log(self.scale) if isinstance(self.scale, (int, float)) else self.scale.log()
        return -log_scale - adjoint.where(is_zero, z, otherwise)

    def log_survival_function(self, value: Tensor) -> Tensor:
        """The logarithm of the probability of more than ``value``."""
        if self._validate_args:
            self._validate_sample(value)
        z = self._z(value)
        is_zero, c = self._concentrations()
        return adjoint.where(is_zero, -z, -(c * z).log1p() / c)

    def log_cdf(self, value: Tensor) -> Tensor:
        """The logarithm of :meth:`cdf`."""
        return (-self.log_survival_function(value).exp()).log1p()

    def cdf(self, value: Tensor) -> Tensor:
        return self.log_cdf(value).exp()

    def icdf(self, value: Tensor) -> Tensor:
        is_zero, c = self._concentrations()
        log_left = (-value).log1p()
        otherwise = self.loc + self.scale / c * (-c * log_left).expm1()
        return adjoint.where(is_zero, self.loc - self.scale * log_left, otherwise)

    def entropy(self) -> Tensor:
        return adjoint.broadcast_to(self.scale.log() + self.concentration + 1, self._batch_shape)

    def _z(self, x: Tensor) -> Tensor:
        return (x - self.loc) / self.scale

    def _concentrations(self) -> tuple[Tensor, Tensor]:
        """Which are zero, and all, with 1 in place of those."""
        is_zero = adjoint.isclose(self.concentration, adjoint.zeros_like(self.concentration))
        return is_zero, adjoint.where(is_zero, adjoint.ones_like(self.concentration), self.concentration)
