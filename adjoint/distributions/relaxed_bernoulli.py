"""The Bernoulli distribution relaxed to numbers between 0 and 1, and these as logits."""

from __future__ import annotations

from collections.abc import Sequence

import adjoint
from adjoint.distributions import constraints
from adjoint.distributions.distribution import Distribution
from adjoint.distributions.probs_or_logits import ProbsOrLogits
from adjoint.distributions.transformed_distribution import TransformedDistribution
from adjoint.distributions.transforms import SigmoidTransform
from adjoint.distributions.utils import broadcast_all, clamp_probs
from adjoint.tensor import Size, Tensor

__all__ = ["LogitRelaxedBernoulli", "RelaxedBernoulli"]


class LogitRelaxedBernoulli(ProbsOrLogits, Distribution):
    """The logits of the samples of :class:`RelaxedBernoulli`.

    >>> import adjoint as torch
    >>> from adjoint.distributions.relaxed_bernoulli import LogitRelaxedBernoulli
    >>> LogitRelaxedBernoulli(torch.tensor(1.), 0.5).log_prob(torch.tensor(0.))
    tensor(-1.3863)
    """

    arg_constraints = {"probs": constraints.unit_interval, "logits": constraints.real}
    support = constraints.real
    _expands = ProbsOrLogits._expands
    _keeps = ("temperature",)

    def __init__(
        self,
        temperature: Tensor,
        probs: Tensor | float | None = None,
        logits: Tensor | float | None = None,
        validate_args: bool | None = None,
    ) -> None:
        self.temperature = temperature
        self._take(probs, logits)
        super().__init__(self._param.size(), validate_args=validate_args)

    def rsample(self, sample_shape: Sequence[int] = Size()) -> Tensor:
        shape = self._extended_shape(sample_shape)
        probs = clamp_probs(self.probs.expand(shape))
        uniforms = clamp_probs(adjoint.rand(shape, dtype=probs.dtype, device=probs.device))
        return (uniforms.log() - (-uniforms).log1p() + probs.log() - (-probs).log1p()) / self.temperature

    def log_prob(self, value: Tensor) -> Tensor:
        if self._validate_args:
            self._validate_sample(value)
        logits, value = broadcast_all(self.logits, value)
        diff = logits - value.mul(self.temperature)
        return self.temperature.log() + diff - 2 * diff.exp().log1p()


class RelaxedBernoulli(TransformedDistribution):
    """Numbers between 0 and 1 that become those of a Bernoulli distribution as the temperature goes to zero, and through
    which gradients flow (Maddison, Mnih and Teh 2017; Jang, Gu and Poole 2017).

    >>> import adjoint as torch
    >>> torch.distributions.RelaxedBernoulli(torch.tensor(1.), 0.5).log_prob(torch.tensor(0.5))
    tensor(0.)
    """

    arg_constraints = {"probs": constraints.unit_interval, "logits": constraints.real}
    support = constraints.unit_interval
    has_rsample = True
    _expands = ()

    def __init__(
        self,
        temperature: Tensor,
        probs: Tensor | float | None = None,
        logits: Tensor | float | None = None,
        validate_args: bool | None = None,
    ) -> None:
        super().__init__(
            LogitRelaxedBernoulli(temperature, probs, logits), SigmoidTransform(), validate_args=validate_args
        )

    @property
    def temperature(self) -> Tensor:
        """How far from 0 and 1 samples are."""
        return self.base_dist.temperature  # type: ignore[no-any-return]

    @property
    def logits(self) -> Tensor:
        """The logits of the probabilities."""
        return self.base_dist.logits  # type: ignore[no-any-return]

    @property
    def probs(self) -> Tensor:
        """The probabilities of 1."""
        return self.base_dist.probs  # type: ignore[no-any-return]
