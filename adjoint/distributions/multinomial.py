"""The multinomial distribution."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import adjoint
from adjoint.distributions import constraints
from adjoint.distributions.binomial import Binomial
from adjoint.distributions.categorical import Categorical
from adjoint.distributions.distribution import Distribution
from adjoint.distributions.of_categorical import OfCategorical
from adjoint.distributions.utils import broadcast_all
from adjoint.tensor import Size, Tensor

__all__ = ["Multinomial"]


class Multinomial(OfCategorical, Distribution):
    """How often each category comes up in ``total_count`` trials, with the probabilities along the last dimension of
    ``probs`` (or logarithms of them, ``logits``).

    Raises NotImplementedError for a ``total_count`` that is no int.

    >>> import adjoint as torch
    >>> torch.distributions.Multinomial(2, torch.tensor([0.5, 0.5])).log_prob(torch.tensor([1., 1.]))
    tensor(-0.6931)
    """

    arg_constraints = {"probs": constraints.simplex, "logits": constraints.real_vector}
    _expands = ("_categorical", "_binomial")
    _keeps = ("total_count",)

    def __init__(
        self,
        total_count: int = 1,
        probs: Tensor | None = None,
        logits: Tensor | None = None,
        validate_args: bool | None = None,
    ) -> None:
        if not isinstance(total_count, int):
            raise NotImplementedError("inhomogeneous total_count is not supported")
        self.total_count = total_count
        self._categorical = Categorical(probs=probs, logits=logits)
        self._binomial = Binomial(total_count=total_count, probs=self.probs)
        super().__init__(
            self._categorical.batch_shape, self._categorical.param_shape[-1:], validate_args=validate_args
        )

    @constraints.dependent_property(is_discrete=True, event_dim=1)
    def support(self) -> Any:
        return constraints.multinomial(self.total_count)

    @property
    def mean(self) -> Tensor:
        return self.probs * self.total_count

    @property
    def variance(self) -> Tensor:
        return self.total_count * self.probs * (1 - self.probs)

    def sample(self, sample_shape: Sequence[int] = Size()) -> Tensor:
        sample_shape = Size(sample_shape)
        trials = self._categorical.sample(Size((self.total_count,)) + sample_shape).movedim(0, -1)
        counts = trials.new_zeros(self._extended_shape(sample_shape))
        counts.scatter_add_(-1, trials, adjoint.ones_like(trials))
        return counts.type_as(self.probs)

    def entropy(self) -> Tensor:
        n = adjoint.tensor(self.total_count)
        ordered = n * self._categorical.entropy() - (n + 1).lgamma()
        counts = self._binomial.enumerate_support(expand=False)[1:]
        chances = self._binomial.log_prob(counts).exp()
        return ordered + (chances * (counts + 1).lgamma()).sum([0, -1])

    def log_prob(self, value: Tensor) -> Tensor:
        if self._validate_args:
            self._validate_sample(value)
        logits, value = broadcast_all(self.logits, value)
        logits = logits.clone(memory_format=adjoint.contiguous_format)
        orders = (value.sum(-1) + 1).lgamma()
        within = (value + 1).lgamma().sum(-1)
        logits[(value == 0) & (logits == -math.inf)] = 0
        return orders - within + (logits * value).sum(-1)
