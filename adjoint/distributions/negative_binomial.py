"""The negative binomial distribution."""

from __future__ import annotations

from collections.abc import Sequence

import adjoint
from adjoint.autograd.grad_mode import no_grad
from adjoint.distributions import constraints
from adjoint.distributions.distribution import Distribution
from adjoint.distributions.gamma import Gamma
from adjoint.distributions.probs_or_logits import ProbsOrLogits
from adjoint.distributions.utils import lazy_property
from adjoint.nn import functional as F
from adjoint.tensor import Size, Tensor

__all__ = ["NegativeBinomial"]


class NegativeBinomial(ProbsOrLogits, Distribution):
    """How many trials succeed, each with the probability ``probs`` (or the logit ``logits``), before ``total_count`` failed.

    ``total_count`` may be any number that is not negative.  Raises ValueError unless one of the other two is given.

    >>> import adjoint as torch
    >>> torch.distributions.NegativeBinomial(1., torch.tensor(0.5)).mean
    tensor(1.)
    """

    arg_constraints = {
        "total_count": constraints.greater_than_eq(0),
        "probs": constraints.half_open_interval(0.0, 1.0),
        "logits": constraints.real,
    }
    support = constraints.nonnegative_integer
    _expands = ("total_count", *ProbsOrLogits._expands)

    def __init__(
        self,
        total_count: Tensor | float,
        probs: Tensor | None = None,
        logits: Tensor | None = None,
        validate_args: bool | None = None,
    ) -> None:
        (count,) = self._take(probs, logits, total_count)
        self.total_count = count.type_as(self._param)
        super().__init__(self._param.size(), validate_args=validate_args)

    @property
    def mean(self) -> Tensor:
        return self.total_count * self.logits.exp()

    @property
    def mode(self) -> Tensor:
        return ((self.total_count - 1) * self.logits.exp()).floor().clamp(min=0.0)

    @property
    def variance(self) -> Tensor:
        return self.mean / (-self.logits).sigmoid()

    @lazy_property
    def _gamma(self) -> Gamma:
        """The rates of which Poisson's numbers are the samples; the validation would refuse a rate of inf."""
        return Gamma(concentration=self.total_count, rate=(-self.logits).exp(), validate_args=False)

    def sample(self, sample_shape: Sequence[int] = Size()) -> Tensor:
        with no_grad():
            return adjoint.poisson(self._gamma.sample(sample_shape=sample_shape))

    def log_prob(self, value: Tensor) -> Tensor:
        if self._validate_args:
            self._validate_sample(value)
        unnormalized = self.total_count * F.logsigmoid(-self.logits) + value * F.logsigmoid(self.logits)
        normalization = (
            -(self.total_count + value).lgamma() + (1.0 + value).lgamma() + self.total_count.lgamma()
        ).masked_fill(self.total_count + value == 0.0, 0.0)
        return unnormalized - normalization
