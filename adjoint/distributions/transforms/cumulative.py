"""The probability integral transform: a distribution's quantiles."""

from __future__ import annotations

from typing import Any

from adjoint.distributions import constraints
from adjoint.distributions.transforms.transform import Transform
from adjoint.tensor import Tensor


class CumulativeDistributionTransform(Transform):
    """``y`` is the probability of less than ``x`` in a distribution of single numbers: its ``cdf``.

    >>> import adjoint as torch
    >>> from adjoint.distributions import Normal, CumulativeDistributionTransform
    >>> CumulativeDistributionTransform(Normal(0., 1.))(torch.zeros(1))
    tensor([0.5000])
    """

    bijective = True
    codomain = constraints.unit_interval
    sign = +1  # type: ignore[assignment]

    def __init__(self, distribution: Any, cache_size: int = 0) -> None:
        super().__init__(cache_size=cache_size)
        self.distribution = distribution

    @property
    def domain(self) -> Any:  # type: ignore[override]
        return self.distribution.support

    def _call(self, x: Tensor) -> Tensor:
        return self.distribution.cdf(x)  # type: ignore[no-any-return]

    def _inverse(self, y: Tensor) -> Tensor:
        return self.distribution.icdf(y)  # type: ignore[no-any-return]

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        return self.distribution.log_prob(x)  # type: ignore[no-any-return]

    def with_cache(self, cache_size: int = 1) -> Transform:
        if self._cache_size == cache_size:
            return self
        return CumulativeDistributionTransform(self.distribution, cache_size=cache_size)
