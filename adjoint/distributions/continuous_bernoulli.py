"""The continuous Bernoulli distribution."""

from __future__ import annotations

import math
from collections.abc import Sequence

import adjoint
from adjoint.autograd.grad_mode import no_grad
from adjoint.distributions import constraints
from adjoint.distributions.exp_family import ExponentialFamily
from adjoint.distributions.probs_or_logits import ProbsOrLogits
from adjoint.distributions.utils import broadcast_all, clamp_probs, lazy_property, logits_to_probs
from adjoint.nn.functional import binary_cross_entropy_with_logits
from adjoint.tensor import Size, Tensor

__all__ = ["ContinuousBernoulli"]


class ContinuousBernoulli(ProbsOrLogits, ExponentialFamily):
    """Numbers in [0, 1] of a density in proportion to ``p^x (1 - p)^(1 - x)``, where ``p`` is ``probs`` (Loaiza-Ganem and
    Cunningham 2019).

    The normalizer and the moments are fractions that become 0 / 0 at ``p = 1/2``; for probabilities between ``lims`` their
    Taylor series are taken.

    >>> import adjoint as torch
    >>> torch.distributions.ContinuousBernoulli(0.5).mean
    tensor(0.5000)
    """

    arg_constraints = {"probs": constraints.unit_interval, "logits": constraints.real}
    support = constraints.unit_interval
    has_rsample = True
    _mean_carrier_measure = 0
    _expands = ProbsOrLogits._expands
    _keeps = ("_lims",)

    def __init__(
        self,
        probs: Tensor | float | None = None,
        logits: Tensor | float | None = None,
        lims: tuple[float, float] = (0.499, 0.501),
        validate_args: bool | None = None,
    ) -> None:
        self._take(probs, logits)
        if probs is not None:
            # Looked at here, for what has been clamped is valid.
            if validate_args is not None and not self.arg_constraints["probs"].check(self.probs).all():
                raise ValueError("The parameter probs has invalid values")
            self._param = self.probs = clamp_probs(self.probs)
        self._lims = lims
        super().__init__(self._param.size(), validate_args=validate_args)

    @lazy_property
    def probs(self) -> Tensor:
        """The probabilities, kept away from 0 and 1."""
        return clamp_probs(logits_to_probs(self.logits, is_binary=True))

    def _outside_unstable_region(self) -> Tensor:
        return adjoint.max(self.probs.le(self._lims[0]), self.probs.gt(self._lims[1]))

    def _cut_probs(self) -> Tensor:
        """The probabilities, with one that is harmless in place of those around 1/2."""
        return adjoint.where(
            self._outside_unstable_region(), self.probs, self._lims[0] * adjoint.ones_like(self.probs)
        )

    def _cont_bern_log_norm(self) -> Tensor:
        """The logarithm of the normalizer, ``2 artanh(1 - 2p) / (1 - 2p)``."""
        p = self._cut_probs()
        below = adjoint.where(p.le(0.5), p, adjoint.zeros_like(p))
        above = adjoint.where(p.ge(0.5), p, adjoint.ones_like(p))
        log_norm = ((-p).log1p() - p.log()).abs().log() - adjoint.where(
            p.le(0.5), (-2.0 * below).log1p(), (2.0 * above - 1.0).log()
        )
        x = (self.probs - 0.5).pow(2)
        taylor = math.log(2.0) + (4.0 / 3.0 + 104.0 / 45.0 * x) * x
        return adjoint.where(self._outside_unstable_region(), log_norm, taylor)

    @property
    def mean(self) -> Tensor:
        p = self._cut_probs()
        mean = p / (2.0 * p - 1.0) + 1.0 / ((-p).log1p() - p.log())
        x = self.probs - 0.5
        taylor = 0.5 + (1.0 / 3.0 + 16.0 / 45.0 * x.pow(2)) * x
        return adjoint.where(self._outside_unstable_region(), mean, taylor)

    @property
    def variance(self) -> Tensor:
        p = self._cut_probs()
        variance = p * (p - 1.0) / (1.0 - 2.0 * p).pow(2) + 1.0 / ((-p).log1p() - p.log()).pow(2)
        x = (self.probs - 0.5).pow(2)
        taylor = 1.0 / 12.0 - (1.0 / 15.0 - 128.0 / 945.0 * x) * x
        return adjoint.where(self._outside_unstable_region(), variance, taylor)

    def sample(self, sample_shape: Sequence[int] = Size()) -> Tensor:
        with no_grad():
            return self.rsample(sample_shape)

    def rsample(self, sample_shape: Sequence[int] = Size()) -> Tensor:
        shape = self._extended_shape(sample_shape)
        return self.icdf(adjoint.rand(shape, dtype=self.probs.dtype, device=self.probs.device))

    def log_prob(self, value: Tensor) -> Tensor:
        if self._validate_args:
            self._validate_sample(value)
        logits, value = broadcast_all(self.logits, value)
        return -binary_cross_entropy_with_logits(logits, value, reduction="none") + self._cont_bern_log_norm()

    def cdf(self, value: Tensor) -> Tensor:
        if self._validate_args:
            self._validate_sample(value)
        p = self._cut_probs()
        cdf = (adjoint.pow(p, value) * adjoint.pow(1.0 - p, 1.0 - value) + p - 1.0) / (2.0 * p - 1.0)
        unbounded = adjoint.where(self._outside_unstable_region(), cdf, value)
        return adjoint.where(
            value.le(0.0),
            adjoint.zeros_like(value),
            adjoint.where(value.ge(1.0), adjoint.ones_like(value), unbounded),
        )

    def icdf(self, value: Tensor) -> Tensor:
        p = self._cut_probs()
        quantile = ((-p + value * (2.0 * p - 1.0)).log1p() - (-p).log1p()) / (p.log() - (-p).log1p())
        return adjoint.where(self._outside_unstable_region(), quantile, value)

    def entropy(self) -> Tensor:
        log_failure = (-self.probs).log1p()
        return self.mean * (log_failure - self.probs.log()) - self._cont_bern_log_norm() - log_failure

    @property
    def _natural_params(self) -> tuple[Tensor]:
        return (self.logits,)

    def _log_normalizer(self, x: Tensor) -> Tensor:
        outside = adjoint.max(x.le(self._lims[0] - 0.5), x.gt(self._lims[1] - 0.5))
        cut = adjoint.where(outside, x, (self._lims[0] - 0.5) * adjoint.ones_like(x))
        log_norm = cut.expm1().abs().log() - cut.abs().log()
        taylor = 0.5 * x + x.pow(2) / 24.0 - x.pow(4) / 2880.0
        return adjoint.where(outside, log_norm, taylor)
