"""The binomial distribution."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import adjoint
from adjoint.autograd.grad_mode import no_grad
from adjoint.distributions import constraints
from adjoint.distributions.distribution import Distribution
from adjoint.distributions.probs_or_logits import ProbsOrLogits
from adjoint.tensor import Size, Tensor

__all__ = ["Binomial"]


class Binomial(ProbsOrLogits, Distribution):
    """How many of ``total_count`` trials succeed, each with the probability ``probs`` (or the logit ``logits``).

    Raises ValueError unless one of the two is given.

    >>> import adjoint as torch
    >>> torch.distributions.Binomial(2, torch.tensor(0.5)).log_prob(torch.tensor(1.))
    tensor(-0.6931)
    """

    arg_constraints = {
        "total_count": constraints.nonnegative_integer,
        "probs": constraints.unit_interval,
        "logits": constraints.real,
    }
    has_enumerate_support = True
    _expands = ("total_count", *ProbsOrLogits._expands)

    def __init__(
        self,
        total_count: Tensor | int = 1,
        probs: Tensor | None = None,
        logits: Tensor | None = None,
        validate_args: bool | None = None,
    ) -> None:
        (count,) = self._take(probs, logits, total_count)
        self.total_count = count.type_as(self._param)
        super().__init__(self._param.size(), validate_args=validate_args)

    @constraints.dependent_property(is_discrete=True, event_dim=0)
    def support(self) -> Any:
        return constraints.integer_interval(0, self.total_count)

    @property
    def mean(self) -> Tensor:
        return self.total_count * self.probs

    @property
    def mode(self) -> Tensor:
        return ((self.total_count + 1) * self.probs).floor().clamp(max=self.total_count)

    @property
    def variance(self) -> Tensor:
        return self.total_count * self.probs * (1 - self.probs)

    def sample(self, sample_shape: Sequence[int] = Size()) -> Tensor:
        shape = self._extended_shape(sample_shape)
        with no_grad():
            return adjoint.binomial(self.total_count.expand(shape), self.probs.expand(shape))

    def log_prob(self, value: Tensor) -> Tensor:
        if self._validate_args:
            self._validate_sample(value)
        # n log(1 + exp(logit)) in a way that overflows for no logit.
        normalizer = (
            self.total_count * _clamp_by_zero(self.logits)
            + self.total_count * (-self.logits.abs()).exp().log1p()
            - (self.total_count + 1).lgamma()
        )
        successes, failures = (value + 1).lgamma(), (self.total_count - value + 1).lgamma()
        return value * self.logits - successes - failures - normalizer

    def entropy(self) -> Tensor:
        """The entropy in nats.  Raises NotImplementedError where the counts of a batch differ."""
        self._one_count("entropy")
        log_prob = self.log_prob(self.enumerate_support(False))
        return -(log_prob.exp() * log_prob).sum(0)

    def enumerate_support(self, expand: bool = True) -> Tensor:
        """0 to ``total_count``.  Raises NotImplementedError where the counts of a batch differ."""
        count = self._one_count("enumerate_support")
        values = adjoint.arange(1 + count, dtype=self._param.dtype, device=self._param.device)
        values = values.view((-1,) + (1,) * len(self._batch_shape))
        return values.expand((-1,) + self._batch_shape) if expand else values

    def _one_count(self, method: str) -> int:
        count = int(self.total_count.max())
        if not self.total_count.min() == count:
            raise NotImplementedError(f"Inhomogeneous total count not supported by `{method}`.")
        return count


def _clamp_by_zero(x: Tensor) -> Tensor:
    """``x.clamp(min=0)``, with a gradient of 1/2 at 0."""
    return (x.clamp(min=0) + x - x.clamp(max=0)) / 2
