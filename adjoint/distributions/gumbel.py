"""The Gumbel distribution."""

from __future__ import annotations

import math

import adjoint
from adjoint.distributions import constraints
from adjoint.distributions.transformed_distribution import TransformedDistribution
from adjoint.distributions.transforms import AffineTransform, ExpTransform
from adjoint.distributions.uniform import Uniform
from adjoint.distributions.utils import broadcast_all, euler_constant
from adjoint.tensor import Tensor

__all__ = ["Gumbel"]


class Gumbel(TransformedDistribution):
    """Numbers ``loc - scale log(-log(u))`` of uniform ones ``u``.

    >>> import adjoint as torch
    >>> torch.distributions.Gumbel(0., 1.).log_prob(torch.tensor(0.))
    tensor(-1.)
    """

    arg_constraints = {"loc": constraints.real, "scale": constraints.positive}
    support = constraints.real
    _expands = ("loc", "scale")

    def __init__(self, loc: Tensor | float, scale: Tensor | float, validate_args: bool | None = None) -> None:
        self.loc, self.scale = broadcast_all(loc, scale)
        finfo = adjoint.finfo(self.loc.dtype)
        low, high = finfo.tiny, 1 - finfo.eps  # the logarithms of 0 and 1 would be infinite, and zero
        if isinstance(loc, (int, float)) and isinstance(scale, (int, float)):
            base = Uniform(low, high, validate_args=validate_args)
        else:
            base = Uniform(
                adjoint.full_like(self.loc, low), adjoint.full_like(self.loc, high), validate_args=validate_args
            )
        super().__init__(
            base,
            [
                ExpTransform().inv,
                AffineTransform(loc=0, scale=-adjoint.ones_like(self.scale)),
                ExpTransform().inv,
                AffineTransform(loc=loc, scale=-self.scale),
            ],
            validate_args=validate_args,
        )

    def log_prob(self, value: Tensor) -> Tensor:
        if self._validate_args:
            self._validate_sample(value)
        y = (self.loc - value) / self.scale
        return (y - y.exp()) - self.scale.log()

    @property
    def mean(self) -> Tensor:
        return self.loc + self.scale * euler_constant

    @property
    def mode(self) -> Tensor:
        return self.loc

    @property
    def stddev(self) -> Tensor:
        return (math.pi / math.sqrt(6)) * self.scale

    @property
    def variance(self) -> Tensor:
        return self.stddev.pow(2)

    def entropy(self) -> Tensor:
        return self.scale.log() + (1 + euler_constant)
